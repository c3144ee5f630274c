//! `UpgradeResourceState` and `UpgradeResourceIdentity`: stored JSON of any earlier version in, a value of the
//! current schema out.
//!
//! Terraform always asks for a state, also when the version is the current one.

use super::{Declaration, catch_panic, unknowns::without_unknowns};
use crate::{Diagnostic, Json, Path, Result, Value, value::json};

/// Brings a stored `what`, state or identity, to the current schema.
pub(crate) fn upgrade(
    declaration: &Declaration,
    what: &str,
    version: i64,
    stored: &[u8],
) -> Result<Value> {
    let unreadable =
        || Diagnostic::error(format!("cannot read the stored {what} of {}", declaration.name));
    let steps =
        usize::try_from(version).ok().and_then(|version| declaration.upgrades.get(version..));
    let steps = steps.filter(|_| version <= declaration.version).ok_or_else(|| {
        unreadable()
            .detail(format!(
                "It has version {version}, and this provider knows versions 0 to {}.",
                declaration.version
            ))
            .remedy("use the version of the provider that wrote it, or a later one.")
    })?;
    if steps.is_empty() {
        return conform(declaration, stored);
    }
    let mut value: Json = serde_json::from_slice(stored)
        .map_err(|error| unreadable().detail(format!("It is not valid JSON: {error}")))?;
    for step in steps {
        value =
            catch_panic(&format!("upgrade the {what} of {}", declaration.name), || step(value))??;
    }
    conform(declaration, value.to_string().as_bytes())
}

/// Reads JSON of the current version. Across versions Terraform leaves it to us to drop what the schema has
/// no longer.
pub(super) fn conform(declaration: &Declaration, stored: &[u8]) -> Result<Value> {
    let value = json::decode_state(stored, &declaration.ty)?;
    Ok(without_unknowns(&declaration.object, &value, &Path::root(), &mut Vec::new()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        lifecycle::{Component, Typed},
        testkit::{Thing, lean},
    };

    fn upgraded(version: i64, stored: &Json) -> Result<Value> {
        let resource = Typed::<Thing>::resource();
        upgrade(resource.declaration(), "state", version, stored.to_string().as_bytes())
    }

    #[test]
    fn the_same_version_drops_what_is_unknown_and_adds_null() {
        let stored =
            json!({"id": "1", "name": "a", "doors": [{"width": 1, "colour": "red"}], "gone": 1});
        let state = upgraded(2, &stored).unwrap();
        assert_eq!(lean(&state), json!({"id": "1", "name": "a", "doors": [{"width": 1}]}));
        assert!(matches!(&state, Value::Map(map) if map.contains_key("note")));
    }

    #[test]
    fn older_versions_go_through_every_step() {
        let oldest = json!({"id": "1", "title": "a", "notes": ["b", "c"]});
        assert_eq!(
            lean(&upgraded(0, &oldest).unwrap()),
            json!({"id": "1", "name": "a", "note": "b c"})
        );
        let older = json!({"id": "1", "name": "a", "notes": ["b"], "title": "other"});
        assert_eq!(
            lean(&upgraded(1, &older).unwrap()),
            json!({"id": "1", "name": "a", "note": "b"})
        );
    }

    #[test]
    fn upgraded_state_has_null_for_write_only() {
        let state = upgraded(2, &json!({"name": "a", "secret": "s"})).unwrap();
        assert_eq!(state.get("secret"), &Value::Null);
    }

    #[test]
    fn an_identity_has_versions_of_its_own() {
        let resource = Typed::<Thing>::resource();
        let identity = resource.declaration().identity.as_ref().unwrap();
        let upgraded = |version, stored: &Json| {
            upgrade(identity, "identity", version, stored.to_string().as_bytes())
        };
        let expected = json!({"id": "1", "name": "a"});
        assert_eq!(lean(&upgraded(0, &json!({"key": "1", "name": "a"})).unwrap()), expected);
        assert_eq!(lean(&upgraded(1, &json!({"id": "1", "name": "a"})).unwrap()), expected);
        let error = upgraded(2, &json!({})).unwrap_err();
        assert_eq!(error.to_string(), "cannot read the stored identity of thing");
    }

    #[test]
    fn err_state_that_cannot_be_upgraded() {
        #[track_caller]
        fn check(version: i64, stored: &Json, expected: &str) {
            assert_eq!(upgraded(version, stored).unwrap_err().to_string(), expected);
        }
        check(3, &json!({"name": "a"}), "cannot read the stored state of thing");
        check(-1, &json!({"name": "a"}), "cannot read the stored state of thing");
        check(1, &json!({"name": "a"}), "notes are missing");
        // The first step expects an object.
        check(0, &json!([]), "the provider has a bug");
        check(2, &json!({"name": {}}), "name: invalid value of `name`");
        let resource = Typed::<Thing>::resource();
        let no_json = upgrade(resource.declaration(), "state", 0, b"{");
        assert_eq!(no_json.unwrap_err().to_string(), "cannot read the stored state of thing");
        assert!(upgrade(resource.declaration(), "state", 2, b"{").is_err());
    }
}
