//! `ImportResourceState`: from the name of an object to a state that can be read.

use super::{
    OperationEnv,
    identity::{identify, shown},
    operation::perform,
    resource::{AnyResource, Operation},
    unknowns::without_unknowns,
};
use crate::{Diagnostic, Diagnostics, Import, Path, Value};

/// What was found.
pub(crate) struct Imported {
    pub(crate) state: Option<Value>,
    pub(crate) identity: Option<Value>,
    pub(crate) private: Vec<u8>,
    pub(crate) diagnostics: Diagnostics,
}

/// Finds the object with this id or identity. Terraform reads it right after.
pub(crate) async fn import<C>(
    resource: &dyn AnyResource<C>,
    what: Import<Value>,
    env: &OperationEnv<C>,
) -> Imported {
    let declaration = resource.declaration();
    let (nothing, asked) = match &what {
        Import::Id(id) => (nothing_called(declaration.name, id, "id"), None),
        Import::Identity(asked) => {
            (nothing_called(declaration.name, &shown(asked), "identity"), Some(asked.clone()))
        }
    };
    let outcome = perform(resource, Operation::Import(what), Vec::new(), env).await;
    let mut diagnostics = outcome.warnings;
    let state = match outcome.result {
        // What is unknown here, the read that follows fills in.
        Ok(Some(seen)) => {
            Some(without_unknowns(&declaration.object, &seen, &Path::root(), &mut Vec::new()))
        }
        Ok(None) => {
            diagnostics.push(nothing);
            None
        }
        Err(errors) => {
            diagnostics.extend(errors);
            None
        }
    };
    // Who asked by identity gets one back, be it the one that was asked for.
    let identity =
        state.as_ref().and_then(|state| identify(resource, state, &mut diagnostics)).or(asked);
    Imported { state, identity, private: outcome.private, diagnostics }
}

fn nothing_called(name: &str, called: &str, what: &str) -> Diagnostic {
    Diagnostic::error(format!("could not import {name} `{called}`"))
        .detail(format!("No object has this {what}."))
        .remedy(format!(
            "compare the {what} with the form that the resource's page shows, and the region with \
             that of the provider."
        ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        Json,
        lifecycle::Typed,
        testkit::{Thing, env, lean, thing, value},
    };

    async fn imported(what: Import<Value>) -> Imported {
        let env = env();
        let remote = json!({"id": "1", "name": "a", "note": "n", "port": 1, "revision": 3});
        let remote: Thing = crate::Field::decode(thing(remote)).unwrap();
        env.client.things().insert("1".to_owned(), remote);
        import(&Typed::<Thing>::resource(), what, &env).await
    }

    fn identity(json: Json) -> Import<Value> {
        Import::Identity(value(json))
    }

    #[tokio::test]
    async fn an_import_is_known_and_holds_nothing_write_only() {
        for what in [Import::Id("1".to_owned()), identity(json!({"id": "1", "name": null}))] {
            let imported = imported(what).await;
            assert_eq!(imported.diagnostics, Diagnostics::new());
            let state = imported.state.unwrap();
            assert!(state.is_wholly_known());
            assert_eq!(lean(&state), json!({"id": "1", "name": "a", "note": "n", "port": 1}));
            assert_eq!(lean(&imported.identity.unwrap()), json!({"id": "1", "name": "a"}));
        }
    }

    #[tokio::test]
    async fn import_by_identity_returns_identity() {
        let imported = imported(identity(json!({"id": "1", "name": "vague"}))).await;
        assert_eq!(imported.state.unwrap().get("id"), &Value::Null);
        assert_eq!(lean(&imported.identity.unwrap()), json!({"id": "1", "name": "vague"}));
    }

    #[tokio::test]
    async fn import_of_missing_object_is_an_error() {
        for (what, says) in [
            (Import::Id("x".to_owned()), "could not import thing `x`"),
            (identity(json!({"id": "x", "name": null})), "could not import thing `id = \"x\"`"),
            (identity(json!({"id": null})), "id: invalid value of `id`"),
        ] {
            let imported = imported(what).await;
            assert_eq!(imported.state, None);
            assert_eq!(imported.diagnostics.to_string(), says);
        }
    }
}
