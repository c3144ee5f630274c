//! The schema of a policy: what is known, what is allowed, and what is owned as one piece.
//!
//! A real server reads all of this from the CRD; here the CRD is the one of
//! `vpcresources.tke.cloud.tencent.com`, with what is not published about it as [`Crd`].

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::status::{Cause, Reason};

/// What is not documented about the CRD of the add-on.
///
/// The default is the form of the EKS definition, which TKE's follows.
/// Choose before policies are made: objects keep the ownership that they were written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Crd {
    /// Whether the definition is installed. Removing it removes every policy.
    pub installed: bool,
    /// `maxItems` of `spec.securityGroups.groupIds`.
    pub max_group_ids: Option<usize>,
    /// Whether a selector is owned as a whole (`x-kubernetes-map-type: atomic`) or label by label.
    pub atomic_selectors: bool,
}

impl Default for Crd {
    fn default() -> Self {
        Self { installed: true, max_group_ids: Some(5), atomic_selectors: false }
    }
}

/// What a value may be.
///
/// Lists are always atomic: the CRD has no list types, and of the lists in `metadata`
/// (finalizers, owners) nobody here owns a single item.
#[derive(Clone, Debug)]
pub(super) enum Schema {
    Text,
    Number,
    /// An object with these fields and no others.
    Object {
        fields: Vec<(&'static str, Schema)>,
        required: &'static [&'static str],
        atomic: bool,
    },
    /// A map of texts.
    Map,
    List {
        of: Box<Schema>,
        min: usize,
        max: Option<usize>,
    },
    /// Any value, owned as a whole.
    Any,
}

impl Schema {
    pub(super) fn policy(crd: Crd) -> Self {
        let selector = || Self::Object {
            fields: vec![
                ("matchLabels", Self::Map),
                ("matchExpressions", Self::list(Self::label_requirement())),
            ],
            required: &[],
            atomic: crd.atomic_selectors,
        };
        let group_ids = Self::List { of: Self::Text.into(), min: 1, max: crd.max_group_ids };
        Self::object(vec![
            ("apiVersion", Self::Text),
            ("kind", Self::Text),
            ("metadata", Self::metadata()),
            (
                "spec",
                Self::object(vec![
                    ("podSelector", selector()),
                    ("serviceAccountSelector", selector()),
                    ("securityGroups", Self::object(vec![("groupIds", group_ids)])),
                ]),
            ),
        ])
    }

    fn label_requirement() -> Self {
        Self::Object {
            fields: vec![
                ("key", Self::Text),
                ("operator", Self::Text),
                ("values", Self::list(Self::Text)),
            ],
            required: &["key", "operator"],
            atomic: false,
        }
    }

    fn metadata() -> Self {
        Self::object(vec![
            ("annotations", Self::Map),
            ("creationTimestamp", Self::Any),
            ("deletionGracePeriodSeconds", Self::Number),
            ("deletionTimestamp", Self::Any),
            ("finalizers", Self::list(Self::Text)),
            ("generateName", Self::Text),
            ("generation", Self::Number),
            ("labels", Self::Map),
            ("managedFields", Self::Any),
            ("name", Self::Text),
            ("namespace", Self::Text),
            ("ownerReferences", Self::list(Self::Any)),
            ("resourceVersion", Self::Text),
            ("selfLink", Self::Text),
            ("uid", Self::Text),
        ])
    }

    fn object(fields: Vec<(&'static str, Self)>) -> Self {
        Self::Object { fields, required: &[], atomic: false }
    }

    fn list(of: Self) -> Self {
        Self::List { of: Box::new(of), min: 0, max: None }
    }

    /// Whether what is in a value of this schema has owners of its own.
    pub(super) fn is_granular(&self) -> bool {
        matches!(self, Self::Object { atomic: false, .. } | Self::Map)
    }

    /// The schema of the field `name`, if there is one.
    pub(super) fn field(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object { fields, .. } => {
                fields.iter().find_map(|(known, schema)| (*known == name).then_some(schema))
            }
            Self::Map => Some(&Self::Text),
            _ => None,
        }
    }

    /// Removes fields that the schema does not know and returns where they were.
    pub(super) fn prune(&self, value: &mut Value) -> Vec<String> {
        let mut unknown = Vec::new();
        self.prune_at("", value, &mut unknown);
        unknown
    }

    fn prune_at(&self, at: &str, value: &mut Value, unknown: &mut Vec<String>) {
        match (self, value) {
            (Self::Object { .. }, Value::Object(object)) => {
                object.retain(|name, below| {
                    let at = join(at, name);
                    let Some(schema) = self.field(name) else {
                        unknown.push(at);
                        return false;
                    };
                    schema.prune_at(&at, below, unknown);
                    true
                });
            }
            (Self::List { of, .. }, Value::Array(items)) => {
                for (index, item) in items.iter_mut().enumerate() {
                    of.prune_at(&format!("{at}[{index}]"), item, unknown);
                }
            }
            _ => {}
        }
    }

    /// What a CRD's validation finds wrong with an object about to be stored.
    pub(super) fn validate(&self, value: &Value) -> Vec<Cause> {
        let mut causes = Vec::new();
        self.validate_at("", value, &mut causes);
        causes
    }

    fn validate_at(&self, at: &str, value: &Value, causes: &mut Vec<Cause>) {
        match (self, value) {
            (Self::Any, _) | (Self::Text, Value::String(_)) | (Self::Number, Value::Number(_)) => {}
            (Self::Object { .. } | Self::Map, Value::Object(object)) => {
                if let Self::Object { required, .. } = self {
                    let missing = required.iter().filter(|name| !object.contains_key(**name));
                    causes.extend(missing.map(|name| Cause::required(join(at, name))));
                }
                for (name, below) in object {
                    if let Some(schema) = self.field(name) {
                        schema.validate_at(&join(at, name), below, causes);
                    }
                }
            }
            (Self::List { of, min, max }, Value::Array(items)) => {
                let count = items.len();
                if count < *min {
                    causes.push(Cause::invalid(
                        at,
                        &count.into(),
                        &format!("{at} in body should have at least {min} items"),
                    ));
                }
                if let Some(max) = max.filter(|max| count > *max) {
                    causes.push(Cause {
                        reason: Reason::TooMany,
                        field: at.to_owned(),
                        message: format!("Too many: {count}: must have at most {max} items"),
                    });
                }
                for (index, item) in items.iter().enumerate() {
                    of.validate_at(&format!("{at}[{index}]"), item, causes);
                }
            }
            (schema, other) => {
                let (wanted, found) = (schema.type_name(), type_name(other));
                causes.push(Cause {
                    reason: Reason::TypeInvalid,
                    field: at.to_owned(),
                    message: format!(
                        "Invalid value: \"{found}\": {at} in body must be of type {wanted}: \"{found}\""
                    ),
                });
            }
        }
    }

    /// What keeps a sent object from being understood by server-side apply.
    ///
    /// This is stricter than [`Schema::prune`]: an unknown field is an error whatever
    /// `fieldValidation` says.
    pub(super) fn type_errors(&self, value: &Value) -> Option<String> {
        let mut errors = Vec::new();
        self.type_errors_at("", value, &mut errors);
        match errors.as_slice() {
            [] => None,
            [only] => Some(only.clone()),
            several => Some(format!("errors:\n  {}", several.join("\n  "))),
        }
    }

    fn type_errors_at(&self, at: &str, value: &Value, errors: &mut Vec<String>) {
        match (self, value) {
            (Self::Any, _)
            | (_, Value::Null)
            | (Self::Text, Value::String(_))
            | (Self::Number, Value::Number(_)) => {}
            (Self::Object { .. } | Self::Map, Value::Object(object)) => {
                for (name, below) in object {
                    let at = format!("{at}.{name}");
                    match self.field(name) {
                        Some(schema) => schema.type_errors_at(&at, below, errors),
                        None => errors.push(format!("{at}: field not declared in schema")),
                    }
                }
            }
            (Self::List { of, .. }, Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    of.type_errors_at(&format!("{at}[{index}]"), item, errors);
                }
            }
            (Self::Object { .. } | Self::Map, other) => {
                errors.push(format!("{at}: expected map, got &{{{}}}", go(other)));
            }
            (Self::List { .. }, other) => {
                errors.push(format!("{at}: expected list, got &{{{}}}", go(other)));
            }
            (Self::Number, other) => {
                errors.push(format!("{at}: expected numeric (int or float), got {}", go(other)));
            }
            (Self::Text, other) => errors.push(format!(
                "{at}: expected string, got &value.valueUnstructured{{Value:{other}}}"
            )),
        }
    }

    fn type_name(&self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Number => "integer",
            Self::Object { .. } | Self::Map | Self::Any => "object",
            Self::List { .. } => "array",
        }
    }
}

fn join(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// A value as Go prints it, which is how apply quotes what it did not expect.
fn go(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(go).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Object(object) => {
            let fields: Vec<_> =
                object.iter().map(|(name, value)| format!("{name}:{}", go(value))).collect();
            format!("map[{}]", fields.join(" "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
#[expect(clippy::needless_pass_by_value, reason = "tables read better without borrows")]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy(spec: &Value) -> Value {
        json!({"apiVersion": "v1", "kind": "K", "metadata": {"name": "n"}, "spec": spec})
    }

    #[test]
    fn unknown_fields_are_pruned_and_named() {
        #[track_caller]
        fn check(spec: Value, kept: Value, unknown: &[&str]) {
            let mut object = policy(&spec);
            assert_eq!(Schema::policy(Crd::default()).prune(&mut object), unknown);
            assert_eq!(object, policy(&kept));
        }
        check(json!({"a": 1, "podSelector": {}}), json!({"podSelector": {}}), &["spec.a"]);
        check(
            json!({"podSelector": {"matchExpressions": [{"key": "k"}, {"keys": 1}]}}),
            json!({"podSelector": {"matchExpressions": [{"key": "k"}, {}]}}),
            &["spec.podSelector.matchExpressions[1].keys"],
        );
        check(
            json!({"podSelector": {"matchLabels": {"anything": "goes"}}}),
            json!({"podSelector": {"matchLabels": {"anything": "goes"}}}),
            &[],
        );
    }

    #[test]
    fn validation_errors_are_those_of_a_crd() {
        #[track_caller]
        fn check(crd: Crd, spec: Value, expected: &[&str]) {
            let causes = Schema::policy(crd).validate(&policy(&spec));
            let texts: Vec<_> =
                causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
            assert_eq!(texts, expected);
        }
        let crd = Crd::default();
        let six = json!({"securityGroups": {"groupIds": ["1", "2", "3", "4", "5", "6"]}});
        check(crd, json!({"securityGroups": {"groupIds": ["sg-1"]}}), &[]);
        check(
            crd,
            json!({"securityGroups": {"groupIds": []}}),
            &["spec.securityGroups.groupIds: Invalid value: 0: \
                spec.securityGroups.groupIds in body should have at least 1 items"],
        );
        check(
            crd,
            six.clone(),
            &["spec.securityGroups.groupIds: Too many: 6: must have at most 5 items"],
        );
        check(Crd { max_group_ids: None, ..crd }, six, &[]);
        check(
            crd,
            json!({"podSelector": {"matchExpressions": [{"operator": "In"}]}}),
            &["spec.podSelector.matchExpressions[0].key: Required value"],
        );
        check(
            crd,
            json!({"podSelector": {"matchLabels": {"app": 1}}, "securityGroups": null}),
            &[
                "spec.podSelector.matchLabels.app: Invalid value: \"integer\": \
                 spec.podSelector.matchLabels.app in body must be of type string: \"integer\"",
                "spec.securityGroups: Invalid value: \"null\": \
                 spec.securityGroups in body must be of type object: \"null\"",
            ],
        );
    }

    #[test]
    fn type_errors_are_those_of_apply() {
        #[track_caller]
        fn check(spec: Value, expected: Option<&str>) {
            let errors = Schema::policy(Crd::default()).type_errors(&policy(&spec));
            assert_eq!(errors.as_deref(), expected);
        }
        check(json!({"podSelector": {"matchLabels": {"app": "a"}}}), None);
        check(json!({"podSelector": null}), None);
        check(json!({"pods": 1}), Some(".spec.pods: field not declared in schema"));
        check(
            json!({"podSelector": "x", "securityGroups": {"groupIds": {"a": [1, "b"], "c": null}}}),
            Some(
                "errors:\n  .spec.podSelector: expected map, got &{x}\n  \
                 .spec.securityGroups.groupIds: expected list, got &{map[a:[1 b] c:<nil>]}",
            ),
        );
        check(
            json!({"podSelector": {"matchLabels": {"app": 1}}}),
            Some(
                ".spec.podSelector.matchLabels.app: expected string, \
                 got &value.valueUnstructured{Value:1}",
            ),
        );
    }
}
