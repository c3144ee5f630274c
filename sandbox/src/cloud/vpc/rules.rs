//! The rules of one group: two ordered lists under one version.
//!
//! Every change is all or nothing, and counts the version up by one however many rules it has.

use super::rule::{Policy, Rule};
use crate::{
    behaviour::{Behaviour, IndexBeyondEnd, Unknown},
    cloud::{Cx, envelope::ApiError},
};

/// Both lists, and how often they were changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    pub(super) version: u64,
    pub(super) ingress: Vec<Rule>,
    pub(super) egress: Vec<Rule>,
}

/// Which of the two lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Ingress,
    Egress,
}

/// What `ReplaceSecurityGroupPolicies` replaces; to move a rule takes its original position.
#[derive(Clone, Debug)]
pub(super) enum Update {
    /// The content, in place.
    Policy,
    /// The position only.
    Priority(Vec<Policy>),
    /// Content and position.
    Both(Vec<Policy>),
}

impl Rules {
    /// Refuses a `Version` that is not the current one; no version means no check.
    pub(super) fn expect_version(&self, expected: Option<&str>) -> Result<(), ApiError> {
        match expected {
            Some(expected) if expected != self.version.to_string() => {
                let message = format!(
                    "The given version `{expected}` and the latest version `{}` differ.",
                    self.version
                );
                Err(ApiError::new("UnsupportedOperation.VersionMismatch", message))
            }
            _ => Ok(()),
        }
    }

    /// Inserts rules in the order given: at their common index, or at the end.
    pub(super) fn insert(
        &mut self,
        direction: Direction,
        policies: Vec<Policy>,
        cx: Cx<'_>,
    ) -> Result<(), ApiError> {
        let index = common_index(&policies)?;
        let rules = new_rules(policies, cx)?;
        let list = self.list(direction);
        let index = match index {
            None => list.len(),
            Some(index) if index <= list.len() => index,
            Some(index) => match cx.behaviour.index_beyond_end {
                IndexBeyondEnd::Append => list.len(),
                IndexBeyondEnd::Refuse => return Err(out_of_range(index)),
            },
        };
        let mut changed = list.clone();
        let new: Vec<_> = (index..index + rules.len()).collect();
        changed.splice(index..index, rules);
        no_duplicates(&changed, &new, cx.behaviour.description_makes_a_rule_unique)?;
        self.set(direction, changed, cx.behaviour, "LimitExceeded.SecurityGroupPolicySet")
    }

    /// Replaces rules at their indices by others.
    pub(super) fn replace(
        &mut self,
        direction: Direction,
        policies: Vec<Policy>,
        update: &Update,
        cx: Cx<'_>,
    ) -> Result<(), ApiError> {
        let targets = indices(&policies)?;
        let list = self.list(direction);
        let changed = match update {
            Update::Policy => {
                let mut changed = list.clone();
                for (target, rule) in targets.iter().zip(new_rules(policies, cx)?) {
                    *changed.get_mut(*target).ok_or_else(|| out_of_range(*target))? = rule;
                }
                changed
            }
            Update::Priority(originals) | Update::Both(originals) => {
                if originals.len() != policies.len() {
                    let message = "`OriginalSecurityGroupPolicySet` must match rule by rule.";
                    return Err(ApiError::new("InvalidParameter", message));
                }
                let sources = indices(originals)?;
                let moved = match update {
                    Update::Both(_) => new_rules(policies, cx)?,
                    _ => pick(list, &sources)?,
                };
                rearrange(list, &sources, &targets, moved)?
            }
        };
        no_duplicates(&changed, &targets, cx.behaviour.description_makes_a_rule_unique)?;
        self.set(direction, changed, cx.behaviour, "LimitExceeded")
    }

    /// Deletes rules: all by index as the list was before, or all by content.
    pub(super) fn delete(
        &mut self,
        direction: Direction,
        policies: Vec<Policy>,
        cx: Cx<'_>,
    ) -> Result<(), ApiError> {
        let by_index = policies.iter().filter(|policy| policy.policy_index.is_some()).count();
        let list = self.list(direction);
        let mut changed = list.clone();
        if by_index == 0 {
            for wanted in new_rules(policies, cx)? {
                let found = changed.iter().position(|rule| {
                    // A description takes part only if there is one.
                    rule.same_effect(&wanted)
                        && (wanted.description.is_empty() || wanted.description == rule.description)
                });
                match (found, cx.behaviour.unknown_rule) {
                    (Some(index), _) => drop(changed.remove(index)),
                    (None, Unknown::Ignore) => {}
                    (None, Unknown::Refuse) => {
                        let message = "The security group rule does not exist.";
                        return Err(ApiError::new("ResourceNotFound", message));
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
            return Err(ApiError::new("InvalidParameter.Coexist", message));
        }
        self.set(direction, changed, cx.behaviour, "LimitExceeded")
    }

    /// Sets whole lists; a list that is not given stays as it is.
    pub(super) fn reset(
        &mut self,
        ingress: Option<Vec<Policy>>,
        egress: Option<Vec<Policy>>,
        cx: Cx<'_>,
    ) -> Result<(), ApiError> {
        let lists = [(Direction::Ingress, ingress), (Direction::Egress, egress)];
        let mut changed = self.clone();
        for (direction, policies) in lists {
            let Some(policies) = policies else { continue };
            if policies.iter().any(|policy| policy.policy_index.is_some()) {
                let message = "`PolicyIndex` cannot be given when all rules are set.";
                return Err(ApiError::new("InvalidParameter.Coexist", message));
            }
            let rules = new_rules(policies, cx)?;
            // Known to take rules that differ only in their description.
            no_duplicates(&rules, &(0..rules.len()).collect::<Vec<_>>(), true)?;
            changed.set(direction, rules, cx.behaviour, "LimitExceeded")?;
        }
        changed.version = self.version + 1;
        *self = changed;
        Ok(())
    }

    /// Fills a new group, without counting a version unless there are rules.
    pub(super) fn fill(
        &mut self,
        policies: [(Direction, Vec<Policy>); 2],
        cx: Cx<'_>,
    ) -> Result<(), ApiError> {
        let mut changed = Self::default();
        for (direction, policies) in policies {
            let rules = new_rules(policies, cx)?;
            changed.set(direction, rules, cx.behaviour, "LimitExceeded")?;
        }
        changed.version = u64::from(!(changed.ingress.is_empty() && changed.egress.is_empty()));
        *self = changed;
        Ok(())
    }

    /// The groups that these rules reference, once per rule.
    pub(super) fn references(&self) -> impl Iterator<Item = &str> {
        self.ingress.iter().chain(&self.egress).filter_map(Rule::referenced_group)
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
    ) -> Result<(), ApiError> {
        // A list that does not grow is never refused, whatever the quota is now.
        if list.len() > behaviour.rule_quota.max(self.list(direction).len()) {
            let quota = behaviour.rule_quota;
            let message = format!("A security group has at most {quota} rules per direction.");
            return Err(ApiError::new(code, message));
        }
        let mut changed = self.clone();
        match direction {
            Direction::Ingress => changed.ingress = list,
            Direction::Egress => changed.egress = list,
        }
        let references = changed.references().count();
        if references > behaviour.reference_quota.max(self.references().count()) {
            let quota = behaviour.reference_quota;
            let message =
                format!("At most {quota} rules of a security group may reference a group.");
            return Err(ApiError::new("LimitExceeded", message));
        }
        changed.version += 1;
        *self = changed;
        Ok(())
    }
}

fn new_rules(policies: Vec<Policy>, cx: Cx<'_>) -> Result<Vec<Rule>, ApiError> {
    policies.into_iter().map(|policy| policy.rule(cx.behaviour, cx.now)).collect()
}

/// The one index that all rules of an insertion carry, or none.
fn common_index(policies: &[Policy]) -> Result<Option<usize>, ApiError> {
    let mut indices = policies.iter().map(|policy| policy.policy_index.map(|index| index.0));
    let first = indices.next().flatten();
    if indices.all(|index| index == first) {
        return Ok(first);
    }
    let message = "All rules of one call must have the same `PolicyIndex`.";
    Err(ApiError::new("InvalidParameterValue", message))
}

/// The index of every rule; each must have one of its own.
fn indices(policies: &[Policy]) -> Result<Vec<usize>, ApiError> {
    let mut indices = Vec::new();
    for policy in policies {
        let Some(index) = policy.policy_index else {
            let message = "The request is missing a required parameter `PolicyIndex`.";
            return Err(ApiError::new("MissingParameter", message));
        };
        if indices.contains(&index.0) {
            let message = format!("`PolicyIndex` {} is given twice.", index.0);
            return Err(ApiError::new("InvalidParameterValue.Duplicate", message));
        }
        indices.push(index.0);
    }
    Ok(indices)
}

fn pick(list: &[Rule], indices: &[usize]) -> Result<Vec<Rule>, ApiError> {
    let pick = |index: &usize| list.get(*index).cloned().ok_or_else(|| out_of_range(*index));
    indices.iter().map(pick).collect()
}

/// Takes the rules at `sources` out and puts `moved` at `targets`; the rest keeps its order.
fn rearrange(
    list: &[Rule],
    sources: &[usize],
    targets: &[usize],
    moved: Vec<Rule>,
) -> Result<Vec<Rule>, ApiError> {
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

/// Refuses a list in which a `new` rule equals another one. Duplicates from earlier may stay.
fn no_duplicates(
    list: &[Rule],
    new: &[usize],
    description_makes_unique: bool,
) -> Result<(), ApiError> {
    let equal = |one: &Rule, other: &Rule| {
        let unique = description_makes_unique && one.description != other.description;
        one.same_effect(other) && !unique
    };
    for index in new {
        let Some(rule) = list.get(*index) else { continue };
        let mut others = list.iter().enumerate().filter(|(other, _)| other != index);
        if others.any(|(_, other)| equal(rule, other)) {
            let message = "The security group rule is duplicated.";
            return Err(ApiError::new("UnsupportedOperation.DuplicatePolicy", message));
        }
    }
    Ok(())
}

fn out_of_range(index: usize) -> ApiError {
    let message = format!("`PolicyIndex` {index} is out of range.");
    ApiError::new("InvalidParameterValue.Range", message)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{
        Direction::{Egress, Ingress},
        *,
    };
    use crate::cloud::params;

    fn cx(behaviour: &Behaviour) -> Cx<'_> {
        Cx { behaviour, region: "ap-guangzhou", params: &Value::Null, now: "2026-01-01 08:00:00" }
    }

    /// Accepts TCP from anywhere: the port is the rule's name in these tests.
    fn tcp(port: u16) -> Policy {
        policy(&json!({"Protocol": "TCP", "Port": port.to_string(), "Action": "ACCEPT"}))
    }

    fn at(index: usize, port: u16) -> Policy {
        let port = port.to_string();
        policy(&json!({
            "PolicyIndex": index, "Protocol": "TCP", "Port": port, "Action": "ACCEPT",
        }))
    }

    fn only_index(index: usize) -> Policy {
        policy(&json!({"PolicyIndex": index}))
    }

    fn referencing(group: &str) -> Policy {
        policy(&json!({"SecurityGroupId": group, "Action": "ACCEPT"}))
    }

    fn policy(policy: &Value) -> Policy {
        params::read(policy).unwrap()
    }

    fn ports(list: &[Rule]) -> Vec<String> {
        list.iter().map(|rule| rule.content()["Port"].as_str().unwrap().to_owned()).collect()
    }

    /// Five inbound rules, ports 1 to 5, in one call.
    fn five() -> Rules {
        let mut rules = Rules::default();
        rules.insert(Ingress, (1..=5).map(tcp).collect(), cx(&Behaviour::default())).unwrap();
        rules
    }

    #[track_caller]
    fn check(rules: &Rules, version: u64, ingress: &[&str]) {
        assert_eq!(rules.version, version);
        assert_eq!(ports(&rules.ingress), ingress);
    }

    #[track_caller]
    fn refused(outcome: Result<(), ApiError>, code: &str) {
        assert_eq!(outcome.unwrap_err().code, code);
    }

    #[test]
    fn version_counts_writes_and_not_rules() {
        let behaviour = Behaviour::default();
        let cx = cx(&behaviour);
        let mut rules = Rules::default();
        assert_eq!(rules.expect_version(Some("0")), Ok(()));
        rules.insert(Ingress, vec![tcp(1), tcp(2)], cx).unwrap();
        rules.insert(Egress, vec![tcp(1)], cx).unwrap();
        check(&rules, 2, &["1", "2"]);
        rules.delete(Egress, vec![only_index(0)], cx).unwrap();
        assert_eq!(rules.expect_version(Some("3")), Ok(()));
        assert_eq!(rules.expect_version(None), Ok(()));
        refused(rules.expect_version(Some("2")), "UnsupportedOperation.VersionMismatch");
    }

    #[test]
    fn refused_write_changes_nothing() {
        let behaviour = Behaviour::default();
        let mut rules = five();
        refused(
            rules.insert(Ingress, vec![tcp(6), tcp(1)], cx(&behaviour)),
            "UnsupportedOperation.DuplicatePolicy",
        );
        refused(
            rules.delete(Ingress, vec![only_index(0), only_index(5)], cx(&behaviour)),
            "InvalidParameterValue.Range",
        );
        check(&rules, 1, &["1", "2", "3", "4", "5"]);
    }

    #[test]
    fn rules_are_inserted_at_any_index() {
        let behaviour = Behaviour::default();
        let cx = cx(&behaviour);
        let mut rules = five();
        rules.insert(Ingress, vec![at(0, 10), at(0, 11)], cx).unwrap();
        rules.insert(Ingress, vec![at(3, 12)], cx).unwrap();
        rules.insert(Ingress, vec![at(8, 13)], cx).unwrap();
        rules.insert(Ingress, vec![tcp(14)], cx).unwrap();
        check(&rules, 5, &["10", "11", "1", "12", "2", "3", "4", "5", "13", "14"]);
    }

    #[test]
    fn insert_with_invalid_index_is_refused() {
        let behaviour = Behaviour::default();
        let mut rules = five();
        let different = vec![at(0, 10), at(1, 11)];
        refused(rules.insert(Ingress, different, cx(&behaviour)), "InvalidParameterValue");
        refused(
            rules.insert(Ingress, vec![at(0, 10), tcp(11)], cx(&behaviour)),
            "InvalidParameterValue",
        );
        refused(
            rules.insert(Ingress, vec![at(6, 10)], cx(&behaviour)),
            "InvalidParameterValue.Range",
        );
        let append = Behaviour { index_beyond_end: IndexBeyondEnd::Append, ..Behaviour::default() };
        rules.insert(Ingress, vec![at(6, 10)], cx(&append)).unwrap();
        check(&rules, 2, &["1", "2", "3", "4", "5", "10"]);
    }

    #[test]
    fn replace_keeps_the_position() {
        let behaviour = Behaviour::default();
        let mut rules = five();
        rules
            .replace(Ingress, vec![at(3, 40), at(0, 10)], &Update::Policy, cx(&behaviour))
            .unwrap();
        check(&rules, 2, &["10", "2", "3", "40", "5"]);
        // A rule may be replaced by itself, and rules may change places.
        rules.replace(Ingress, vec![at(0, 10)], &Update::Policy, cx(&behaviour)).unwrap();
        rules.replace(Ingress, vec![at(0, 2), at(1, 10)], &Update::Policy, cx(&behaviour)).unwrap();
        check(&rules, 4, &["2", "10", "3", "40", "5"]);
    }

    #[test]
    fn replace_moves_to_a_new_position() {
        let behaviour = Behaviour::default();
        let mut rules = five();
        let from = |indices: &[usize]| indices.iter().copied().map(only_index).collect();
        let priority = Update::Priority(from(&[4, 0]));
        rules
            .replace(Ingress, vec![only_index(0), only_index(4)], &priority, cx(&behaviour))
            .unwrap();
        check(&rules, 2, &["5", "2", "3", "4", "1"]);
        let priority = Update::Priority(from(&[0]));
        rules.replace(Ingress, vec![only_index(2)], &priority, cx(&behaviour)).unwrap();
        check(&rules, 3, &["2", "3", "5", "4", "1"]);
        let both = Update::Both(from(&[4]));
        rules.replace(Ingress, vec![at(0, 9)], &both, cx(&behaviour)).unwrap();
        check(&rules, 4, &["9", "2", "3", "5", "4"]);
    }

    #[test]
    fn replace_with_invalid_indices_is_refused() {
        let behaviour = Behaviour::default();
        let mut rules = five();
        let mut attempt =
            |policies, update| rules.replace(Ingress, policies, &update, cx(&behaviour));
        refused(attempt(vec![tcp(1)], Update::Policy), "MissingParameter");
        refused(attempt(vec![at(5, 9)], Update::Policy), "InvalidParameterValue.Range");
        refused(
            attempt(vec![at(0, 8), at(0, 9)], Update::Policy),
            "InvalidParameterValue.Duplicate",
        );
        refused(attempt(vec![at(0, 2)], Update::Policy), "UnsupportedOperation.DuplicatePolicy");
        refused(attempt(vec![only_index(0)], Update::Priority(vec![])), "InvalidParameter");
        let beyond = Update::Priority(vec![only_index(5)]);
        refused(attempt(vec![only_index(0)], beyond), "InvalidParameterValue.Range");
        check(&rules, 1, &["1", "2", "3", "4", "5"]);
    }

    #[test]
    fn delete_by_index_counts_in_the_list_before() {
        let mut rules = five();
        let indices = vec![only_index(0), only_index(1), only_index(3)];
        rules.delete(Ingress, indices, cx(&Behaviour::default())).unwrap();
        check(&rules, 2, &["3", "5"]);
    }

    #[test]
    fn delete_by_content_ignores_spelling() {
        let behaviour = Behaviour::default();
        let cx = cx(&behaviour);
        let mut rules = five();
        // Another spelling of the same rule.
        let other = json!({
            "Protocol": "tcp", "Port": "2", "CidrBlock": "0.0.0.0/0", "Action": "accept",
            "ServiceTemplate": {}, "AddressTemplate": {}, "PolicyDescription": "",
        });
        rules.delete(Ingress, vec![policy(&other), tcp(4)], cx).unwrap();
        check(&rules, 2, &["1", "3", "5"]);
        rules.insert(Ingress, vec![policy(&json!({"Action": "DROP"}))], cx).unwrap();
        let all = json!({"Protocol": "ALL", "Port": "all", "Action": "Drop"});
        rules.delete(Ingress, vec![policy(&all)], cx).unwrap();
        check(&rules, 4, &["1", "3", "5"]);
    }

    #[test]
    fn delete_by_mixed_or_unknown_rules_is_refused() {
        let behaviour = Behaviour::default();
        let mut rules = five();
        let described = json!({
            "Protocol": "TCP", "Port": "1", "Action": "ACCEPT", "PolicyDescription": "another",
        });
        for missing in [tcp(9), policy(&described)] {
            refused(rules.delete(Ingress, vec![missing], cx(&behaviour)), "ResourceNotFound");
        }
        let mixed = vec![only_index(0), tcp(2)];
        refused(rules.delete(Ingress, mixed, cx(&behaviour)), "InvalidParameter.Coexist");
        let ignore = Behaviour { unknown_rule: Unknown::Ignore, ..Behaviour::default() };
        rules.delete(Ingress, vec![tcp(9), tcp(1)], cx(&ignore)).unwrap();
        check(&rules, 2, &["2", "3", "4", "5"]);
    }

    #[test]
    fn rules_that_differ_in_description_only_are_duplicates() {
        let behaviour = Behaviour::default();
        let twin = |text: &str| policy(&json!({"Action": "ACCEPT", "PolicyDescription": text}));
        let mut rules = Rules::default();
        refused(
            rules.insert(Ingress, vec![twin("a"), twin("b")], cx(&behaviour)),
            "UnsupportedOperation.DuplicatePolicy",
        );
        // Setting the whole list takes them, and they do not block other rules.
        rules.reset(Some(vec![twin("a"), twin("b")]), None, cx(&behaviour)).unwrap();
        rules.insert(Ingress, vec![tcp(1)], cx(&behaviour)).unwrap();
        refused(
            rules.reset(Some(vec![twin("a"), twin("a")]), None, cx(&behaviour)),
            "UnsupportedOperation.DuplicatePolicy",
        );
        let unique = Behaviour { description_makes_a_rule_unique: true, ..behaviour.clone() };
        rules.insert(Ingress, vec![twin("c")], cx(&unique)).unwrap();
        assert_eq!(rules.ingress.len(), 4);
        // Any other difference makes another rule.
        let drop = policy(&json!({"Action": "DROP"}));
        rules.insert(Ingress, vec![drop], cx(&behaviour)).unwrap();
    }

    #[test]
    fn reset_keeps_a_direction_that_is_not_given() {
        let behaviour = Behaviour::default();
        let mut rules = five();
        rules.reset(None, Some(vec![tcp(7)]), cx(&behaviour)).unwrap();
        check(&rules, 2, &["1", "2", "3", "4", "5"]);
        rules.reset(Some(vec![tcp(9), tcp(8)]), None, cx(&behaviour)).unwrap();
        check(&rules, 3, &["9", "8"]);
        assert_eq!(ports(&rules.egress), ["7"]);
        rules.reset(Some(vec![]), Some(vec![]), cx(&behaviour)).unwrap();
        check(&rules, 4, &[]);
        refused(
            rules.reset(Some(vec![at(0, 1)]), None, cx(&behaviour)),
            "InvalidParameter.Coexist",
        );
    }

    #[test]
    fn growth_above_a_quota_is_refused() {
        let behaviour = Behaviour { rule_quota: 5, reference_quota: 1, ..Behaviour::default() };
        let mut rules = five();
        refused(
            rules.insert(Ingress, vec![tcp(6)], cx(&behaviour)),
            "LimitExceeded.SecurityGroupPolicySet",
        );
        refused(
            rules.reset(Some((1..=6).map(tcp).collect()), None, cx(&behaviour)),
            "LimitExceeded",
        );
        // Each direction has its own; references are counted together.
        rules.insert(Egress, vec![referencing("sg-aaaaaaaa")], cx(&behaviour)).unwrap();
        rules.delete(Ingress, vec![only_index(0)], cx(&behaviour)).unwrap();
        refused(
            rules.insert(Ingress, vec![referencing("sg-bbbbbbbb")], cx(&behaviour)),
            "LimitExceeded",
        );
        // Above a quota that was lowered, a change without growth is accepted.
        let lowered = Behaviour { rule_quota: 1, ..behaviour };
        rules.delete(Ingress, vec![only_index(0)], cx(&lowered)).unwrap();
        check(&rules, 4, &["3", "4", "5"]);
    }
}
