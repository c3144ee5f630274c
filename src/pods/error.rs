//! What can go wrong with a policy.

use std::{fmt, time::Duration};

use thiserror::Error;

use super::PolicyRef;
use crate::cluster::{self, NoConnection, Owner};

/// Why a policy is not as it was asked to be.
#[derive(Debug, Error)]
pub enum Error {
    /// There is one of this name already, and creating never adopts.
    #[error("{0} already exists")]
    Exists(PolicyRef),
    /// Other field managers own fields that would have to change.
    #[error("{}", list(owners))]
    Conflict {
        /// Each of them, with its fields.
        owners: Vec<Owner>,
    },
    /// It has been deleted by somebody else.
    #[error("{0} no longer exists")]
    NotFound(PolicyRef),
    /// It has been deleted by somebody else, and another one has taken its name.
    #[error("{at} was recreated and now has the uid {uid}")]
    Replaced {
        /// Which policy.
        at: PolicyRef,
        /// Identity of the one that is there.
        uid: String,
    },
    /// It was to be created, no answer came, and what is there does not tell.
    #[error("cannot tell whether {at} was created")]
    Ambiguous {
        /// Which policy.
        at: PolicyRef,
        /// What became of the request.
        source: cluster::Error,
    },
    /// Something that it depends on did not come about in time.
    #[error("waited {} s, but {blocker}", waited.as_secs())]
    WaitTimeout {
        /// What was in the way at the last look.
        blocker: Blocker,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The cluster did not do what was asked.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
}

/// What is in the way of a policy.
#[derive(Debug)]
pub enum Blocker {
    /// The cluster cannot take it yet.
    Cluster(cluster::Error),
    /// It is still there after its deletion began, held by these finalizers.
    Finalizers(Vec<String>),
}

impl Error {
    /// Whether the cluster could not be asked because it is known only after apply.
    pub fn is_unknown_cluster(&self) -> bool {
        matches!(self, Self::Cluster(cluster::Error::NoConnection(NoConnection::Unknown)))
    }

    /// Whether the cluster does not know policies at all. Then there is none.
    pub fn is_uninstalled(&self) -> bool {
        matches!(self, Self::Cluster(cluster::Error::TypeMissing { .. }))
    }

    /// The fields of the policy that are to blame, as `spec.podSelector.matchLabels.app`.
    pub fn fields(&self) -> Vec<String> {
        match self {
            Self::Exists(_) => vec!["metadata.name".to_owned()],
            Self::Conflict { owners } => {
                let fields = owners.iter().flat_map(|owner| &owner.fields);
                fields.map(|field| field.trim_start_matches('.').to_owned()).collect()
            }
            Self::Ambiguous { source, .. }
            | Self::Cluster(source)
            | Self::WaitTimeout { blocker: Blocker::Cluster(source), .. } => source.fields(),
            Self::NotFound(_) | Self::Replaced { .. } | Self::WaitTimeout { .. } => Vec::new(),
        }
    }
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster(error) => error.fmt(f),
            Self::Finalizers(finalizers) if finalizers.is_empty() => {
                f.write_str("the object still exists")
            }
            Self::Finalizers(finalizers) => {
                write!(f, "the object waits for the finalizers {}", finalizers.join(", "))
            }
        }
    }
}

fn list(owners: &[Owner]) -> String {
    owners.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
