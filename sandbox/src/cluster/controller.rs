//! The namespace controller: it empties a namespace that is being deleted, then removes it.

use super::{State, metadata, policies};

/// Runs after every write, so that a caller finds the work done with its next request.
pub(super) fn reconcile(state: &mut State, now: &str) {
    let terminating = state.namespaces.iter().filter(|(_, it)| metadata::is_being_deleted(it));
    let names: Vec<_> = terminating.map(|(name, _)| name.clone()).collect();
    for name in names {
        policies::delete_all(state, &name, now);
        if !state.policies.keys().any(|(namespace, _)| *namespace == name) {
            state.namespaces.remove(&name);
            state.revision += 1;
        }
    }
}
