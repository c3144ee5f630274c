//! What can go wrong with a cluster, read from the answers of its API server.
//!
//! An error does not name the object at hand: the caller does, as it knows what it was doing.

use std::{fmt, time::Duration};

use thiserror::Error;

use crate::http_client::BoxError;

/// Why a cluster did not do what was asked.
#[derive(Debug, Error)]
pub enum Error {
    /// There is nothing to connect to.
    #[error(transparent)]
    NoConnection(#[from] NoConnection),
    /// The settings name a cluster that cannot be connected to.
    #[error("{what} cannot be used: {problem}")]
    Settings {
        /// The setting at fault.
        what: String,
        /// What is wrong with it.
        problem: String,
    },
    /// No connection came about. The request has not been sent.
    #[error("cannot connect to {host}")]
    Connect {
        /// Scheme, name and port of the API server.
        host: String,
        /// What the network said.
        #[source]
        source: BoxError,
    },
    /// The server was reached, but not trusted, or it does not speak TLS.
    #[error("cannot establish TLS with {host}")]
    Tls {
        /// Scheme, name and port of the API server.
        host: String,
        /// What the handshake said.
        #[source]
        source: BoxError,
    },
    /// The connection broke before the answer. The request may have been carried out.
    #[error("the connection to {host} broke before it responded to {call}")]
    Lost {
        /// Scheme, name and port of the API server.
        host: String,
        /// Verb and resource.
        call: String,
        /// What the network said.
        #[source]
        source: BoxError,
    },
    /// No answer came in time. The request may have been carried out.
    #[error("{host} did not respond to {call} within {} s", after.as_secs())]
    Timeout {
        /// Scheme, name and port of the API server.
        host: String,
        /// Verb and resource.
        call: String,
        /// How long the answer was waited for.
        after: Duration,
    },
    /// The answer is longer than any of the API.
    #[error("the response of {host} to {call} is too long")]
    TooLong {
        /// Scheme, name and port of the API server.
        host: String,
        /// Verb and resource.
        call: String,
    },
    /// This machine has no certificates to verify a server with.
    #[error("no CA certificates are installed on this machine")]
    NoTrustStore(#[source] BoxError),
    /// Too many requests (429), or an error of the server itself (5xx).
    #[error("{host} responded to {call} with status {status}: {message}")]
    Unavailable {
        /// Scheme, name and port of the API server.
        host: String,
        /// Verb and resource.
        call: String,
        /// HTTP status.
        status: u16,
        /// The server's own words.
        message: String,
    },
    /// The answer is not one that the Kubernetes API gives.
    #[error(
        "{host} responded to {call} with status {status}, which is not a response of the Kubernetes API: {message}"
    )]
    Unexpected {
        /// Scheme, name and port of the API server.
        host: String,
        /// Verb and resource.
        call: String,
        /// HTTP status.
        status: u16,
        /// What is strange, or the beginning of the answer.
        message: String,
    },
    /// The credentials are not valid (401).
    #[error("{host} does not accept the credentials: {message}")]
    Unauthenticated {
        /// Scheme, name and port of the API server.
        host: String,
        /// The server's own words.
        message: String,
    },
    /// The credentials are valid, but lack a permission (403).
    #[error("not allowed to {verb} {resource}{}: {message}", in_namespace(namespace.as_deref()))]
    Denied {
        /// Verb as roles name it.
        verb: &'static str,
        /// Resource as roles name it, `deployments.apps`.
        resource: String,
        /// Namespace of the request.
        namespace: Option<String>,
        /// The server's own words.
        message: String,
    },
    /// The cluster does not serve this kind of object.
    #[error("the cluster has no matches for kind \"{kind}\" in version \"{version}\"")]
    TypeMissing {
        /// Name of the kind.
        kind: &'static str,
        /// Its group and version.
        version: String,
    },
    /// The namespace of the object does not exist.
    #[error("the namespace {namespace} does not exist")]
    NamespaceMissing {
        /// Its name.
        namespace: String,
    },
    /// The namespace of the object is on its way out and takes no new objects.
    #[error("the namespace {namespace} is being deleted")]
    NamespaceTerminating {
        /// Its name.
        namespace: String,
    },
    /// The object itself does not exist.
    #[error("{resource} `{name}` not found{}", in_namespace(namespace.as_deref()))]
    NotFound {
        /// Resource as roles name it.
        resource: String,
        /// Namespace of the request.
        namespace: Option<String>,
        /// Name of the object.
        name: String,
    },
    /// Other field managers own fields that this write would change.
    #[error("{}", owners.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Conflict {
        /// Each of them, with its fields.
        owners: Vec<Owner>,
    },
    /// The object is no longer the one, or no longer as, the caller has seen (409).
    #[error("the object was modified at the same time: {message}")]
    Stale {
        /// The server's own words.
        message: String,
    },
    /// The content is not acceptable to the schema or to an admission webhook.
    #[error("the API server rejected the object: {message}")]
    Rejected {
        /// The server's own words.
        message: String,
        /// Which fields are wrong, if the server says so.
        causes: Vec<FieldError>,
    },
    /// The last attempt was not carried out, but one before it may have been.
    #[error("an earlier attempt to {call} may have succeeded, and the last one failed")]
    Ambiguous {
        /// Verb and resource.
        call: String,
        /// How the last attempt failed.
        #[source]
        source: Box<Error>,
    },
    /// The operation was cancelled before the call had an outcome that counts.
    #[error("{call} was cancelled before a response came")]
    Cancelled {
        /// Verb and resource.
        call: String,
    },
}

/// Why there is no connection. Found out at the first call, since a plan needs no cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NoConnection {
    /// Nothing names a cluster.
    #[error("no cluster is configured")]
    NotConfigured,
    /// The environment names two clusters.
    #[error("two clusters are configured: one by a kubeconfig, and one by its address")]
    Several,
    /// A context is named, but no kubeconfig that has it.
    #[error("a kubeconfig context is configured, but no kubeconfig")]
    ContextWithoutKubeconfig,
    /// What names the cluster comes from something that this plan has yet to make.
    #[error("the connection to the cluster is known only after apply")]
    Unknown,
}

/// A field manager, and the fields that it does not give up.
///
/// Shown as: `argocd` (Apply) owns .spec.replicas
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Name of the field manager.
    pub manager: String,
    /// `Apply`, or `Update` for every other kind of write.
    pub operation: String,
    /// When it wrote, in RFC 3339.
    pub time: Option<String>,
    /// Its fields, as `.spec.replicas`.
    pub fields: Vec<String>,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({}", self.manager, self.operation)?;
        if let Some(time) = &self.time {
            write!(f, " at {time}")?;
        }
        write!(f, ") owns {}", self.fields.join(", "))
    }
}

/// One field that is not acceptable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Which field, as `spec.replicas`.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl Error {
    /// Whether the request may have been carried out all the same.
    pub fn is_ambiguous(&self) -> bool {
        match self {
            Self::Unavailable { status, .. } => *status != 429,
            Self::Lost { .. }
            | Self::Timeout { .. }
            | Self::TooLong { .. }
            | Self::Ambiguous { .. } => true,
            _ => false,
        }
    }

    /// Whether the same request may succeed later.
    pub(super) fn is_retryable(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::Unavailable { .. } => true,
            // The same answer would come again.
            Self::TooLong { .. } => false,
            _ => self.is_ambiguous(),
        }
    }

    /// The fields of the object that are to blame, as `spec.replicas`.
    pub fn fields(&self) -> Vec<String> {
        match self {
            Self::NamespaceMissing { .. } | Self::NamespaceTerminating { .. } => {
                vec!["metadata.namespace".to_owned()]
            }
            Self::Rejected { causes, .. } => {
                causes.iter().map(|cause| cause.field.clone()).collect()
            }
            Self::Ambiguous { source, .. } => source.fields(),
            _ => Vec::new(),
        }
    }
}

fn in_namespace(namespace: Option<&str>) -> String {
    namespace.map(|namespace| format!(" in the namespace {namespace}")).unwrap_or_default()
}
