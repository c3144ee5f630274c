//! Rules over the wire: create, describe, replace, delete, set all.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Group, Vpc,
    rule::{Policy, Rule},
    rules::{Direction, Rules, Update},
};
use crate::cloud::{
    ActionResult, Cx,
    envelope::ApiError,
    list::{self, Filter},
};

/// `SecurityGroupPolicySet` as sent.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub(super) struct PolicySet {
    version: Option<String>,
    pub(super) ingress: Option<Vec<Policy>>,
    pub(super) egress: Option<Vec<Policy>>,
    /// Belongs to responses; one type serves both, so it is read and ignored.
    #[serde(rename = "PolicyStatistics")]
    _policy_statistics: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Params {
    security_group_id: String,
    security_group_policy_set: PolicySet,
}

pub(super) fn create(vpc: &mut Vpc, cx: Cx<'_>) -> ActionResult {
    let Params { security_group_id, security_group_policy_set } = cx.read()?;
    let (version, direction, policies) = security_group_policy_set.one_direction()?;
    change(vpc, cx, &security_group_id, |rules| {
        rules.expect_version(version.as_deref())?;
        rules.insert(direction, policies, cx)
    })
}

pub(super) fn delete(vpc: &mut Vpc, cx: Cx<'_>) -> ActionResult {
    let Params { security_group_id, security_group_policy_set } = cx.read()?;
    let (version, direction, policies) = security_group_policy_set.one_direction()?;
    change(vpc, cx, &security_group_id, |rules| {
        rules.expect_version(version.as_deref())?;
        rules.delete(direction, policies, cx)
    })
}

pub(super) fn replace_one(vpc: &mut Vpc, cx: Cx<'_>) -> ActionResult {
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
        return Err(ApiError::new("InvalidParameterValue.LimitExceeded", message));
    }
    change(vpc, cx, &security_group_id, |rules| {
        rules.expect_version(version.as_deref())?;
        rules.replace(direction, policies, &Update::Policy, cx)
    })
}

pub(super) fn replace_many(vpc: &mut Vpc, cx: Cx<'_>) -> ActionResult {
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
    let originals = || match params.original_security_group_policy_set {
        None => Ok(Vec::new()),
        Some(original) => match original.one_direction()? {
            (_, from, originals) if from == direction => Ok(originals),
            _ => {
                let message = "A rule cannot change its direction.";
                Err(ApiError::new("InvalidParameter", message))
            }
        },
    };
    let update = match params.update_type.as_deref() {
        None | Some("Policy") => Update::Policy,
        Some("Priority") => Update::Priority(originals()?),
        Some("Both") => Update::Both(originals()?),
        Some(other) => {
            let message = format!("The value `{other}` of parameter `UpdateType` is invalid.");
            return Err(ApiError::new("InvalidParameterValue.Invalid", message));
        }
    };
    change(vpc, cx, &params.security_group_id, |rules| {
        rules.expect_version(version.as_deref())?;
        rules.replace(direction, policies, &update, cx)
    })
}

pub(super) fn modify(vpc: &mut Vpc, cx: Cx<'_>) -> ActionResult {
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
            return rules.reset(Some(vec![]), Some(vec![]), cx);
        }
        if cx.behaviour.modify_checks_version {
            rules.expect_version(set.version.as_deref())?;
        }
        if set.ingress.is_none() && set.egress.is_none() {
            return Err(no_rules());
        }
        rules.reset(set.ingress, set.egress, cx)
    })
}

pub(super) fn describe(vpc: &Vpc, cx: Cx<'_>) -> ActionResult {
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
        let answers = rules.iter().enumerate().map(|(index, rule)| rule.answer(index));
        list::select(answers, &filters, |filter, rule| passes(filter, rule, direction))
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

/// Changes the rules of one group, if every group that they then reference exists.
fn change(
    vpc: &mut Vpc,
    cx: Cx<'_>,
    id: &str,
    act: impl FnOnce(&mut Rules) -> Result<(), ApiError>,
) -> ActionResult {
    let mut rules = vpc.get(cx.region, id)?.rules.clone();
    act(&mut rules)?;
    for id in rules.references() {
        vpc.get(cx.region, id)?;
    }
    let group: &mut Group = vpc.get_mut(cx.region, id)?;
    group.rules = rules;
    cx.now.clone_into(&mut group.updated);
    Ok(json!({}))
}

impl PolicySet {
    /// Version, direction and rules of a call that takes only one direction.
    fn one_direction(self) -> Result<(Option<String>, Direction, Vec<Policy>), ApiError> {
        let ingress = self.ingress.filter(|list| !list.is_empty());
        let egress = self.egress.filter(|list| !list.is_empty());
        match (ingress, egress) {
            (Some(ingress), None) => Ok((self.version, Direction::Ingress, ingress)),
            (None, Some(egress)) => Ok((self.version, Direction::Egress, egress)),
            (None, None) => Err(no_rules()),
            (Some(_), Some(_)) => {
                let message = "The parameter `Egress and Ingress` cannot be imported at the same \
                               time in the request.";
                Err(ApiError::new("InvalidParameter.Coexist", message))
            }
        }
    }
}

fn passes(filter: &Filter, rule: &Value, direction: &str) -> Result<bool, ApiError> {
    let text = |field: &str| rule.pointer(field).and_then(Value::as_str).unwrap_or_default();
    let has_one_of = |one: &str, other: &str| filter.has(text(one)) || filter.has(text(other));
    let part = |field: &str| filter.any(|part| text(field).contains(part));
    Ok(match filter.name.as_str() {
        "security-group-id" => filter.has(text("/SecurityGroupId")),
        "ip" => part("/CidrBlock") || part("/Ipv6CidrBlock"),
        "address-module" => {
            has_one_of("/AddressTemplate/AddressId", "/AddressTemplate/AddressGroupId")
        }
        "service-module" => {
            has_one_of("/ServiceTemplate/ServiceId", "/ServiceTemplate/ServiceGroupId")
        }
        "protocol-type" => filter.any(|value| text("/Protocol").eq_ignore_ascii_case(value)),
        "port" => part("/Port"),
        "poly" => filter.has("ALL") || filter.has(text("/Action")),
        "direction" => filter.has("ALL") || filter.has(direction),
        "description" => part("/PolicyDescription"),
        _ => return Err(filter.unknown("InvalidParameter.FilterInvalidKey")),
    })
}

fn no_rules() -> ApiError {
    let message = "`SecurityGroupPolicySet` holds no rule.";
    ApiError::new("InvalidParameterValue.Empty", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{behaviour::Behaviour, cloud::tests::TestAccount};

    /// An account with the empty groups `sg-aaaaaaaa` and `sg-bbbbbbbb`.
    fn account() -> TestAccount {
        let mut account = TestAccount::new(Behaviour::default());
        account.seed(json!({"groups": [
            {"id": "sg-aaaaaaaa", "name": "a"},
            {"id": "sg-bbbbbbbb", "name": "b"},
        ]}));
        account
    }

    fn set(set: &Value) -> Value {
        json!({"SecurityGroupId": "sg-aaaaaaaa", "SecurityGroupPolicySet": set})
    }

    fn tcp(port: &str) -> Value {
        json!({"Protocol": "TCP", "Port": port, "CidrBlock": "10.0.0.0/8", "Action": "ACCEPT"})
    }

    fn read(account: &mut TestAccount, filters: &Value) -> Value {
        let params = json!({"SecurityGroupId": "sg-aaaaaaaa", "Filters": filters});
        account.ok("vpc", "DescribeSecurityGroupPolicies", params)["SecurityGroupPolicySet"].take()
    }

    #[test]
    fn tutorial_rules_are_created_and_deleted() {
        let mut account = account();
        for protocol in ["UDP", "TCP"] {
            let rule = json!({
                "Protocol": protocol, "Port": "53", "SecurityGroupId": "sg-bbbbbbbb",
                "Action": "ACCEPT",
            });
            account.ok("vpc", "CreateSecurityGroupPolicies", set(&json!({"Ingress": [rule]})));
        }
        let anywhere = json!({"Protocol": "ALL", "Port": "ALL", "Action": "ACCEPT"});
        account.ok("vpc", "CreateSecurityGroupPolicies", set(&json!({"Egress": [anywhere]})));
        let rules = read(&mut account, &json!([]));
        assert_eq!(rules["Version"], "3");
        assert_eq!(rules["Ingress"][1]["PolicyIndex"], 1);
        assert_eq!(rules["Ingress"][1]["Protocol"], "tcp");
        assert_eq!(rules["Egress"][0]["CidrBlock"], "0.0.0.0/0");
        assert_eq!(rules["PolicyStatistics"]["EgressIPv4TotalCount"], 1);
        assert_eq!(rules["PolicyStatistics"]["IngressIPv4TotalCount"], 0);
        let gone = json!({"Protocol": "UDP", "Port": "53", "SecurityGroupId": "sg-bbbbbbbb",
                          "Action": "ACCEPT"});
        account.ok("vpc", "DeleteSecurityGroupPolicies", set(&json!({"Ingress": [gone]})));
        assert_eq!(read(&mut account, &json!([]))["Ingress"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn call_with_both_or_no_directions_is_refused() {
        let mut account = account();
        for action in [
            "CreateSecurityGroupPolicies",
            "DeleteSecurityGroupPolicies",
            "ReplaceSecurityGroupPolicies",
            "ReplaceSecurityGroupPolicy",
        ] {
            let both = set(&json!({"Ingress": [tcp("1")], "Egress": [tcp("1")]}));
            account.err("vpc", action, both, "InvalidParameter.Coexist");
            let none = set(&json!({"Ingress": [], "Egress": []}));
            account.err("vpc", action, none, "InvalidParameterValue.Empty");
        }
    }

    #[test]
    fn stale_version_is_refused() {
        let mut account = account();
        let mut rule = tcp("1");
        rule["PolicyIndex"] = 0.into();
        let create = |version: &str| set(&json!({"Version": version, "Ingress": [tcp("1")]}));
        account.ok("vpc", "CreateSecurityGroupPolicies", create("0"));
        let stale = set(&json!({"Version": "0", "Ingress": [rule]}));
        for action in [
            "CreateSecurityGroupPolicies",
            "DeleteSecurityGroupPolicies",
            "ReplaceSecurityGroupPolicies",
            "ReplaceSecurityGroupPolicy",
        ] {
            let code = "UnsupportedOperation.VersionMismatch";
            account.err("vpc", action, stale.clone(), code);
        }
        let number = set(&json!({"Version": 1, "Ingress": [tcp("2")]}));
        account.err("vpc", "CreateSecurityGroupPolicies", number, "InvalidParameter");
    }

    #[test]
    fn modify_sets_whole_lists() {
        let mut account = account();
        let action = "ModifySecurityGroupPolicies";
        account.ok("vpc", action, set(&json!({"Ingress": [tcp("1")], "Egress": [tcp("2")]})));
        // Clients in daily use send the number after the next.
        let mut params = set(&json!({"Version": "3", "Ingress": [tcp("3")]}));
        params["SortPolicys"] = true.into();
        account.ok("vpc", action, params);
        let rules = read(&mut account, &json!([]));
        assert_eq!(
            (&rules["Ingress"][0]["Port"], &rules["Egress"][0]["Port"]),
            (&json!("3"), &json!("2"))
        );
        account.ok("vpc", action, set(&json!({"Version": "0"})));
        let rules = read(&mut account, &json!([]));
        assert_eq!((&rules["Ingress"], &rules["Egress"]), (&json!([]), &json!([])));
        assert_eq!(rules["Version"], "3");
        account.err("vpc", action, set(&json!({})), "InvalidParameterValue.Empty");
        let behaviour = Behaviour { modify_checks_version: true, ..Behaviour::default() };
        account.seed(json!({"behaviour": behaviour}));
        let stale = set(&json!({"Version": "9", "Ingress": [tcp("1")]}));
        account.err("vpc", action, stale, "UnsupportedOperation.VersionMismatch");
    }

    #[test]
    fn replace_changes_content_or_position() {
        let mut account = account();
        let ingress = json!({"Ingress": [tcp("1"), tcp("2")]});
        account.ok("vpc", "CreateSecurityGroupPolicies", set(&ingress));
        let mut rule = tcp("3");
        rule["PolicyIndex"] = 0.into();
        let one = set(&json!({"Version": "1", "Ingress": [rule]}));
        account.ok("vpc", "ReplaceSecurityGroupPolicy", one.clone());
        let mut moved = set(&json!({"Ingress": [{"PolicyIndex": 1}]}));
        moved["OriginalSecurityGroupPolicySet"] = json!({"Ingress": [{"PolicyIndex": 0}]});
        moved["UpdateType"] = "Priority".into();
        account.ok("vpc", "ReplaceSecurityGroupPolicies", moved.clone());
        let rules = read(&mut account, &json!([]));
        assert_eq!(rules["Ingress"][0]["Port"], "2");
        assert_eq!(rules["Ingress"][1]["Port"], "3");
        moved["UpdateType"] = "Order".into();
        let code = "InvalidParameterValue.Invalid";
        account.err("vpc", "ReplaceSecurityGroupPolicies", moved, code);
        let two = set(&json!({"Ingress": [{"PolicyIndex": 0}, {"PolicyIndex": 1}]}));
        let code = "InvalidParameterValue.LimitExceeded";
        account.err("vpc", "ReplaceSecurityGroupPolicy", two, code);
    }

    #[test]
    fn rule_that_references_unknown_group_is_refused() {
        let mut account = account();
        let rule = json!({"SecurityGroupId": "sg-00000000", "Action": "ACCEPT"});
        let params = set(&json!({"Ingress": [rule]}));
        account.err("vpc", "CreateSecurityGroupPolicies", params.clone(), "ResourceNotFound");
        account.err("vpc", "ModifySecurityGroupPolicies", params, "ResourceNotFound");
        assert_eq!(read(&mut account, &json!([]))["Version"], "0");
    }

    #[test]
    fn rules_are_filtered() {
        let mut account = account();
        let other = json!({
            "Ipv6CidrBlock": "2001:db8::/32", "Action": "DROP", "PolicyDescription": "old net",
        });
        account.ok(
            "vpc",
            "ModifySecurityGroupPolicies",
            set(&json!({"Ingress": [tcp("80,443"), other], "Egress": [tcp("53")]})),
        );
        let mut check = |name: &str, value: &str, expected: [&[u64]; 2]| {
            let rules = read(&mut account, &json!([{"Name": name, "Values": [value]}]));
            let indices = ["Ingress", "Egress"].map(|direction| {
                let list = rules[direction].as_array().unwrap();
                list.iter().map(|rule| rule["PolicyIndex"].as_u64().unwrap()).collect::<Vec<_>>()
            });
            assert_eq!(indices, expected, "{name} {value}");
        };
        check("direction", "INBOUND", [&[0, 1], &[]]);
        check("direction", "ALL", [&[0, 1], &[0]]);
        check("poly", "DROP", [&[1], &[]]);
        check("protocol-type", "TCP", [&[0], &[0]]);
        check("port", "443", [&[0], &[]]);
        check("ip", "db8", [&[1], &[]]);
        check("description", "net", [&[1], &[]]);
        check("security-group-id", "sg-bbbbbbbb", [&[], &[]]);
        let params = json!({
            "SecurityGroupId": "sg-aaaaaaaa", "Filters": [{"Name": "x", "Values": []}],
        });
        let code = "InvalidParameter.FilterInvalidKey";
        account.err("vpc", "DescribeSecurityGroupPolicies", params, code);
    }
}
