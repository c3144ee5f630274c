//! Rules over the wire: create, describe, replace, delete, set all.

use serde::Deserialize;
use serde_json::{Value, json};

use super::rule::{Policy, Rule};
use super::rules::{Direction, Rules, Update};
use super::{Group, Vpc};
use crate::cloud::envelope::Refusal;
use crate::cloud::{Answer, Cx};

/// `SecurityGroupPolicySet` as sent.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub(super) struct PolicySet {
    version: Option<String>,
    pub(super) ingress: Option<Vec<Policy>>,
    pub(super) egress: Option<Vec<Policy>>,
    /// Belongs to answers; one type serves both, so it is read and ignored.
    #[serde(rename = "PolicyStatistics")]
    _policy_statistics: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Params {
    security_group_id: String,
    security_group_policy_set: PolicySet,
}

pub(super) fn create(vpc: &mut Vpc, cx: Cx<'_>) -> Answer {
    let Params { security_group_id, security_group_policy_set } = cx.read()?;
    let (version, direction, policies) = security_group_policy_set.one_direction()?;
    change(vpc, cx, &security_group_id, |rules| {
        rules.expect_version(version.as_deref())?;
        rules.insert(direction, policies, cx.behaviour, cx.now)
    })
}

pub(super) fn delete(vpc: &mut Vpc, cx: Cx<'_>) -> Answer {
    let Params { security_group_id, security_group_policy_set } = cx.read()?;
    let (version, direction, policies) = security_group_policy_set.one_direction()?;
    change(vpc, cx, &security_group_id, |rules| {
        rules.expect_version(version.as_deref())?;
        rules.delete(direction, policies, cx.behaviour)
    })
}

pub(super) fn replace_one(vpc: &mut Vpc, cx: Cx<'_>) -> Answer {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    struct Params {
        security_group_id: String,
        security_group_policy_set: PolicySet,
        /// "For logging" only.
        #[serde(rename = "OriginalSecurityGroupPolicySet")]
        _original: Option<PolicySet>,
    }

    let Params { security_group_id, security_group_policy_set, .. } = cx.read()?;
    let (version, direction, policies) = security_group_policy_set.one_direction()?;
    if policies.len() != 1 {
        let message = "Exactly one rule can be replaced.";
        return Err(Refusal::new("InvalidParameterValue.LimitExceeded", message));
    }
    change(vpc, cx, &security_group_id, |rules| {
        rules.expect_version(version.as_deref())?;
        rules.replace(direction, policies, &[], Update::Policy, (cx.behaviour, cx.now))
    })
}

pub(super) fn replace_many(vpc: &mut Vpc, cx: Cx<'_>) -> Answer {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    struct Params {
        security_group_id: String,
        security_group_policy_set: PolicySet,
        original_security_group_policy_set: Option<PolicySet>,
        update_type: Option<String>,
    }

    let params: Params = cx.read()?;
    let (version, direction, policies) = params.security_group_policy_set.one_direction()?;
    let update = match params.update_type.as_deref() {
        None | Some("Policy") => Update::Policy,
        Some("Priority") => Update::Priority,
        Some("Both") => Update::Both,
        Some(other) => {
            let message = format!("The value `{other}` of parameter `UpdateType` is invalid.");
            return Err(Refusal::new("InvalidParameterValue.Invalid", message));
        }
    };
    let originals = match (update, params.original_security_group_policy_set) {
        (Update::Policy, _) | (_, None) => Vec::new(),
        (_, Some(original)) => {
            let (_, from, originals) = original.one_direction()?;
            if from != direction {
                let message = "A rule cannot change its direction.";
                return Err(Refusal::new("InvalidParameter", message));
            }
            originals
        }
    };
    change(vpc, cx, &params.security_group_id, |rules| {
        rules.expect_version(version.as_deref())?;
        rules.replace(direction, policies, &originals, update, (cx.behaviour, cx.now))
    })
}

pub(super) fn modify(vpc: &mut Vpc, cx: Cx<'_>) -> Answer {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    struct Params {
        security_group_id: String,
        security_group_policy_set: PolicySet,
        /// Without effect here: rules always take the order given.
        #[serde(rename = "SortPolicys")]
        _sort_policys: Option<bool>,
    }

    let Params { security_group_id, security_group_policy_set: set, .. } = cx.read()?;
    change(vpc, cx, &security_group_id, |rules| {
        if set.version.as_deref() == Some("0") {
            // Documented: version 0 clears all rules, whatever else is given.
            return rules.reset(Some(vec![]), Some(vec![]), cx.behaviour, cx.now);
        }
        if cx.behaviour.modify_checks_version {
            rules.expect_version(set.version.as_deref())?;
        }
        if set.ingress.is_none() && set.egress.is_none() {
            return Err(no_rules());
        }
        rules.reset(set.ingress, set.egress, cx.behaviour, cx.now)
    })
}

pub(super) fn describe(vpc: &Vpc, cx: Cx<'_>) -> Answer {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    struct Params {
        security_group_id: String,
        #[serde(default)]
        filters: Vec<Filter>,
    }

    let Params { security_group_id, filters } = cx.read()?;
    let rules = &vpc.get(cx.region, &security_group_id)?.rules;
    let list = |rules: &[Rule], direction: &str| {
        let mut answers = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            let answer = rule.answer(index);
            let mut matches = true;
            for filter in &filters {
                matches &= filter.matches(&answer, direction)?;
            }
            if matches {
                answers.push(answer);
            }
        }
        Ok::<_, Refusal>(answers)
    };
    let ingress = list(&rules.ingress, "INBOUND")?;
    let egress = list(&rules.egress, "OUTBOUND")?;
    let count = |list: &[Value], field: &str| list.iter().filter(|rule| rule[field] != "").count();
    Ok(json!({"SecurityGroupPolicySet": {
        "Version": rules.version.to_string(),
        "PolicyStatistics": {
            "IngressIPv4TotalCount": count(&ingress, "CidrBlock"),
            "IngressIPv6TotalCount": count(&ingress, "Ipv6CidrBlock"),
            "EgressIPv4TotalCount": count(&egress, "CidrBlock"),
            "EgressIPv6TotalCount": count(&egress, "Ipv6CidrBlock"),
        },
        "Ingress": ingress,
        "Egress": egress,
    }}))
}

/// Changes the rules of one group, if every group they then name exists.
fn change(
    vpc: &mut Vpc,
    cx: Cx<'_>,
    id: &str,
    act: impl FnOnce(&mut Rules) -> Result<(), Refusal>,
) -> Answer {
    let mut rules = vpc.get(cx.region, id)?.rules.clone();
    act(&mut rules)?;
    for named in rules.named_groups() {
        vpc.get(cx.region, named)?;
    }
    let group: &mut Group = vpc.get_mut(cx.region, id)?;
    group.rules = rules;
    cx.now.clone_into(&mut group.updated);
    Ok(json!({}))
}

impl PolicySet {
    /// Version, direction and rules of a call that takes only one direction.
    fn one_direction(self) -> Result<(Option<String>, Direction, Vec<Policy>), Refusal> {
        let ingress = self.ingress.filter(|list| !list.is_empty());
        let egress = self.egress.filter(|list| !list.is_empty());
        match (ingress, egress) {
            (Some(ingress), None) => Ok((self.version, Direction::Ingress, ingress)),
            (None, Some(egress)) => Ok((self.version, Direction::Egress, egress)),
            (None, None) => Err(no_rules()),
            (Some(_), Some(_)) => {
                let message = "The parameter `Egress and Ingress` cannot be imported at the same \
                               time in the request.";
                Err(Refusal::new("InvalidParameter.Coexist", message))
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Filter {
    name: String,
    values: Vec<String>,
}

impl Filter {
    /// Values of one filter are alternatives.
    fn matches(&self, rule: &Value, direction: &str) -> Result<bool, Refusal> {
        let text = |field: &str| rule.pointer(field).and_then(Value::as_str).unwrap_or_default();
        let any = |test: &dyn Fn(&str) -> bool| self.values.iter().any(|value| test(value));
        Ok(match self.name.as_str() {
            "security-group-id" => any(&|value: &str| text("/SecurityGroupId") == value),
            "ip" => any(&|value: &str| {
                text("/CidrBlock").contains(value) || text("/Ipv6CidrBlock").contains(value)
            }),
            "address-module" => any(&|value: &str| {
                text("/AddressTemplate/AddressId") == value
                    || text("/AddressTemplate/AddressGroupId") == value
            }),
            "service-module" => any(&|value: &str| {
                text("/ServiceTemplate/ServiceId") == value
                    || text("/ServiceTemplate/ServiceGroupId") == value
            }),
            "protocol-type" => any(&|value: &str| text("/Protocol").eq_ignore_ascii_case(value)),
            "port" => any(&|value: &str| text("/Port").contains(value)),
            "poly" => any(&|value: &str| value == "ALL" || text("/Action") == value),
            "direction" => any(&|value: &str| value == "ALL" || direction == value),
            "description" => any(&|value: &str| text("/PolicyDescription").contains(value)),
            other => {
                let message = format!("The filter `{other}` does not exist.");
                return Err(Refusal::new("InvalidParameter.FilterInvalidKey", message));
            }
        })
    }
}

fn no_rules() -> Refusal {
    let message = "`SecurityGroupPolicySet` holds no rule.";
    Refusal::new("InvalidParameterValue.Empty", message)
}
