//! The sign to stop, and the operations that should see it.

mod count;

use std::{
    future::Future,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) use self::count::{Count, Counted};

/// The sign to stop that all operations of a process share.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// The parent of every operation's token.
    sign: Arc<Mutex<CancellationToken>>,
    running: Count,
}

impl Stop {
    /// Asks the operations that are running to end.
    ///
    /// Those that begin later are not asked: after an interrupt core may still have things to close.
    pub fn give(&self) {
        mem::take(&mut *self.sign()).cancel();
    }

    /// What an operation that begins now should watch.
    pub fn token(&self) -> CancellationToken {
        self.sign().child_token()
    }

    /// Runs an operation in a task of its own.
    ///
    /// It outlives the call that began it should the connection break, and the process waits a little for it
    /// before it leaves: what is being written somewhere is written to its end.
    pub fn spawn<F>(&self, operation: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let running = self.running.enter();
        tokio::spawn(async move {
            let _running = running;
            operation.await
        })
    }

    /// Asks all operations to end, those that begin later too: the process is about to leave.
    pub(crate) fn give_for_good(&self) {
        self.sign().cancel();
    }

    /// Waits until no operation runs.
    pub(crate) async fn idle(&self) {
        self.running.until_none().await;
    }

    fn sign(&self) -> MutexGuard<'_, CancellationToken> {
        // Nothing that holds the lock can leave half a token behind.
        self.sign.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_stop_reaches_what_runs_and_not_what_comes_later() {
        let stop = Stop::default();
        let running = [stop.token(), stop.clone().token()];
        stop.give();
        assert!(running.iter().all(CancellationToken::is_cancelled));
        assert!(!stop.token().is_cancelled());
    }

    #[test]
    fn a_stop_for_good_reaches_what_comes_later() {
        let stop = Stop::default();
        let running = stop.token();
        stop.give_for_good();
        assert!(running.is_cancelled());
        assert!(stop.token().is_cancelled());
    }

    #[test]
    fn one_operation_does_not_stop_another() {
        let stop = Stop::default();
        let (one, other) = (stop.token(), stop.token());
        one.cancel();
        assert!(!other.is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn idle_waits_for_operations_whose_caller_has_gone() {
        let stop = Stop::default();
        drop(stop.spawn(tokio::time::sleep(Duration::from_secs(7))));
        let began = tokio::time::Instant::now();
        stop.idle().await;
        assert_eq!(began.elapsed().as_secs(), 7);
    }
}
