//! Errors of Kubernetes: the `Status` object and its causes.

use std::{borrow::Cow, fmt};

use serde_json::{Value, json};

use super::resource::Resource;

/// A failed request, before it is JSON.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Status {
    pub(super) code: u16,
    /// The reason for programs; empty where a real server has none either.
    pub(super) reason: Cow<'static, str>,
    pub(super) message: String,
    details: Value,
}

/// One thing wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cause {
    pub(super) reason: Reason,
    pub(super) field: String,
    pub(super) message: String,
}

/// The type of a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    FieldManagerConflict,
    Forbidden,
    Invalid,
    NamespaceTerminating,
    NotSupported,
    Required,
    TooMany,
    TypeInvalid,
    UnexpectedServerResponse,
}

impl Status {
    /// The object does not exist.
    pub(super) fn not_found(resource: &Resource, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", resource.qualified());
        Self::about(404, "NotFound", message, resource, name)
    }

    pub(super) fn already_exists(resource: &Resource, name: &str) -> Self {
        let message = format!("{} \"{name}\" already exists", resource.qualified());
        Self::about(409, "AlreadyExists", message, resource, name)
    }

    pub(super) fn forbidden(resource: &Resource, name: &str, why: &str, causes: &[Cause]) -> Self {
        let message = format!("{} \"{name}\" is forbidden: {why}", resource.qualified());
        Self::about(403, "Forbidden", message, resource, name).with_causes(causes)
    }

    /// The object exists, but is not the one that the caller means.
    pub(super) fn conflict(resource: &Resource, name: &str, why: &str) -> Self {
        let message =
            format!("Operation cannot be fulfilled on {} \"{name}\": {why}", resource.qualified());
        Self::about(409, "Conflict", message, resource, name)
    }

    /// As [`Status::conflict`], as a failed precondition of a deletion says it.
    pub(super) fn conflict_by_kind(resource: &Resource, name: &str, why: &str) -> Self {
        let kind = resource.group_kind();
        let message = format!("Operation cannot be fulfilled on {kind} \"{name}\": {why}");
        let details =
            details(&[("name", name), ("group", resource.group), ("kind", resource.kind)]);
        Self { details, ..Self::new(409, "Conflict", message) }
    }

    /// Other managers own fields that apply would change; a real server does not say of what.
    pub(super) fn apply_conflict(message: String, causes: &[Cause]) -> Self {
        Self { details: json!({}), ..Self::new(409, "Conflict", message) }.with_causes(causes)
    }

    /// The object is not valid.
    pub(super) fn invalid(resource: &Resource, name: &str, causes: &[Cause]) -> Self {
        Self::invalid_kind(&resource.group_kind(), resource.group, resource.kind, name, causes)
    }

    /// An option of the request is not valid.
    pub(super) fn invalid_options(kind: &'static str, cause: Cause) -> Self {
        let group = "meta.k8s.io";
        Self::invalid_kind(&format!("{kind}.{group}"), group, kind, "", &[cause])
    }

    /// The patch does not lead to an object; a real server names no kind here.
    pub(super) fn invalid_patch(cause: Cause) -> Self {
        Self::invalid_kind("", "", "", "", &[cause])
    }

    fn invalid_kind(
        qualified: &str,
        group: &str,
        kind: &str,
        name: &str,
        causes: &[Cause],
    ) -> Self {
        let texts: Vec<_> = causes.iter().map(ToString::to_string).collect();
        let texts = match texts.as_slice() {
            [only] => only.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        let details = details(&[("name", name), ("group", group), ("kind", kind)]);
        let message = format!("{qualified} \"{name}\" is invalid: {texts}");
        Self { details, ..Self::new(422, "Invalid", message) }.with_causes(causes)
    }

    /// The patch cannot be applied to the object.
    pub(super) fn unprocessable(why: String) -> Self {
        let message = "the server rejected our request due to an error in our request".to_owned();
        let cause =
            Cause { reason: Reason::UnexpectedServerResponse, field: String::new(), message: why };
        Self { details: json!({}), ..Self::new(422, "Invalid", message) }.with_causes(&[cause])
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    pub(super) fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self { details: json!({}), ..Self::new(405, "MethodNotAllowed", message) }
    }

    /// The request needs a part of Kubernetes that the sandbox does not have.
    pub(super) fn not_served(what: &str) -> Self {
        Self::new(405, "MethodNotAllowed", format!("{what} is not served by the sandbox"))
    }

    pub(super) fn unsupported_media_type(accepted: &[&str]) -> Self {
        let accepted = accepted.join(", ");
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: \
             {accepted}"
        );
        Self::new(415, "UnsupportedMediaType", message)
    }

    pub(super) fn too_many_requests() -> Self {
        let message = "Too many requests, please try again later.";
        let details = json!({"retryAfterSeconds": 1});
        Self { details, ..Self::new(429, "TooManyRequests", message) }
    }

    pub(super) fn unavailable() -> Self {
        let message = "the server is currently unable to handle the request";
        Self { details: json!({}), ..Self::new(503, "ServiceUnavailable", message) }
    }

    /// An internal error of a real server: no reason, code 500.
    pub(super) fn internal_error(message: impl Into<String>) -> Self {
        Self::new(500, "", message)
    }

    fn about(code: u16, reason: &'static str, message: String, of: &Resource, name: &str) -> Self {
        let details = details(&[("name", name), ("group", of.group), ("kind", of.plural)]);
        Self { details, ..Self::new(code, reason, message) }
    }

    /// An error on demand; the code follows from the reason.
    pub(super) fn injected(reason: String, message: String) -> Self {
        let code = match reason.as_str() {
            "BadRequest" => 400,
            "Unauthorized" => 401,
            "Forbidden" => 403,
            "NotFound" => 404,
            "MethodNotAllowed" => 405,
            "AlreadyExists" | "Conflict" => 409,
            "Expired" | "Gone" => 410,
            "Invalid" => 422,
            "TooManyRequests" => 429,
            "ServiceUnavailable" => 503,
            "Timeout" => 504,
            _ => 500,
        };
        Self { code, reason: reason.into(), message, details: json!({}) }
    }

    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason: reason.into(), message: message.into(), details: Value::Null }
    }

    fn with_causes(mut self, causes: &[Cause]) -> Self {
        if let (Some(details), false) = (self.details.as_object_mut(), causes.is_empty()) {
            details.insert("causes".into(), causes.iter().map(Cause::to_json).collect());
        }
        self
    }

    pub(super) fn to_json(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "code": self.code,
        });
        if let Some(fields) = status.as_object_mut() {
            if !self.reason.is_empty() {
                fields.insert("reason".into(), self.reason.as_ref().into());
            }
            if !self.details.is_null() {
                fields.insert("details".into(), self.details.clone());
            }
        }
        status
    }
}

impl Cause {
    pub(super) fn required(field: impl Into<String>) -> Self {
        let message = "Required value".to_owned();
        Self { reason: Reason::Required, field: field.into(), message }
    }

    pub(super) fn invalid(field: impl Into<String>, value: &Value, why: &str) -> Self {
        let message = format!("Invalid value: {value}: {why}");
        Self { reason: Reason::Invalid, field: field.into(), message }
    }

    pub(super) fn forbidden(field: impl Into<String>, why: &str) -> Self {
        let message = format!("Forbidden: {why}");
        Self { reason: Reason::Forbidden, field: field.into(), message }
    }

    fn to_json(&self) -> Value {
        let mut cause = json!({"reason": self.reason.word(), "message": self.message});
        if let (Some(fields), false) = (cause.as_object_mut(), self.field.is_empty()) {
            fields.insert("field".into(), self.field.as_str().into());
        }
        cause
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

impl Reason {
    fn word(self) -> &'static str {
        match self {
            Self::FieldManagerConflict => "FieldManagerConflict",
            Self::Forbidden => "FieldValueForbidden",
            Self::Invalid => "FieldValueInvalid",
            Self::NamespaceTerminating => "NamespaceTerminating",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Required => "FieldValueRequired",
            Self::TooMany => "FieldValueTooMany",
            Self::TypeInvalid => "FieldValueTypeInvalid",
            Self::UnexpectedServerResponse => "UnexpectedServerResponse",
        }
    }
}

/// `StatusDetails` without its empty fields.
fn details(fields: &[(&str, &str)]) -> Value {
    let filled = fields.iter().filter(|(_, value)| !value.is_empty());
    Value::Object(filled.map(|(key, value)| ((*key).to_owned(), (*value).into())).collect())
}
