//! One Kubernetes cluster: objects in, objects out, and errors that a caller can act on.
//!
//! Nothing is opened before the first call, so a plan needs no cluster.
//!
//! - `api`: the kinds of objects, as the API defines them
//! - `connect`: from settings to a client, once per process
//! - `call`: one request with its timeout, its retries and its cancellation
//! - `apply`: the verbs: find, server-side apply, remove fields, delete
//! - `object`: objects, their metadata, and the owners of their fields
//! - `discovery`: whether a cluster serves a kind
//! - `error`: what can go wrong, from the answers of the API server

pub mod api;
mod apply;
mod call;
mod connect;
mod discovery;
mod error;
mod object;
#[cfg(test)]
pub(crate) mod script;

use std::sync::Arc;

use tokio::sync::OnceCell;

use self::connect::Session;
#[cfg(test)]
pub(crate) use self::connect::refused_connections;
pub use self::{
    apply::{Applied, Deletion, FieldManager},
    connect::{Connection, Kubeconfig, Server, Source},
    error::{Error, FieldError, NoConnection, Owner},
    object::{FieldPath, Manager, Manifest, ManifestMetadata, Metadata, Object, ObjectRef},
};

/// A cluster that is connected to when it is first used. Clones share the connection.
#[derive(Clone, Debug)]
pub struct Cluster {
    shared: Arc<SharedSession>,
}

#[derive(Debug)]
struct SharedSession {
    connection: Result<Connection, NoConnection>,
    // Parallel first uses wait for one attempt. A failed attempt leaves the cell empty, so that
    // the next use tries again: the endpoint may be what this very apply is creating.
    session: OnceCell<Session>,
}

impl Cluster {
    /// A cluster reached through `connection`, or the reason why there is none yet.
    ///
    /// A missing connection is an error only at the first use.
    pub fn new(connection: Result<Connection, NoConnection>) -> Self {
        Self { shared: Arc::new(SharedSession { connection, session: OnceCell::new() }) }
    }

    async fn session(&self) -> Result<&Session, Error> {
        self.shared
            .session
            .get_or_try_init(|| async {
                match &self.shared.connection {
                    Ok(connection) => connection.open().await,
                    Err(missing) => Err((*missing).into()),
                }
            })
            .await
    }
}
