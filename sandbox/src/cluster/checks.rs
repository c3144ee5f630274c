//! The checks of a policy before it is stored: names, preconditions, known fields, valid values.

use axum::http::Method;
use serde_json::Value;

use super::{
    metadata::{self, NameRule},
    request::{ApiRequest, not_supported},
    resource::POLICIES,
    schema::Schema,
    status::{Cause, Status},
};

/// Sets namespace and name from the path; an object with other ones is refused.
pub(super) fn set_location(
    object: &mut Value,
    namespace: &str,
    name: Option<&str>,
) -> Result<(), Status> {
    let sent = metadata::text(object, "namespace");
    if !sent.is_empty() && sent != namespace {
        return Err(Status::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    metadata::set(object, "namespace", namespace);
    let Some(name) = name else { return Ok(()) };
    let sent = metadata::text(object, "name");
    if !sent.is_empty() && sent != name {
        return Err(Status::bad_request(format!(
            "the name of the object ({sent}) does not match the name on the URL ({name})"
        )));
    }
    metadata::set(object, "name", name);
    Ok(())
}

/// Checks the uid and the version that the caller expects, if it sends any.
pub(super) fn check_preconditions(live: Option<&Value>, sent: &Value) -> Result<(), Status> {
    let conflict = |why: &str| Err(Status::conflict(&POLICIES, metadata::text(sent, "name"), why));
    let (uid, version) = (metadata::text(sent, "uid"), metadata::text(sent, "resourceVersion"));
    let Some(live) = live else {
        if uid.is_empty() {
            return Ok(());
        }
        return conflict(&format!(
            "uid mismatch: the provided object specified uid {uid}, and no existing object was found"
        ));
    };
    let live_uid = metadata::text(live, "uid");
    if !uid.is_empty() && uid != live_uid {
        return conflict(&format!(
            "Precondition failed: UID in precondition: {uid}, UID in object meta: {live_uid}"
        ));
    }
    if !version.is_empty() && version != metadata::text(live, "resourceVersion") {
        return conflict(
            "the object has been modified; please apply your changes to the latest version and \
             try again",
        );
    }
    Ok(())
}

/// Removes unknown fields and does what `fieldValidation` asks: refuse, warn or ignore. Returns the
/// warnings.
pub(super) fn unknown_fields(
    schema: &Schema,
    request: &ApiRequest,
    object: &mut Value,
) -> Result<Vec<String>, Status> {
    let sent = object.to_string();
    let unknown = schema.prune(object);
    let unknown: Vec<_> =
        unknown.into_iter().map(|field| format!("unknown field \"{field}\"")).collect();
    match request.param("fieldValidation").unwrap_or("Warn") {
        "Strict" if !unknown.is_empty() => {
            let why = format!("strict decoding error: {}", unknown.join(", "));
            Err(if request.method == Method::PATCH {
                Status::invalid_patch(Cause::invalid("patch", &sent.into(), &why))
            } else {
                Status::bad_request(format!(
                    "{0} in version \"{1}\" cannot be handled as a {0}: {why}",
                    POLICIES.kind, POLICIES.version
                ))
            })
        }
        "Strict" | "Ignore" => Ok(Vec::new()),
        "Warn" => Ok(unknown),
        other => {
            let known = ["Ignore", "Strict", "Warn"];
            Err(request.invalid_option(not_supported("fieldValidation", other, &known)))
        }
    }
}

/// Whether a policy may be stored in place of `live`.
pub(super) fn validate(
    schema: &Schema,
    live: Option<&Value>,
    policy: &Value,
) -> Result<(), Status> {
    let mut causes = metadata::validate(policy, NameRule::Subdomain);
    causes.extend(schema.validate(policy));
    if live.is_some_and(|live| metadata::is_being_deleted(live) && adds_finalizers(live, policy)) {
        let why = "no new finalizers can be added if the object is being deleted";
        causes.push(Cause::forbidden("metadata.finalizers", why));
    }
    if causes.is_empty() {
        return Ok(());
    }
    Err(Status::invalid(&POLICIES, metadata::text(policy, "name"), &causes))
}

fn adds_finalizers(live: &Value, policy: &Value) -> bool {
    let finalizers = |object| metadata::get(object, "finalizers").and_then(Value::as_array);
    let is_known = |finalizer| finalizers(live).is_some_and(|known| known.contains(finalizer));
    finalizers(policy).into_iter().flatten().any(|finalizer| !is_known(finalizer))
}
