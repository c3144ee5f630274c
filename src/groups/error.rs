//! Why something could not be done to a group or one of its rules.

use std::time::Duration;

use super::Usage;
use crate::{
    cloud,
    rules::{GroupId, RuleId},
};

/// What went wrong, with the object it went wrong with.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The cloud refused, or could not be asked.
    #[error(transparent)]
    Cloud(#[from] cloud::Error),
    /// The group does not exist.
    #[error("security group {0} does not exist")]
    GroupNotFound(GroupId),
    /// The rule does not exist, or says something else by now.
    #[error("rule {0} no longer exists")]
    RuleNotFound(RuleId),
    /// An equal rule is there already.
    #[error("rule {0} already exists")]
    RuleExists(RuleId),
    /// Others keep changing the rules.
    #[error("the rules of security group {group} changed during every retry of this write")]
    ConflictRetriesExhausted {
        /// The group.
        group: GroupId,
        /// The last refusal.
        source: cloud::Error,
    },
    /// The group cannot be deleted while it is in use.
    #[error("security group {group} is still in use after {} s: {usage}", waited.as_secs())]
    InUse {
        /// The group.
        group: GroupId,
        /// What uses it.
        usage: Usage,
        /// How long it was waited for.
        waited: Duration,
        /// The last refusal.
        source: cloud::Error,
    },
    /// A create got no response, and more than one group may be what came of it.
    #[error("cannot tell which of {} this request created", list(candidates))]
    Ambiguous {
        /// Groups that have appeared since and look the same.
        candidates: Vec<GroupId>,
        /// Why there was no response.
        source: cloud::Error,
    },
    /// The task that works on a group's rules has ended: a bug.
    #[error("the task that works on security group {0} has stopped")]
    ActorStopped(GroupId),
}

fn list(groups: &[GroupId]) -> String {
    let ids: Vec<&str> = groups.iter().map(GroupId::as_str).collect();
    ids.join(", ")
}
