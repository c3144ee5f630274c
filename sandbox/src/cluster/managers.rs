//! `metadata.managedFields`: which manager owns which fields of an object.

use std::{collections::BTreeMap, fmt};

use serde_json::{Value, json};

use super::{fields::FieldSet, resource::POLICIES};

/// Who wrote: a manager writing in two ways counts as two, and each owns its own fields.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Manager {
    pub(super) name: String,
    pub(super) operation: Operation,
}

/// How a manager writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Operation {
    /// Server-side apply: owns exactly the applied fields.
    Apply,
    /// Other writes: owns what it has changed.
    Update,
}

/// What a manager owns, and since when.
#[derive(Clone, Debug, PartialEq)]
struct ManagedFieldsEntry {
    api_version: String,
    time: String,
    fields: FieldSet,
}

/// All managers of one object.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Managers(BTreeMap<Manager, ManagedFieldsEntry>);

impl Managers {
    /// The managers written in an object.
    pub(super) fn of(object: &Value) -> Self {
        let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
        Self(entries.into_iter().flatten().filter_map(decode).collect())
    }

    /// The managers written in an object that a client sends: `None` if it sends none, and an
    /// empty set if it asks to reset them (`[]` or `[{}]`).
    pub(super) fn sent_in(object: &Value) -> Option<Self> {
        let entries = object.pointer("/metadata/managedFields")?.as_array()?;
        let managers = Self::of(object);
        let forget = entries.iter().all(|entry| *entry == json!({}));
        (forget || !managers.0.is_empty()).then_some(managers)
    }

    /// As `managedFields` lists them: appliers first, then by age.
    pub(super) fn to_json(&self) -> Value {
        let mut entries: Vec<_> = self.0.iter().collect();
        entries.sort_by(|(a, first), (b, second)| {
            let order = |manager: &Manager| manager.operation;
            (order(a), &first.time, &a.name).cmp(&(order(b), &second.time, &b.name))
        });
        let entries = entries.into_iter().map(|(manager, entry)| {
            json!({
                "manager": manager.name,
                "operation": manager.operation.word(),
                "apiVersion": entry.api_version,
                "time": entry.time,
                "fieldsType": "FieldsV1",
                "fieldsV1": entry.fields.to_json(),
            })
        });
        entries.collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn fields(&self, manager: &Manager) -> Option<&FieldSet> {
        self.0.get(manager).map(|entry| &entry.fields)
    }

    /// The fields of all managers.
    pub(super) fn all_fields(&self) -> FieldSet {
        self.0.values().fold(FieldSet::default(), |all, entry| all.union(&entry.fields))
    }

    /// What each manager but `writer` owns of `fields`.
    pub(super) fn others_owning<'a>(
        &'a self,
        writer: &'a Manager,
        fields: &'a FieldSet,
    ) -> impl Iterator<Item = (&'a Manager, &'a str, FieldSet)> {
        let others = self.0.iter().filter(move |(manager, _)| *manager != writer);
        others.filter_map(|(manager, entry)| {
            let owned = entry.fields.intersection(fields);
            (!owned.is_empty()).then_some((manager, entry.api_version.as_str(), owned))
        })
    }

    /// Sets what `manager` owns; the time is kept if nothing changes.
    pub(super) fn set(&mut self, manager: &Manager, fields: FieldSet, now: &str) {
        if self.fields(manager) == Some(&fields) {
            return;
        }
        let entry = ManagedFieldsEntry {
            api_version: POLICIES.api_version(),
            time: now.to_owned(),
            fields,
        };
        self.0.insert(manager.clone(), entry);
    }

    /// Sets the time of a manager that has just changed something.
    pub(super) fn touch(&mut self, manager: &Manager, now: &str) {
        if let Some(entry) = self.0.get_mut(manager) {
            now.clone_into(&mut entry.time);
        }
    }

    /// Removes `fields` from all managers but `writer`.
    pub(super) fn take_from_others(&mut self, writer: &Manager, fields: &FieldSet) {
        for (manager, entry) in &mut self.0 {
            if manager != writer {
                entry.fields = entry.fields.difference(fields);
            }
        }
    }

    /// Removes managers that own nothing.
    pub(super) fn remove_empty(&mut self) {
        self.0.retain(|_, entry| !entry.fields.is_empty());
    }

    /// The owned fields by manager, without times, so that two dumps can be compared.
    pub(super) fn dump(&self) -> Value {
        let entries = self.0.iter().map(|(manager, entry)| {
            json!({
                "manager": manager.name,
                "operation": manager.operation.word(),
                "fields": entry.fields.iter().map(ToString::to_string).collect::<Vec<_>>(),
            })
        });
        entries.collect()
    }
}

impl Operation {
    fn word(self) -> &'static str {
        match self {
            Self::Apply => "Apply",
            Self::Update => "Update",
        }
    }
}

impl fmt::Display for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.name)
    }
}

fn decode(entry: &Value) -> Option<(Manager, ManagedFieldsEntry)> {
    let text = |field: &str| entry.get(field)?.as_str().map(str::to_owned);
    let operation = match text("operation")?.as_str() {
        "Apply" => Operation::Apply,
        "Update" => Operation::Update,
        _ => return None,
    };
    let manager = Manager { name: text("manager")?, operation };
    let fields = FieldSet::from_json(entry.get("fieldsV1")?);
    let time = text("time").unwrap_or_default();
    Some((manager, ManagedFieldsEntry { api_version: text("apiVersion")?, time, fields }))
}

#[cfg(test)]
#[expect(clippy::needless_pass_by_value, reason = "tables read better without borrows")]
mod tests {
    use super::*;

    fn entry(manager: &str, operation: &str, time: &str) -> Value {
        json!({
            "manager": manager, "operation": operation, "apiVersion": "v1", "time": time,
            "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {}},
        })
    }

    #[test]
    fn managers_are_sorted_by_operation_and_age() {
        let sorted = json!([
            entry("z", "Apply", "2026-01-02T00:00:00Z"),
            entry("a", "Apply", "2026-01-03T00:00:00Z"),
            entry("z", "Update", "2026-01-01T00:00:00Z"),
        ]);
        let mut object = json!({"metadata": {"managedFields": sorted.clone()}});
        object["metadata"]["managedFields"].as_array_mut().unwrap().reverse();
        assert_eq!(Managers::of(&object).to_json(), sorted);
    }

    #[test]
    fn managed_fields_can_be_sent_reset_or_left_out() {
        #[track_caller]
        fn check(sent: Value, expected: Option<bool>) {
            let object = json!({"metadata": {"managedFields": sent}});
            let is_empty = Managers::sent_in(&object).map(|managers| managers.is_empty());
            assert_eq!(is_empty, expected);
        }
        check(json!(null), None);
        check(json!([]), Some(true));
        check(json!([{}]), Some(true));
        check(json!([entry("a", "Apply", "")]), Some(false));
        check(json!([{"manager": "nonsense"}]), None);
    }
}
