//! Groups: create, describe, modify, delete.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Group, IdKind, Vpc, id, not_found,
    rule::Policy,
    rules::{Direction, Rules},
};
use crate::{
    behaviour::{NameFilter, Unknown},
    cloud::{
        ActionResult, Cx,
        envelope::ApiError,
        list::{self, Filter, Page},
        params::UintOrString,
        tag_rules,
    },
};

const LONGEST_NAME: usize = 60;
const LONGEST_DESCRIPTION: usize = 100;

/// Ids per `DescribeSecurityGroups`, and its longest page.
const MOST_PER_CALL: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Create {
    group_name: String,
    group_description: String,
    project_id: Option<String>,
    tags: Option<Vec<GroupTag>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GroupTag {
    key: String,
    value: Option<String>,
}

pub(super) fn create(vpc: &mut Vpc, cx: Cx<'_>) -> ActionResult {
    add(vpc, cx, cx.read()?, Rules::default())
}

pub(super) fn create_with_policies(vpc: &mut Vpc, cx: Cx<'_>) -> ActionResult {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    struct Params {
        group_name: String,
        group_description: String,
        project_id: Option<String>,
        security_group_policy_set: Option<super::policies::PolicySet>,
        tags: Option<Vec<GroupTag>>,
    }

    let Params { group_name, group_description, project_id, security_group_policy_set, tags } =
        cx.read()?;
    let set = security_group_policy_set.unwrap_or_default();
    let lists: [(Direction, Vec<Policy>); 2] = [
        (Direction::Ingress, set.ingress.unwrap_or_default()),
        (Direction::Egress, set.egress.unwrap_or_default()),
    ];
    let mut rules = Rules::default();
    rules.fill(lists, cx)?;
    for id in rules.references() {
        vpc.get(cx.region, id)?;
    }
    add(vpc, cx, Create { group_name, group_description, project_id, tags }, rules)
}

fn add(vpc: &mut Vpc, cx: Cx<'_>, params: Create, rules: Rules) -> ActionResult {
    check_texts(Some(&params.group_name), Some(&params.group_description))?;
    let tags = tags(params.tags.unwrap_or_default())?;
    let project_id = params.project_id.unwrap_or_else(|| "0".to_owned());
    if project_id.parse::<u64>().is_err() {
        let message = format!("The project `{project_id}` is not a number.");
        return Err(ApiError::new("InvalidParameterValue.Malformed", message));
    }
    let quota = cx.behaviour.group_quota;
    let siblings = vpc
        .groups
        .iter()
        .filter(|group| group.region == cx.region && group.project_id == project_id);
    if siblings.count() >= quota {
        let message = format!("A project has at most {quota} security groups per region.");
        return Err(ApiError::new("LimitExceeded", message));
    }
    let group = Group {
        id: vpc.generate(),
        region: cx.region.to_owned(),
        tags,
        name: params.group_name,
        description: params.group_description,
        project_id,
        is_default: false,
        created: cx.now.to_owned(),
        updated: cx.now.to_owned(),
        rules,
        bound: BTreeMap::new(),
    };
    let answer = json!({"SecurityGroup": group.answer()});
    vpc.groups.push(group);
    Ok(answer)
}

pub(super) fn describe(vpc: &Vpc, cx: Cx<'_>) -> ActionResult {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    struct Params {
        #[serde(default)]
        security_group_ids: Vec<String>,
        #[serde(default)]
        filters: Vec<Filter>,
        offset: Option<UintOrString>,
        limit: Option<UintOrString>,
        order_field: Option<String>,
        order_direction: Option<String>,
    }

    let params: Params = cx.read()?;
    if !params.security_group_ids.is_empty() && !params.filters.is_empty() {
        let message = "`SecurityGroupIds` and `Filters` cannot be given together.";
        return Err(ApiError::new("InvalidParameter.Coexist", message));
    }
    let limit = params.limit.map_or(20, |limit| limit.0);
    if params.security_group_ids.len() > MOST_PER_CALL || limit > MOST_PER_CALL {
        let message = format!("At most {MOST_PER_CALL} security groups can be asked for.");
        return Err(ApiError::new("InvalidParameterValue.LimitExceeded", message));
    }
    for id in &params.security_group_ids {
        id::check(IdKind::SecurityGroup, id)?;
        if cx.behaviour.unknown_group == Unknown::Refuse && vpc.find(cx.region, id).is_none() {
            return Err(not_found(id));
        }
    }
    let asked = vpc.groups.iter().filter(|group| {
        let ids = &params.security_group_ids;
        group.region == cx.region && (ids.is_empty() || ids.contains(&group.id))
    });
    let mut found = list::select(asked, &params.filters, |filter, group| {
        passes(filter, group, cx.behaviour.group_name_filter)
    })?;
    match params.order_field.as_deref() {
        None => {}
        Some("CreatedTime") => found.sort_by_key(|group| &group.created),
        Some("UpdateTime") => found.sort_by_key(|group| &group.updated),
        Some(other) => return Err(invalid_value("OrderField", other)),
    }
    match params.order_direction.as_deref() {
        None | Some("ASC") => {}
        Some("DESC") => found.reverse(),
        Some(other) => return Err(invalid_value("OrderDirection", other)),
    }
    let offset = params.offset.map_or(0, |offset| offset.0);
    let endless = cx.behaviour.endless_pages && params.security_group_ids.is_empty();
    let Page { items, total } = list::page(&found, offset, limit, endless);
    let set: Vec<_> = items.iter().map(|group| group.answer()).collect();
    Ok(json!({
        "SecurityGroupSet": set,
        "TotalCount": total,
        "RegionStatistics": [{"TotalCount": total, "Region": cx.region}],
    }))
}

pub(super) fn modify(vpc: &mut Vpc, cx: Cx<'_>) -> ActionResult {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    struct Params {
        security_group_id: String,
        group_name: Option<String>,
        group_description: Option<String>,
    }

    let params: Params = cx.read()?;
    let group = vpc.get_mut(cx.region, &params.security_group_id)?;
    check_texts(params.group_name.as_deref(), params.group_description.as_deref())?;
    group.name = params.group_name.unwrap_or_else(|| group.name.clone());
    group.description = params.group_description.unwrap_or_else(|| group.description.clone());
    cx.now.clone_into(&mut group.updated);
    Ok(json!({}))
}

pub(super) fn delete(vpc: &mut Vpc, cx: Cx<'_>) -> ActionResult {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    struct Params {
        security_group_id: String,
    }

    let Params { security_group_id: id } = cx.read()?;
    // Only this action has its own codes for a bad and a missing id.
    if id::check(IdKind::SecurityGroup, &id).is_err() {
        let message = format!("The security group id `{id}` is malformed.");
        return Err(ApiError::new("InvalidSecurityGroupID.Malformed", message));
    }
    let Some(group) = vpc.find(cx.region, &id) else {
        let message = format!("The security group `{id}` does not exist.");
        return Err(ApiError::new("InvalidSecurityGroupID.NotFound", message));
    };
    if group.is_default {
        let message = format!("The default security group `{id}` cannot be deleted.");
        return Err(ApiError::new("UnsupportedOperation", message));
    }
    if group.bound.values().any(|count| *count > 0) {
        let message = format!("The security group `{id}` is bound to instances.");
        return Err(ApiError::new("ResourceInUse", message));
    }
    let by_itself = cx.behaviour.self_reference_blocks_delete
        && group.rules.references().any(|referenced| referenced == id);
    if by_itself || vpc.referencing(group).next().is_some() {
        let message = format!("The security group `{id}` is referenced by rules.");
        return Err(ApiError::new("ResourceInUse", message));
    }
    vpc.groups.retain(|group| group.region != cx.region || group.id != id);
    Ok(json!({}))
}

fn passes(filter: &Filter, group: &Group, names: NameFilter) -> Result<bool, ApiError> {
    Ok(match (filter.name.as_str(), filter.name.strip_prefix("tag:")) {
        (_, Some(key)) => group.tags.get(key).is_some_and(|value| filter.has(value)),
        ("security-group-id", _) => filter.has(&group.id),
        ("project-id", _) => filter.has(&group.project_id),
        ("tag-key", _) => filter.any(|key| group.tags.contains_key(key)),
        ("security-group-name", _) => match names {
            NameFilter::Exact => filter.has(&group.name),
            NameFilter::Substring => filter.any(|part| group.name.contains(part)),
        },
        _ => return Err(filter.unknown("InvalidParameter.FilterInvalidKey")),
    })
}

impl Group {
    /// The group as the API returns it. `Region` is not in the reference, but in every response.
    fn answer(&self) -> Value {
        let tags: Vec<_> =
            self.tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
        json!({
            "SecurityGroupId": self.id,
            "SecurityGroupName": self.name,
            "SecurityGroupDesc": self.description,
            "ProjectId": self.project_id,
            "IsDefault": self.is_default,
            "CreatedTime": self.created,
            "UpdateTime": self.updated,
            "TagSet": tags,
            "Region": self.region,
        })
    }
}

fn check_texts(name: Option<&str>, description: Option<&str>) -> Result<(), ApiError> {
    if name == Some("") {
        return Err(ApiError::new("InvalidParameterValue", "`GroupName` is empty."));
    }
    let too_long = |text: Option<&str>, most| text.is_some_and(|text| text.chars().count() > most);
    let (parameter, most) = if too_long(name, LONGEST_NAME) {
        ("GroupName", LONGEST_NAME)
    } else if too_long(description, LONGEST_DESCRIPTION) {
        ("GroupDescription", LONGEST_DESCRIPTION)
    } else {
        return Ok(());
    };
    let message = format!("`{parameter}` is longer than {most} characters.");
    Err(ApiError::new("InvalidParameterValue.TooLong", message))
}

fn tags(given: Vec<GroupTag>) -> Result<BTreeMap<String, String>, ApiError> {
    let mut tags = BTreeMap::new();
    for GroupTag { key, value } in given {
        let value = value.unwrap_or_default();
        tag_rules::check(&key, &value).map_err(|error| error.in_vpc(&key))?;
        if tags.insert(key.clone(), value).is_some() {
            let message = format!("The tag `{key}` is given twice.");
            return Err(ApiError::new("InvalidParameterValue.TagDuplicateKey", message));
        }
    }
    if tags.len() > tag_rules::MOST_PER_RESOURCE {
        let message = "The resource has too many tags.";
        return Err(ApiError::new("LimitExceeded.TagKeyPerResourceExceeded", message));
    }
    Ok(tags)
}

fn invalid_value(name: &str, value: &str) -> ApiError {
    let message = format!("The value `{value}` of parameter `{name}` is invalid.");
    ApiError::new("InvalidParameterValue", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{behaviour::Behaviour, cloud::tests::TestAccount};

    fn account() -> TestAccount {
        TestAccount::new(Behaviour::default())
    }

    fn create(account: &mut TestAccount, name: &str) -> String {
        let params = json!({"GroupName": name, "GroupDescription": ""});
        let answer = account.ok("vpc", "CreateSecurityGroup", params);
        answer["SecurityGroup"]["SecurityGroupId"].as_str().unwrap().to_owned()
    }

    fn names(answer: &Value) -> Vec<&str> {
        let set = answer["SecurityGroupSet"].as_array().unwrap();
        set.iter().map(|group| group["SecurityGroupName"].as_str().unwrap()).collect()
    }

    #[test]
    fn new_group_is_empty_and_found_at_once() {
        let mut account = account();
        let params = json!({
            "GroupName": "g", "GroupDescription": "d", "Tags": [{"Key": "k", "Value": "v"}],
        });
        let created = account.ok("vpc", "CreateSecurityGroup", params)["SecurityGroup"].clone();
        let id = created["SecurityGroupId"].clone();
        assert_eq!(
            created,
            json!({
                "SecurityGroupId": id, "SecurityGroupName": "g", "SecurityGroupDesc": "d",
                "ProjectId": "0", "IsDefault": false, "CreatedTime": "1970-01-01 08:00:00",
                "UpdateTime": "1970-01-01 08:00:00", "TagSet": [{"Key": "k", "Value": "v"}],
                "Region": "ap-guangzhou",
            })
        );
        let found = account.ok("vpc", "DescribeSecurityGroups", json!({"SecurityGroupIds": [id]}));
        assert_eq!(found["SecurityGroupSet"], json!([created]));
        let params = json!({"SecurityGroupId": id});
        let rules = account.ok("vpc", "DescribeSecurityGroupPolicies", params);
        assert_eq!(rules["SecurityGroupPolicySet"]["Version"], "0");
        assert_eq!(rules["SecurityGroupPolicySet"]["Ingress"], json!([]));
    }

    #[test]
    fn create_with_invalid_parameters_is_refused() {
        let mut account = account();
        let mut check = |change: Value, code: &str| {
            let mut params = json!({"GroupName": "g", "GroupDescription": "d"});
            params.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            account.err("vpc", "CreateSecurityGroup", params, code);
        };
        check(json!({"GroupName": ""}), "InvalidParameterValue");
        check(json!({"GroupName": "x".repeat(61)}), "InvalidParameterValue.TooLong");
        check(json!({"GroupDescription": "x".repeat(101)}), "InvalidParameterValue.TooLong");
        check(json!({"GroupDescription": null}), "InvalidParameter");
        check(json!({"ProjectId": 0}), "InvalidParameter");
        check(json!({"ProjectId": "p"}), "InvalidParameterValue.Malformed");
        check(json!({"VpcId": "vpc-1"}), "UnknownParameter");
        check(json!({"Tags": [{"Value": "v"}]}), "MissingParameter");
        check(json!({"Tags": [{"Key": ""}]}), "InvalidParameterValue.TagInvalidKey");
        check(
            json!({"Tags": [{"Key": "qcloud:x"}]}),
            "UnsupportedOperation.TagSystemReservedTagKey",
        );
        check(
            json!({"Tags": [{"Key": "a"}, {"Key": "a"}]}),
            "InvalidParameterValue.TagDuplicateKey",
        );
    }

    #[test]
    fn create_above_the_quota_is_refused() {
        let mut account = TestAccount::new(Behaviour { group_quota: 2, ..Behaviour::default() });
        create(&mut account, "second");
        let params = json!({"GroupName": "third", "GroupDescription": ""});
        account.err("vpc", "CreateSecurityGroup", params, "LimitExceeded");
        let params = json!({"GroupName": "third", "GroupDescription": "", "ProjectId": "1"});
        account.ok("vpc", "CreateSecurityGroup", params);
    }

    #[test]
    fn groups_are_filtered_and_paged() {
        let mut account = account();
        for name in ["web", "web-2", "web"] {
            create(&mut account, name);
        }
        let mut find = |params| account.ok("vpc", "DescribeSecurityGroups", params);
        let by_name =
            |names: &[&str]| json!({"Filters": [{"Name": "security-group-name", "Values": names}]});
        assert_eq!(names(&find(by_name(&["web"]))), ["web", "web"]);
        assert_eq!(names(&find(by_name(&["web-2", "no"]))), ["web-2"]);
        assert_eq!(find(by_name(&["no"]))["TotalCount"], 0);
        assert_eq!(
            names(&find(by_name(&["tke-worker-security-for-my-cluster"]))),
            ["tke-worker-security-for-my-cluster"]
        );
        let page = find(json!({"Offset": "1", "Limit": "2"}));
        assert_eq!((names(&page), &page["TotalCount"]), (vec!["web", "web-2"], &json!(4)));
        assert_eq!(names(&find(json!({"Offset": 4, "Limit": 2}))), [] as [&str; 0]);
    }

    #[test]
    fn name_filter_matches_substrings_by_switch() {
        let behaviour =
            Behaviour { group_name_filter: NameFilter::Substring, ..Behaviour::default() };
        let mut account = TestAccount::new(behaviour);
        create(&mut account, "web-2");
        let params = json!({"Filters": [{"Name": "security-group-name", "Values": ["web"]}]});
        assert_eq!(names(&account.ok("vpc", "DescribeSecurityGroups", params)), ["web-2"]);
    }

    #[test]
    fn err_describe() {
        let mut account = account();
        let mut check = |params, code: &str| {
            account.err("vpc", "DescribeSecurityGroups", params, code);
        };
        check(json!({"SecurityGroupIds": ["sg-00000000"]}), "ResourceNotFound");
        check(json!({"SecurityGroupIds": ["web"]}), "InvalidParameterValue.Malformed");
        check(json!({"Limit": "101"}), "InvalidParameterValue.LimitExceeded");
        check(
            json!({"Filters": [{"Name": "x", "Values": []}]}),
            "InvalidParameter.FilterInvalidKey",
        );
        check(
            json!({
                "SecurityGroupIds": ["sg-workers0"],
                "Filters": [{"Name": "project-id", "Values": ["0"]}],
            }),
            "InvalidParameter.Coexist",
        );
        let behaviour = Behaviour { unknown_group: Unknown::Ignore, ..Behaviour::default() };
        let params = json!({"SecurityGroupIds": ["sg-00000000"]});
        let answer = TestAccount::new(behaviour).ok("vpc", "DescribeSecurityGroups", params);
        assert_eq!(answer["SecurityGroupSet"], json!([]));
    }

    #[test]
    fn modify_changes_only_given_fields() {
        let mut account = account();
        let id = create(&mut account, "before");
        let params = json!({"SecurityGroupId": id, "GroupName": "after"});
        account.ok("vpc", "ModifySecurityGroupAttribute", params);
        let params = json!({"SecurityGroupId": id, "GroupDescription": "text"});
        account.ok("vpc", "ModifySecurityGroupAttribute", params);
        let found = account.ok("vpc", "DescribeSecurityGroups", json!({"SecurityGroupIds": [id]}));
        let group = &found["SecurityGroupSet"][0];
        assert_eq!(group["SecurityGroupName"], "after");
        assert_eq!(group["SecurityGroupDesc"], "text");
        let params = json!({"SecurityGroupId": "sg-00000000"});
        account.err("vpc", "ModifySecurityGroupAttribute", params, "ResourceNotFound");
    }

    #[test]
    fn delete_is_refused_while_the_group_is_referenced() {
        let mut account = account();
        let id = create(&mut account, "pods");
        let group = json!({"SecurityGroupId": id});
        let rule = |group: &str| {
            json!({
                "SecurityGroupId": group,
                "SecurityGroupPolicySet": {"Ingress": [{"SecurityGroupId": id, "Action": "ACCEPT"}]},
            })
        };
        account.ok("vpc", "CreateSecurityGroupPolicies", rule("sg-workers0"));
        // Its own rules do not count.
        account.ok("vpc", "CreateSecurityGroupPolicies", rule(&id));
        account.err("vpc", "DeleteSecurityGroup", group.clone(), "ResourceInUse");
        account.ok("vpc", "DeleteSecurityGroupPolicies", rule("sg-workers0"));
        account.ok("vpc", "DeleteSecurityGroup", group.clone());
        account.err("vpc", "DeleteSecurityGroup", group.clone(), "InvalidSecurityGroupID.NotFound");
        account.err("vpc", "DescribeSecurityGroupPolicies", group, "ResourceNotFound");
    }

    #[test]
    fn delete_of_default_used_or_malformed_group_is_refused() {
        let mut account = account();
        account.seed(json!({"groups": [
            {"id": "sg-default0", "name": "default", "is_default": true},
            {"id": "sg-selfref0", "name": "self",
             "ingress": [{"SecurityGroupId": "sg-selfref0", "Action": "ACCEPT"}]},
        ]}));
        for (id, code) in [
            ("sg-default0", "UnsupportedOperation"),
            ("sg-workers0", "ResourceInUse"),
            ("pods", "InvalidSecurityGroupID.Malformed"),
        ] {
            account.err("vpc", "DeleteSecurityGroup", json!({"SecurityGroupId": id}), code);
        }
        let behaviour = Behaviour { self_reference_blocks_delete: true, ..Behaviour::default() };
        account.seed(json!({"behaviour": behaviour}));
        let params = json!({"SecurityGroupId": "sg-selfref0"});
        account.err("vpc", "DeleteSecurityGroup", params, "ResourceInUse");
    }

    #[test]
    fn create_with_policies_takes_both_directions() {
        let mut account = account();
        let mut params = json!({
            "GroupName": "g", "GroupDescription": "d",
            "SecurityGroupPolicySet": {
                "Ingress": [{"Action": "ACCEPT", "PolicyIndex": 0}],
                "Egress": [{"Action": "ACCEPT", "SecurityGroupId": "sg-workers0"}],
            },
        });
        let answer = account.ok("vpc", "CreateSecurityGroupWithPolicies", params.clone());
        let id = answer["SecurityGroup"]["SecurityGroupId"].clone();
        let group = json!({"SecurityGroupId": id});
        let rules = account.ok("vpc", "DescribeSecurityGroupPolicies", group);
        assert_eq!(rules["SecurityGroupPolicySet"]["Version"], "1");
        assert_eq!(rules["SecurityGroupPolicySet"]["Egress"][0]["SecurityGroupId"], "sg-workers0");
        params["SecurityGroupPolicySet"]["Egress"][0]["SecurityGroupId"] = "sg-00000000".into();
        account.err("vpc", "CreateSecurityGroupWithPolicies", params, "ResourceNotFound");
    }
}
