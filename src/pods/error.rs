//! What can go wrong with a policy, and what to do about it.

use thiserror::Error;

use super::PolicyRef;
use crate::cluster::{self, Owner, Stuck};

/// Why a policy is not as it was asked to be.
#[derive(Debug, Error)]
pub enum Error {
    /// There is one of this name already, and creating never adopts.
    #[error("{at} exists already")]
    AlreadyExists {
        /// Which policy. Its text is also its import id.
        at: PolicyRef,
    },
    /// Others own fields that would have to change.
    #[error("others own fields of {at}: {}", shown(owners))]
    Conflict {
        /// Which policy.
        at: PolicyRef,
        /// Who, and which fields.
        owners: Vec<Owner>,
    },
    /// It has been deleted by somebody else.
    #[error("{at} no longer exists")]
    Gone {
        /// Which policy.
        at: PolicyRef,
    },
    /// It has been deleted by somebody else, and another one has taken its name.
    #[error("{at} is another object now, with the uid {uid}")]
    Replaced {
        /// Which policy.
        at: PolicyRef,
        /// Identity of the one that is there.
        uid: String,
    },
    /// It was to be created, no answer came, and what is there does not tell.
    #[error("it is not known whether {at} was created")]
    Unconfirmed {
        /// Which policy.
        at: PolicyRef,
        /// What became of the request.
        #[source]
        source: cluster::Error,
    },
    /// Something that it depends on did not come about in time.
    #[error(transparent)]
    Stuck(#[from] Stuck),
    /// The cluster did not do what was asked.
    #[error("cannot {doing} {at}")]
    Cluster {
        /// What was being done, as `create`.
        doing: &'static str,
        /// To which policy.
        at: PolicyRef,
        /// Why it failed.
        #[source]
        source: cluster::Error,
    },
}

impl Error {
    /// The cluster's error behind it, if there is one.
    pub fn of_cluster(&self) -> Option<&cluster::Error> {
        match self {
            Self::Cluster { source, .. } | Self::Unconfirmed { source, .. } => Some(source),
            _ => None,
        }
    }

    /// Whether the cluster could not be asked because it is known only after apply.
    pub fn is_not_yet_known(&self) -> bool {
        matches!(self.of_cluster(), Some(cluster::Error::NotYetKnown { .. }))
    }

    /// Whether the cluster does not know policies at all. Then there is none.
    pub fn is_uninstalled(&self) -> bool {
        matches!(self.of_cluster(), Some(cluster::Error::TypeMissing { .. }))
    }

    /// The fields of the policy that are to blame, as `spec.podSelector.matchLabels.app`.
    pub fn fields(&self) -> Vec<String> {
        match self {
            Self::AlreadyExists { .. } => vec!["metadata.name".to_owned()],
            Self::Conflict { owners, .. } => {
                let fields = owners.iter().flat_map(|owner| &owner.fields);
                fields.map(|field| field.trim_start_matches('.').to_owned()).collect()
            }
            Self::Stuck(stuck) => stuck.last.fields.clone(),
            Self::Unconfirmed { source, .. } | Self::Cluster { source, .. } => source.fields(),
            Self::Gone { .. } | Self::Replaced { .. } => Vec::new(),
        }
    }

    /// What the user can do about it, to stand behind "What to do:".
    pub fn remedy(&self) -> String {
        match self {
            Self::AlreadyExists { at } => format!(
                "take it into the state by an import, and let the next apply change it:\n\n\
                 import {{\n  to = tke_security_group_policy.<name>\n  id = \"{}\"\n}}",
                at.id()
            ),
            Self::Conflict { .. } => "agree on who writes these fields. Remove them from the other \
                tool, or take them over by `force_conflicts = true` in `field_manager`."
                .to_owned(),
            Self::Gone { .. } | Self::Replaced { .. } => {
                "run `terraform plan` again: it shows what is there now.".to_owned()
            }
            Self::Unconfirmed { at, .. } => format!(
                "look at `kubectl get securitygrouppolicies -n {} {}`. If it is there, delete or \
                 import it; then apply again.",
                at.namespace(),
                at.name()
            ),
            Self::Stuck(stuck) => stuck.last.remedy.clone(),
            Self::Cluster { source: cluster::Error::TypeMissing { .. }, .. } => {
                "install the add-on SecurityGroupPolicy in this cluster, and wait until its phase is \
                 Succeeded."
                    .to_owned()
            }
            Self::Cluster { source, .. } => source.remedy(),
        }
    }
}

pub(super) fn doing(doing: &'static str, at: &PolicyRef, source: cluster::Error) -> Error {
    Error::Cluster { doing, at: at.clone(), source }
}

fn shown(owners: &[Owner]) -> String {
    owners.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
