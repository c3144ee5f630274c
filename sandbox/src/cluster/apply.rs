//! Server-side apply and its counterpart for other writes, as functions of their arguments.
//!
//! An applied object has all fields that its manager wants. A field that it no longer has and that
//! no other manager owns is removed; a field that others own with another value is a conflict, unless
//! it is forced.

use std::fmt;

use serde_json::{Map, Value};

use super::{
    fields::{FieldSet, Path},
    managers::{Manager, Managers, Operation},
    schema::Schema,
};

/// The manager that writes, and the time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writer<'a> {
    pub(super) manager: &'a str,
    pub(super) now: &'a str,
}

/// A field that apply would change, and who owns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Conflict {
    pub(super) field: Path,
    manager: Manager,
    api_version: String,
}

/// What `live` becomes when `writer` applies `applied`, with its managers brought up to date.
///
/// `live` is null for a new object.
pub(super) fn apply(
    schema: &Schema,
    live: &Value,
    applied: &Value,
    writer: Writer<'_>,
    force: bool,
) -> Result<Value, Vec<Conflict>> {
    let by = Manager { name: writer.manager.to_owned(), operation: Operation::Apply };
    let mut managers = Managers::of(live);
    let owned_before = managers.fields(&by).cloned().unwrap_or_default();
    managers.set(&by, applied_fields(schema, applied), writer.now);

    let mut object = merge(schema, live, applied);
    let owned_now = managers.all_fields().with_parents();
    let mut released = owned_before.with_parents().difference(&owned_now);
    // The metadata that holds labels also holds the name, which is not released.
    released.retain(can_be_owned);
    remove(&mut object, &Path::default(), &released);

    let change = compare(schema, live, &object);
    let conflicts =
        managers.others_owning(&by, &change.set).flat_map(|(manager, version, fields)| {
            let conflict = |field: &Path| Conflict {
                field: field.clone(),
                manager: manager.clone(),
                api_version: version.to_owned(),
            };
            fields.iter().map(conflict).collect::<Vec<_>>()
        });
    let conflicts: Vec<_> = conflicts.collect();
    if !force && !conflicts.is_empty() {
        return Err(conflicts);
    }
    if !change.is_empty() {
        managers.touch(&by, writer.now);
    }
    managers.take_from_others(&by, &change.set.union(&change.unset));
    Ok(with_managers(object, managers))
}

/// `new`, which `writer` puts in place of `live`, with its managers brought up to date: what was
/// changed now belongs to the writer alone.
pub(super) fn update(schema: &Schema, live: &Value, new: Value, writer: Writer<'_>) -> Value {
    let managers = match Managers::sent_in(&new) {
        Some(reset) if reset.is_empty() => return with_managers(new, reset),
        Some(sent) => sent,
        None => Managers::of(live),
    };
    let by = Manager { name: writer.manager.to_owned(), operation: Operation::Update };
    let mut managers = managers;
    let change = compare(schema, live, &new);
    if !change.is_empty() {
        let owned_before = managers.fields(&by).cloned().unwrap_or_default();
        let owned = owned_before.difference(&change.unset).union(&change.set);
        managers.set(&by, owned, writer.now);
        if !change.set.is_empty() {
            managers.touch(&by, writer.now);
        }
        managers.take_from_others(&by, &change.set.union(&change.unset));
    }
    with_managers(new, managers)
}

/// The message of a real server, for one conflict and for several.
pub(super) fn message(conflicts: &[Conflict]) -> String {
    if let [only] = conflicts {
        return format!("Apply failed with 1 conflict: {only}: {}", only.field);
    }
    let mut lines = Vec::new();
    let mut manager = None;
    for conflict in conflicts {
        if manager != Some(&conflict.manager) {
            lines.push(format!("conflicts with {}:", conflict.owner()));
            manager = Some(&conflict.manager);
        }
        lines.push(format!("- {}", conflict.field));
    }
    format!("Apply failed with {} conflicts: {}", conflicts.len(), lines.join("\n"))
}

impl Conflict {
    fn owner(&self) -> String {
        match self.manager.operation {
            Operation::Apply => self.manager.to_string(),
            Operation::Update => format!("{} using {}", self.manager, self.api_version),
        }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "conflict with {}", self.owner())
    }
}

/// What differs between two objects.
#[derive(Debug, Default)]
struct Change {
    /// Fields that are new or have another value.
    set: FieldSet,
    /// Fields that are gone.
    unset: FieldSet,
}

impl Change {
    fn is_empty(&self) -> bool {
        self.set.is_empty() && self.unset.is_empty()
    }
}

/// Fields that no manager owns: they name the object, or the server writes them.
const UNOWNED: [&[&str]; 11] = [
    &["apiVersion"],
    &["kind"],
    &["metadata"],
    &["metadata", "creationTimestamp"],
    &["metadata", "generation"],
    &["metadata", "managedFields"],
    &["metadata", "name"],
    &["metadata", "namespace"],
    &["metadata", "resourceVersion"],
    &["metadata", "selfLink"],
    &["metadata", "uid"],
];

fn can_be_owned(path: &Path) -> bool {
    !path.is_root() && !UNOWNED.iter().any(|unowned| path.names().eq(unowned.iter().copied()))
}

/// The fields that an applied object sets.
fn applied_fields(schema: &Schema, applied: &Value) -> FieldSet {
    fn collect(schema: &Schema, value: &Value, path: &Path, set: &mut FieldSet) {
        let (true, Some(object)) = (schema.is_granular(), value.as_object()) else {
            set.insert(path.clone());
            return;
        };
        for (name, below) in object {
            let Some(schema) = schema.field(name) else { continue };
            let path = path.child(name);
            // An empty object has no fields that could stand for it.
            if below.as_object().is_some_and(Map::is_empty) {
                set.insert(path.clone());
            }
            collect(schema, below, &path, set);
        }
    }
    let mut set = FieldSet::default();
    collect(schema, applied, &Path::default(), &mut set);
    set.retain(can_be_owned);
    set
}

/// `live` with all fields of `applied`.
fn merge(schema: &Schema, live: &Value, applied: &Value) -> Value {
    match (live, applied) {
        (Value::Object(live), Value::Object(applied)) if schema.is_granular() => {
            let mut merged = live.clone();
            for (name, stated) in applied {
                let Some(schema) = schema.field(name) else { continue };
                let before = live.get(name).unwrap_or(&Value::Null);
                merged.insert(name.clone(), merge(schema, before, stated));
            }
            Value::Object(merged)
        }
        (Value::Object(_), Value::Null) if schema.is_granular() => live.clone(),
        _ => applied.clone(),
    }
}

/// Removes fields with all that is below them; objects that become empty stay.
fn remove(value: &mut Value, path: &Path, fields: &FieldSet) {
    let Some(object) = value.as_object_mut() else { return };
    object.retain(|name, below| {
        let path = path.child(name);
        let kept = !fields.contains(&path);
        if kept {
            remove(below, &path, fields);
        }
        kept
    });
}

fn compare(schema: &Schema, old: &Value, new: &Value) -> Change {
    fn walk(
        schema: &Schema,
        path: &Path,
        old: Option<&Value>,
        new: Option<&Value>,
        change: &mut Change,
    ) {
        match (old, new) {
            (None, Some(_)) => change.set.insert(path.clone()),
            (Some(_), None) => change.unset.insert(path.clone()),
            _ => {}
        }
        let object = |value: Option<&Value>| match value {
            None | Some(Value::Null) => Some(Map::new()),
            Some(value) => value.as_object().cloned(),
        };
        match (schema.is_granular(), object(old), object(new)) {
            (true, Some(old), Some(new)) if !(old.is_empty() && new.is_empty()) => {
                let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
                for name in names {
                    if let Some(schema) = schema.field(name) {
                        walk(schema, &path.child(name), old.get(name), new.get(name), change);
                    }
                }
            }
            _ if old.is_some() && new.is_some() && old != new => change.set.insert(path.clone()),
            _ => {}
        }
    }
    let mut change = Change::default();
    let old = Some(old).filter(|old| !old.is_null());
    walk(schema, &Path::default(), old, Some(new), &mut change);
    change.set.retain(can_be_owned);
    change.unset.retain(can_be_owned);
    change
}

fn with_managers(mut object: Value, mut managers: Managers) -> Value {
    managers.remove_empty();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        if managers.is_empty() {
            metadata.remove("managedFields");
        } else {
            metadata.insert("managedFields".to_owned(), managers.to_json());
        }
    }
    object
}

#[cfg(test)]
#[expect(clippy::needless_pass_by_value, reason = "tables read better without borrows")]
mod tests {
    use proptest::{collection::btree_map, option, prelude::*};
    use serde_json::json;

    use super::{super::schema::Crd, *};

    const GRANULAR: Crd = Crd { installed: true, max_group_ids: None, atomic_selectors: false };
    const ATOMIC: Crd = Crd { atomic_selectors: true, ..GRANULAR };

    /// An object and those who write to it.
    struct Scenario {
        schema: Schema,
        live: Value,
        hour: u8,
    }

    impl Scenario {
        fn new(crd: Crd) -> Self {
            Self { schema: Schema::policy(crd), live: Value::Null, hour: 0 }
        }

        fn now(&mut self) -> String {
            self.hour += 1;
            format!("2026-01-01T{:02}:00:00Z", self.hour)
        }

        fn apply(&mut self, manager: &str, spec: Value, force: bool) -> Result<(), String> {
            let now = self.now();
            let applied = match spec {
                Value::Null => json!({"metadata": {"name": "n"}}),
                spec => json!({"metadata": {"name": "n"}, "spec": spec}),
            };
            let writer = Writer { manager, now: &now };
            let done = apply(&self.schema, &self.live, &applied, writer, force);
            self.live = done.map_err(|conflicts| message(&conflicts))?;
            Ok(())
        }

        #[track_caller]
        fn applied(mut self, manager: &str, spec: Value) -> Self {
            assert_eq!(self.apply(manager, spec, false), Ok(()));
            self
        }

        #[track_caller]
        fn forced(mut self, manager: &str, spec: Value) -> Self {
            assert_eq!(self.apply(manager, spec, true), Ok(()));
            self
        }

        #[track_caller]
        fn refused(mut self, manager: &str, spec: Value, expected: &str) -> Self {
            let before = self.live.clone();
            assert_eq!(self.apply(manager, spec, false), Err(expected.to_owned()));
            assert_eq!(self.live, before);
            self
        }

        fn updated(mut self, manager: &str, spec: Value) -> Self {
            let now = self.now();
            let mut new = self.live.clone();
            if new.is_null() {
                new = json!({"metadata": {"name": "n"}});
            } else {
                new["metadata"].as_object_mut().unwrap().remove("managedFields");
            }
            new["spec"] = spec;
            self.live = update(&self.schema, &self.live, new, Writer { manager, now: &now });
            self
        }

        #[track_caller]
        fn holds(self, spec: Value) -> Self {
            assert_eq!(self.live["spec"], spec);
            self
        }

        /// Owners and the fields in `spec` that they own, as `name operation: fields`.
        #[track_caller]
        fn owned(self, expected: &[&str]) -> Self {
            let dump = Managers::of(&self.live).dump();
            let owners: Vec<_> = dump
                .as_array()
                .unwrap()
                .iter()
                .map(|entry| {
                    let fields: Vec<_> = entry["fields"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|field| {
                            field.as_str().unwrap().trim_start_matches(".spec.").to_owned()
                        })
                        .collect();
                    let operation = entry["operation"].as_str().unwrap();
                    format!(
                        "{} {operation}: {}",
                        entry["manager"].as_str().unwrap(),
                        fields.join(" ")
                    )
                })
                .collect();
            assert_eq!(owners, expected);
            self
        }
    }

    fn groups(ids: &[&str]) -> Value {
        json!({"securityGroups": {"groupIds": ids}})
    }

    fn labels(labels: Value) -> Value {
        json!({"podSelector": {"matchLabels": labels}})
    }

    #[test]
    fn applier_owns_its_applied_fields() {
        Scenario::new(GRANULAR)
            .applied("a", json!({
                "podSelector": {"matchLabels": {"app": "x"}, "matchExpressions": [{"key": "k"}]},
                "securityGroups": {"groupIds": ["1", "2"]},
            }))
            .owned(&["a Apply: podSelector.matchExpressions podSelector.matchLabels.app \
                      securityGroups.groupIds"]);
    }

    #[test]
    fn updater_owns_new_fields_and_their_parents() {
        Scenario::new(GRANULAR)
            .updated("kubectl", json!({"podSelector": {"matchLabels": {"app": "x"}}}))
            .owned(&["kubectl Update: .spec podSelector podSelector.matchLabels \
                      podSelector.matchLabels.app"]);
    }

    #[test]
    fn list_is_owned_as_one_field() {
        let scenario = Scenario::new(GRANULAR).applied("a", groups(&["1", "2"]));
        let said = "Apply failed with 1 conflict: conflict with \"a\": \
                    .spec.securityGroups.groupIds";
        scenario
            .refused("b", groups(&["2", "1"]), said)
            .refused("b", groups(&["1"]), said)
            .forced("b", groups(&["3"]))
            .holds(groups(&["3"]))
            .owned(&["b Apply: securityGroups.groupIds"]);
    }

    #[test]
    fn shared_field_is_removed_with_its_last_owner() {
        Scenario::new(GRANULAR)
            .applied("a", groups(&["1"]))
            .applied("b", groups(&["1"]))
            .owned(&["a Apply: securityGroups.groupIds", "b Apply: securityGroups.groupIds"])
            .refused(
                "a",
                groups(&["2"]),
                "Apply failed with 1 conflict: conflict with \"b\": .spec.securityGroups.groupIds",
            )
            .applied("a", json!({}))
            .holds(groups(&["1"]))
            .owned(&["a Apply: .spec", "b Apply: securityGroups.groupIds"])
            .applied("b", json!({}))
            .holds(json!({}));
    }

    #[test]
    fn labels_are_owned_one_by_one_unless_the_selector_is_atomic() {
        let scenario = |crd| {
            Scenario::new(crd)
                .applied("a", labels(json!({"app": "x"})))
                .updated("outside", labels(json!({"app": "x", "tier": "y"})))
        };
        scenario(GRANULAR)
            .owned(&[
                "a Apply: podSelector.matchLabels.app",
                "outside Update: podSelector.matchLabels.tier",
            ])
            .applied("a", labels(json!({"app": "x"})))
            .holds(labels(json!({"app": "x", "tier": "y"})));
        scenario(ATOMIC)
            .owned(&["outside Update: podSelector"])
            .refused(
                "a",
                labels(json!({"app": "x"})),
                "Apply failed with 1 conflict: conflict with \"outside\" using \
                 vpcresources.tke.cloud.tencent.com/v1beta1: .spec.podSelector",
            )
            .forced("a", labels(json!({"app": "x"})))
            .holds(labels(json!({"app": "x"})))
            .owned(&["a Apply: podSelector"]);
    }

    #[test]
    fn field_no_longer_applied_is_removed_with_empty_parents() {
        Scenario::new(GRANULAR)
            .applied("a", labels(json!({"app": "x"})))
            .applied("a", json!({"serviceAccountSelector": {"matchLabels": {"app": "x"}}}))
            .holds(json!({"serviceAccountSelector": {"matchLabels": {"app": "x"}}}));
        Scenario::new(GRANULAR)
            .applied("a", labels(json!({"app": "x", "tier": "y"})))
            .applied("a", labels(json!({"app": "x"})))
            .holds(labels(json!({"app": "x"})));
    }

    #[test]
    fn field_owned_by_others_is_kept() {
        Scenario::new(GRANULAR)
            .applied("a", labels(json!({"app": "x"})))
            .applied("b", labels(json!({"tier": "y"})))
            .applied("a", groups(&["1"]))
            .holds(json!({
                "podSelector": {"matchLabels": {"tier": "y"}},
                "securityGroups": {"groupIds": ["1"]},
            }));
    }

    #[test]
    fn emptied_object_stays_empty() {
        Scenario::new(GRANULAR)
            .applied("a", labels(json!({"app": "x"})))
            .applied("a", json!({"podSelector": {}}))
            .holds(json!({"podSelector": {}}))
            .owned(&["a Apply: podSelector"]);
    }

    #[test]
    fn update_takes_ownership_of_changed_fields_only() {
        Scenario::new(GRANULAR)
            .applied(
                "a",
                json!({
                    "podSelector": {"matchLabels": {"app": "x"}},
                    "securityGroups": {"groupIds": ["1"]},
                }),
            )
            .updated(
                "outside",
                json!({
                    "podSelector": {"matchLabels": {"app": "x"}},
                    "securityGroups": {"groupIds": ["2"]},
                }),
            )
            .owned(&[
                "a Apply: podSelector.matchLabels.app",
                "outside Update: securityGroups.groupIds",
            ]);
    }

    #[test]
    fn removed_field_loses_all_owners() {
        Scenario::new(GRANULAR)
            .applied(
                "a",
                json!({
                    "podSelector": {"matchLabels": {"app": "x"}},
                    "securityGroups": {"groupIds": ["1"]},
                }),
            )
            .updated("outside", groups(&["1"]))
            .owned(&["a Apply: securityGroups.groupIds"])
            .applied("a", groups(&["1"]));
    }

    #[test]
    fn apply_and_update_of_one_name_are_two_managers() {
        Scenario::new(GRANULAR).updated("a", groups(&["1"])).refused(
            "a",
            groups(&["2"]),
            "Apply failed with 1 conflict: conflict with \"a\" using \
             vpcresources.tke.cloud.tencent.com/v1beta1: .spec.securityGroups.groupIds",
        );
    }

    #[test]
    fn several_conflicts_are_listed_by_manager() {
        Scenario::new(GRANULAR)
            .applied("b", labels(json!({"app": "x", "tier": "y"})))
            .updated(
                "c",
                json!({
                    "podSelector": {"matchLabels": {"app": "x", "tier": "y"}},
                    "securityGroups": {"groupIds": ["1"]},
                }),
            )
            .refused(
                "a",
                json!({
                    "podSelector": {"matchLabels": {"app": "1", "tier": "2"}},
                    "securityGroups": {"groupIds": ["3"]},
                }),
                "Apply failed with 3 conflicts: conflicts with \"b\":\n\
                 - .spec.podSelector.matchLabels.app\n\
                 - .spec.podSelector.matchLabels.tier\n\
                 conflicts with \"c\" using vpcresources.tke.cloud.tencent.com/v1beta1:\n\
                 - .spec.securityGroups.groupIds",
            );
    }

    #[test]
    fn repeated_apply_changes_nothing() {
        let scenario = Scenario::new(GRANULAR).applied("a", groups(&["1"]));
        let before = scenario.live.clone();
        assert_eq!(scenario.applied("a", groups(&["1"])).live, before);
    }

    #[test]
    fn labels_are_owned_but_names_are_not() {
        let schema = Schema::policy(GRANULAR);
        let applied = json!({
            "apiVersion": "v", "kind": "k",
            "metadata": {"name": "n", "namespace": "s", "labels": {"a.b/c": "d"}},
        });
        let writer = Writer { manager: "a", now: "" };
        let live = apply(&schema, &Value::Null, &applied, writer, false).unwrap();
        assert_eq!(
            live["metadata"]["managedFields"][0]["fieldsV1"],
            json!({"f:metadata": {"f:labels": {"f:a.b/c": {}}}}),
        );
        let mut without = applied;
        without["metadata"].as_object_mut().unwrap().remove("labels");
        let writer = Writer { manager: "a", now: "" };
        let live = apply(&schema, &live, &without, writer, false).unwrap();
        assert_eq!(live["metadata"]["name"], "n");
        assert_eq!(live["metadata"]["labels"], Value::Null);
    }

    /// A spec small enough that writers meet in it.
    fn specs() -> impl Strategy<Value = Value> {
        let selector = || option::of(btree_map("[ab]", "[xy]", 0..3));
        let groups = option::of(proptest::collection::vec("[12]", 1..3));
        (selector(), selector(), groups).prop_map(|(pods, accounts, groups)| {
            let mut spec = Map::new();
            if let Some(labels) = pods {
                spec.insert("podSelector".into(), json!({"matchLabels": labels}));
            }
            if let Some(labels) = accounts {
                spec.insert("serviceAccountSelector".into(), json!({"matchLabels": labels}));
            }
            if let Some(ids) = groups {
                spec.insert("securityGroups".into(), json!({"groupIds": ids}));
            }
            Value::Object(spec)
        })
    }

    #[derive(Clone, Debug)]
    enum Step {
        Apply(&'static str, Value, bool),
        Update(&'static str, Value),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let name = || prop::sample::select(vec!["a", "b"]);
        let step = prop_oneof![
            (name(), specs(), any::<bool>())
                .prop_map(|(who, spec, force)| Step::Apply(who, spec, force)),
            (name(), specs()).prop_map(|(who, spec)| Step::Update(who, spec)),
        ];
        proptest::collection::vec(step, 0..8)
    }

    fn play(crd: Crd, steps: &[Step]) -> Scenario {
        steps.iter().cloned().fold(Scenario::new(crd), |mut scenario, step| match step {
            Step::Apply(who, spec, force) => {
                // A refused apply changes nothing.
                drop(scenario.apply(who, spec, force));
                scenario
            }
            Step::Update(who, spec) => scenario.updated(who, spec),
        })
    }

    fn crds() -> impl Strategy<Value = Crd> {
        prop::sample::select(vec![GRANULAR, ATOMIC])
    }

    proptest! {
        /// Whatever came before: after a forced apply the object holds all that was stated, and
        /// the applier owns exactly that.
        #[test]
        fn forced_apply_sets_and_owns_its_fields(crd in crds(), steps in steps(), spec in specs()) {
            let scenario = play(crd, &steps).forced("me", spec.clone());
            let applied = json!({"metadata": {"name": "n"}, "spec": spec});
            prop_assert_eq!(merge(&scenario.schema, &scenario.live, &applied), scenario.live.clone());
            let me = Manager { name: "me".into(), operation: Operation::Apply };
            let owned = Managers::of(&scenario.live).fields(&me).cloned().unwrap_or_default();
            prop_assert_eq!(owned, applied_fields(&scenario.schema, &applied));
        }

        /// A second apply of the same object changes nothing.
        #[test]
        fn apply_is_idempotent(crd in crds(), steps in steps(), spec in specs()) {
            let once = play(crd, &steps).forced("me", spec.clone());
            let before = once.live.clone();
            prop_assert_eq!(once.applied("me", spec).live, before);
        }

        /// A manager that applies without force and then releases all its fields leaves what others own.
        #[test]
        fn releasing_all_fields_undoes_apply(crd in crds(), steps in steps(), spec in specs()) {
            let scenario = play(crd, &steps);
            let before = scenario.live.clone();
            let mut after = Scenario { live: before.clone(), ..scenario };
            if before.is_null() || after.apply("me", spec, false).is_err() {
                return Ok(());
            }
            let after = after.applied("me", Value::Null);
            let others = Managers::of(&before);
            prop_assert_eq!(others.dump(), Managers::of(&after.live).dump());
            for path in others.all_fields().iter() {
                let at = |object| path.names().try_fold(object, Value::get::<&str>);
                let (was, is) = (at(&before), at(&after.live));
                // What an owned object holds may have had no owner, and went with the last one.
                prop_assert!(was == is || was.is_some_and(Value::is_object) && is.is_some());
            }
        }

        /// Every field that has an owner exists.
        #[test]
        fn every_owned_field_exists(crd in crds(), steps in steps()) {
            let scenario = play(crd, &steps);
            for path in Managers::of(&scenario.live).all_fields().iter() {
                let there = path.names().try_fold(&scenario.live, |value, name| value.get(name));
                prop_assert!(there.is_some(), "{} in {}", path, scenario.live);
            }
        }
    }
}
