//! Waiting: until a condition is met, and between the attempts at a call.
//!
//! Every wait ends when its token is cancelled; how long that may take is for whoever holds the
//! token to decide. The delays come from `backon`. Its own loop is not used, because it can neither
//! be cancelled nor wait as long as an answer says.

use std::{fmt, time::Duration};

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::debug;

/// Delays that double from the first to the longest, each with a random part added, so that parallel
/// callers drift apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first delay.
    pub first: Duration,
    /// The longest delay.
    pub longest: Duration,
    /// How many delays there are; without end if not given.
    pub times: Option<usize>,
    /// How long all delays may take together; without limit if not given.
    pub total: Option<Duration>,
}

/// What one look at a condition shows.
#[derive(Debug, PartialEq, Eq)]
pub enum Condition<T, B> {
    /// It is met.
    Met(T),
    /// It may be met later; this is in the way.
    Pending(B),
}

/// A failed attempt.
#[derive(Debug)]
pub enum Failed<E> {
    /// Another attempt would fail as well.
    Final(E),
    /// Another attempt may succeed, but not before this delay.
    Retryable(E, Duration),
    /// It was cancelled before it had an outcome. The error of an attempt before it tells more.
    Cancelled(E),
}

impl Backoff {
    /// The delays, one after the other.
    pub fn delays(self) -> impl Iterator<Item = Duration> + Send {
        let builder = ExponentialBuilder::new()
            .with_min_delay(self.first)
            .with_max_delay(self.longest)
            .with_factor(2.0)
            .with_jitter()
            .with_total_delay(self.total);
        let builder = match self.times {
            Some(times) => builder.with_max_times(times),
            None => builder.without_max_times(),
        };
        // The random part would go beyond the longest.
        builder.build().map(move |delay| delay.min(self.longest))
    }
}

/// The outcome of a call. One that only reads is abandoned when cancelled, and has none then; any other
/// runs to its end, so that its outcome is known.
pub async fn outcome<T>(
    only_reads: bool,
    call: impl Future<Output = T>,
    cancel: &CancellationToken,
) -> Option<T> {
    if only_reads { unless_cancelled(call, cancel).await } else { Some(call.await) }
}

/// What comes of `work`, or `None` if cancelled first.
pub async fn unless_cancelled<T>(
    work: impl Future<Output = T>,
    cancel: &CancellationToken,
) -> Option<T> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => None,
        result = work => Some(result),
    }
}

/// Waits for the delay; `false` if cancelled before it is over.
pub async fn sleep(delay: Duration, cancel: &CancellationToken) -> bool {
    unless_cancelled(tokio::time::sleep(delay), cancel).await.is_some()
}

/// Attempts until one succeeds, fails for good, or no delay is left. The error is that of the last
/// attempt, also when the wait for another one is cancelled. `attempt` gets its number, from 1.
pub async fn retry<T, E: fmt::Display, F: Future<Output = Result<T, Failed<E>>>>(
    backoff: Backoff,
    cancel: &CancellationToken,
    // Not an `AsyncFnMut`: of its futures one cannot say that they are `Send`.
    mut attempt: impl FnMut(usize) -> F,
) -> Result<T, E> {
    let mut delays = backoff.delays();
    let (mut number, mut last) = (0, None);
    loop {
        number += 1;
        let (error, at_least) = match attempt(number).await {
            Ok(value) => return Ok(value),
            Err(Failed::Final(error)) => return Err(error),
            Err(Failed::Cancelled(error)) => return Err(last.unwrap_or(error)),
            Err(Failed::Retryable(error, at_least)) => (error, at_least),
        };
        let Some(delay) = delays.next() else { return Err(error) };
        let delay = delay.max(at_least);
        debug!(%error, number, ?delay, "will try again");
        if !sleep(delay, cancel).await {
            return Err(error);
        }
        last = Some(error);
    }
}

/// Looks until the condition is met. An error of a look ends the wait at once; a cancelled wait ends
/// with what `timeout` makes of the last blocker and the time that has passed.
///
/// There is always a first look.
pub async fn await_condition<T, B, E, F>(
    backoff: Backoff,
    cancel: &CancellationToken,
    mut look: impl FnMut() -> F,
    timeout: impl FnOnce(B, Duration) -> E,
) -> Result<T, E>
where
    B: fmt::Debug,
    F: Future<Output = Result<Condition<T, B>, E>>,
{
    let start = Instant::now();
    let mut delays = backoff.delays();
    let mut last = None;
    loop {
        match (look().await, last) {
            (Ok(Condition::Met(value)), _) => return Ok(value),
            (Ok(Condition::Pending(blocker)), _) => last = Some(blocker),
            // A look that was cancelled says less than the one before it.
            (Err(_), Some(blocker)) if cancel.is_cancelled() => {
                return Err(timeout(blocker, start.elapsed()));
            }
            (Err(error), _) => return Err(error),
        }
        let delay = delays.next().unwrap_or(backoff.longest);
        debug!(blocker = ?last, ?delay, "waiting");
        if !sleep(delay, cancel).await
            && let Some(blocker) = last
        {
            return Err(timeout(blocker, start.elapsed()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;

    const BACKOFF: Backoff = Backoff {
        first: Duration::from_millis(200),
        longest: Duration::from_secs(5),
        times: Some(3),
        total: None,
    };

    fn cancelled_after(seconds: u64) -> CancellationToken {
        let cancel = CancellationToken::new();
        let alarm = cancel.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            alarm.cancel();
        });
        cancel
    }

    #[test]
    fn delays_stay_within_times_and_total() {
        assert_eq!(BACKOFF.delays().count(), 3);
        let total = Duration::from_secs(30);
        let delays: Vec<_> =
            Backoff { times: None, total: Some(total), ..BACKOFF }.delays().collect();
        assert!(delays.iter().sum::<Duration>() <= total, "{delays:?}");
        assert!(delays.len() > 4, "{delays:?}");
        assert!(delays.iter().all(|delay| *delay <= BACKOFF.longest), "{delays:?}");
    }

    #[test]
    fn two_callers_have_different_delays() {
        let delays = || BACKOFF.delays().collect::<Vec<_>>();
        assert_ne!(delays(), delays());
    }

    #[tokio::test(start_paused = true)]
    async fn retry_ends_with_success() {
        let cancel = CancellationToken::new();
        let done = retry(BACKOFF, &cancel, |number| {
            let again = Err(Failed::Retryable("again", Duration::ZERO));
            ready(if number == 3 { Ok(number) } else { again })
        });
        assert_eq!(done.await, Ok(3));
    }

    #[tokio::test(start_paused = true)]
    async fn retry_ends_with_the_last_error() {
        let run = async |fails_for_good_at: usize, cancel: CancellationToken| {
            let ended = retry::<(), _, _>(BACKOFF, &cancel, |number| {
                ready(Err(if number == fails_for_good_at {
                    Failed::Final(number)
                } else {
                    Failed::Retryable(number, Duration::from_secs(9))
                }))
            });
            ended.await.unwrap_err()
        };
        assert_eq!(run(2, CancellationToken::new()).await, 2, "failed for good");
        assert_eq!(run(0, CancellationToken::new()).await, 4, "no delay left");
        assert_eq!(run(0, cancelled_after(10)).await, 2, "cancelled");
        assert_eq!(run(0, cancelled_after(8)).await, 1, "the asked delay is waited for");
    }

    #[tokio::test(start_paused = true)]
    async fn cancelled_attempt_keeps_the_error_before_it() {
        let run = async |finished: usize| {
            let cancel = CancellationToken::new();
            let ended = retry::<(), _, _>(BACKOFF, &cancel, |number| {
                ready(Err(if number > finished {
                    Failed::Cancelled("cancelled")
                } else {
                    Failed::Retryable("lost", Duration::ZERO)
                }))
            });
            ended.await.unwrap_err()
        };
        assert_eq!(run(0).await, "cancelled");
        assert_eq!(run(2).await, "lost");
    }

    #[tokio::test(start_paused = true)]
    async fn condition_is_met_later() {
        let (cancel, mut looks) = (CancellationToken::new(), 0);
        let value = await_condition(
            BACKOFF,
            &cancel,
            || {
                looks += 1;
                let met = Condition::Met(looks);
                ready(Ok::<_, ()>(if looks == 9 { met } else { Condition::Pending("no") }))
            },
            |_, _| (),
        );
        assert_eq!(value.await, Ok(9));
    }

    #[tokio::test(start_paused = true)]
    async fn unmet_condition_ends_with_its_blocker() {
        let (cancel, mut looks) = (cancelled_after(60), 0);
        let ended = await_condition::<(), _, _, _>(
            BACKOFF,
            &cancel,
            || {
                looks += 1;
                ready(Ok(Condition::Pending(looks)))
            },
            |blocker, waited| (blocker, waited.as_secs()),
        );
        let (blocker, waited) = ended.await.unwrap_err();
        assert_eq!(waited, 60);
        assert_eq!(blocker, looks);
        assert!((10..=30).contains(&looks), "{looks} looks in a minute");
    }

    #[tokio::test(start_paused = true)]
    async fn cancelled_look_keeps_the_blocker_before_it() {
        let (cancel, mut looks) = (cancelled_after(3), 0);
        let (alarm, start) = (cancel.clone(), Instant::now());
        let ended = await_condition::<(), _, _, _>(
            BACKOFF,
            &cancel,
            || {
                looks += 1;
                let (first, alarm) = (looks == 1, alarm.clone());
                async move {
                    if !first {
                        alarm.cancelled().await;
                    }
                    if first { Ok(Condition::Pending("blocked")) } else { Err("cancelled") }
                }
            },
            |blocker, _| blocker,
        );
        assert_eq!(ended.await, Err("blocked"));
        assert_eq!(start.elapsed().as_secs(), 3);
    }
}
