//! Waiting for a condition: look, and look again, until it holds, fails, or must stop.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use thiserror::Error;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Metadata;

/// What one look at a condition showed.
#[derive(Debug, PartialEq, Eq)]
pub enum Look<T> {
    /// It holds.
    Reached(T),
    /// It may still come true.
    Pending(Obstacle),
}

/// What keeps a condition from being true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// What it is.
    pub reason: String,
    /// What the user can do about it.
    pub remedy: String,
    /// The fields of the object that are to blame, as `metadata.namespace`.
    pub fields: Vec<String>,
}

/// A condition that did not come true before the wait had to end.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("waited {} s for {wanted}, but {}", waited.as_secs(), last.reason)]
pub struct Stuck {
    /// What was waited for.
    pub wanted: String,
    /// What was in the way at the last look.
    pub last: Obstacle,
    /// How long it was waited for.
    pub waited: Duration,
}

/// Looks until the condition holds. Any error of a look ends the wait at once.
///
/// There is always a first look. There is no limit but `stop`: whoever waits knows how long.
pub async fn until<T, E: From<Stuck>, F: Future<Output = Result<Look<T>, E>>>(
    wanted: &str,
    stop: &CancellationToken,
    // Not an `AsyncFnMut`: of its futures one cannot say that they are `Send`.
    mut look: impl FnMut() -> F,
) -> Result<T, E> {
    let began = Instant::now();
    let mut pauses = ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(250))
        .with_max_delay(LONGEST_PAUSE)
        .with_factor(1.5)
        .with_jitter()
        .without_max_times()
        .build();
    loop {
        let last = match look().await? {
            Look::Reached(value) => return Ok(value),
            Look::Pending(last) => last,
        };
        tracing::debug!(wanted, reason = last.reason, "waiting");
        let pause = pauses.next().unwrap_or(LONGEST_PAUSE);
        tokio::select! {
            () = stop.cancelled() => {
                let stuck = Stuck { wanted: wanted.to_owned(), last, waited: began.elapsed() };
                return Err(stuck.into());
            }
            () = tokio::time::sleep(pause) => {}
        }
    }
}

const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Whether the object with this uid is gone. A successor of the same name does not count as it.
pub fn is_deleted(found: Option<&Metadata>, uid: &str) -> Look<()> {
    match found {
        Some(metadata) if metadata.uid == uid => Look::Pending(Obstacle {
            reason: match metadata.finalizers.as_slice() {
                [] => "it is still there".to_owned(),
                finalizers => format!("it is held by the finalizers {}", finalizers.join(", ")),
            },
            remedy: "find out why the controllers that these finalizers belong to do not remove \
                     them, or allow more time in `timeouts`."
                .to_owned(),
            fields: Vec::new(),
        }),
        _ => Look::Reached(()),
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use serde_json::json;

    use super::*;

    fn object(uid: &str, finalizers: &[&str]) -> Metadata {
        let metadata = json!({"uid": uid, "resourceVersion": "1", "finalizers": finalizers});
        serde_json::from_value(metadata).unwrap()
    }

    #[test]
    fn deleted_is_absent_or_replaced() {
        let cases = [
            (None, None),
            (Some(object("new", &[])), None),
            (Some(object("old", &[])), Some("it is still there")),
            (Some(object("old", &["a/b", "c"])), Some("it is held by the finalizers a/b, c")),
        ];
        for (found, expected) in cases {
            let reason = match is_deleted(found.as_ref(), "old") {
                Look::Reached(()) => None,
                Look::Pending(obstacle) => Some(obstacle.reason),
            };
            assert_eq!(reason.as_deref(), expected, "{found:?}");
        }
    }

    fn pending<T>(reason: &str) -> Look<T> {
        Look::Pending(Obstacle {
            reason: reason.to_owned(),
            remedy: String::new(),
            fields: Vec::new(),
        })
    }

    #[tokio::test(start_paused = true)]
    async fn looks_until_it_holds() {
        let (stop, mut looks) = (CancellationToken::new(), 0);
        let value = until("the fifth look", &stop, || {
            looks += 1;
            ready(Ok::<_, Stuck>(if looks == 5 { Look::Reached(looks) } else { pending("no") }))
        });
        assert_eq!(value.await, Ok(5));
    }

    #[tokio::test(start_paused = true)]
    async fn stops_with_the_last_reason() {
        let stop = CancellationToken::new();
        let alarm = stop.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_mins(1)).await;
            alarm.cancel();
        });
        let mut looks = 0;
        let stuck = until::<(), Stuck, _>("a miracle", &stop, || {
            looks += 1;
            ready(Ok(pending(&format!("there was none at look {looks}"))))
        })
        .await
        .unwrap_err();
        assert_eq!(stuck.waited.as_secs(), 60);
        assert_eq!(
            stuck.to_string(),
            format!("waited 60 s for a miracle, but there was none at look {looks}")
        );
        assert!((12..=60).contains(&looks), "{looks} looks in a minute");
    }
}
