//! The rules of one group: two ordered lists under one version.
//!
//! Every change is all or nothing, and counts the version up by one however many rules it has.

use super::rule::{Policy, Rule};
use crate::behaviour::{Behaviour, IndexBeyondEnd, Unknown};
use crate::cloud::envelope::Refusal;

/// Both lists, and how often they were changed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    pub(super) version: u64,
    pub(super) ingress: Vec<Rule>,
    pub(super) egress: Vec<Rule>,
}

/// Which of the two lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Ingress,
    Egress,
}

/// What `ReplaceSecurityGroupPolicies` replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Update {
    /// The content, in place.
    Policy,
    /// The position only.
    Priority,
    /// Content and position.
    Both,
}

impl Rules {
    /// Refuses a `Version` that is not the current one; no version means no check.
    pub(super) fn expect_version(&self, expected: Option<&str>) -> Result<(), Refusal> {
        match expected {
            Some(expected) if expected != self.version.to_string() => {
                let message = format!(
                    "The given version `{expected}` and the latest version `{}` differ.",
                    self.version
                );
                Err(Refusal::new("UnsupportedOperation.VersionMismatch", message))
            }
            _ => Ok(()),
        }
    }

    /// Inserts rules in the order given: at their common index, or at the end.
    pub(super) fn insert(
        &mut self,
        direction: Direction,
        policies: Vec<Policy>,
        behaviour: &Behaviour,
        now: &str,
    ) -> Result<(), Refusal> {
        let index = common_index(&policies)?;
        let rules = new_rules(policies, behaviour, now)?;
        let list = self.list(direction);
        let index = match index {
            None => list.len(),
            Some(index) if index <= list.len() => index,
            Some(index) => match behaviour.index_beyond_end {
                IndexBeyondEnd::Append => list.len(),
                IndexBeyondEnd::Refuse => return Err(out_of_range(index)),
            },
        };
        let mut changed = list.clone();
        let new: Vec<_> = (index..index + rules.len()).collect();
        changed.splice(index..index, rules);
        no_duplicates(&changed, &new, behaviour.description_makes_a_rule_unique)?;
        self.set(direction, changed, behaviour, "LimitExceeded.SecurityGroupPolicySet")
    }

    /// Replaces rules at their indices by others.
    pub(super) fn replace(
        &mut self,
        direction: Direction,
        policies: Vec<Policy>,
        originals: &[Policy],
        update: Update,
        (behaviour, now): (&Behaviour, &str),
    ) -> Result<(), Refusal> {
        let targets = indices(&policies)?;
        let list = self.list(direction);
        let changed = if update == Update::Policy {
            let mut changed = list.clone();
            for (target, rule) in targets.iter().zip(new_rules(policies, behaviour, now)?) {
                *changed.get_mut(*target).ok_or_else(|| out_of_range(*target))? = rule;
            }
            changed
        } else {
            if originals.len() != policies.len() {
                let message = "`OriginalSecurityGroupPolicySet` must match the rules one by one.";
                return Err(Refusal::new("InvalidParameter", message));
            }
            let sources = indices(originals)?;
            let mut moved = pick(list, &sources)?;
            if update == Update::Both {
                moved = new_rules(policies, behaviour, now)?;
            }
            rearrange(list, &sources, &targets, moved)?
        };
        no_duplicates(&changed, &targets, behaviour.description_makes_a_rule_unique)?;
        self.set(direction, changed, behaviour, "LimitExceeded")
    }

    /// Deletes rules: all by index as the list was before, or all by content.
    pub(super) fn delete(
        &mut self,
        direction: Direction,
        policies: Vec<Policy>,
        behaviour: &Behaviour,
    ) -> Result<(), Refusal> {
        let by_index = policies.iter().filter(|policy| policy.policy_index.is_some()).count();
        let list = self.list(direction);
        let mut changed = list.clone();
        if by_index == 0 {
            for wanted in new_rules(policies, behaviour, "")? {
                let found = changed.iter().position(|rule| {
                    // A description takes part only if there is one.
                    rule.same_effect(&wanted)
                        && (wanted.description.is_empty() || wanted.description == rule.description)
                });
                match (found, behaviour.unknown_rule) {
                    (Some(index), _) => drop(changed.remove(index)),
                    (None, Unknown::Ignore) => {}
                    (None, Unknown::Refuse) => {
                        let message = "The security group rule does not exist.";
                        return Err(Refusal::new("ResourceNotFound", message));
                    }
                }
            }
        } else if by_index == policies.len() {
            let indices = indices(&policies)?;
            pick(list, &indices)?;
            let mut index = 0..;
            changed.retain(|_| index.next().is_none_or(|index| !indices.contains(&index)));
        } else {
            let message = "Rules are deleted either by `PolicyIndex` or by their content.";
            return Err(Refusal::new("InvalidParameter.Coexist", message));
        }
        self.set(direction, changed, behaviour, "LimitExceeded")
    }

    /// Sets whole lists; a list that is not given stays as it is.
    pub(super) fn reset(
        &mut self,
        ingress: Option<Vec<Policy>>,
        egress: Option<Vec<Policy>>,
        behaviour: &Behaviour,
        now: &str,
    ) -> Result<(), Refusal> {
        let lists = [(Direction::Ingress, ingress), (Direction::Egress, egress)];
        let mut changed = self.clone();
        for (direction, policies) in lists {
            let Some(policies) = policies else { continue };
            if policies.iter().any(|policy| policy.policy_index.is_some()) {
                let message = "`PolicyIndex` cannot be given when all rules are set.";
                return Err(Refusal::new("InvalidParameter.Coexist", message));
            }
            let rules = new_rules(policies, behaviour, now)?;
            // Known to take rules that differ only in their description.
            no_duplicates(&rules, &(0..rules.len()).collect::<Vec<_>>(), true)?;
            changed.set(direction, rules, behaviour, "LimitExceeded")?;
        }
        changed.version = self.version + 1;
        *self = changed;
        Ok(())
    }

    /// Fills a new group, without counting a version unless there are rules.
    pub(super) fn fill(
        &mut self,
        policies: [(Direction, Vec<Policy>); 2],
        behaviour: &Behaviour,
        now: &str,
    ) -> Result<(), Refusal> {
        let mut changed = Self::default();
        for (direction, policies) in policies {
            let rules = new_rules(policies, behaviour, now)?;
            changed.set(direction, rules, behaviour, "LimitExceeded")?;
        }
        changed.version = u64::from(!(changed.ingress.is_empty() && changed.egress.is_empty()));
        *self = changed;
        Ok(())
    }

    /// The groups named by these rules, once per rule.
    pub(super) fn named_groups(&self) -> impl Iterator<Item = &str> {
        self.ingress.iter().chain(&self.egress).filter_map(Rule::group)
    }

    fn list(&self, direction: Direction) -> &Vec<Rule> {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }

    /// Puts a changed list in place if the quotas allow it.
    fn set(
        &mut self,
        direction: Direction,
        list: Vec<Rule>,
        behaviour: &Behaviour,
        code: &'static str,
    ) -> Result<(), Refusal> {
        // A list that does not grow is never refused, whatever the quota is now.
        if list.len() > behaviour.rule_quota.max(self.list(direction).len()) {
            let quota = behaviour.rule_quota;
            let message = format!("A security group has at most {quota} rules per direction.");
            return Err(Refusal::new(code, message));
        }
        let mut changed = self.clone();
        match direction {
            Direction::Ingress => changed.ingress = list,
            Direction::Egress => changed.egress = list,
        }
        let references = changed.named_groups().count();
        if references > behaviour.reference_quota.max(self.named_groups().count()) {
            let quota = behaviour.reference_quota;
            let message = format!("At most {quota} rules of a security group may name a group.");
            return Err(Refusal::new("LimitExceeded", message));
        }
        changed.version += 1;
        *self = changed;
        Ok(())
    }
}

fn new_rules(
    policies: Vec<Policy>,
    behaviour: &Behaviour,
    now: &str,
) -> Result<Vec<Rule>, Refusal> {
    policies.into_iter().map(|policy| policy.rule(behaviour, now)).collect()
}

/// The one index that all rules of an insertion carry, or none.
fn common_index(policies: &[Policy]) -> Result<Option<usize>, Refusal> {
    let mut indices = policies.iter().map(|policy| policy.policy_index.map(|index| index.0));
    let first = indices.next().flatten();
    if indices.all(|index| index == first) {
        return Ok(first);
    }
    let message = "All rules of one call must have the same `PolicyIndex`.";
    Err(Refusal::new("InvalidParameterValue", message))
}

/// The index of every rule; each must have one of its own.
fn indices(policies: &[Policy]) -> Result<Vec<usize>, Refusal> {
    let mut indices = Vec::new();
    for policy in policies {
        let Some(index) = policy.policy_index else {
            let message = "The request is missing a required parameter `PolicyIndex`.";
            return Err(Refusal::new("MissingParameter", message));
        };
        if indices.contains(&index.0) {
            let message = format!("`PolicyIndex` {} is given twice.", index.0);
            return Err(Refusal::new("InvalidParameterValue.Duplicate", message));
        }
        indices.push(index.0);
    }
    Ok(indices)
}

fn pick(list: &[Rule], indices: &[usize]) -> Result<Vec<Rule>, Refusal> {
    let pick = |index: &usize| list.get(*index).cloned().ok_or_else(|| out_of_range(*index));
    indices.iter().map(pick).collect()
}

/// Takes the rules at `sources` out and puts `moved` at `targets`; the rest keeps its order.
fn rearrange(
    list: &[Rule],
    sources: &[usize],
    targets: &[usize],
    moved: Vec<Rule>,
) -> Result<Vec<Rule>, Refusal> {
    let mut rest = list.iter().enumerate().filter(|(index, _)| !sources.contains(index));
    let mut slots: Vec<Option<Rule>> = vec![None; list.len()];
    for (target, rule) in targets.iter().zip(moved) {
        *slots.get_mut(*target).ok_or_else(|| out_of_range(*target))? = Some(rule);
    }
    Ok(slots
        .into_iter()
        .filter_map(|slot| slot.or_else(|| rest.next().map(|(_, rule)| rule.clone())))
        .collect())
}

/// Refuses a list in which a `new` rule equals another one. Twins from earlier may stay.
fn no_duplicates(
    list: &[Rule],
    new: &[usize],
    description_makes_unique: bool,
) -> Result<(), Refusal> {
    let equal = |one: &Rule, other: &Rule| {
        let unique = description_makes_unique && one.description != other.description;
        one.same_effect(other) && !unique
    };
    for index in new {
        let Some(rule) = list.get(*index) else { continue };
        let mut others = list.iter().enumerate().filter(|(other, _)| other != index);
        if others.any(|(_, other)| equal(rule, other)) {
            let message = "The security group rule is duplicated.";
            return Err(Refusal::new("UnsupportedOperation.DuplicatePolicy", message));
        }
    }
    Ok(())
}

fn out_of_range(index: usize) -> Refusal {
    let message = format!("`PolicyIndex` {index} is out of range.");
    Refusal::new("InvalidParameterValue.Range", message)
}
