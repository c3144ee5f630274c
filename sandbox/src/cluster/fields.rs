//! Sets of fields, in memory and as `managedFields` writes them (`FieldsV1`).

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde_json::{Map, Value};

/// The path from the root of an object to one of its fields, by names.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Path(Vec<String>);

impl Path {
    pub(super) fn child(&self, name: &str) -> Self {
        let mut names = self.0.clone();
        names.push(name.to_owned());
        Self(names)
    }

    pub(super) fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The path itself and every path above it, without the root.
    fn lineage(&self) -> impl Iterator<Item = Self> {
        (1..=self.0.len()).map(|depth| Self(self.0.iter().take(depth).cloned().collect()))
    }
}

impl<'a> FromIterator<&'a str> for Path {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        Self(names.into_iter().map(str::to_owned).collect())
    }
}

/// As Kubernetes writes it in conflicts: `.spec.securityGroups.groupIds`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|name| write!(f, ".{name}"))
    }
}

/// A set of fields.
///
/// A field can be a member without those below it, and those below it without the field itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FieldSet(BTreeSet<Path>);

impl FieldSet {
    pub(super) fn insert(&mut self, path: Path) {
        self.0.insert(path);
    }

    pub(super) fn contains(&self, path: &Path) -> bool {
        self.0.contains(path)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Path> {
        self.0.iter()
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        Self(&self.0 | &other.0)
    }

    pub(super) fn intersection(&self, other: &Self) -> Self {
        Self(&self.0 & &other.0)
    }

    pub(super) fn difference(&self, other: &Self) -> Self {
        Self(&self.0 - &other.0)
    }

    pub(super) fn retain(&mut self, keep: impl FnMut(&Path) -> bool) {
        self.0.retain(keep);
    }

    /// The set with everything above its members: who owns a field also holds what contains it.
    pub(super) fn with_parents(&self) -> Self {
        Self(self.0.iter().flat_map(Path::lineage).collect())
    }

    /// Writes `FieldsV1`: `{"f:spec":{".":{},"f:podSelector":{}}}`.
    pub(super) fn to_json(&self) -> Value {
        let mut tree = Tree::default();
        for path in &self.0 {
            tree.insert(path.names());
        }
        tree.to_json()
    }

    /// Reads `FieldsV1`; items of lists (`k:`, `v:`, `i:`) are not kept, for lists here are atomic.
    pub(super) fn from_json(fields: &Value) -> Self {
        let mut set = Self::default();
        set.read(&Path::default(), fields);
        set
    }

    fn read(&mut self, path: &Path, fields: &Value) {
        let Some(fields) = fields.as_object() else { return };
        if !path.is_root() && (fields.is_empty() || fields.contains_key(".")) {
            self.insert(path.clone());
        }
        for (name, below) in fields {
            if let Some(name) = name.strip_prefix("f:") {
                self.read(&path.child(name), below);
            }
        }
    }
}

impl FromIterator<Path> for FieldSet {
    fn from_iter<I: IntoIterator<Item = Path>>(paths: I) -> Self {
        Self(paths.into_iter().collect())
    }
}

/// A set on its way to JSON.
#[derive(Default)]
struct Tree {
    is_member: bool,
    below: BTreeMap<String, Tree>,
}

impl Tree {
    fn insert<'a>(&mut self, mut names: impl Iterator<Item = &'a str>) {
        match names.next() {
            Some(name) => self.below.entry(name.to_owned()).or_default().insert(names),
            None => self.is_member = true,
        }
    }

    fn to_json(&self) -> Value {
        let mut json = Map::new();
        // A member with nothing below it is `{}`; the dot is needed only beside others.
        if self.is_member && !self.below.is_empty() {
            json.insert(".".to_owned(), Value::Object(Map::new()));
        }
        for (name, tree) in &self.below {
            json.insert(format!("f:{name}"), tree.to_json());
        }
        Value::Object(json)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{
        collection::{btree_set, vec},
        prelude::*,
    };
    use serde_json::json;

    use super::*;

    fn set(paths: &[&str]) -> FieldSet {
        paths.iter().map(|path| path.split('/').collect()).collect()
    }

    #[test]
    fn field_sets_are_written_as_fields_v1() {
        #[track_caller]
        fn check(paths: &[&str], expected: &Value) {
            assert_eq!(set(paths).to_json(), *expected);
            assert_eq!(FieldSet::from_json(expected), set(paths));
        }
        check(&[], &json!({}));
        check(&["spec/groupIds"], &json!({"f:spec": {"f:groupIds": {}}}));
        check(&["spec", "spec/a"], &json!({"f:spec": {".": {}, "f:a": {}}}));
        check(&["spec"], &json!({"f:spec": {}}));
        check(&["labels/a.b"], &json!({"f:labels": {"f:a.b": {}}}));
    }

    #[test]
    fn list_items_of_fields_v1_are_ignored() {
        let fields = json!({"f:metadata": {"f:finalizers": {".": {}, "v:\"x\"": {}}}});
        assert_eq!(FieldSet::from_json(&fields), set(&["metadata/finalizers"]));
    }

    #[test]
    fn with_parents_adds_every_parent() {
        assert_eq!(set(&["a/b/c", "d"]).with_parents(), set(&["a", "a/b", "a/b/c", "d"]));
    }

    #[test]
    fn path_is_displayed_with_dots() {
        let path: Path = ["spec", "podSelector", "matchLabels", "app"].into_iter().collect();
        assert_eq!(path.to_string(), ".spec.podSelector.matchLabels.app");
    }

    proptest! {
        #[test]
        fn field_sets_survive_a_round_trip(paths in btree_set(vec("[a-c.]{1,2}", 1..5), 0..12)) {
            let set: FieldSet = paths.into_iter().map(Path).collect();
            prop_assert_eq!(FieldSet::from_json(&set.to_json()), set);
        }
    }
}
