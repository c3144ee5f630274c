//! The namespace lifecycle admission plugin: which objects may be created where.

use super::{
    State, metadata,
    resource::{NAMESPACES, Resource},
    status::{Cause, Reason, Status},
};

/// Refuses a new object whose namespace does not exist or is being deleted.
pub(super) fn admit(
    state: &State,
    namespace: &str,
    resource: &Resource,
    name: &str,
) -> Result<(), Status> {
    let found = state.namespaces.get(namespace);
    let found = found.ok_or_else(|| Status::not_found(&NAMESPACES, namespace))?;
    if !metadata::is_being_deleted(found) {
        return Ok(());
    }
    let why = format!(
        "unable to create new content in namespace {namespace} because it is being terminated"
    );
    let cause = Cause {
        reason: Reason::NamespaceTerminating,
        field: "metadata.namespace".to_owned(),
        message: format!("namespace {namespace} is being terminated"),
    };
    Err(Status::forbidden(resource, name, &why, &[cause]))
}
