//! The tags of a group: what they may say, and changing them in as few calls as the service allows.

use std::collections::BTreeMap;

use crate::{
    cloud::{
        Region,
        api::tag::{self, ModifyResourceTags, Tag, TagKeyObject},
    },
    rules::GroupId,
};

/// Most tags that one call may set, and most that it may remove.
const PER_CALL: usize = 10;

/// Whether the service would take this as the key of a tag.
pub fn check_tag_key(key: &str) -> Result<(), String> {
    if key.is_empty() || key.chars().count() > 127 {
        return Err("a tag's key has 1 to 127 characters".to_owned());
    }
    match ["qcloud", "tencent", "project", "qcs:"].iter().find(|taken| key.starts_with(**taken)) {
        Some(taken) => Err(format!("keys that begin with `{taken}` are reserved by the service")),
        None => Ok(()),
    }
}

/// Whether the service would take this as the value of a tag.
pub fn check_tag_value(value: &str) -> Result<(), String> {
    if value.chars().count() > 255 {
        return Err("a tag's value has at most 255 characters".to_owned());
    }
    Ok(())
}

/// The calls that turn the tags `from` into `to`. Tags in neither are not touched.
pub(super) fn changes(
    region: &Region,
    group: &GroupId,
    from: &BTreeMap<String, String>,
    to: &BTreeMap<String, String>,
) -> Vec<ModifyResourceTags> {
    let set: Vec<Tag> = to
        .iter()
        .filter(|(key, value)| from.get(*key) != Some(value))
        .map(|(key, value)| Tag { tag_key: key.clone(), tag_value: value.clone() })
        .collect();
    let removed: Vec<TagKeyObject> = from
        .keys()
        .filter(|key| !to.contains_key(*key))
        .map(|key| TagKeyObject { tag_key: key.clone() })
        .collect();

    let (mut set, mut removed) = (set.chunks(PER_CALL), removed.chunks(PER_CALL));
    std::iter::from_fn(|| match (set.next(), removed.next()) {
        (None, None) => None,
        (set, removed) => Some(ModifyResourceTags {
            resource: tag::security_group(region, group.as_str()),
            replace_tags: set.unwrap_or_default().to_vec(),
            delete_tags: removed.unwrap_or_default().to_vec(),
        }),
    })
    .collect()
}

/// Does to `tags` what the call has done to the group's.
pub(super) fn apply(call: &ModifyResourceTags, tags: &mut BTreeMap<String, String>) {
    add(call, tags);
    tags.retain(|key, _| call.delete_tags.iter().all(|deleted| deleted.tag_key != *key));
}

/// Adds to `tags` what the call may have added to the group's.
pub(super) fn add(call: &ModifyResourceTags, tags: &mut BTreeMap<String, String>) {
    let set = call.replace_tags.iter().map(|tag| (tag.tag_key.clone(), tag.tag_value.clone()));
    tags.extend(set);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(from: &[(&str, &str)], to: &[(&str, &str)]) -> Vec<ModifyResourceTags> {
        let map = |tags: &[(&str, &str)]| {
            tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let (region, group) = ("ap-guangzhou".parse().unwrap(), "sg-x".parse().unwrap());
        changes(&region, &group, &map(from), &map(to))
    }

    #[test]
    fn tag_keys_and_values_are_checked() {
        for (key, taken) in [
            ("team", true),
            ("my-project", true),
            (&"k".repeat(127), true),
            (&"k".repeat(128), false),
            ("", false),
            ("qcs:team", false),
            ("project", false),
        ] {
            assert_eq!(check_tag_key(key).is_ok(), taken, "{key}");
        }
        assert!(check_tag_value("").is_ok());
        assert!(check_tag_value(&"v".repeat(255)).is_ok());
        assert!(check_tag_value(&"v".repeat(256)).is_err());
    }

    #[test]
    fn only_differing_tags_are_changed() {
        assert_eq!(calls(&[("a", "1")], &[("a", "1")]), []);
        let json = |calls: Vec<ModifyResourceTags>| serde_json::to_string(&calls).unwrap();
        insta::assert_snapshot!(json(calls(&[("a", "1"), ("b", "2")], &[("b", "3"), ("c", "4")])), @r#"[{"Resource":"qcs::cvm:ap-guangzhou:uin/:sg/sg-x","ReplaceTags":[{"TagKey":"b","TagValue":"3"},{"TagKey":"c","TagValue":"4"}],"DeleteTags":[{"TagKey":"a"}]}]"#);
        insta::assert_snapshot!(json(calls(&[("a", "1")], &[])), @r#"[{"Resource":"qcs::cvm:ap-guangzhou:uin/:sg/sg-x","DeleteTags":[{"TagKey":"a"}]}]"#);
    }

    #[test]
    fn tag_changes_are_split_into_calls_of_ten() {
        let keys: Vec<String> = (0..23).map(|number| format!("k{number}")).collect();
        let many: Vec<(&str, &str)> = keys.iter().map(|key| (key.as_str(), "v")).collect();
        let sizes: Vec<(usize, usize)> = calls(&[("old", "v")], &many)
            .iter()
            .map(|call| (call.replace_tags.len(), call.delete_tags.len()))
            .collect();
        assert_eq!(sizes, [(10, 1), (10, 0), (3, 0)]);
    }
}
