//! Where a list puts what it finds.

use std::{
    future::pending,
    sync::atomic::{AtomicUsize, Ordering},
};

use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;

use crate::{Diagnostics, Value};

/// One object that was found.
#[derive(Debug, Default)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) identity: Option<Value>,
    pub(crate) object: Option<Value>,
    pub(crate) diagnostics: Diagnostics,
}

/// Where what was found goes, until there is enough of it.
pub(crate) struct Sink {
    pub(crate) with_objects: bool,
    limit: Option<usize>,
    items: Sender<Item>,
    added: AtomicUsize,
    pub(crate) enough: CancellationToken,
}

impl Sink {
    /// One that takes so many items; nobody waits for the rest when the other end is gone.
    pub(crate) fn new(items: Sender<Item>, limit: Option<usize>, with_objects: bool) -> Self {
        let (added, enough) = Default::default();
        Self { with_objects, limit, items, added, enough }
    }

    pub(crate) async fn add(&self, item: Item) {
        let nth = self.added.fetch_add(1, Ordering::Relaxed) + 1;
        let wanted = self.limit.is_none_or(|limit| nth <= limit);
        if wanted && self.items.send(item).await.is_ok() && self.limit != Some(nth) {
            return;
        }
        self.enough.cancel();
        pending::<()>().await;
    }
}
