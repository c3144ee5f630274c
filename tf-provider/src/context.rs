//! What an operation may use while it runs.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use crate::{Diagnostic, Diagnostics, Model, Value};

/// What one operation works with: the client, the sign to stop, and what it leaves behind if it fails.
pub struct Cx<C> {
    client: Arc<C>,
    cancelled: CancellationToken,
    terraform_version: Arc<str>,
    record: Arc<OperationRecord>,
}

impl<C> Cx<C> {
    /// One for the unit test of a resource; the layer makes its own.
    pub fn new(client: Arc<C>) -> Self {
        Self::within(client, CancellationToken::new(), "".into(), Arc::default())
    }

    pub(crate) fn within(
        client: Arc<C>,
        cancelled: CancellationToken,
        terraform_version: Arc<str>,
        record: Arc<OperationRecord>,
    ) -> Self {
        Self { client, cancelled, terraform_version, record }
    }

    /// What the provider's `configure` made.
    pub fn client(&self) -> &C {
        &self.client
    }

    /// Tripped when Terraform is interrupted or this operation's timeout has run out.
    ///
    /// Finish the call in flight, begin no other, and answer with an error: the layer adds the reason.
    pub fn cancelled(&self) -> &CancellationToken {
        &self.cancelled
    }

    /// From here on Terraform remembers the object in this state, whatever happens next.
    ///
    /// Call it as soon as a create has succeeded, and after each step of an update that changed something.
    /// When the operation fails after all, this is what state will hold.
    pub fn save<M: Model>(&self, state: &M) {
        *self.record.saved() = Some(state.encode());
    }

    /// Tells the user something that is no failure.
    pub fn warn(&self, warning: Diagnostic) {
        self.record.warnings().push(warning);
    }

    /// Tells the user how far it is.
    ///
    /// Terraform shows what an action tells; of all other operations it comes to the log.
    pub fn progress(&self, message: impl Into<String>) {
        let message = message.into();
        if let Some(progress) = &self.record.progress {
            // A core that is gone has nobody to tell.
            drop(progress.send(message));
        } else {
            tracing::info!("{message}");
        }
    }

    /// A text kept beside the state under this key: no user sees it, and no plan shows it.
    pub fn private(&self, key: &str) -> Option<String> {
        self.record.private().get(key)
    }

    /// Keeps a text beside the state.
    pub fn set_private(&self, key: &str, text: impl Into<String>) {
        self.record.private().set(key, text.into());
    }

    /// The version of Terraform or `OpenTofu` that is running, as it told us.
    pub fn terraform_version(&self) -> &str {
        &self.terraform_version
    }
}

impl<C> fmt::Debug for Cx<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cx")
            .field("cancelled", &self.cancelled.is_cancelled())
            .finish_non_exhaustive()
    }
}

/// What `configure` may use.
#[derive(Debug, Default)]
pub struct ConfigureCx {
    terraform_version: String,
    record: Arc<OperationRecord>,
}

impl ConfigureCx {
    pub(crate) fn new(terraform_version: String, record: Arc<OperationRecord>) -> Self {
        Self { terraform_version, record }
    }

    /// The version of Terraform or `OpenTofu` that is running, as it told us.
    pub fn terraform_version(&self) -> &str {
        &self.terraform_version
    }

    /// Tells the user something that is no failure.
    pub fn warn(&self, warning: Diagnostic) {
        self.record.warnings().push(warning);
    }
}

/// What an operation leaves behind even when it panics.
#[derive(Debug, Default)]
pub(crate) struct OperationRecord {
    saved: Mutex<Option<Value>>,
    warnings: Mutex<Diagnostics>,
    private: Mutex<Private>,
    progress: Option<UnboundedSender<String>>,
}

impl OperationRecord {
    pub(crate) fn with_private(private: Vec<u8>) -> Self {
        Self { private: Mutex::new(Private::decode(private)), ..Self::default() }
    }

    pub(crate) fn with_progress(progress: UnboundedSender<String>) -> Self {
        Self { progress: Some(progress), ..Self::default() }
    }

    pub(crate) fn saved(&self) -> MutexGuard<'_, Option<Value>> {
        // A panic elsewhere does not make what was saved before it any less true.
        self.saved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn warnings(&self) -> MutexGuard<'_, Diagnostics> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn private(&self) -> MutexGuard<'_, Private> {
        self.private.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Private state: opaque to Terraform, texts by name to us.
#[derive(Debug, Default)]
pub(crate) struct Private {
    /// As received, and sent back so unless something was set: another version may have written it.
    received: Vec<u8>,
    texts: BTreeMap<String, String>,
    changed: bool,
}

impl Private {
    fn decode(received: Vec<u8>) -> Self {
        let texts = serde_json::from_slice(&received).unwrap_or_default();
        Self { received, texts, changed: false }
    }

    fn get(&self, key: &str) -> Option<String> {
        self.texts.get(key).cloned()
    }

    fn set(&mut self, key: &str, text: String) {
        self.changed = true;
        self.texts.insert(key.to_owned(), text);
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        if self.changed {
            serde_json::to_vec(&self.texts).unwrap_or_else(|_| self.received.clone())
        } else {
            self.received.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn untouched_private_state_is_returned_as_received() {
        for received in [&b""[..], b"{\"a\":\"1\"}", b"{ \"a\" : \"1\" }", b"\xff not ours"] {
            assert_eq!(Private::decode(received.to_vec()).encode(), received);
        }
    }

    #[test]
    fn private_state_keeps_other_keys() {
        let mut private = Private::decode(b"{\"a\":\"1\",\"b\":\"2\"}".to_vec());
        private.set("b", "3".to_owned());
        assert_eq!(private.get("a").as_deref(), Some("1"));
        assert_eq!(private.encode(), b"{\"a\":\"1\",\"b\":\"3\"}");
    }
}
