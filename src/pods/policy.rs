//! What a policy says, and how the API writes it.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde_json::Map;

use super::selector::{check_namespace, check_subdomain};
use crate::cluster::{
    self, FieldPath, Manager, ManifestMetadata, Object, ObjectRef, Owner,
    api::{LabelSelector, Resource, SecurityGroupPolicy, SecurityGroupPolicySpec, SecurityGroups},
};

/// Where a policy lies. Shown as `SecurityGroupPolicy my-namespace/my-policy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRef(ObjectRef);

/// What a policy is asked to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyManifest {
    /// Where it lies.
    pub at: PolicyRef,
    /// What it selects, and which groups that gets.
    pub spec: PolicySpec,
    /// Labels to set; others stay as they are.
    pub labels: BTreeMap<String, String>,
    /// Annotations to set; others stay as they are.
    pub annotations: BTreeMap<String, String>,
}

/// Which Pods get which security groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicySpec {
    /// Selects Pods by their labels.
    pub pod_selector: Option<LabelSelector>,
    /// Selects Pods by the labels of their service account.
    pub service_account_selector: Option<LabelSelector>,
    /// The groups. Their order is the order of evaluation.
    pub security_group_ids: Vec<String>,
}

/// A policy as the cluster holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Where it lies.
    pub at: PolicyRef,
    /// Identity of this very object.
    pub uid: String,
    /// Number of the specification, counted by the cluster.
    pub generation: i64,
    /// What it says.
    pub spec: PolicySpec,
    /// All labels, whoever set them.
    pub labels: BTreeMap<String, String>,
    /// All annotations, whoever set them.
    pub annotations: BTreeMap<String, String>,
    /// Fields of the specification that this provider does not know, as `.spec.priority`.
    pub unknown: Vec<String>,
    pub(super) resource_version: String,
    managers: Vec<Manager>,
}

impl PolicyRef {
    /// The policy of this name in this namespace, if these can be names.
    pub fn new(namespace: &str, name: &str) -> Result<Self, String> {
        check_namespace(namespace).map_err(|why| format!("namespace: {why}"))?;
        check_subdomain(name).map_err(|why| format!("name: {why}"))?;
        Ok(Self(ObjectRef { namespace: namespace.to_owned(), name: name.to_owned() }))
    }

    /// Its namespace.
    pub fn namespace(&self) -> &str {
        &self.0.namespace
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Its id in Terraform: `<namespace>/<name>`.
    pub fn id(&self) -> String {
        format!("{}/{}", self.0.namespace, self.0.name)
    }

    pub(super) fn object(&self) -> &ObjectRef {
        &self.0
    }

    /// What to apply in order to own nothing of the object with this uid.
    pub(super) fn empty_manifest(&self, uid: &str) -> cluster::Manifest<SecurityGroupPolicySpec> {
        cluster::Manifest {
            metadata: ManifestMetadata {
                at: self.0.clone(),
                uid: Some(uid.to_owned()),
                labels: BTreeMap::new(),
                annotations: BTreeMap::new(),
            },
            spec: None,
        }
    }
}

impl fmt::Display for PolicyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", SecurityGroupPolicy::NAME, self.id())
    }
}

/// Reads an id, or what other providers use as the id of a manifest:
/// `apiVersion=…,kind=…,namespace=…,name=…` and `apiVersion//kind//name//namespace`.
impl FromStr for PolicyRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let malformed = || "expected `<namespace>/<name>`".to_owned();
        if text.contains('=') {
            let parts: BTreeMap<_, _> =
                text.split(',').filter_map(|part| part.split_once('=')).collect();
            let part = |key| parts.get(key).copied().ok_or_else(malformed);
            check_kind(part("apiVersion")?, part("kind")?)?;
            return Self::new(part("namespace")?, part("name")?);
        }
        match text.split("//").collect::<Vec<_>>().as_slice() {
            [version, kind, name, namespace] => {
                check_kind(version, kind)?;
                Self::new(namespace, name)
            }
            [id] => {
                let (namespace, name) = id.split_once('/').ok_or_else(malformed)?;
                Self::new(namespace, name)
            }
            _ => Err(malformed()),
        }
    }
}

fn check_kind(version: &str, kind: &str) -> Result<(), String> {
    let (our_version, our_kind) = (SecurityGroupPolicy::api_version(), SecurityGroupPolicy::NAME);
    if (version, kind) == (our_version.as_str(), our_kind) {
        Ok(())
    } else {
        Err(format!("expected the kind `{our_kind}` in `{our_version}`"))
    }
}

impl PolicyManifest {
    /// What to apply. With a uid it holds only for this very object, and never creates one.
    pub(super) fn to_api(&self, uid: Option<&str>) -> cluster::Manifest<SecurityGroupPolicySpec> {
        cluster::Manifest {
            metadata: ManifestMetadata {
                at: self.at.0.clone(),
                uid: uid.map(str::to_owned),
                labels: self.labels.clone(),
                annotations: self.annotations.clone(),
            },
            spec: Some(SecurityGroupPolicySpec {
                pod_selector: self.spec.pod_selector.clone(),
                service_account_selector: self.spec.service_account_selector.clone(),
                security_groups: SecurityGroups {
                    group_ids: self.spec.security_group_ids.clone(),
                    ..SecurityGroups::default()
                },
                ..SecurityGroupPolicySpec::default()
            }),
        }
    }
}

impl Policy {
    pub(crate) fn new(at: PolicyRef, object: Object<SecurityGroupPolicySpec>) -> Self {
        let Object { metadata, spec } = object;
        Self {
            at,
            uid: metadata.uid,
            generation: metadata.generation,
            unknown: unknown(&spec),
            spec: PolicySpec {
                pod_selector: spec.pod_selector.map(known),
                service_account_selector: spec.service_account_selector.map(known),
                security_group_ids: spec.security_groups.group_ids,
            },
            labels: metadata.labels,
            annotations: metadata.annotations,
            resource_version: metadata.resource_version,
            managers: metadata.managed_fields,
        }
    }

    /// The labels as they are, of those that are `declared` or that this manager owns; null if there
    /// is none of either. The rest belongs to others.
    pub fn labels_of(
        &self,
        manager: &str,
        declared: Option<&BTreeMap<String, String>>,
    ) -> Option<BTreeMap<String, String>> {
        self.entries_of(manager, "labels", &self.labels, declared)
    }

    /// The same of annotations.
    pub fn annotations_of(
        &self,
        manager: &str,
        declared: Option<&BTreeMap<String, String>>,
    ) -> Option<BTreeMap<String, String>> {
        self.entries_of(manager, "annotations", &self.annotations, declared)
    }

    fn entries_of(
        &self,
        manager: &str,
        field: &str,
        live: &BTreeMap<String, String>,
        declared: Option<&BTreeMap<String, String>>,
    ) -> Option<BTreeMap<String, String>> {
        let owns = |key: &String| {
            let path = FieldPath::new(["metadata", field, key]);
            self.managers.iter().any(|m| m.applies_as(manager) && m.owns(&path))
        };
        let is_ours =
            |key: &String| declared.is_some_and(|declared| declared.contains_key(key)) || owns(key);
        let mut entries = live.clone();
        entries.retain(|key, _| is_ours(key));
        (declared.is_some() || !entries.is_empty()).then_some(entries)
    }

    /// Whether this manager has written any of the specification.
    pub fn is_written_by(&self, manager: &str) -> bool {
        let spec = FieldPath::new(["spec"]);
        self.managers.iter().any(|m| m.applies_as(manager) && m.owns(&spec))
    }

    /// The managers besides this one that own fields of the specification.
    pub fn other_owners(&self, manager: &str) -> Vec<Owner> {
        self.others(manager, |other| other.fields(&FieldPath::new(["spec"])))
    }

    /// Fields that select Pods, but that `wanted` does not have.
    ///
    /// A map of labels may be merged by the cluster instead of replaced, and then keys of others
    /// survive an apply and narrow the selection.
    pub(super) fn extra_fields(&self, wanted: &PolicySpec) -> Vec<FieldPath> {
        let mut extra_fields = Vec::new();
        let selectors = [
            ("podSelector", &self.spec.pod_selector, &wanted.pod_selector),
            (
                "serviceAccountSelector",
                &self.spec.service_account_selector,
                &wanted.service_account_selector,
            ),
        ];
        for (field, live, wanted) in selectors {
            let path = |names: &[&str]| {
                FieldPath::new(["spec", field].into_iter().chain(names.iter().copied()))
            };
            match (live, wanted) {
                (None, _) => {}
                (Some(_), None) => extra_fields.push(path(&[])),
                (Some(live), Some(wanted)) => {
                    let labels = live.match_labels.keys();
                    let extra = labels.filter(|key| !wanted.match_labels.contains_key(*key));
                    extra_fields.extend(extra.map(|key| path(&["matchLabels", key])));
                    if !live.match_expressions.is_empty() && wanted.match_expressions.is_empty() {
                        extra_fields.push(path(&["matchExpressions"]));
                    }
                }
            }
        }
        extra_fields
    }

    /// The managers besides this one that own any of these fields.
    pub(super) fn owners_of(&self, fields: &[FieldPath], manager: &str) -> Vec<Owner> {
        self.others(manager, |other| {
            fields.iter().filter(|field| other.owns(field)).cloned().collect()
        })
    }

    fn others(&self, manager: &str, fields: impl Fn(&Manager) -> Vec<FieldPath>) -> Vec<Owner> {
        let others = self.managers.iter().filter(|other| !other.applies_as(manager));
        others
            .map(|other| Owner {
                manager: other.name.clone(),
                operation: other.operation.clone(),
                time: other.time.clone(),
                fields: fields(other).iter().map(ToString::to_string).collect(),
            })
            .filter(|owner| !owner.fields.is_empty())
            .collect()
    }
}

/// A selector without the fields that this provider does not know.
fn known(selector: LabelSelector) -> LabelSelector {
    LabelSelector { other: Map::new(), ..selector }
}

/// Fields of the specification that no field of [`PolicySpec`] stands for.
fn unknown(spec: &SecurityGroupPolicySpec) -> Vec<String> {
    let selector = |selector: &Option<LabelSelector>| {
        selector
            .as_ref()
            .map(|selector| selector.other.keys().cloned().collect())
            .unwrap_or_default()
    };
    let parts: [(&str, Vec<String>); 4] = [
        ("", spec.other.keys().cloned().collect()),
        (".podSelector", selector(&spec.pod_selector)),
        (".serviceAccountSelector", selector(&spec.service_account_selector)),
        (".securityGroups", spec.security_groups.other.keys().cloned().collect()),
    ];
    parts
        .iter()
        .flat_map(|(part, names)| names.iter().map(move |name| format!(".spec{part}.{name}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cluster::api::LabelSelectorRequirement;

    fn at() -> PolicyRef {
        PolicyRef::new("shop", "app").unwrap()
    }

    fn policy(spec: &Value, managed: &Value) -> Policy {
        let object = json!({
            "metadata": {
                "uid": "u-1", "resourceVersion": "7", "generation": 3,
                "labels": {"team": "net", "other": "x"}, "managedFields": managed,
            },
            "spec": spec,
        });
        Policy::new(at(), serde_json::from_value(object).unwrap())
    }

    fn selector(labels: &[(&str, &str)], expressions: &[(&str, &str, &[&str])]) -> LabelSelector {
        let text = |&text: &&str| text.to_owned();
        LabelSelector {
            match_labels: labels.iter().map(|(key, value)| (text(key), text(value))).collect(),
            match_expressions: expressions
                .iter()
                .map(|(key, operator, values)| LabelSelectorRequirement {
                    key: text(key),
                    operator: text(operator),
                    values: values.iter().map(text).collect(),
                })
                .collect(),
            ..LabelSelector::default()
        }
    }

    fn spec(
        pods: Option<LabelSelector>,
        accounts: Option<LabelSelector>,
        groups: &[&str],
    ) -> PolicySpec {
        PolicySpec {
            pod_selector: pods,
            service_account_selector: accounts,
            security_group_ids: groups.iter().map(|&id| id.to_owned()).collect(),
        }
    }

    #[test]
    fn spec_round_trips_through_the_api() {
        let cases = [
            (
                spec(Some(selector(&[("app", "my-app")], &[])), None, &["sg-b", "sg-a"]),
                json!({
                    "podSelector": {"matchLabels": {"app": "my-app"}},
                    "securityGroups": {"groupIds": ["sg-b", "sg-a"]},
                }),
            ),
            (
                // An empty selector selects everything. That is not the same as none.
                spec(Some(selector(&[], &[])), None, &["sg-a"]),
                json!({"podSelector": {}, "securityGroups": {"groupIds": ["sg-a"]}}),
            ),
            (
                spec(
                    Some(selector(&[], &[("app", "Exists", &[])])),
                    Some(selector(&[("a", "")], &[("tier", "NotIn", &["x", "y"])])),
                    &["sg-a"],
                ),
                json!({
                    "podSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]},
                    "serviceAccountSelector": {
                        "matchLabels": {"a": ""},
                        "matchExpressions":
                            [{"key": "tier", "operator": "NotIn", "values": ["x", "y"]}],
                    },
                    "securityGroups": {"groupIds": ["sg-a"]},
                }),
            ),
        ];
        for (spec, expected) in cases {
            let manifest = PolicyManifest {
                at: at(),
                spec,
                labels: BTreeMap::new(),
                annotations: BTreeMap::new(),
            };
            let written = serde_json::to_value(manifest.to_api(Some("u-1"))).unwrap();
            assert_eq!(
                written,
                json!({
                    "metadata": {"namespace": "shop", "name": "app", "uid": "u-1"},
                    "spec": expected,
                })
            );
            let read = policy(&expected, &json!([]));
            assert_eq!(read.spec, manifest.spec);
            assert!(read.extra_fields(&manifest.spec).is_empty());
            assert!(read.unknown.is_empty());
        }
    }

    #[test]
    fn any_live_spec_can_be_read() {
        assert_eq!(policy(&json!({}), &json!([])).spec, PolicySpec::default());
        let odd = json!({
            "priority": 1,
            "podSelector": {"matchNames": ["a"], "matchExpressions": [{"operator": "in"}]},
            "securityGroups": {"mode": "strict"},
        });
        let read = policy(&odd, &json!([]));
        assert_eq!(read.spec.pod_selector, Some(selector(&[], &[("", "in", &[])])));
        assert_eq!(
            read.unknown,
            [".spec.priority", ".spec.podSelector.matchNames", ".spec.securityGroups.mode"]
        );
    }

    #[test]
    fn policy_id_is_parsed_in_all_its_forms() {
        let version = "vpcresources.tke.cloud.tencent.com/v1beta1";
        for id in [
            "shop/app".to_owned(),
            format!("apiVersion={version},kind=SecurityGroupPolicy,namespace=shop,name=app"),
            format!("{version}//SecurityGroupPolicy//app//shop"),
        ] {
            let read = id.parse::<PolicyRef>().unwrap();
            assert_eq!(read, at(), "{id}");
            assert_eq!(read.id(), "shop/app");
            assert_eq!(read.to_string(), "SecurityGroupPolicy shop/app");
        }
        for id in [
            "",
            "app",
            "/app",
            "shop/",
            "shop/app/more",
            "Shop/app",
            "shop/../../secrets",
            "shop/app?x",
            "kind=SecurityGroupPolicy,namespace=shop,name=app",
            "apiVersion=v1,kind=Pod,namespace=shop,name=app",
            "v1//Pod//app//shop",
            "shop//app",
        ] {
            assert!(id.parse::<PolicyRef>().is_err(), "{id}");
        }
    }

    #[test]
    fn extra_fields_are_those_not_wanted() {
        let wanted = spec(Some(selector(&[("app", "a")], &[])), None, &["sg-a"]);
        let groups = json!({"groupIds": ["sg-a"]});
        let cases = [
            (json!({"podSelector": {"matchLabels": {"app": "b"}}}), vec![]),
            (json!({"securityGroups": groups}), vec![]),
            (
                json!({"podSelector": {"matchLabels": {"app": "a", "team": "x", "tier": "y"}}}),
                vec![".spec.podSelector.matchLabels.team", ".spec.podSelector.matchLabels.tier"],
            ),
            (
                json!({
                    "podSelector": {"matchExpressions": [{"key": "a", "operator": "Exists"}]},
                    "serviceAccountSelector": {"matchLabels": {"a": "b"}},
                }),
                vec![".spec.podSelector.matchExpressions", ".spec.serviceAccountSelector"],
            ),
        ];
        for (live, expected) in cases {
            let extra_fields = policy(&live, &json!([])).extra_fields(&wanted);
            let shown: Vec<_> = extra_fields.iter().map(ToString::to_string).collect();
            assert_eq!(shown, expected, "{live}");
        }
    }

    #[test]
    fn other_owners_exclude_our_own_applies() {
        let fields = json!({"f:spec": {"f:podSelector": {"f:matchLabels": {"f:team": {}}}}});
        let entry = |name: &str, operation: &str, fields: &Value| {
            json!({
                "manager": name, "operation": operation, "time": "2026-01-31T08:00:00Z",
                "fieldsV1": fields,
            })
        };
        let managed = json!([
            entry("ours", "Apply", &fields),
            entry("ours", "Update", &fields),
            entry("argocd", "Apply", &fields),
            entry("labeller", "Update", &json!({"f:metadata": {"f:labels": {"f:team": {}}}})),
        ]);
        let policy = policy(&json!({}), &managed);
        let names = |owners: Vec<Owner>| {
            owners.into_iter().map(|owner| (owner.manager, owner.operation)).collect::<Vec<_>>()
        };
        let expected =
            [("ours".to_owned(), "Update".to_owned()), ("argocd".to_owned(), "Apply".to_owned())];
        assert_eq!(names(policy.other_owners("ours")), expected);
        let team = FieldPath::new(["spec", "podSelector", "matchLabels", "team"]);
        assert_eq!(names(policy.owners_of(&[team], "ours")), expected);
        let tier = FieldPath::new(["spec", "podSelector", "matchLabels", "tier"]);
        assert!(policy.owners_of(&[tier], "ours").is_empty());
    }

    #[test]
    fn labels_of_others_are_read_only_if_declared() {
        let policy = policy(&json!({}), &json!([]));
        let declared =
            |keys: &[&str]| keys.iter().map(|&key| (key.to_owned(), "old".to_owned())).collect();
        let labels = policy.labels_of("ours", Some(&declared(&["team", "gone"])));
        assert_eq!(labels, Some([("team".to_owned(), "net".to_owned())].into()));
        assert_eq!(policy.labels_of("ours", None), None);
        let annotations = policy.annotations_of("ours", Some(&declared(&["team"])));
        assert_eq!(annotations, Some(BTreeMap::new()));
    }

    #[test]
    fn labels_that_our_manager_owns_are_read_though_not_declared() {
        let owned = json!({"f:metadata": {"f:labels": {"f:team": {}}}});
        let entry =
            |name: &str| json!([{"manager": name, "operation": "Apply", "fieldsV1": owned}]);
        let expected = Some([("team".to_owned(), "net".to_owned())].into());
        assert_eq!(policy(&json!({}), &entry("ours")).labels_of("ours", None), expected);
        assert_eq!(policy(&json!({}), &entry("argocd")).labels_of("ours", None), None);
    }
}
