//! `tke_security_group_policy`: which Pods of a namespace get which security groups.

use std::{collections::BTreeMap, time::Duration};

use tf_provider::{
    Computed, Constraint, Cx, DefaultTimeouts, Diagnostic, Diagnostics, Identity, Import, Maybe,
    Model, Partial, Path, Resource, Result, Timeouts,
    constraints::at_least_one_of,
    validate::{each, keys, length, one_of, unique},
};

use crate::{
    client::Client,
    cluster::{
        FieldManager,
        api::{LabelSelector, LabelSelectorRequirement},
    },
    diagnostics::{
        self, Blame, USUAL_GROUPS, changed_by, error_diagnostic, invalid_import_id, not_refreshed,
        replaced, uninstalled, unsupported_fields,
    },
    pods::{
        self, Policy, PolicyManifest, PolicyRef, PolicySpec, WaitFor,
        selector::{
            check_field_manager, check_key, check_namespace, check_subdomain, check_value,
            check_values,
        },
    },
    rules::GroupId,
};

/// A `SecurityGroupPolicy` of a cluster: it gives security groups to the Pods that it selects.
///
/// It applies to Pods that start from now on. Pods that already run keep the groups they have
/// until they are recreated.
///
/// The object is written by server-side apply. A field that another tool owns is not overwritten
/// unless `field_manager` says so, and an object that exists already is not adopted but imported.
/// Planning needs no cluster.
#[derive(Model, Clone, Debug)]
pub struct SecurityGroupPolicy {
    /// Name of the policy.
    #[tf(requires_replace, validate = check_subdomain)]
    name: String,
    /// Namespace of the policy and of the Pods that it selects. It must exist.
    #[tf(default = "default", requires_replace, validate = check_namespace)]
    namespace: String,
    /// Selects Pods by their labels. An empty selector, `{}`, selects all Pods of the namespace.
    /// With `service_account_selector` as well, both must match.
    pod_selector: Option<SelectorAttribute>,
    /// Selects Pods by the labels of their service account.
    service_account_selector: Option<SelectorAttribute>,
    /// The groups that the Pods get. Their order is the order of evaluation: the first rule that
    /// matches decides.
    #[tf(validate = length(1..), validate = unique(), validate = each(group_id))]
    security_group_ids: Vec<String>,
    /// Labels of the policy itself. Those that others set are left alone.
    #[tf(validate = keys(check_key), validate = each(check_value))]
    labels: Option<BTreeMap<String, String>>,
    /// Annotations of the policy itself. Those that others set are left alone.
    #[tf(validate = keys(check_key))]
    annotations: Option<BTreeMap<String, String>>,
    /// As whom the policy is written, and what happens where others write it, too.
    field_manager: Option<FieldManagerAttribute>,
    /// What a create waits for.
    wait_for: Option<WaitForAttribute>,
    /// How long operations may take.
    timeouts: Option<Timeouts>,
    /// `<namespace>/<name>`, which is also what the policy is imported by.
    id: Computed<String>,
    /// `metadata.uid` of the object; changes when the object is recreated.
    uid: Computed<String>,
    /// `metadata.generation` of the object, which the cluster raises at each change of the
    /// specification.
    #[tf(unknown_on_update)]
    generation: Computed<i64>,
}

/// Selects by labels. All conditions must hold.
#[derive(Model, Clone, Debug)]
pub(crate) struct SelectorAttribute {
    /// Labels that must be there with just this value.
    #[tf(validate = keys(check_key), validate = each(check_value))]
    match_labels: Option<BTreeMap<String, String>>,
    /// Further conditions.
    match_expressions: Option<Vec<ExpressionAttribute>>,
}

/// A condition on one label.
#[derive(Model, Clone, Debug)]
pub(crate) struct ExpressionAttribute {
    /// Key of the label.
    #[tf(validate = check_key)]
    key: String,
    /// What is asked about the label.
    #[tf(validate = one_of(["In", "NotIn", "Exists", "DoesNotExist"]))]
    operator: String,
    /// Values that the label is compared with: some for `In` and `NotIn`, none for the others.
    #[tf(validate = each(check_value))]
    values: Option<Vec<String>>,
}

/// The cluster remembers for each field of an object which field manager wrote it.
#[derive(Model, Clone, Debug)]
pub(crate) struct FieldManagerAttribute {
    /// Name of the field manager.
    #[tf(default = "terraform-provider-tke", validate = check_field_manager)]
    name: String,
    /// Whether to take over fields that other managers own. Otherwise they are an error, which
    /// names the managers.
    #[tf(default = false)]
    force_conflicts: bool,
}

/// What a create waits for, as long as its timeout allows.
#[derive(Model, Clone, Debug)]
pub(crate) struct WaitForAttribute {
    /// Whether to wait until the cluster serves policies, which it does as soon as the
    /// `SecurityGroupPolicy` add-on is installed.
    #[tf(default = true)]
    crd: bool,
    /// Whether to wait until the namespace exists.
    #[tf(default = true)]
    namespace: bool,
}

/// Where a policy is, and which.
#[derive(Model, Clone, Debug)]
pub struct SecurityGroupPolicyIdentity {
    /// Namespace of the policy.
    namespace: String,
    /// Name of the policy.
    name: String,
}

impl Identity for SecurityGroupPolicyIdentity {}

impl Resource for SecurityGroupPolicy {
    const NAME: &'static str = "security_group_policy";
    type Client = Client;
    type Identity = SecurityGroupPolicyIdentity;

    fn timeouts() -> DefaultTimeouts {
        let minutes = Duration::from_mins;
        DefaultTimeouts {
            create: minutes(10),
            read: minutes(10),
            update: minutes(10),
            delete: minutes(15),
        }
    }

    fn constraints() -> Vec<Constraint> {
        vec![at_least_one_of(&["pod_selector", "service_account_selector"])]
    }

    fn check(config: &Partial<Self>) -> Diagnostics {
        let selectors = [
            ("pod_selector", &config.pod_selector),
            ("service_account_selector", &config.service_account_selector),
        ];
        selectors
            .into_iter()
            .filter_map(|(name, selector)| Some((Path::from(name), selector.known()?)))
            .flat_map(|(at, selector)| selector.check(&at))
            .chain(too_many_groups(&config.security_group_ids))
            .collect()
    }

    fn plan(
        plan: &mut Partial<Self>,
        prior: Option<&Self>,
        _client: Option<&Client>,
    ) -> Diagnostics {
        if let (Some(namespace), Some(name)) = (plan.namespace.known(), plan.name.known()) {
            plan.id = Maybe::Known(format!("{namespace}/{name}"));
        }
        // The cluster counts changes of the specification, and of nothing else.
        if let Some(prior) = prior.filter(|prior| prior.specifies(plan)) {
            plan.generation = *prior.generation.as_maybe();
        }
        Diagnostics::default()
    }

    fn identity(&self) -> Option<SecurityGroupPolicyIdentity> {
        let (namespace, name) = (self.namespace.clone(), self.name.clone());
        Some(SecurityGroupPolicyIdentity { namespace, name })
    }

    async fn create(self, cx: &Cx<Client>) -> Result<Self> {
        let (manifest, manager) = (self.manifest()?, self.manager());
        let policies = &cx.client().policies;
        let policy = policies.create(&manifest, &manager, self.waits_for(), cx.cancelled()).await;
        let policy = policy.map_err(failed_to("create", &manifest.at))?;
        let created = self.with(policy);
        cx.save(&created);
        Ok(created)
    }

    async fn read(self, cx: &Cx<Client>) -> Result<Option<Self>> {
        let at = self.at()?;
        let found = match cx.client().policies.find(&at, cx.cancelled()).await {
            // A cluster that this very plan creates or changes: there is nothing to compare with.
            Err(error) if error.is_unknown_cluster() => {
                cx.warn(not_refreshed(&at));
                return Ok(Some(self));
            }
            Err(error) if error.is_uninstalled() => {
                cx.warn(uninstalled(&at));
                return Ok(None);
            }
            found => found.map_err(failed_to("read", &at))?,
        };
        let Some(policy) = found else { return Ok(None) };
        let is_other = self.uid.ok().is_some_and(|uid| *uid != policy.uid);
        if is_other && !policy.is_written_by(&self.manager().name) {
            cx.warn(replaced(&policy));
            return Ok(None);
        }
        if !policy.unknown.is_empty() {
            cx.warn(unsupported_fields(&policy));
        }
        let owners = policy.other_owners(&self.manager().name);
        if policy.spec != self.spec() && !owners.is_empty() {
            cx.warn(changed_by(&policy, &owners, self.manager().force_conflicts));
        }
        Ok(Some(self.with(policy)))
    }

    async fn update(self, prior: Self, cx: &Cx<Client>) -> Result<Self> {
        let (manifest, manager, uid) = (self.manifest()?, self.manager(), prior.uid.get()?);
        let policies = &cx.client().policies;
        let before = prior.manager();
        if before.name != manager.name {
            let (written, names) = (prior.manifest()?, [&before, &manager]);
            let done = policies.transfer_ownership(uid, &written, names, cx.cancelled()).await;
            done.map_err(failed_to("update", &manifest.at))?;
            // What follows is written by the new manager, and may fail.
            cx.save(&Self { field_manager: self.field_manager.clone(), ..prior.clone() });
        }
        let policy = policies.update(uid, &manifest, &manager, cx.cancelled()).await;
        Ok(self.with(policy.map_err(failed_to("update", &manifest.at))?))
    }

    async fn delete(self, cx: &Cx<Client>) -> Result<()> {
        let (at, uid) = (self.at()?, self.uid.get()?);
        let deleted = cx.client().policies.delete(&at, uid, cx.cancelled()).await;
        deleted.map_err(failed_to("delete", &at))
    }

    /// By `my-namespace/my-policy`.
    async fn import(
        what: Import<SecurityGroupPolicyIdentity>,
        cx: &Cx<Client>,
    ) -> Result<Option<Self>> {
        let at = match what {
            Import::Id(text) => text.parse().map_err(|why| invalid_import_id(&text, &why))?,
            Import::Identity(SecurityGroupPolicyIdentity { namespace, name }) => {
                PolicyRef::new(&namespace, &name)
                    .map_err(|why| invalid_import_id(&format!("{namespace}/{name}"), &why))?
            }
        };
        let found = cx.client().policies.find(&at, cx.cancelled()).await;
        let found = found.map_err(failed_to("import", &at))?;
        found.map(|policy| Ok(Self::imported(&at)?.with(policy))).transpose()
    }
}

impl SecurityGroupPolicy {
    fn at(&self) -> Result<PolicyRef> {
        PolicyRef::new(&self.namespace, &self.name)
            .map_err(|why| Diagnostic::invalid(&"name".into(), why).into())
    }

    /// What the cluster is to hold.
    fn manifest(&self) -> Result<PolicyManifest> {
        Ok(PolicyManifest {
            at: self.at()?,
            spec: self.spec(),
            labels: self.labels.clone().unwrap_or_default(),
            annotations: self.annotations.clone().unwrap_or_default(),
        })
    }

    fn spec(&self) -> PolicySpec {
        PolicySpec {
            pod_selector: self.pod_selector.as_ref().map(SelectorAttribute::to_api),
            service_account_selector: self
                .service_account_selector
                .as_ref()
                .map(SelectorAttribute::to_api),
            security_group_ids: self.security_group_ids.clone(),
        }
    }

    /// Whether a plan leaves the specification as it is here.
    fn specifies(&self, plan: &Partial<Self>) -> bool {
        let same = |planned: &Maybe<SelectorAttribute>, own: &Option<SelectorAttribute>| {
            let own = own.as_ref().map(SelectorAttribute::to_api);
            !planned.is_unknown() && planned.known().map(SelectorAttribute::to_api) == own
        };
        same(&plan.pod_selector, &self.pod_selector)
            && same(&plan.service_account_selector, &self.service_account_selector)
            && plan.security_group_ids.known() == Some(&self.security_group_ids)
    }

    fn manager(&self) -> FieldManager {
        self.field_manager.as_ref().map_or_else(Default::default, |manager| FieldManager {
            name: manager.name.clone(),
            force_conflicts: manager.force_conflicts,
        })
    }

    fn waits_for(&self) -> WaitFor {
        self.wait_for.as_ref().map_or_else(WaitFor::default, |wait| WaitFor {
            crd: wait.crd,
            namespace: wait.namespace,
        })
    }

    /// The same policy as the cluster holds it.
    fn with(self, policy: Policy) -> Self {
        let manager = self.manager().name;
        let labels = policy.labels_of(&manager, self.labels.as_ref());
        let annotations = policy.annotations_of(&manager, self.annotations.as_ref());
        let spec = policy.spec;
        let selector = |own: Option<SelectorAttribute>, live: Option<LabelSelector>| {
            live.map(|live| SelectorAttribute::of_api(live, own.as_ref()))
        };
        Self {
            pod_selector: selector(self.pod_selector, spec.pod_selector),
            service_account_selector: selector(
                self.service_account_selector,
                spec.service_account_selector,
            ),
            security_group_ids: spec.security_group_ids,
            labels,
            annotations,
            id: policy.at.id().into(),
            uid: policy.uid.into(),
            generation: policy.generation.into(),
            ..self
        }
    }

    /// A policy that Terraform has not known.
    fn imported(at: &PolicyRef) -> Result<Self> {
        Self::with_defaults(&Partial::<Self> {
            name: at.name().to_owned().into(),
            namespace: at.namespace().to_owned().into(),
            security_group_ids: Vec::new().into(),
            ..Default::default()
        })
    }
}

impl SelectorAttribute {
    fn to_api(&self) -> LabelSelector {
        let expressions = self.match_expressions.iter().flatten();
        LabelSelector {
            match_labels: self.match_labels.clone().unwrap_or_default(),
            match_expressions: expressions.map(ExpressionAttribute::to_api).collect(),
            ..LabelSelector::default()
        }
    }

    /// In the cluster, nothing and an empty collection are the same: what the user wrote stays.
    fn of_api(live: LabelSelector, own: Option<&Self>) -> Self {
        let own_expressions = own.and_then(|own| own.match_expressions.as_ref());
        let expressions = live.match_expressions.into_iter().enumerate().map(|(index, live)| {
            let own = own_expressions.and_then(|own| own.get(index));
            ExpressionAttribute::of_api(live, own)
        });
        let keep_labels = own.is_some_and(|own| own.match_labels.is_some());
        Self {
            match_labels: non_empty(live.match_labels, BTreeMap::is_empty, keep_labels),
            match_expressions: non_empty(
                expressions.collect(),
                Vec::is_empty,
                own_expressions.is_some(),
            ),
        }
    }

    fn check(&self, at: &Path) -> Vec<Diagnostic> {
        let expressions = self.match_expressions.iter().flatten().enumerate();
        let invalid = expressions.filter_map(|(index, expression)| {
            let at = at.clone().attribute("match_expressions").index(index).attribute("values");
            let checked = check_values(&expression.to_api());
            checked.err().map(|why| Diagnostic::invalid(&at, why))
        });
        invalid.collect()
    }
}

impl ExpressionAttribute {
    fn to_api(&self) -> LabelSelectorRequirement {
        LabelSelectorRequirement {
            key: self.key.clone(),
            operator: self.operator.clone(),
            values: self.values.clone().unwrap_or_default(),
        }
    }

    fn of_api(live: LabelSelectorRequirement, own: Option<&Self>) -> Self {
        let LabelSelectorRequirement { key, operator, values } = live;
        let keep = own.is_some_and(|own| own.values.is_some());
        Self { key, operator, values: non_empty(values, Vec::is_empty, keep) }
    }
}

/// A collection, or null for an empty one unless the user writes it so.
fn non_empty<T>(collection: T, is_empty: fn(&T) -> bool, keep: bool) -> Option<T> {
    (keep || !is_empty(&collection)).then_some(collection)
}

/// What the cluster calls our attributes.
const FIELDS: Blame<'_> = &[
    ("metadata.annotations", "annotations"),
    ("metadata.labels", "labels"),
    ("metadata.name", "name"),
    ("metadata.namespace", "namespace"),
    ("spec.podSelector", "pod_selector"),
    ("spec.securityGroups.groupIds", "security_group_ids"),
    ("spec.serviceAccountSelector", "service_account_selector"),
];

/// For `map_err`: what could not be done to the policy, and which attribute is to blame.
fn failed_to(verb: &str, at: &PolicyRef) -> impl FnOnce(pods::Error) -> Diagnostics {
    move |why| error_diagnostic(format!("{verb} {at}"), &why, FIELDS)
}

fn group_id(text: &str) -> std::result::Result<(), String> {
    text.parse::<GroupId>().map(drop).map_err(|why| why.to_string())
}

fn too_many_groups(ids: &Maybe<Vec<String>>) -> Option<Diagnostic> {
    let count = ids.known().map_or(0, Vec::len);
    (count > USUAL_GROUPS).then(|| diagnostics::too_many_groups(count))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn live(spec: &Value) -> Policy {
        let metadata = json!({"uid": "u-1", "resourceVersion": "7", "generation": 3});
        let object = json!({"metadata": metadata, "spec": spec});
        let at = PolicyRef::new("shop", "app").unwrap();
        Policy::new(at, serde_json::from_value(object).unwrap())
    }

    fn read(spec: &Value) -> SecurityGroupPolicy {
        let policy = live(spec);
        SecurityGroupPolicy::imported(&policy.at).unwrap().with(policy)
    }

    fn selector(labels: Option<&[&str]>, keys: Option<&[&str]>) -> SelectorAttribute {
        let label = |key: &&str| ((*key).to_owned(), "x".to_owned());
        let expression = |key: &&str| ExpressionAttribute {
            key: (*key).to_owned(),
            operator: "Exists".to_owned(),
            values: None,
        };
        SelectorAttribute {
            match_labels: labels.map(|keys| keys.iter().map(label).collect()),
            match_expressions: keys.map(|keys| keys.iter().map(expression).collect()),
        }
    }

    #[test]
    fn empty_collections_of_a_selector_stay_as_written() {
        #[track_caller]
        fn check(own: Option<&SelectorAttribute>, expected: &SelectorAttribute) {
            let live = expected.to_api();
            let read = SelectorAttribute::of_api(live, own);
            assert_eq!(format!("{read:?}"), format!("{expected:?}"));
        }
        check(None, &selector(None, None));
        check(None, &selector(Some(&["app"]), None));
        check(None, &selector(None, Some(&["app"])));
        check(Some(&selector(None, None)), &selector(None, None));
        check(Some(&selector(Some(&[]), None)), &selector(Some(&[]), None));
        check(Some(&selector(None, Some(&[]))), &selector(None, Some(&[])));
        check(Some(&selector(Some(&["old"]), None)), &selector(Some(&[]), None));
        check(Some(&selector(None, Some(&["a", "b"]))), &selector(None, Some(&["a"])));
    }

    #[test]
    fn spec_round_trips_through_the_model() {
        for spec in [
            json!({"podSelector": {}, "securityGroups": {"groupIds": ["sg-a"]}}),
            json!({
                "podSelector": {"matchLabels": {"app": "x"}},
                "serviceAccountSelector": {
                    "matchExpressions": [{"key": "tier", "operator": "In", "values": ["a", "b"]}],
                },
                "securityGroups": {"groupIds": ["sg-b", "sg-a"]},
            }),
        ] {
            let read = read(&spec);
            assert_eq!(read.spec(), live(&spec).spec);
            assert_eq!(read.id.ok().map(String::as_str), Some("shop/app"));
            assert_eq!((read.labels, read.annotations), (None, None));
        }
    }

    #[test]
    fn generation_stays_planned_only_while_the_spec_is_unchanged() {
        let groups = json!({"groupIds": ["sg-a"]});
        let prior = read(&json!({"podSelector": {}, "securityGroups": groups}));
        let planned = |selector: Maybe<SelectorAttribute>, groups: Maybe<Vec<String>>| {
            let plan = Partial::<SecurityGroupPolicy> {
                pod_selector: selector,
                security_group_ids: groups,
                ..Default::default()
            };
            prior.specifies(&plan)
        };
        let ids = |id: &str| Maybe::Known(vec![id.to_owned()]);
        let empty = || Maybe::Known(selector(None, None));
        assert!(planned(empty(), ids("sg-a")));
        assert!(planned(Maybe::Known(selector(Some(&[]), None)), ids("sg-a")));
        assert!(!planned(Maybe::Known(selector(Some(&["app"]), None)), ids("sg-a")));
        assert!(!planned(empty(), ids("sg-b")));
        assert!(!planned(Maybe::Unknown, ids("sg-a")));
        assert!(!planned(empty(), Maybe::Unknown));
        assert!(!planned(Maybe::Null, ids("sg-a")));
    }

    #[test]
    fn more_groups_than_usual_are_a_warning() {
        for (count, warned) in [(0, false), (USUAL_GROUPS, false), (USUAL_GROUPS + 1, true)] {
            let ids = Maybe::Known(vec!["sg-a".to_owned(); count]);
            assert_eq!(too_many_groups(&ids).is_some(), warned, "{count}");
        }
        assert!(too_many_groups(&Maybe::Unknown).is_none());
    }
}
