//! A change of one rule, compiled against a snapshot into at most one call. Pure.

use super::{
    Error, RuleSpec,
    snapshot::{Snapshot, policy},
};
use crate::{
    cloud::api::vpc::{
        CreateSecurityGroupPolicies, DeleteSecurityGroupPolicies, ReplaceSecurityGroupPolicies,
        SecurityGroupPolicy, SecurityGroupPolicySet,
    },
    rules::{Direction, GroupId, Rule, RuleId},
};

/// A change that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Add it below all others.
    Add(RuleSpec),
    /// Edit it in place.
    Edit { from: RuleSpec, to: RuleSpec },
    /// Remove it.
    Remove(RuleSpec),
}

/// What there is to do.
#[derive(Debug)]
pub(super) enum Step {
    /// Nothing: it is as wanted.
    Done,
    /// One call.
    Write(Write),
}

/// A call that changes rules of one direction.
#[derive(Debug)]
pub(super) enum Write {
    Create(CreateSecurityGroupPolicies),
    Replace(ReplaceSecurityGroupPolicies),
    Delete(DeleteSecurityGroupPolicies),
}

impl Change {
    /// The step for this change, given the rules as they are. `tried` says that a call for it has
    /// been sent before and may have been carried out: then its result is expected.
    pub(super) fn compile(
        &self,
        group: &GroupId,
        snapshot: &Snapshot,
        tried: bool,
    ) -> Result<Step, Error> {
        let id = |rule: &Rule| RuleId { group: group.clone(), rule: rule.clone() };
        let set = |direction, policy| {
            (group.to_string(), rules(direction, snapshot.version.clone(), policy))
        };
        match self {
            Self::Add(wanted) => {
                if snapshot.find(wanted).is_some() {
                    return if tried {
                        Ok(Step::Done)
                    } else {
                        Err(Error::RuleExists(id(&wanted.rule)))
                    };
                }
                let (security_group_id, security_group_policy_set) =
                    set(wanted.rule.direction(), policy(wanted));
                Ok(Step::Write(Write::Create(CreateSecurityGroupPolicies {
                    security_group_id,
                    security_group_policy_set,
                })))
            }
            Self::Edit { from, to } => {
                let entry = match (snapshot.find(from), snapshot.find(to)) {
                    (Some(_), Some(_)) if from.rule != to.rule => {
                        return Err(Error::RuleExists(id(&to.rule)));
                    }
                    (Some(entry), _) | (None, Some(entry)) => entry,
                    (None, None) => return Err(Error::RuleNotFound(id(&from.rule))),
                };
                if entry.spec == *to {
                    return Ok(Step::Done);
                }
                let policy = SecurityGroupPolicy { policy_index: Some(entry.index), ..policy(to) };
                let (security_group_id, security_group_policy_set) =
                    set(to.rule.direction(), policy);
                Ok(Step::Write(Write::Replace(ReplaceSecurityGroupPolicies {
                    security_group_id,
                    security_group_policy_set,
                })))
            }
            Self::Remove(wanted) => {
                let found = snapshot.find(wanted).filter(|entry| !tried || entry.spec == *wanted);
                let Some(entry) = found else { return Ok(Step::Done) };
                let policy = SecurityGroupPolicy {
                    policy_index: Some(entry.index),
                    ..SecurityGroupPolicy::default()
                };
                let (security_group_id, security_group_policy_set) =
                    set(wanted.rule.direction(), policy);
                Ok(Step::Write(Write::Delete(DeleteSecurityGroupPolicies {
                    security_group_id,
                    security_group_policy_set,
                })))
            }
        }
    }

    /// The same change, of the very rule that it means in `snapshot`. Otherwise a second attempt
    /// to remove a rule could take a twin of it that differs in description.
    pub(super) fn about_one(self, snapshot: &Snapshot) -> Self {
        match self {
            Self::Remove(wanted) => Self::Remove(
                snapshot.find(&wanted).map_or(wanted.clone(), |entry| entry.spec.clone()),
            ),
            other => other,
        }
    }

    /// What it comes to if the whole group is gone.
    pub(super) fn without_group(&self, group: &GroupId) -> Result<(), Error> {
        match self {
            Self::Remove(_) => Ok(()),
            Self::Add(_) | Self::Edit { .. } => Err(Error::GroupNotFound(group.clone())),
        }
    }
}

fn rules(
    direction: Direction,
    version: Option<String>,
    policy: SecurityGroupPolicy,
) -> SecurityGroupPolicySet {
    let mut set = SecurityGroupPolicySet { version, ..SecurityGroupPolicySet::default() };
    match direction {
        Direction::Ingress => set.ingress.push(policy),
        Direction::Egress => set.egress.push(policy),
    }
    set
}
