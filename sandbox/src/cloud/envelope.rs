//! The envelope of every response, and the errors in it.

use std::{borrow::Cow, fmt};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::faults::Fault;

/// An error of the cloud: a code of its reference, and a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// For example `ResourceNotFound`.
    pub code: Cow<'static, str>,
    /// Which object, and what is wrong with it.
    pub message: String,
}

impl ApiError {
    pub(super) fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for ApiError {}

/// Puts an outcome into the envelope. Errors of the cloud have status 200 as well.
pub(crate) fn envelope(
    outcome: Result<Value, ApiError>,
    request_id: &str,
    fault: Option<&Fault>,
) -> Response {
    let mut content = match outcome {
        Ok(content) => content,
        Err(ApiError { code, message }) => json!({"Error": {"Code": code, "Message": message}}),
    };
    if let Some(fields) = content.as_object_mut() {
        fields.insert("RequestId".into(), request_id.into());
    }
    // Without exactly this type, with no charset, the Python SDK takes an error for a success.
    let json_type = HeaderValue::from_static("application/json");
    let mut content = content.to_string();
    if let Some(fault) = fault {
        fault.enlarge(&mut content);
    }
    let body = format!("{{\"Response\":{content}}}");
    (StatusCode::OK, [(header::CONTENT_TYPE, json_type)], body).into_response()
}
