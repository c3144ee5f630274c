//! `ReadResource`: what is there now, in the words that state already has.

use super::{
    AnyResource, Operation, Surroundings, apply::left_unknown, operation::perform, same::respell,
    settle::settle,
};
use crate::{Diagnostics, Path, Value};

/// What is there now.
pub(crate) struct Read {
    /// Null when the object is gone, and the old state when it could not be read.
    pub(crate) state: Value,
    pub(crate) private: Vec<u8>,
    pub(crate) diagnostics: Diagnostics,
}

/// Reads one object.
pub(crate) async fn read<C>(
    resource: &dyn AnyResource<C>,
    state: Value,
    private: Vec<u8>,
    around: &Surroundings<C>,
) -> Read {
    if state.is_null() {
        return Read { state, private, diagnostics: Diagnostics::new() };
    }
    let object = &resource.declared().object;
    let outcome = perform(resource, Operation::Read(state.clone()), private, around).await;
    let mut diagnostics = outcome.warnings;
    let state = match outcome.result {
        Ok(None) => Value::Null,
        Ok(Some(seen)) => {
            let mut unknown = Vec::new();
            let seen = respell(object, &seen, &state);
            let seen = settle(object, &seen, &Path::root(), &mut unknown);
            diagnostics.extend(unknown.into_iter().map(left_unknown));
            seen
        }
        Err(errors) => {
            diagnostics.extend(errors);
            state
        }
    };
    Read { state, private: outcome.private, diagnostics }
}
