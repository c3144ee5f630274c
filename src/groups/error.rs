//! Why something could not be done to a group or one of its rules.

use std::time::Duration;

use super::Holders;
use crate::{
    cloud,
    rules::{GroupId, RuleId},
};

/// What went wrong, with the object it went wrong with.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The cloud said no, or could not be asked.
    #[error("could not {doing}")]
    Cloud {
        /// What was being done to which object: `delete security group sg-12345678`.
        doing: String,
        /// What came of it.
        source: cloud::Error,
    },
    /// The group does not exist.
    #[error("security group {0} does not exist")]
    Gone(GroupId),
    /// The rule does not exist, or says something else by now.
    #[error("rule {0} does not exist any more")]
    RuleGone(RuleId),
    /// An equal rule is there already.
    #[error("rule {0} exists already")]
    Exists(RuleId),
    /// Others keep changing the rules.
    #[error("the rules of security group {group} were changed by others again and again")]
    Contended {
        /// The group.
        group: GroupId,
        /// The last refusal.
        source: cloud::Error,
    },
    /// The group cannot be deleted while it is in use.
    #[error("security group {group} is still in use after {waited:?}: {holders}")]
    Held {
        /// The group.
        group: GroupId,
        /// Who uses it.
        holders: Holders,
        /// How long it was waited for.
        waited: Duration,
        /// The last refusal.
        source: cloud::Error,
    },
    /// A create got no answer, and more than one group may be what came of it.
    #[error(
        "it is not clear which of {} came of creating security group `{name}`",
        list(candidates)
    )]
    Unclear {
        /// The name it was to have.
        name: String,
        /// Groups that have appeared since and look the same.
        candidates: Vec<GroupId>,
        /// Why there was no answer.
        source: cloud::Error,
    },
    /// The keeper of a group's rules is gone: a bug.
    #[error("the work on security group {0} was abandoned; this is a bug in the provider")]
    Abandoned(GroupId),
}

fn list(groups: &[GroupId]) -> String {
    let ids: Vec<&str> = groups.iter().map(GroupId::as_str).collect();
    ids.join(", ")
}
