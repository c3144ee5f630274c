//! Which failed calls are repeated, and how often.

use std::time::Duration;

use super::{Cause, ErrorKind, api::Idempotency};
use crate::wait::Backoff;

/// The repetitions of one call.
pub(super) const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(200),
    longest: Duration::from_secs(5),
    times: Some(10),
    total: Some(Duration::from_mins(1)),
};

/// No new attempt begins so long after the first one did. Attempts that get no response take a minute
/// each, which the delays do not count.
pub(super) const LONGEST: Duration = Duration::from_secs(90);

/// A host that refuses connections for a few seconds is more often a wrong address than a bad
/// moment, and its user should read that soon.
const UNREACHABLE_ATTEMPTS: usize = 4;

/// Whether to repeat a call that has failed `attempts` times, last for this cause.
pub(super) fn should_retry(cause: &Cause, idempotency: Idempotency, attempts: usize) -> bool {
    match cause {
        Cause::Unreachable { .. } => attempts <= UNREACHABLE_ATTEMPTS,
        // The same answer would come again.
        Cause::Decode(_) | Cause::TooLong => false,
        _ if cause.is_ambiguous() => idempotency != Idempotency::NonIdempotent,
        _ => cause.kind() == ErrorKind::Throttled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(code: &str) -> Cause {
        Cause::Api { code: code.to_owned(), message: String::new(), kind: ErrorKind::of(code) }
    }

    #[test]
    fn retry_depends_on_cause_and_idempotency() {
        let unreadable = Cause::Decode(serde_json::from_str::<u8>("x").unwrap_err());
        let all = [Idempotency::ReadOnly, Idempotency::Idempotent, Idempotency::NonIdempotent];
        let repeatable = [Idempotency::ReadOnly, Idempotency::Idempotent];
        let host = String::new;
        for (cause, repeated) in [
            (api("RequestLimitExceeded"), &all[..]),
            (Cause::Status(429), &all),
            (Cause::Unreachable { host: host(), source: "refused".into() }, &all),
            (Cause::Timeout(Duration::from_mins(1)), &repeatable),
            (Cause::Lost("reset".into()), &repeatable),
            (Cause::Status(503), &repeatable),
            (api("InternalError"), &repeatable),
            (unreadable, &[]),
            (Cause::TooLong, &[]),
            (Cause::Tls { host: host(), source: "unknown issuer".into() }, &[]),
            (Cause::NoTrustStore("no certificates".into()), &[]),
            (api("InvalidParameter"), &[]),
            (api("ResourceInUse"), &[]),
            (api("UnsupportedOperation.VersionMismatch"), &[]),
            (api("AuthFailure.SignatureFailure"), &[]),
            (Cause::Status(403), &[]),
            (Cause::Cancelled, &[]),
        ] {
            for idempotency in all {
                let expected = repeated.contains(&idempotency);
                let found = should_retry(&cause, idempotency, 1);
                assert_eq!(found, expected, "{cause:?} {idempotency:?}");
            }
        }
    }

    #[test]
    fn unreachable_host_is_given_up_early() {
        let cause = Cause::Unreachable { host: String::new(), source: "refused".into() };
        let retried = |attempts| should_retry(&cause, Idempotency::ReadOnly, attempts);
        assert!(retried(UNREACHABLE_ATTEMPTS));
        assert!(!retried(UNREACHABLE_ATTEMPTS + 1));
    }
}
