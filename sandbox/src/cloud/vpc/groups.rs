//! Groups: create, describe, modify, delete.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::rule::Policy;
use super::rules::{Direction, Rules};
use super::{Group, Kind, Vpc, id, not_found};
use crate::behaviour::{NameFilter, Unknown};
use crate::cloud::envelope::Refusal;
use crate::cloud::params::Whole;
use crate::cloud::{Answer, Cx, page, tag};

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
    tags: Option<Vec<Tag>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Tag {
    key: String,
    value: Option<String>,
}

pub(super) fn create(vpc: &mut Vpc, cx: Cx<'_>) -> Answer {
    add(vpc, cx, cx.read()?, Rules::default())
}

pub(super) fn create_with_policies(vpc: &mut Vpc, cx: Cx<'_>) -> Answer {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    struct Params {
        group_name: String,
        group_description: String,
        project_id: Option<String>,
        security_group_policy_set: Option<super::policies::PolicySet>,
        tags: Option<Vec<Tag>>,
    }

    let Params { group_name, group_description, project_id, security_group_policy_set, tags } =
        cx.read()?;
    let set = security_group_policy_set.unwrap_or_default();
    let lists: [(Direction, Vec<Policy>); 2] = [
        (Direction::Ingress, set.ingress.unwrap_or_default()),
        (Direction::Egress, set.egress.unwrap_or_default()),
    ];
    let mut rules = Rules::default();
    rules.fill(lists, cx.behaviour, cx.now)?;
    for named in rules.named_groups() {
        vpc.get(cx.region, named)?;
    }
    add(vpc, cx, Create { group_name, group_description, project_id, tags }, rules)
}

fn add(vpc: &mut Vpc, cx: Cx<'_>, params: Create, rules: Rules) -> Answer {
    check_texts(Some(&params.group_name), Some(&params.group_description))?;
    let tags = tags(params.tags.unwrap_or_default())?;
    let project_id = params.project_id.unwrap_or_else(|| "0".to_owned());
    if project_id.parse::<u64>().is_err() {
        let message = format!("The project `{project_id}` is not a number.");
        return Err(Refusal::new("InvalidParameterValue.Malformed", message));
    }
    let quota = cx.behaviour.group_quota;
    let siblings = vpc
        .groups
        .iter()
        .filter(|group| group.region == cx.region && group.project_id == project_id);
    if siblings.count() >= quota {
        let message = format!("A project has at most {quota} security groups per region.");
        return Err(Refusal::new("LimitExceeded", message));
    }
    let group = Group {
        id: vpc.mint(),
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

pub(super) fn describe(vpc: &Vpc, cx: Cx<'_>) -> Answer {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    struct Params {
        #[serde(default)]
        security_group_ids: Vec<String>,
        #[serde(default)]
        filters: Vec<Filter>,
        offset: Option<Whole>,
        limit: Option<Whole>,
        order_field: Option<String>,
        order_direction: Option<String>,
    }

    let params: Params = cx.read()?;
    if !params.security_group_ids.is_empty() && !params.filters.is_empty() {
        let message = "`SecurityGroupIds` and `Filters` cannot be given together.";
        return Err(Refusal::new("InvalidParameter.Coexist", message));
    }
    let limit = params.limit.map_or(20, |limit| limit.0);
    if params.security_group_ids.len() > MOST_PER_CALL || limit > MOST_PER_CALL {
        let message = format!("At most {MOST_PER_CALL} security groups can be asked for.");
        return Err(Refusal::new("InvalidParameterValue.LimitExceeded", message));
    }
    for id in &params.security_group_ids {
        id::check(Kind::SecurityGroup, id)?;
        if cx.behaviour.unknown_group == Unknown::Refuse && vpc.find(cx.region, id).is_none() {
            return Err(not_found(id));
        }
    }
    let mut found = Vec::new();
    for group in vpc.groups.iter().filter(|group| group.region == cx.region) {
        let asked =
            params.security_group_ids.is_empty() || params.security_group_ids.contains(&group.id);
        let mut matches = asked;
        for filter in &params.filters {
            matches &= filter.matches(group, cx.behaviour.group_name_filter)?;
        }
        if matches {
            found.push(group);
        }
    }
    match params.order_field.as_deref() {
        None => {}
        Some("CreatedTime") => found.sort_by_key(|group| &group.created),
        Some("UpdateTime") => found.sort_by_key(|group| &group.updated),
        Some(other) => return Err(not_offered("OrderField", other)),
    }
    match params.order_direction.as_deref() {
        None | Some("ASC") => {}
        Some("DESC") => found.reverse(),
        Some(other) => return Err(not_offered("OrderDirection", other)),
    }
    let total = found.len();
    let offset = params.offset.map_or(0, |offset| offset.0);
    let set: Vec<_> = page(&found, offset, limit).iter().map(|group| group.answer()).collect();
    Ok(json!({
        "SecurityGroupSet": set,
        "TotalCount": total,
        "RegionStatistics": [{"TotalCount": total, "Region": cx.region}],
    }))
}

pub(super) fn modify(vpc: &mut Vpc, cx: Cx<'_>) -> Answer {
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
    group.updated = cx.now.to_owned();
    Ok(json!({}))
}

pub(super) fn delete(vpc: &mut Vpc, cx: Cx<'_>) -> Answer {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    struct Params {
        security_group_id: String,
    }

    let Params { security_group_id: id } = cx.read()?;
    // Only this action has its own codes for a bad and a missing id.
    if id::check(Kind::SecurityGroup, &id).is_err() {
        let message = format!("The security group id `{id}` is malformed.");
        return Err(Refusal::new("InvalidSecurityGroupID.Malformed", message));
    }
    let Some(group) = vpc.find(cx.region, &id) else {
        let message = format!("The security group `{id}` does not exist.");
        return Err(Refusal::new("InvalidSecurityGroupID.NotFound", message));
    };
    if group.is_default {
        let message = format!("The default security group `{id}` cannot be deleted.");
        return Err(Refusal::new("UnsupportedOperation", message));
    }
    if group.bound.values().any(|count| *count > 0) {
        let message = format!("The security group `{id}` is bound to instances.");
        return Err(Refusal::new("ResourceInUse", message));
    }
    let by_itself = cx.behaviour.self_reference_blocks_delete
        && group.rules.named_groups().any(|named| named == id);
    if by_itself || vpc.referring(group).next().is_some() {
        let message = format!("The security group `{id}` is named by rules.");
        return Err(Refusal::new("ResourceInUse", message));
    }
    vpc.groups.retain(|group| group.region != cx.region || group.id != id);
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Filter {
    name: String,
    values: Vec<String>,
}

impl Filter {
    /// Values of one filter are alternatives.
    fn matches(&self, group: &Group, names: NameFilter) -> Result<bool, Refusal> {
        let any = |test: &dyn Fn(&str) -> bool| self.values.iter().any(|value| test(value));
        Ok(match (self.name.as_str(), self.name.strip_prefix("tag:")) {
            (_, Some(key)) => {
                group.tags.get(key).is_some_and(|tag| any(&|value: &str| tag == value))
            }
            ("security-group-id", _) => any(&|value: &str| group.id == value),
            ("project-id", _) => any(&|value: &str| group.project_id == value),
            ("tag-key", _) => any(&|value: &str| group.tags.contains_key(value)),
            ("security-group-name", _) => match names {
                NameFilter::Exact => any(&|value: &str| group.name == value),
                NameFilter::Substring => any(&|value: &str| group.name.contains(value)),
            },
            (other, _) => {
                let message = format!("The filter `{other}` does not exist.");
                return Err(Refusal::new("InvalidParameter.FilterInvalidKey", message));
            }
        })
    }
}

impl Group {
    /// The group as the API returns it. `Region` is not in the reference, but in every answer.
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

fn check_texts(name: Option<&str>, description: Option<&str>) -> Result<(), Refusal> {
    if name == Some("") {
        return Err(Refusal::new("InvalidParameterValue", "`GroupName` is empty."));
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
    Err(Refusal::new("InvalidParameterValue.TooLong", message))
}

fn tags(given: Vec<Tag>) -> Result<BTreeMap<String, String>, Refusal> {
    let mut tags = BTreeMap::new();
    for Tag { key, value } in given {
        let value = value.unwrap_or_default();
        tag::check(&key, &value).map_err(|problem| problem.of_vpc(&key))?;
        if tags.insert(key.clone(), value).is_some() {
            let message = format!("The tag `{key}` is given twice.");
            return Err(Refusal::new("InvalidParameterValue.TagDuplicateKey", message));
        }
    }
    if tags.len() > tag::MOST_PER_RESOURCE {
        let message = "The resource has too many tags.";
        return Err(Refusal::new("LimitExceeded.TagKeyPerResourceExceeded", message));
    }
    Ok(tags)
}

fn not_offered(name: &str, value: &str) -> Refusal {
    let message = format!("The value `{value}` of parameter `{name}` is invalid.");
    Refusal::new("InvalidParameterValue", message)
}
