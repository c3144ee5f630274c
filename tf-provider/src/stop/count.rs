//! How many of something there are, for those who wait until there are none, or some.

use tokio::sync::watch;

#[derive(Clone, Debug, Default)]
pub(crate) struct Count(watch::Sender<usize>);

/// One of what is counted, until it is dropped.
#[derive(Debug)]
pub(crate) struct Counted(watch::Sender<usize>);

impl Count {
    pub(crate) fn enter(&self) -> Counted {
        self.0.send_modify(|number| *number += 1);
        Counted(self.0.clone())
    }

    pub(crate) async fn until_none(&self) {
        self.until(|number| number == 0).await;
    }

    pub(crate) async fn until_some(&self) {
        self.until(|number| number > 0).await;
    }

    async fn until(&self, met: impl Fn(usize) -> bool) {
        // It fails only without a sender, and `self` is one.
        drop(self.0.subscribe().wait_for(|number| met(*number)).await);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|number| *number -= 1);
    }
}
