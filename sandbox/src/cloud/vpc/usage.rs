//! Who uses a group: bound instances, rules of other groups, quotas.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Group, Vpc};
use crate::cloud::{ActionResult, Cx, envelope::ApiError};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GroupIds {
    security_group_ids: Vec<String>,
}

/// One entry per id asked for, with every counter.
pub(super) fn statistics(vpc: &Vpc, cx: Cx<'_>) -> ActionResult {
    let statistics = |group: &Group| {
        let count = |kind: &str| group.bound.get(kind).copied().unwrap_or_default();
        let instances: Vec<_> = group
            .bound
            .iter()
            .map(|(kind, count)| json!({"InstanceType": kind, "InstanceCount": count}))
            .collect();
        json!({
            "SecurityGroupId": group.id,
            "CVM": count("CVM"),
            "CDB": count("CDB"),
            "ENI": count("ENI"),
            "CLB": count("CLB"),
            "SG": vpc.referencing(group).count(),
            "InstanceStatistics": instances,
            // Groups are not counted among the instances.
            "TotalCount": group.bound.values().sum::<u64>(),
        })
    };
    let set = each(vpc, cx, statistics)?;
    Ok(json!({"SecurityGroupAssociationStatisticsSet": set}))
}

/// One entry per id asked for, empty if no other group references it.
pub(super) fn references(vpc: &Vpc, cx: Cx<'_>) -> ActionResult {
    let references = |group: &Group| {
        let referencing: Vec<_> = vpc.referencing(group).map(|other| other.id.as_str()).collect();
        json!({"SecurityGroupId": group.id, "ReferredSecurityGroupIds": referencing})
    };
    let set = each(vpc, cx, references)?;
    Ok(json!({"ReferredSecurityGroupSet": set}))
}

pub(super) fn limits(cx: Cx<'_>) -> ActionResult {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Params {}

    let Params {} = cx.read()?;
    Ok(json!({"SecurityGroupLimitSet": {
        "SecurityGroupLimit": cx.behaviour.group_quota,
        "SecurityGroupPolicyLimit": cx.behaviour.rule_quota,
        "ReferedSecurityGroupLimit": cx.behaviour.reference_quota,
        "SecurityGroupInstanceLimit": 2_000,
        "InstanceSecurityGroupLimit": 5,
        "SecurityGroupExtendedPolicyLimit": 30_000,
        "SecurityGroupReferedCvmAndEniLimit": 2_000,
        "SecurityGroupReferedSvcLimit": 2_000,
    }}))
}

fn each(vpc: &Vpc, cx: Cx<'_>, say: impl Fn(&Group) -> Value) -> Result<Vec<Value>, ApiError> {
    let GroupIds { security_group_ids } = cx.read()?;
    // Samples of the reference have line ends in their ids.
    let ids = security_group_ids.iter().map(|id| id.trim());
    ids.map(|id| vpc.get(cx.region, id).map(&say)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{behaviour::Behaviour, cloud::tests::TestAccount};

    #[test]
    fn usage_counts_instances_and_referencing_groups() {
        let mut account = TestAccount::new(Behaviour::default());
        account.seed(json!({"groups": [
            {"id": "sg-aaaaaaaa", "name": "a", "bound": {"EKS": 2, "ENI": 1},
             "ingress": [{"SecurityGroupId": "sg-aaaaaaaa", "Action": "ACCEPT"}]},
            {"id": "sg-bbbbbbbb", "name": "b",
             "ingress": [{"SecurityGroupId": "sg-aaaaaaaa", "Action": "ACCEPT"}],
             "egress": [{"SecurityGroupId": "sg-aaaaaaaa", "Action": "ACCEPT"}]},
        ]}));
        let ids = json!({"SecurityGroupIds": ["sg-aaaaaaaa", "sg-bbbbbbbb\r\n"]});
        let answer = account.ok("vpc", "DescribeSecurityGroupAssociationStatistics", ids.clone());
        let set = &answer["SecurityGroupAssociationStatisticsSet"];
        assert_eq!(
            set[0],
            json!({
                "SecurityGroupId": "sg-aaaaaaaa", "CVM": 0, "CDB": 0, "ENI": 1, "CLB": 0, "SG": 1,
                "InstanceStatistics": [
                    {"InstanceType": "EKS", "InstanceCount": 2},
                    {"InstanceType": "ENI", "InstanceCount": 1},
                ],
                "TotalCount": 3,
            })
        );
        assert_eq!((&set[1]["SG"], &set[1]["TotalCount"]), (&json!(0), &json!(0)));
        let answer = account.ok("vpc", "DescribeSecurityGroupReferences", ids);
        assert_eq!(
            answer["ReferredSecurityGroupSet"],
            json!([
                {"SecurityGroupId": "sg-aaaaaaaa", "ReferredSecurityGroupIds": ["sg-bbbbbbbb"]},
                {"SecurityGroupId": "sg-bbbbbbbb", "ReferredSecurityGroupIds": []},
            ])
        );
        let unknown = json!({"SecurityGroupIds": ["sg-00000000"]});
        account.err("vpc", "DescribeSecurityGroupReferences", unknown, "ResourceNotFound");
    }

    #[test]
    fn limits_are_the_quotas() {
        let mut account = TestAccount::new(Behaviour { rule_quota: 7, ..Behaviour::default() });
        let answer = account.ok("vpc", "DescribeSecurityGroupLimits", json!({}));
        assert_eq!(answer["SecurityGroupLimitSet"]["SecurityGroupPolicyLimit"], 7);
    }
}
