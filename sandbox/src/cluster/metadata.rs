//! The part of an object that is the same for every kind: its names, labels, and what only the
//! server writes.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::status::Cause;

/// What a client may send but not change.
const SYSTEM_FIELDS: [&str; 5] =
    ["creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "uid"];

/// What is left out when it is empty.
const OPTIONAL: [&str; 4] = ["annotations", "finalizers", "labels", "ownerReferences"];

/// A text of an object's metadata, empty if it is not there.
pub(super) fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    get(object, field).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn get<'a>(object: &'a Value, field: &str) -> Option<&'a Value> {
    object.get("metadata")?.get(field)
}

pub(super) fn set(object: &mut Value, field: &str, value: impl Into<Value>) {
    if let Some(metadata) = metadata(object) {
        metadata.insert(field.to_owned(), value.into());
    }
}

pub(super) fn unset(object: &mut Value, field: &str) {
    if let Some(metadata) = metadata(object) {
        metadata.remove(field);
    }
}

fn metadata(object: &mut Value) -> Option<&mut Map<String, Value>> {
    let metadata = object.as_object_mut()?.entry("metadata").or_insert_with(|| Map::new().into());
    metadata.as_object_mut()
}

pub(super) fn is_being_deleted(object: &Value) -> bool {
    get(object, "deletionTimestamp").is_some()
}

pub(super) fn has_finalizers(object: &Value) -> bool {
    let finalizers = get(object, "finalizers").and_then(Value::as_array);
    finalizers.is_some_and(|finalizers| !finalizers.is_empty())
}

/// Marks an object that waits for its finalizers.
pub(super) fn mark_for_deletion(object: &mut Value, now: &str) {
    set(object, "deletionTimestamp", now);
    set(object, "deletionGracePeriodSeconds", 0);
    let generation = get(object, "generation").and_then(Value::as_u64).unwrap_or(1);
    set(object, "generation", generation + 1);
}

/// Fills in what the server gives a new object.
pub(super) fn initialize(object: &mut Value, now: &str) {
    for field in SYSTEM_FIELDS.into_iter().chain(["resourceVersion"]) {
        unset(object, field);
    }
    set(object, "uid", Uuid::new_v4().to_string());
    set(object, "creationTimestamp", now);
    set(object, "generation", 1);
    remove_empty(object);
}

/// Keeps what the server gave `old`, whatever `new` says, and counts the generation: it grows
/// with everything but metadata.
pub(super) fn keep_system_fields(old: &Value, new: &mut Value) {
    for field in SYSTEM_FIELDS.into_iter().chain(["resourceVersion"]) {
        match get(old, field) {
            Some(value) => set(new, field, value.clone()),
            None => unset(new, field),
        }
    }
    remove_empty(new);
    if without_metadata(old) != without_metadata(new) {
        let generation = get(old, "generation").and_then(Value::as_u64).unwrap_or(0);
        set(new, "generation", generation + 1);
    }
}

fn without_metadata(object: &Value) -> Option<Map<String, Value>> {
    let mut object = object.as_object()?.clone();
    object.remove("metadata");
    Some(object)
}

/// Metadata is stored without its empty parts.
fn remove_empty(object: &mut Value) {
    let Some(metadata) = metadata(object) else { return };
    for field in OPTIONAL {
        let is_empty = metadata.get(field).is_some_and(|value| match value {
            Value::Null => true,
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            _ => false,
        });
        if is_empty {
            metadata.remove(field);
        }
    }
}

/// What is wrong with the names and labels of an object about to be stored.
pub(super) fn validate(object: &Value, name_rule: NameRule) -> Vec<Cause> {
    let mut causes = Vec::new();
    let name = text(object, "name");
    if name.is_empty() {
        causes.push(Cause {
            message: "Required value: name or generateName is required".to_owned(),
            ..Cause::required("metadata.name")
        });
    } else if !name_rule.accepts(name) {
        causes.push(Cause::invalid("metadata.name", &name.into(), name_rule.text()));
    }
    let labels = get(object, "labels").and_then(Value::as_object);
    for value in labels.into_iter().flatten().filter_map(|(_, value)| value.as_str()) {
        if !is_label_value(value) {
            causes.push(Cause::invalid("metadata.labels", &value.into(), LABEL_VALUE));
        }
    }
    causes
}

/// What a name may look like.
#[derive(Clone, Copy, Debug)]
pub(super) enum NameRule {
    /// For most objects: parts separated by dots, 253 characters.
    Subdomain,
    /// For namespaces: no dots, 63 characters.
    Label,
}

impl NameRule {
    fn accepts(self, name: &str) -> bool {
        match self {
            Self::Subdomain => name.len() <= 253 && name.split('.').all(is_dns_part),
            Self::Label => name.len() <= 63 && is_dns_part(name),
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Subdomain => {
                "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
                 characters, '-' or '.', and must start and end with an alphanumeric character \
                 (e.g. 'example.com', regex used for validation is \
                 '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
            }
            Self::Label => {
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters \
                 or '-', and must start and end with an alphanumeric character (e.g. 'my-name', \
                 or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
            }
        }
    }
}

const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric \
    characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. \
    'MyValue', or 'my_value', or '12345', regex used for validation is \
    '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

fn is_dns_part(part: &str) -> bool {
    let is_edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    part.starts_with(is_edge)
        && part.ends_with(is_edge)
        && part.chars().all(|c| is_edge(c) || c == '-')
}

fn is_label_value(value: &str) -> bool {
    let is_edge = |c: char| c.is_ascii_alphanumeric();
    value.is_empty()
        || value.len() <= 63
            && value.starts_with(is_edge)
            && value.ends_with(is_edge)
            && value.chars().all(|c| is_edge(c) || matches!(c, '-' | '_' | '.'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_checked_by_their_rule() {
        #[track_caller]
        fn check(rule: NameRule, name: &str, expected: bool) {
            assert_eq!(rule.accepts(name), expected, "{name}");
        }
        check(NameRule::Subdomain, "my-policy", true);
        check(NameRule::Subdomain, "a.b", true);
        check(NameRule::Subdomain, "a..b", false);
        check(NameRule::Subdomain, "-a", false);
        check(NameRule::Subdomain, "A", false);
        check(NameRule::Subdomain, &"a".repeat(254), false);
        check(NameRule::Label, "a.b", false);
        check(NameRule::Label, &"a".repeat(63), true);
    }

    #[test]
    fn label_values_are_checked() {
        for (value, expected) in [("", true), ("My_v.1", true), ("a b", false), ("_a", false)] {
            assert_eq!(is_label_value(value), expected, "{value}");
        }
    }

    #[test]
    fn generation_grows_with_everything_but_metadata() {
        #[track_caller]
        fn check(mut new: Value, generation: u64) {
            let old = json!({"metadata": {"uid": "u", "generation": 3}, "spec": {"a": 1}});
            keep_system_fields(&old, &mut new);
            assert_eq!(new["metadata"]["generation"], generation);
            assert_eq!(new["metadata"]["uid"], "u");
        }
        check(json!({"metadata": {"labels": {"a": "b"}}, "spec": {"a": 1}}), 3);
        check(json!({"metadata": {"generation": 9, "uid": "x"}, "spec": {"a": 1}}), 3);
        check(json!({"spec": {"a": 2}}), 4);
    }
}
