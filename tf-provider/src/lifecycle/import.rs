//! `ImportResourceState`: from the name of an object to a state that can be read.

use super::{AnyResource, Operation, Surroundings, operation::perform, settle::settle};
use crate::{Diagnostic, Diagnostics, Path, Value};

/// What was found.
pub(crate) struct Imported {
    pub(crate) state: Option<Value>,
    pub(crate) private: Vec<u8>,
    pub(crate) diagnostics: Diagnostics,
}

/// Finds the object with this id. Terraform reads it right after.
pub(crate) async fn import<C>(
    resource: &dyn AnyResource<C>,
    id: String,
    around: &Surroundings<C>,
) -> Imported {
    let declared = resource.declared();
    let nothing = Diagnostic::error(format!("could not import {} `{id}`", declared.name)).detail(
        "No object has this id.\n\nWhat to do: compare the id with the form that the resource's page \
         shows, and the region with that of the provider.",
    );
    let outcome = perform(resource, Operation::Import(id), Vec::new(), around).await;
    let mut diagnostics = outcome.warnings;
    let state = match outcome.result {
        // What is unknown here, the read that follows fills in.
        Ok(Some(seen)) => Some(settle(&declared.object, &seen, &Path::root(), &mut Vec::new())),
        Ok(None) => {
            diagnostics.push(nothing);
            None
        }
        Err(errors) => {
            diagnostics.extend(errors);
            None
        }
    };
    Imported { state, private: outcome.private, diagnostics }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        lifecycle::Typed,
        sample::{Thing, around, lean, thing},
    };

    #[tokio::test]
    async fn an_import_is_known_and_holds_nothing_write_only() {
        let around = around();
        let remote = json!({"id": "1", "name": "a", "note": "n", "port": 1, "revision": 3});
        let remote: Thing = crate::Field::decode(thing(remote)).unwrap();
        around.client.things().insert("1".to_owned(), remote);
        let imported = import(&Typed::<Thing>::resource(), "1".to_owned(), &around).await;
        assert_eq!(imported.diagnostics, Diagnostics::new());
        let state = imported.state.unwrap();
        assert!(state.is_wholly_known());
        assert_eq!(lean(&state), json!({"id": "1", "name": "a", "note": "n", "port": 1}));
    }

    #[tokio::test]
    async fn what_is_not_there_cannot_be_imported() {
        let imported = import(&Typed::<Thing>::resource(), "x".to_owned(), &around()).await;
        assert_eq!(imported.state, None);
        insta::assert_snapshot!(imported.diagnostics, @"could not import thing `x`");
    }
}
