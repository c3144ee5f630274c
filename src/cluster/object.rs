//! Objects as the API server describes them, and who owns which of their fields.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Name of an object within its cluster and kind.
///
/// Both parts go into a path as they are, so they must be valid Kubernetes names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObjectRef {
    /// Namespace it lives in.
    pub namespace: String,
    /// Name within the namespace.
    pub name: String,
}

/// One object as the cluster holds it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Object<Spec> {
    /// Identity and bookkeeping.
    pub metadata: Metadata,
    /// What the object asks for.
    #[serde(default)]
    pub spec: Spec,
}

/// What is to be applied: everything that the field manager wants to own.
#[derive(Clone, Debug, Serialize)]
pub struct Manifest<Spec> {
    /// Identity and labels.
    pub metadata: ManifestMetadata,
    /// What the object shall ask for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spec: Option<Spec>,
}

/// The part of the metadata that can be applied.
#[derive(Clone, Debug, Serialize)]
pub struct ManifestMetadata {
    /// Which object.
    #[serde(flatten)]
    pub at: ObjectRef,
    /// Applies only to the object with this uid, and never creates one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// Labels to set; those of others stay.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Annotations to set; those of others stay.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// The part of an object's metadata that this provider looks at.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// Identity of this very object: a successor of the same name has another one.
    pub uid: String,
    /// Changes with every write; makes a later write conditional.
    pub resource_version: String,
    /// Changes with every write to the specification.
    #[serde(default)]
    pub generation: i64,
    /// All labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// All annotations.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// Who must act before a deletion is complete.
    #[serde(default)]
    pub finalizers: Vec<String>,
    /// Set once the deletion has been asked for.
    #[serde(default)]
    pub deletion_timestamp: Option<String>,
    /// Who set which fields.
    #[serde(default)]
    pub managed_fields: Vec<Manager>,
}

/// A writer of an object, and the fields it owns.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Manager {
    /// Name under which it writes, `kubectl`.
    #[serde(rename = "manager", default)]
    pub name: String,
    /// `Apply` for server-side apply, `Update` for every other write.
    #[serde(default)]
    pub operation: String,
    /// When it last wrote, in RFC 3339.
    #[serde(default)]
    pub time: Option<String>,
    /// A tree with `f:<field>` for each field. An empty node stands for everything below it.
    #[serde(rename = "fieldsV1", default)]
    fields: Value,
}

/// Names of the fields from the top of an object down to one field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldPath(pub Vec<String>);

impl FieldPath {
    /// The path made of these names.
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }
}

/// As the API server writes it in its messages: `.spec.replicas`.
impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|name| write!(f, ".{name}"))
    }
}

impl Manager {
    /// Whether it is this one, writing by server-side apply. The same name with another operation
    /// is another manager.
    pub fn applies_as(&self, name: &str) -> bool {
        self.name == name && self.operation == "Apply"
    }

    /// Whether it owns the field at `path`, or anything below it, or all of what it is part of.
    pub fn owns(&self, path: &FieldPath) -> bool {
        let mut node = &self.fields;
        for (depth, name) in path.0.iter().enumerate() {
            if depth > 0 && node.as_object().is_some_and(serde_json::Map::is_empty) {
                return true;
            }
            match node.get(format!("f:{name}")) {
                Some(child) => node = child,
                None => return false,
            }
        }
        true
    }

    /// The fields that it owns at or below `path`.
    pub fn fields(&self, path: &FieldPath) -> Vec<FieldPath> {
        let below =
            path.0.iter().try_fold(&self.fields, |node, name| node.get(format!("f:{name}")));
        let mut fields = Vec::new();
        if let Some(node) = below {
            collect_leaves(node, path, &mut fields);
        }
        fields
    }
}

fn collect_leaves(node: &Value, path: &FieldPath, leaves: &mut Vec<FieldPath>) {
    if node.as_object().is_none_or(|children| children.keys().all(|key| key == ".")) {
        leaves.push(path.clone());
        return;
    }
    for (key, child) in node.as_object().into_iter().flatten() {
        // Besides fields there are `.` for the node itself, and keys of list items. No list of
        // ours has keys, so an item stands for its list.
        match key.strip_prefix("f:") {
            Some(name) => {
                let mut path = path.clone();
                path.0.push(name.to_owned());
                collect_leaves(child, &path, leaves);
            }
            None if key == "." => {}
            None => leaves.push(path.clone()),
        }
    }
    leaves.dedup();
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn manager(fields: Value) -> Manager {
        Manager { name: "kubectl".into(), operation: "Apply".into(), time: None, fields }
    }

    fn path(text: &str) -> FieldPath {
        FieldPath::new(text.split('/'))
    }

    #[test]
    fn manager_owns_fields_their_parts_and_wholes() {
        let granular =
            json!({"f:spec": {"f:podSelector": {".": {}, "f:matchLabels": {"f:app": {}}}}});
        let atomic = json!({"f:spec": {"f:podSelector": {}}});
        let bare = json!({"f:spec": {"f:podSelector": {".": {}}}});
        let cases = [
            (&granular, "spec/podSelector/matchLabels/app", true),
            (&granular, "spec/podSelector/matchLabels/team", false),
            (&granular, "spec/podSelector", true),
            (&granular, "spec/securityGroups", false),
            (&granular, "metadata", false),
            (&atomic, "spec/podSelector/matchLabels/app", true),
            (&atomic, "spec/serviceAccountSelector", false),
            (&bare, "spec/podSelector", true),
            (&bare, "spec/podSelector/matchLabels", false),
            (&json!({}), "spec", false),
            (&Value::Null, "spec", false),
        ];
        for (fields, at, expected) in cases {
            assert_eq!(manager(fields.clone()).owns(&path(at)), expected, "{at} of {fields}");
        }
    }

    #[test]
    fn owned_fields_below_a_field_are_listed() {
        let fields = json!({
            "f:metadata": {"f:labels": {"f:app": {}}},
            "f:spec": {
                "f:podSelector": {".": {}, "f:matchLabels": {".": {}, "f:app": {}, "f:team": {}}},
                "f:securityGroups": {"f:groupIds": {}},
                "f:ports": {"k:{\"port\":80}": {"f:port": {}}, "k:{\"port\":81}": {"f:port": {}}},
            },
        });
        let shown: Vec<_> =
            manager(fields).fields(&path("spec")).iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                ".spec.podSelector.matchLabels.app",
                ".spec.podSelector.matchLabels.team",
                ".spec.ports",
                ".spec.securityGroups.groupIds",
            ]
        );
    }
}
