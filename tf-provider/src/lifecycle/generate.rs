//! `GenerateResourceConfig`: what a user would have written to get this state.

use super::{Declaration, semantic_equality::semantic_equals, traverse};
use crate::{
    Path, Value,
    schema::{Mode, Object},
};

/// The state without what the configuration cannot say, and what goes without saying.
pub(crate) fn generate(declaration: &Declaration, state: &Value) -> Value {
    let mut config = written(&declaration.object, state);
    for constraint in &declaration.constraints {
        constraint.choose(&mut config);
    }
    config
}

fn written(object: &Object, state: &Value) -> Value {
    traverse::attributes(object, state, [], |attribute, state, []| {
        let default = attribute.default.as_ref();
        match attribute.kind.objects() {
            _ if attribute.mode == Mode::Computed || attribute.write_only => Value::Null,
            _ if default.is_some_and(|default| semantic_equals(attribute, default, state)) => {
                Value::Null
            }
            Some((nesting, object)) => {
                traverse::objects(nesting, state, [], &Path::root(), |state, [], _| {
                    written(object, state)
                })
            }
            None => state.clone(),
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{
        Json, Model,
        lifecycle::{
            Component, Typed,
            plan::{plan, propose},
        },
        testkit::{All, Thing, Unknown, answer, any_config, full, lean, thing, value},
    };

    fn generated(state: Json) -> Json {
        lean(&generate(Typed::<Thing>::resource().declaration(), &thing(state)))
    }

    #[test]
    fn generated_config_omits_computed_defaulted_and_write_only() {
        let state = json!({
            "id": "1", "name": "a", "note": "none", "port": 443, "revision": 1, "slug": "a",
            "secret": "s", "doors": [{"width": 1, "key": "k"}], "zone": "z",
        });
        let config = json!({"name": "a", "port": 443, "doors": [{"width": 1}], "zone": "z"});
        assert_eq!(generated(state), config);
    }

    #[test]
    fn generated_config_has_one_of_conflicting_attributes() {
        let state = json!({"name": "a", "peer": "::1", "peers": ["::2"]});
        assert_eq!(generated(state), json!({"name": "a", "peer": "::1"}));
    }

    #[test]
    fn generated_config_omits_equivalent_default() {
        let all = Typed::<All>::resource();
        let state = full(&All::object(), &value(json!({"name": "a", "protocol": "TCP"})));
        assert_eq!(lean(&generate(Component::declaration(&all), &state)), json!({"name": "a"}));
    }

    proptest! {
        #[test]
        fn a_plan_of_what_was_generated_is_empty(config in any_config(Unknown::Nothing)) {
            let all = Typed::<All>::resource();
            let object = All::object();
            let state = answer(&object, &propose(&object, &Value::Null, &config));
            let config = generate(Component::declaration(&all), &state);
            let planned = plan::<()>(&all, &state, &config, None);
            prop_assert_eq!(planned.state, state);
        }
    }
}
