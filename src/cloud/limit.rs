//! No more requests per second than the service documents for an action.
//!
//! A sliding window and not a token bucket: a bucket that holds a second's worth lets nearly twice
//! the limit through in the second after a rest, and the service counts requests per second.
//! The limits are an account's, and other processes share it; what is throttled all the same,
//! `retry` repeats.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::wait::unless_cancelled;

/// Paces each action on its own.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    windows: Mutex<HashMap<&'static str, Window>>,
}

/// When the last requests of one action were sent, or will be.
#[derive(Debug, Default)]
struct Window(VecDeque<Instant>);

impl Limiter {
    /// Waits until a request may be sent, in order of arrival; `false` if cancelled first.
    pub(super) async fn acquire(
        &self,
        action: &'static str,
        per_second: usize,
        cancel: &CancellationToken,
    ) -> bool {
        let turn = {
            let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
            windows.entry(action).or_default().reserve(Instant::now(), per_second)
        };
        unless_cancelled(sleep_until(turn), cancel).await.is_some()
    }
}

impl Window {
    /// The next moment at which one more request keeps every second within the limit.
    fn reserve(&mut self, now: Instant, per_second: usize) -> Instant {
        let oldest = (self.0.len() >= per_second).then(|| self.0.pop_front()).flatten();
        let turn = oldest.map_or(now, |oldest| now.max(oldest + Duration::from_secs(1)));
        self.0.push_back(turn);
        turn
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn first_second_is_unlimited_and_then_paced() {
        let limiter = Limiter::default();
        let cancel = CancellationToken::new();
        let start = Instant::now();
        for _ in 0..20 {
            assert!(limiter.acquire("A", 20, &cancel).await);
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert!(limiter.acquire("B", 20, &cancel).await);
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert!(limiter.acquire("A", 20, &cancel).await);
        assert!(start.elapsed() >= Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn cancelling_ends_the_wait_for_the_limit() {
        let limiter = Limiter::default();
        let cancel = CancellationToken::new();
        assert!(limiter.acquire("A", 1, &cancel).await);
        cancel.cancel();
        assert!(!limiter.acquire("A", 1, &cancel).await);
    }

    proptest! {
        #[test]
        fn no_second_holds_more_than_the_limit(
            gaps in proptest::collection::vec(0..400_u64, 1..200),
            limit in 1..8_usize,
        ) {
            let mut window = Window::default();
            let mut now = Instant::now();
            let turns: Vec<Instant> = gaps
                .into_iter()
                .map(|gap| {
                    now += Duration::from_millis(gap);
                    window.reserve(now, limit)
                })
                .collect();
            for (turn, later) in turns.iter().zip(turns.iter().skip(limit)) {
                prop_assert!(*later - *turn >= Duration::from_secs(1));
            }
        }
    }
}
