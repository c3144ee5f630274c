//! The identity of an object, which follows from its state.

use super::{catch_panic, resource::AnyResource};
use crate::{Diagnostic, Diagnostics, Value};

/// The identity, unless the resource has none or parts of it are not known yet.
///
/// Terraform accepts an identity that is missing, but none with holes. What goes wrong here is told as a
/// warning: an error would taint an object that is in order.
pub(crate) fn identify<C>(
    resource: &dyn AnyResource<C>,
    state: &Value,
    found: &mut Diagnostics,
) -> Option<Value> {
    let declaration = resource.declaration();
    if declaration.identity.is_none() || state.is_null() {
        return None;
    }
    let identity =
        catch_panic(&format!("identify {}", declaration.name), || resource.identity(state));
    let identity = identity.unwrap_or_else(|bug| {
        found.extend(bug.into_iter().map(Diagnostic::as_warning));
        None
    });
    identity.filter(Value::is_wholly_known)
}

/// An identity as a message shows it: `region = "a", id = "b"`, without what is null.
pub(super) fn shown(identity: &Value) -> String {
    let Value::Map(attributes) = identity else { return String::new() };
    let shown =
        attributes.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| match value {
            Value::String(text) => format!("{name} = {text:?}"),
            Value::Number(number) => format!("{name} = {number}"),
            Value::Bool(flag) => format!("{name} = {flag}"),
            _ => format!("{name} = …"),
        });
    shown.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        Json,
        lifecycle::Typed,
        testkit::{All, Store, Thing, lean, thing},
    };

    #[expect(
        clippy::needless_pass_by_value,
        reason = "a table of `json!` reads better than of `&json!`"
    )]
    #[track_caller]
    fn check(state: Json, expected: Json, warns: &str) {
        let mut found = Diagnostics::new();
        let resource = Typed::<Thing>::resource();
        let identity = identify::<Store>(&resource, &thing(state), &mut found);
        assert_eq!(identity.map_or(Json::Null, |identity| lean(&identity)), expected);
        assert_eq!((found.to_string().as_str(), found.has_errors()), (warns, false));
    }

    #[test]
    fn identity_is_known_with_the_state() {
        check(json!({"id": "1", "name": "a"}), json!({"id": "1", "name": "a"}), "");
        // What else is unknown does not matter.
        check(
            json!({"id": "1", "name": "a", "revision": "?"}),
            json!({"id": "1", "name": "a"}),
            "",
        );
    }

    #[test]
    fn none_while_parts_are_unknown() {
        check(json!({"id": "?", "name": "a"}), json!(null), "");
        check(json!({"id": "1", "name": "?"}), json!(null), "");
        check(json!({"name": "a"}), json!(null), "");
        check(json!(null), json!(null), "");
    }

    #[test]
    fn panic_in_identity_keeps_the_object() {
        check(json!({"id": "panic", "name": "a"}), json!(null), "the provider has a bug");
    }

    #[test]
    fn none_where_none_is_declared() {
        let mut found = Diagnostics::new();
        let state = Value::map([("name", "a".into())]);
        assert_eq!(identify::<()>(&Typed::<All>::resource(), &state, &mut found), None);
        assert_eq!(found, Diagnostics::new());
    }

    #[test]
    fn a_message_shows_it_in_order() {
        let identity = Value::map([("b", 1.into()), ("a", "x".into()), ("c", Value::Null)]);
        assert_eq!(shown(&identity), "a = \"x\", b = 1");
    }
}
