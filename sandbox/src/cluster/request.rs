//! The request that handlers receive, and the response that they return.

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Query, Request},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;

use super::{
    resource::Resource,
    status::{Cause, Reason, Status},
};
use crate::faults::Fault;

/// A real server refuses larger bodies too.
const MAX_BODY: usize = 3 * 1024 * 1024;

/// A request that has been read.
#[derive(Debug)]
pub(super) struct ApiRequest {
    pub(super) method: Method,
    pub(super) path: String,
    query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    body: Bytes,
    /// RFC 3339, the clock is not read again.
    pub(super) now: String,
}

/// A response, sent as it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ApiResponse {
    pub(super) code: u16,
    content_type: &'static str,
    text: String,
    warnings: Vec<String>,
}

impl ApiRequest {
    pub(super) async fn read(request: Request, now: String) -> Result<Self, Status> {
        let (parts, body) = request.into_parts();
        // Some clients begin the query with an empty pair (`?&watch=true`).
        let query = Query::try_from_uri(&parts.uri).map(|Query(pairs)| pairs);
        let body = to_bytes(body, MAX_BODY).await.map_err(|error| too_large(&error))?;
        Ok(Self {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: query.map_err(|error| Status::bad_request(error.to_string()))?,
            headers: parts.headers,
            body,
            now,
        })
    }

    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find_map(|(key, value)| (key == name).then_some(value.as_str()))
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.param(name).is_some_and(|value| value == "true" || value == "1")
    }

    pub(super) fn bearer(&self) -> Option<&str> {
        self.header(header::AUTHORIZATION)?.strip_prefix("Bearer ")
    }

    pub(super) fn accept(&self) -> &str {
        self.header(header::ACCEPT).unwrap_or_default()
    }

    /// The content type without its parameters.
    pub(super) fn content_type(&self) -> &str {
        let full = self.header(header::CONTENT_TYPE).unwrap_or_default();
        full.split_once(';').map_or(full, |(kind, _)| kind).trim()
    }

    fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The field manager of a change: as the caller asks, or the name of its program.
    pub(super) fn manager(&self) -> &str {
        let program = || self.header(header::USER_AGENT)?.split('/').next();
        let named = self.param("fieldManager").filter(|name| !name.is_empty());
        named.or_else(program).filter(|name| !name.is_empty()).unwrap_or("unknown")
    }

    /// Whether the change is not to be stored.
    pub(super) fn dry_run(&self) -> Result<bool, Status> {
        match self.param("dryRun") {
            None | Some("") => Ok(false),
            Some("All") => Ok(true),
            Some(other) => Err(self.invalid_option(not_supported("dryRun", other, &["All"]))),
        }
    }

    /// Refuses an option of this request, under the name that its method's options have.
    pub(super) fn invalid_option(&self, cause: Cause) -> Status {
        let options = match self.method {
            Method::POST => "CreateOptions",
            Method::PUT => "UpdateOptions",
            Method::PATCH => "PatchOptions",
            _ => "DeleteOptions",
        };
        Status::invalid_options(options, cause)
    }

    /// The body, or nothing if there is none or it is not JSON: for the log.
    pub(super) fn body_or_null(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(super) fn has_body(&self) -> bool {
        !self.body.is_empty()
    }

    pub(super) fn json(&self) -> Result<Value, Status> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Status::bad_request(format!("the body is not JSON, which is all that is read: {error}"))
        })
    }

    /// The body as an object of the kind that the path names.
    pub(super) fn object(&self, resource: &Resource) -> Result<Value, Status> {
        let object = self.json()?;
        let text = |field: &str| object.get(field).and_then(Value::as_str).unwrap_or_default();
        let (version, kind) = (text("apiVersion"), text("kind"));
        if kind.is_empty() {
            return Err(Status::bad_request("Object 'Kind' is missing in the body"));
        }
        if version != resource.api_version() {
            return Err(Status::bad_request(format!(
                "the API version in the data ({version}) does not match the expected API version \
                 ({})",
                resource.api_version()
            )));
        }
        if kind != resource.kind {
            return Err(Status::bad_request(format!(
                "{kind} in version \"{}\" cannot be handled as a {}",
                resource.version, resource.kind
            )));
        }
        Ok(object)
    }
}

/// The cause for an option with an unknown value.
pub(super) fn not_supported(field: &str, value: &str, known: &[&str]) -> Cause {
    let known: Vec<_> = known.iter().map(|value| format!("\"{value}\"")).collect();
    Cause {
        reason: Reason::NotSupported,
        field: field.to_owned(),
        message: format!("Unsupported value: \"{value}\": supported values: {}", known.join(", ")),
    }
}

fn too_large(error: &axum::Error) -> Status {
    Status::bad_request(format!("the body cannot be read: {error}"))
}

impl ApiResponse {
    pub(super) fn ok(body: &Value) -> Self {
        Self::json(200, body)
    }

    pub(super) fn created(body: &Value) -> Self {
        Self::json(201, body)
    }

    pub(super) fn text(code: u16, text: &str) -> Self {
        let content_type = "text/plain; charset=utf-8";
        Self { code, content_type, text: text.to_owned(), warnings: Vec::new() }
    }

    /// No such path: a real server says this in plain text, not with a `Status`.
    pub(super) fn no_such_path() -> Self {
        Self::text(404, "404 page not found\n")
    }

    pub(super) fn json(code: u16, body: &Value) -> Self {
        let content_type = "application/json";
        Self { code, content_type, text: body.to_string(), warnings: Vec::new() }
    }

    /// For a request that gets no response.
    pub(super) fn none() -> Self {
        Self::text(0, "")
    }

    pub(super) fn of_type(self, content_type: &'static str) -> Self {
        Self { content_type, ..self }
    }

    /// Adds what a fault adds.
    pub(super) fn enlarge(&mut self, fault: &Fault) {
        fault.enlarge(&mut self.text);
    }

    /// Adds what kubectl prints as `Warning: …`.
    pub(super) fn with_warnings(self, warnings: Vec<String>) -> Self {
        Self { warnings, ..self }
    }
}

impl From<&Status> for ApiResponse {
    fn from(status: &Status) -> Self {
        Self::json(status.code, &status.to_json())
    }
}

impl IntoResponse for ApiResponse {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.text));
        *response.status_mut() =
            StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if self.code == 429 {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        for warning in self.warnings {
            let text = format!("299 - {warning:?}");
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.append(header::WARNING, value);
            }
        }
        response
    }
}
