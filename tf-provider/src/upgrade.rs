//! State of an earlier version, or of another resource type, on its way to the current one.

use std::fmt;

use crate::Result;

/// State as JSON, while it is brought from one version to the next.
pub type Json = serde_json::Value;

/// One step from a state version to the next.
pub type Upgrade = fn(Json) -> Result<Json>;

/// A resource type whose objects can become this one without being made anew.
///
/// ```
/// use serde_json::json;
/// use tf_provider::Move;
///
/// let from_hosts = Move::from("example/hosts", "hosts_note", |moved| {
///     Ok(json!({"id": moved.state["note_id"], "text": moved.state["text"]}))
/// });
/// # _ = from_hosts;
/// ```
///
/// What is required has to be in the answer; what it leaves out is null until the read that follows.
#[derive(Clone, Copy, Debug)]
pub struct Move {
    pub(crate) provider: &'static str,
    pub(crate) type_name: &'static str,
    pub(crate) adopt: fn(Moved) -> Result<Json>,
}

impl Move {
    /// From `type_name` of the provider `namespace/name`, on whatever registry. `adopt` turns its state into
    /// state of this resource, in its current version.
    pub const fn from(
        provider: &'static str,
        type_name: &'static str,
        adopt: fn(Moved) -> Result<Json>,
    ) -> Self {
        Self { provider, type_name, adopt }
    }
}

/// What another provider has stored of an object. Nothing says that it is what you expect.
#[derive(Clone)]
pub struct Moved {
    /// Version of its shape, counted by the other provider.
    pub version: i64,
    /// The state.
    pub state: Json,
}

/// Without the state, which may hold secrets.
impl fmt::Debug for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Moved").field("version", &self.version).finish_non_exhaustive()
    }
}
