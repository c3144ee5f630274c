//! The cluster side: an embedded Kubernetes API. Nothing is served yet.

use axum::Router;
use serde_json::{Value, json};

use crate::faults::Faults;
use crate::log::Log;

/// The Kubernetes API of the sandbox. Clones share it.
#[derive(Debug, Clone)]
pub struct Cluster {}

impl Cluster {
    /// An empty cluster.
    pub fn new(_log: Log, _faults: Faults) -> Self {
        Self {}
    }

    /// Serves `/api`, `/apis`, `/version` and `/readyz`.
    pub fn router(&self) -> Router {
        Router::new()
    }

    /// Makes sure that a namespace exists.
    pub fn seed_namespace(&self, _name: &str) {}

    /// Installs or removes the `SecurityGroupPolicy` definition.
    pub fn set_crd_installed(&self, _installed: bool) {}

    /// Everything in the cluster, in canonical order.
    pub fn dump(&self) -> Value {
        json!({})
    }

    /// Back to an empty cluster.
    pub fn reset(&self) {}
}
