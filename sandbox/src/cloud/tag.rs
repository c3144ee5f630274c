//! Tag, version 2018-08-13: the other view of the tags that security groups carry.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    ACCOUNT, ActionResult, Cx,
    envelope::ApiError,
    list::{self, Page},
    tag_rules::{self, MOST_PER_RESOURCE},
    vpc::{Group, Vpc},
};

/// Tags to set or keys to delete in one call, and resources of one call.
const MOST_PER_CALL: usize = 10;

/// Runs one action.
pub(super) fn dispatch(vpc: &mut Vpc, action: &str, cx: Cx<'_>) -> ActionResult {
    match action {
        "DescribeResourceTagsByResourceIds" => describe(vpc, cx),
        "GetResources" => get_resources(vpc, cx),
        "ModifyResourceTags" => modify(vpc, cx),
        "TagResources" => tag(vpc, cx),
        "UnTagResources" => untag(vpc, cx),
        _ => Err(super::invalid_action(action)),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tag {
    #[serde(rename = "TagKey")]
    key: String,
    #[serde(rename = "TagValue")]
    value: String,
    #[serde(rename = "Category")]
    _category: Option<String>,
}

fn modify(vpc: &mut Vpc, cx: Cx<'_>) -> ActionResult {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    struct Params {
        resource: String,
        replace_tags: Option<Vec<Tag>>,
        delete_tags: Option<Vec<Key>>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    struct Key {
        tag_key: String,
    }

    let Params { resource, replace_tags, delete_tags } = cx.read()?;
    let empty = replace_tags.as_ref().is_some_and(Vec::is_empty)
        || delete_tags.as_ref().is_some_and(Vec::is_empty);
    if empty {
        let message = "`ReplaceTags` and `DeleteTags` cannot be empty.";
        return Err(ApiError::new("InvalidParameter.Tag", message));
    }
    let (set, delete) = (replace_tags.unwrap_or_default(), delete_tags.unwrap_or_default());
    let delete: Vec<_> = delete.into_iter().map(|key| key.tag_key).collect();
    if set.len() > MOST_PER_CALL || delete.len() > MOST_PER_CALL {
        let message = format!("At most {MOST_PER_CALL} tags can be changed at once.");
        return Err(ApiError::new("InvalidParameter.Tag", message));
    }
    if set.iter().any(|tag| delete.contains(&tag.key)) {
        let message = "A tag cannot be replaced and deleted at once.";
        return Err(ApiError::new("InvalidParameterValue.DeleteTagsParamError", message));
    }
    change(vpc, &resource, &set, &delete)?;
    Ok(json!({}))
}

fn tag(vpc: &mut Vpc, cx: Cx<'_>) -> ActionResult {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    struct Params {
        resource_list: Vec<String>,
        tags: Vec<Tag>,
    }

    let Params { resource_list, tags } = cx.read()?;
    change_each(vpc, &resource_list, &tags, &[])
}

fn untag(vpc: &mut Vpc, cx: Cx<'_>) -> ActionResult {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    struct Params {
        resource_list: Vec<String>,
        tag_keys: Vec<String>,
    }

    let Params { resource_list, tag_keys } = cx.read()?;
    change_each(vpc, &resource_list, &[], &tag_keys)
}

/// Resources fail one by one.
fn change_each(
    vpc: &mut Vpc,
    resources: &[String],
    set: &[Tag],
    delete: &[String],
) -> ActionResult {
    if resources.len() > MOST_PER_CALL {
        let message = format!("At most {MOST_PER_CALL} resources can be changed at once.");
        return Err(ApiError::new("LimitExceeded.ResourceNumPerRequest", message));
    }
    if set.len() > MOST_PER_CALL || delete.len() > MOST_PER_CALL {
        let message = format!("At most {MOST_PER_CALL} tags can be changed at once.");
        return Err(ApiError::new("LimitExceeded.TagNumPerRequest", message));
    }
    let mut failed = Vec::new();
    for resource in resources {
        if let Err(ApiError { code, message }) = change(vpc, resource, set, delete) {
            failed.push(json!({"Resource": resource, "Code": code, "Message": message}));
        }
    }
    Ok(json!({"FailedResources": failed}))
}

fn change(vpc: &mut Vpc, resource: &str, set: &[Tag], delete: &[String]) -> Result<(), ApiError> {
    let (region, id) = security_group(resource)?;
    let Some(group) = vpc.find_mut(region, id) else {
        let message = format!("The resource `{resource}` does not exist.");
        return Err(ApiError::new("FailedOperation", message));
    };
    let mut tags = group.tags.clone();
    tags.retain(|key, _| !delete.contains(key));
    for Tag { key, value, .. } in set {
        tag_rules::check(key, value).map_err(|error| error.in_tag(key))?;
        tags.insert(key.clone(), value.clone());
    }
    if tags.len() > MOST_PER_RESOURCE {
        let message = format!("A resource has at most {MOST_PER_RESOURCE} tags.");
        return Err(ApiError::new("LimitExceeded.ResourceAttachedTags", message));
    }
    group.tags = tags;
    Ok(())
}

fn describe(vpc: &Vpc, cx: Cx<'_>) -> ActionResult {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    struct Params {
        service_type: String,
        resource_prefix: String,
        resource_ids: Vec<String>,
        resource_region: String,
        offset: Option<usize>,
        limit: Option<usize>,
        #[serde(rename = "Category")]
        _category: Option<String>,
    }

    let params: Params = cx.read()?;
    let ours = params.service_type == "cvm" && params.resource_prefix == "sg";
    let groups = vpc.groups().iter().filter(|group| {
        ours && group.region == params.resource_region && params.resource_ids.contains(&group.id)
    });
    let rows: Vec<_> = groups
        .flat_map(|group| {
            group.tags.iter().map(|(key, value)| {
                json!({
                    "TagKey": key,
                    "TagValue": value,
                    "ResourceId": group.id,
                    "ServiceType": "cvm",
                    "Category": "Custom",
                })
            })
        })
        .collect();
    let (offset, limit) = (params.offset.unwrap_or(0), params.limit.unwrap_or(15));
    let Page { items, total } = list::page(&rows, offset, limit, cx.behaviour.endless_pages);
    Ok(json!({
        "TotalCount": total,
        "Offset": offset,
        "Limit": limit,
        "Tags": items,
    }))
}

fn get_resources(vpc: &Vpc, cx: Cx<'_>) -> ActionResult {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    struct Params {
        resource_list: Option<Vec<String>>,
        #[serde(default)]
        tag_filters: Vec<TagFilter>,
        pagination_token: Option<String>,
        max_results: Option<usize>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    struct TagFilter {
        tag_key: String,
        #[serde(default)]
        tag_value: Vec<String>,
    }

    let params: Params = cx.read()?;
    let named = match &params.resource_list {
        Some(list) => {
            Some(list.iter().map(|name| security_group(name)).collect::<Result<Vec<_>, _>>()?)
        }
        None => None,
    };
    let matches = |group: &&Group| {
        let asked = named
            .as_ref()
            .is_none_or(|named| named.contains(&(group.region.as_str(), group.id.as_str())));
        let filtered = params.tag_filters.iter().all(|filter| {
            group.tags.get(&filter.tag_key).is_some_and(|value| {
                filter.tag_value.is_empty() || filter.tag_value.contains(value)
            })
        });
        asked && filtered && !group.tags.is_empty()
    };
    let found: Vec<_> = vpc.groups().iter().filter(matches).collect();
    let offset = match params.pagination_token.as_deref() {
        None | Some("") => 0,
        Some(token) => token.parse().ok().ok_or_else(|| {
            let message = format!("The token `{token}` is unknown.");
            ApiError::new("InvalidParameter.PaginationTokenInvalid", message)
        })?,
    };
    let limit = params.max_results.unwrap_or(50);
    let Page { items, total } = list::page(&found, offset, limit, cx.behaviour.endless_pages);
    let mappings: Vec<_> = items.iter().map(|group| mapping(group)).collect();
    let next = offset.saturating_add(limit);
    let token = if next < total { next.to_string() } else { String::new() };
    Ok(json!({"PaginationToken": token, "ResourceTagMappingList": mappings}))
}

fn mapping(group: &Group) -> Value {
    let tags: Vec<_> =
        group.tags.iter().map(|(key, value)| json!({"TagKey": key, "TagValue": value})).collect();
    let resource = format!("qcs::cvm:{}:uin/{ACCOUNT}:sg/{}", group.region, group.id);
    json!({"Resource": resource, "Tags": tags})
}

/// Region and id out of `qcs::cvm:<region>:uin/<account>:sg/<id>`; the account may be left out.
fn security_group(resource: &str) -> Result<(&str, &str), ApiError> {
    let parts: Vec<_> = resource.split(':').collect();
    let own = ["", "uin/", &format!("uin/{ACCOUNT}")];
    match parts.as_slice() {
        ["qcs", "", "cvm", region, account, tail] if own.contains(account) => {
            tail.strip_prefix("sg/").map(|id| (*region, id))
        }
        _ => None,
    }
    .ok_or_else(|| {
        let message = format!("The resource description `{resource}` is invalid.");
        ApiError::new("InvalidParameterValue.ResourceDescriptionError", message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{behaviour::Behaviour, cloud::tests::TestAccount};

    const RESOURCE: &str = "qcs::cvm:ap-guangzhou:uin/:sg/sg-aaaaaaaa";

    fn account() -> TestAccount {
        let mut account = TestAccount::new(Behaviour::default());
        account.seed(json!({"groups": [
            {"id": "sg-aaaaaaaa", "name": "a", "tags": {"app": "demo"}},
        ]}));
        account
    }

    /// Both views of the same tags.
    #[track_caller]
    fn check(account: &mut TestAccount, expected: &[(&str, &str)]) {
        let params = json!({"SecurityGroupIds": ["sg-aaaaaaaa"]});
        let group = account.ok("vpc", "DescribeSecurityGroups", params);
        let tag_set: Vec<_> =
            expected.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
        assert_eq!(group["SecurityGroupSet"][0]["TagSet"], json!(tag_set));

        let params = json!({
            "ServiceType": "cvm", "ResourcePrefix": "sg", "ResourceIds": ["sg-aaaaaaaa"],
            "ResourceRegion": "ap-guangzhou", "Offset": 0, "Limit": 20,
        });
        let answer = account.ok("tag", "DescribeResourceTagsByResourceIds", params);
        let pairs: Vec<_> = answer["Tags"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tag| (tag["TagKey"].as_str().unwrap(), tag["TagValue"].as_str().unwrap()))
            .collect();
        assert_eq!(pairs, expected);
        assert_eq!(answer["TotalCount"], expected.len());
    }

    #[test]
    fn both_services_show_the_same_tags() {
        let mut account = account();
        check(&mut account, &[("app", "demo")]);
        let params = json!({
            "Resource": RESOURCE,
            "ReplaceTags": [{"TagKey": "app", "TagValue": "two"}, {"TagKey": "x", "TagValue": ""}],
        });
        account.ok("tag", "ModifyResourceTags", params);
        check(&mut account, &[("app", "two"), ("x", "")]);
        let params = json!({"Resource": RESOURCE, "DeleteTags": [{"TagKey": "app"}]});
        account.ok("tag", "ModifyResourceTags", params);
        check(&mut account, &[("x", "")]);
        let resources = ["qcs::cvm:ap-guangzhou::sg/sg-aaaaaaaa"];
        let tags = json!({"ResourceList": resources, "Tags": [{"TagKey": "y", "TagValue": "z"}]});
        account.ok("tag", "TagResources", tags);
        let keys = json!({"ResourceList": resources, "TagKeys": ["x", "never"]});
        account.ok("tag", "UnTagResources", keys);
        check(&mut account, &[("y", "z")]);
    }

    #[test]
    fn modify_with_invalid_tags_or_resource_is_refused() {
        let mut account = account();
        let mut check = |params: Value, code: &str| {
            let mut all = json!({"Resource": RESOURCE});
            all.as_object_mut().unwrap().extend(params.as_object().unwrap().clone());
            account.err("tag", "ModifyResourceTags", all, code);
        };
        let tag = |key: &str| json!([{"TagKey": key, "TagValue": "v"}]);
        let code = "InvalidParameterValue.ResourceDescriptionError";
        check(json!({"Resource": "sg-aaaaaaaa", "ReplaceTags": tag("a")}), code);
        check(json!({"Resource": "qcs::vpc:ap-guangzhou::sg/sg-aaaaaaaa"}), code);
        let unknown = "qcs::cvm:ap-guangzhou::sg/sg-00000000";
        check(json!({"Resource": unknown, "ReplaceTags": tag("a")}), "FailedOperation");
        check(json!({"ReplaceTags": []}), "InvalidParameter.Tag");
        check(json!({"ReplaceTags": tag("qcloud:a")}), "InvalidParameter.ReservedTagKey");
        check(json!({"ReplaceTags": tag("")}), "InvalidParameterValue.TagKeyEmpty");
        check(
            json!({"ReplaceTags": tag(&"k".repeat(128))}),
            "InvalidParameterValue.TagKeyLengthExceeded",
        );
        check(
            json!({"ReplaceTags": tag("a"), "DeleteTags": [{"TagKey": "a"}]}),
            "InvalidParameterValue.DeleteTagsParamError",
        );
        check(json!({"ReplaceTags": [{"TagKey": "a"}]}), "MissingParameter");
    }

    #[test]
    fn unknown_resource_fails_and_others_are_tagged() {
        let mut account = account();
        let unknown = "qcs::cvm:ap-guangzhou::sg/sg-00000000";
        let params = json!({
            "ResourceList": [unknown, RESOURCE], "Tags": [{"TagKey": "a", "TagValue": "b"}],
        });
        let answer = account.ok("tag", "TagResources", params);
        assert_eq!(answer["FailedResources"][0]["Resource"], unknown);
        assert_eq!(answer["FailedResources"][0]["Code"], "FailedOperation");
        check(&mut account, &[("a", "b"), ("app", "demo")]);
    }

    #[test]
    fn resources_are_paged_and_filtered_by_tags() {
        let mut account = account();
        account.seed(json!({"groups": [
            {"id": "sg-bbbbbbbb", "name": "b", "tags": {"app": "demo", "tier": "web"}},
        ]}));
        let mut get = |params| account.ok("tag", "GetResources", params);
        let first = get(json!({"MaxResults": 1}));
        assert_eq!(
            first["ResourceTagMappingList"],
            json!([{
                "Resource": format!("qcs::cvm:ap-guangzhou:uin/{ACCOUNT}:sg/sg-aaaaaaaa"),
                "Tags": [{"TagKey": "app", "TagValue": "demo"}],
            }])
        );
        let token = &first["PaginationToken"];
        let rest = get(json!({"MaxResults": 1, "PaginationToken": token}));
        assert_eq!(rest["ResourceTagMappingList"].as_array().unwrap().len(), 1);
        assert_eq!(rest["PaginationToken"], "");
        let filter = json!([{"TagKey": "tier", "TagValue": ["web", "db"]}]);
        let web = get(json!({"TagFilters": filter}));
        assert_eq!(web["ResourceTagMappingList"].as_array().unwrap().len(), 1);
        let one = get(json!({"ResourceList": [RESOURCE]}));
        assert_eq!(one["ResourceTagMappingList"].as_array().unwrap().len(), 1);
    }
}
