//! Which failures are repeated, when, and for how long.
//!
//! The waits come from `backon`; the loop in `client` is ours, because what may be repeated
//! depends on what the action does, and because a stopped operation must not wait.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio_util::sync::CancellationToken;

use super::{Cause, Kind, api::Effect};

/// The budget of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How often a call is repeated at most.
    pub times: usize,
    /// How long all its waits may take together.
    pub wait: Duration,
}

/// A host that refuses connections for a few seconds is more often a wrong address than a bad
/// moment, and its user should read that soon.
const UNREACHABLE_TIMES: usize = 4;

impl Default for Retry {
    fn default() -> Self {
        Self { times: 10, wait: Duration::from_mins(1) }
    }
}

impl Retry {
    /// The waits before each repetition; the end of them is the end of the budget.
    pub(crate) fn waits(self) -> impl Iterator<Item = Duration> + Send {
        ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(200))
            .with_max_delay(Duration::from_secs(5))
            .with_factor(2.0)
            .with_jitter()
            .with_max_times(self.times)
            .with_total_delay(Some(self.wait))
            .build()
    }
}

/// Whether to repeat a call that has failed `attempts` times, last for this cause.
pub(super) fn is_worthwhile(cause: &Cause, effect: Effect, attempts: usize) -> bool {
    match cause {
        Cause::Unreachable { .. } => attempts <= UNREACHABLE_TIMES,
        // The same nonsense would come again.
        Cause::Decode(_) => false,
        _ if cause.is_ambiguous() => effect != Effect::Once,
        _ => cause.kind() == Kind::Throttled,
    }
}

/// Waits, unless stopped first: then `false`.
pub(crate) async fn pause(wait: Duration, stop: &CancellationToken) -> bool {
    tokio::select! {
        biased;
        () = stop.cancelled() => false,
        () = tokio::time::sleep(wait) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(code: &str) -> Cause {
        Cause::Api { code: code.to_owned(), message: String::new(), kind: Kind::of(code) }
    }

    #[test]
    fn ok_repeats_what_was_not_done_or_may_be_done_twice() {
        let nonsense = Cause::Decode(serde_json::from_str::<u8>("x").unwrap_err());
        let everybody = [Effect::Read, Effect::Repeatable, Effect::Once];
        let all_but_once = [Effect::Read, Effect::Repeatable];
        for (cause, repeated) in [
            (api("RequestLimitExceeded"), &everybody[..]),
            (Cause::Status(429), &everybody),
            (Cause::Unreachable { host: String::new(), source: "refused".into() }, &everybody),
            (Cause::Timeout(Duration::from_mins(1)), &all_but_once),
            (Cause::Lost("reset".into()), &all_but_once),
            (Cause::Status(503), &all_but_once),
            (api("InternalError"), &all_but_once),
            (nonsense, &[]),
            (api("InvalidParameter"), &[]),
            (api("ResourceInUse"), &[]),
            (api("UnsupportedOperation.VersionMismatch"), &[]),
            (api("AuthFailure.SignatureFailure"), &[]),
            (Cause::Status(403), &[]),
            (Cause::Stopped, &[]),
        ] {
            for effect in everybody {
                let expected = repeated.contains(&effect);
                assert_eq!(is_worthwhile(&cause, effect, 1), expected, "{cause:?} {effect:?}");
            }
        }
    }

    #[test]
    fn ok_gives_up_early_on_a_host_that_is_not_there() {
        let cause = Cause::Unreachable { host: String::new(), source: "refused".into() };
        assert!(is_worthwhile(&cause, Effect::Read, UNREACHABLE_TIMES));
        assert!(!is_worthwhile(&cause, Effect::Read, UNREACHABLE_TIMES + 1));
    }

    #[test]
    fn ok_waits_stay_within_the_budget() {
        let budget = Retry { times: 100, wait: Duration::from_secs(30) };
        let waits: Vec<Duration> = budget.waits().collect();
        assert!(waits.iter().sum::<Duration>() <= budget.wait);
        assert!(waits.len() > 4, "{waits:?}");
        assert!(waits.iter().all(|wait| *wait < Duration::from_secs(10)), "{waits:?}");
        assert_eq!(Retry { times: 3, ..budget }.waits().count(), 3);
    }

    #[test]
    fn ok_no_two_calls_wait_alike() {
        let waits = || Retry::default().waits().collect::<Vec<_>>();
        assert_ne!(waits(), waits());
    }
}
