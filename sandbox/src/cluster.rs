//! The cluster side: an embedded Kubernetes API for the provider alone.
//!
//! It keeps the contract that the provider relies on: discovery, namespaces, and
//! `SecurityGroupPolicy` objects with server-side apply and field ownership, optimistic locks,
//! preconditions, validation, and errors in the words of a real API server (1.32).
//!
//! It differs from a real one on purpose:
//!
//! - JSON in and out: no YAML, no protobuf, no tables, so kubectl is not served.
//! - No watch (405) and no paging: `limit` and `continue` are ignored, and a list is complete.
//! - One bearer token, [`TOKEN`], that may do everything; there is no RBAC.
//! - Deletion takes effect at once, also of the policies of a namespace. An object with finalizers
//!   stays, marked for deletion, until the last of them is removed. `propagationPolicy` is accepted
//!   and changes nothing.
//! - The lists in `metadata` (finalizers, owners) have one owner each, not one per item.
//! - More than ten managers that update are not merged.
//! - An object that apply empties stays as `{}`, as newer servers do; older ones make it null.
//! - A repeated key in a JSON body is not detected.
//! - Namespaces can be read, created and deleted, but not updated. There is no other kind of object, no
//!   `generateName`, no deleting of whole collections, no schema at `/openapi`, no webhooks.
//!
//! What is not documented about the CRD of the add-on can be set: [`Crd`].
//!
//! The request log and the faults name a request by method and resource, for example
//! `PATCH securitygrouppolicies`, `GET namespaces`, `GET discovery` or `GET version`.

mod admission;
mod apply;
mod checks;
mod controller;
mod discovery;
mod fields;
mod managers;
mod metadata;
mod namespaces;
mod patch;
mod policies;
mod request;
mod resource;
mod schema;
mod selector;
mod status;

use std::{
    collections::BTreeMap,
    future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    extract::{self, Request},
    http::Method,
    response::{IntoResponse, Response},
    routing::any,
};
use jiff::Timestamp;
use serde_json::{Value, json};

pub use self::schema::Crd;
use self::{
    managers::Managers,
    policies::Key,
    request::{ApiRequest, ApiResponse},
    resource::{GROUP, NAMESPACES, POLICIES, VERSION},
    status::Status,
};
use crate::{
    faults::{Fault, Faults, close_connection, reflect},
    log::{Entry, Log, Side},
};

/// The bearer token that the cluster accepts.
pub const TOKEN: &str = "sandbox-token";

/// The Kubernetes API of one sandbox. Clones share it.
#[derive(Clone, Debug)]
pub struct Cluster {
    state: Arc<Mutex<State>>,
    log: Log,
    faults: Faults,
}

/// Everything in the cluster.
#[derive(Debug)]
struct State {
    /// Grows with every write; objects and lists carry it as `resourceVersion`.
    revision: u64,
    crd: Crd,
    namespaces: BTreeMap<String, Value>,
    policies: BTreeMap<Key, Value>,
}

impl Cluster {
    /// A cluster with its permanent namespaces and the CRD, nothing else.
    pub fn new(log: Log, faults: Faults) -> Self {
        Self { state: Arc::new(Mutex::new(State::new(0))), log, faults }
    }

    /// Serves `/api`, `/apis`, `/version`, `/healthz`, `/livez` and `/readyz`.
    pub fn router(&self) -> Router {
        let paths = [
            "/api",
            "/api/{*path}",
            "/apis",
            "/apis/{*path}",
            "/version",
            "/healthz",
            "/livez",
            "/readyz",
        ];
        let router =
            paths.into_iter().fold(Router::new(), |router, path| router.route(path, any(serve)));
        router.with_state(self.clone())
    }

    /// Creates a namespace unless it exists.
    pub fn seed_namespace(&self, name: &str) {
        self.locked(|state| namespaces::ensure(state, name, &clock()));
    }

    /// Installs or removes the `SecurityGroupPolicy` definition; removing it removes the policies.
    pub fn set_crd_installed(&self, installed: bool) {
        self.set_crd(Crd { installed, ..self.crd() });
    }

    /// Sets the form of the `SecurityGroupPolicy` definition.
    pub fn set_crd(&self, crd: Crd) {
        self.locked(|state| {
            state.crd = crd;
            if !crd.installed {
                state.policies.clear();
                controller::reconcile(state, &clock());
            }
        });
    }

    /// The form of the `SecurityGroupPolicy` definition.
    pub fn crd(&self) -> Crd {
        self.locked(|state| state.crd)
    }

    /// Everything in the cluster in canonical order, without what differs between two runs that
    /// did the same: two dumps are equal if nothing was changed in between, or all of it undone.
    pub fn dump(&self) -> Value {
        self.locked(|state| {
            json!({
                "crd": state.crd,
                "namespaces": state.namespaces.values().map(dump_namespace).collect::<Vec<_>>(),
                "policies": state.policies.values().map(dump_policy).collect::<Vec<_>>(),
            })
        })
    }

    /// Returns to the initial state. Versions go on, so that none is used twice.
    pub fn reset(&self) {
        self.locked(|state| *state = State::new(state.revision));
    }

    fn locked<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn new(revision: u64) -> Self {
        let mut state = Self {
            revision,
            crd: Crd::default(),
            namespaces: BTreeMap::new(),
            policies: BTreeMap::new(),
        };
        for name in namespaces::PERMANENT {
            namespaces::ensure(&mut state, name, &clock());
        }
        state
    }
}

/// What a path names.
#[derive(Clone, Copy, Debug)]
enum Target<'a> {
    Version,
    Health,
    CoreGroup,
    CoreResources,
    Groups,
    Group,
    Resources,
    Namespaces,
    Namespace(&'a str),
    Policies(Option<&'a str>),
    Policy(&'a str, &'a str),
    Nothing,
}

impl<'a> Target<'a> {
    fn of(path: &'a str) -> Self {
        let steps: Vec<_> = path.trim_matches('/').split('/').collect();
        match *steps.as_slice() {
            ["version"] => Self::Version,
            ["healthz" | "livez" | "readyz"] => Self::Health,
            ["api"] => Self::CoreGroup,
            ["api", "v1"] => Self::CoreResources,
            ["api", "v1", "namespaces"] => Self::Namespaces,
            ["api", "v1", "namespaces", name] => Self::Namespace(name),
            ["apis"] => Self::Groups,
            ["apis", GROUP] => Self::Group,
            ["apis", GROUP, VERSION] => Self::Resources,
            ["apis", GROUP, VERSION, plural] if plural == POLICIES.plural => Self::Policies(None),
            ["apis", GROUP, VERSION, "namespaces", namespace, plural]
                if plural == POLICIES.plural =>
            {
                Self::Policies(Some(namespace))
            }
            ["apis", GROUP, VERSION, "namespaces", namespace, plural, name]
                if plural == POLICIES.plural =>
            {
                Self::Policy(namespace, name)
            }
            _ => Self::Nothing,
        }
    }

    /// The name of the resource in the log and in faults.
    fn noun(&self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Health => "health",
            Self::Namespaces | Self::Namespace(_) => NAMESPACES.plural,
            Self::Policies(_) | Self::Policy(..) => POLICIES.plural,
            _ => "discovery",
        }
    }

    fn group(&self) -> &'static str {
        match self {
            Self::Group | Self::Resources | Self::Policies(_) | Self::Policy(..) => GROUP,
            _ => "",
        }
    }

    fn namespace(&self) -> &'a str {
        match self {
            Self::Namespace(name) | Self::Policies(Some(name)) | Self::Policy(name, _) => name,
            _ => "",
        }
    }

    /// Whether it needs no token.
    fn is_public(&self) -> bool {
        matches!(self, Self::Version | Self::Health)
    }

    /// Whether it exists only with the CRD.
    fn needs_crd(&self) -> bool {
        self.group() == GROUP
    }
}

async fn serve(extract::State(cluster): extract::State<Cluster>, request: Request) -> Response {
    let request = match ApiRequest::read(request, clock()).await {
        Ok(request) => request,
        Err(status) => return ApiResponse::from(&status).into_response(),
    };
    let target = Target::of(&request.path);
    let action = format!("{} {}", request.method, target.noun());
    let admitted = authenticate(&request, &target);
    // A request without the token does not use up the faults that are meant for the provider.
    let fault = admitted.as_ref().ok().and_then(|()| cluster.faults.next(&action));
    let result = match &fault {
        Some(Fault::Throttle) => Err(Status::too_many_requests()),
        Some(Fault::ServerError) => Err(Status::unavailable()),
        Some(Fault::Error { code, message }) => {
            Err(Status::injected(code.clone(), reflect(message, &request.headers)))
        }
        Some(Fault::NoResponse) => Ok(ApiResponse::none()),
        Some(Fault::Latency { milliseconds }) => {
            tokio::time::sleep(Duration::from_millis(*milliseconds)).await;
            cluster.locked(|state| dispatch(state, &request, &target))
        }
        Some(Fault::LostResponse | Fault::LargeResponse { .. }) | None => {
            admitted.and_then(|()| cluster.locked(|state| dispatch(state, &request, &target)))
        }
    };
    let mut response = result.as_ref().map_or_else(ApiResponse::from, Clone::clone);
    let code = if fault == Some(Fault::LostResponse) { 0 } else { response.code };
    cluster.log.push(Entry {
        service: target.group().to_owned(),
        scope: target.namespace().to_owned(),
        code: result.err().map(|status| status.reason.into_owned()),
        request: request.body_or_null(),
        ..Entry::new(Side::Cluster, action, code)
    });
    match fault {
        Some(Fault::NoResponse) => future::pending().await,
        Some(Fault::LostResponse) => close_connection(),
        Some(fault) => {
            response.enlarge(&fault);
            response.into_response()
        }
        None => response.into_response(),
    }
}

fn authenticate(request: &ApiRequest, target: &Target<'_>) -> Result<(), Status> {
    match request.bearer() {
        Some(TOKEN) => Ok(()),
        None if target.is_public() => Ok(()),
        _ => Err(Status::unauthorized()),
    }
}

fn dispatch(
    state: &mut State,
    request: &ApiRequest,
    target: &Target<'_>,
) -> Result<ApiResponse, Status> {
    let answer = handle(state, request, target)?;
    controller::reconcile(state, &request.now);
    Ok(answer)
}

fn handle(
    state: &mut State,
    request: &ApiRequest,
    target: &Target<'_>,
) -> Result<ApiResponse, Status> {
    if target.needs_crd() && !state.crd.installed {
        return Ok(ApiResponse::no_such_path());
    }
    match (&request.method, *target) {
        (_, Target::Nothing) => Ok(ApiResponse::no_such_path()),
        (&Method::GET, Target::Version) => Ok(discovery::version()),
        (&Method::GET, Target::Health) => Ok(ApiResponse::text(200, "ok")),
        (&Method::GET, Target::CoreGroup) => Ok(discovery::core(request)),
        (&Method::GET, Target::CoreResources) => Ok(discovery::resources(&NAMESPACES)),
        (&Method::GET, Target::Groups) => Ok(discovery::groups(state, request)),
        (&Method::GET, Target::Group) => Ok(discovery::group()),
        (&Method::GET, Target::Resources) => Ok(discovery::resources(&POLICIES)),
        (&Method::GET, Target::Namespaces) => namespaces::list(state, request),
        (&Method::POST, Target::Namespaces) => namespaces::create(state, request),
        (&Method::GET, Target::Namespace(name)) => namespaces::get(state, name),
        (&Method::DELETE, Target::Namespace(name)) => namespaces::delete(state, request, name),
        (&Method::GET, Target::Policies(namespace)) => policies::list(state, request, namespace),
        (&Method::POST, Target::Policies(Some(namespace))) => {
            policies::create(state, request, namespace)
        }
        (method, Target::Policy(namespace, name)) => {
            let key = (namespace.to_owned(), name.to_owned());
            match *method {
                Method::GET => policies::get(state, &key),
                Method::PUT => policies::replace(state, request, &key),
                Method::PATCH => policies::patch(state, request, &key),
                Method::DELETE => policies::delete(state, request, &key),
                _ => Err(Status::method_not_allowed()),
            }
        }
        _ => Err(Status::method_not_allowed()),
    }
}

fn dump_namespace(namespace: &Value) -> Value {
    json!({
        "name": metadata::text(namespace, "name"),
        "labels": metadata::get(namespace, "labels"),
        "phase": namespace.pointer("/status/phase"),
    })
}

fn dump_policy(policy: &Value) -> Value {
    json!({
        "namespace": metadata::text(policy, "namespace"),
        "name": metadata::text(policy, "name"),
        "labels": metadata::get(policy, "labels"),
        "annotations": metadata::get(policy, "annotations"),
        "finalizers": metadata::get(policy, "finalizers"),
        "is_being_deleted": metadata::is_being_deleted(policy),
        "spec": policy.get("spec"),
        "managers": Managers::of(policy).dump(),
    })
}

/// The one reader of the clock: RFC 3339, whole seconds, as Kubernetes writes times.
fn clock() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use axum::{
        body::{Body, to_bytes},
        http::{HeaderMap, Request, header},
    };
    use tower::Service;

    use super::*;
    use crate::faults::Injection;

    pub(super) const NAMESPACE: &str = "/api/v1/namespaces/my-namespace";
    pub(super) const POLICIES: &str = "/apis/vpcresources.tke.cloud.tencent.com/v1beta1/namespaces/\
                                       my-namespace/securitygrouppolicies";
    pub(super) const APPLY: &str = "application/apply-patch+yaml";
    const JSON: &str = "application/json";
    const BEARER: &str = "Bearer sandbox-token";

    /// A cluster as the sandbox starts it.
    pub(super) fn cluster() -> Cluster {
        let cluster = Cluster::new(Log::new(), Faults::default());
        cluster.seed_namespace("my-namespace");
        cluster
    }

    /// Asks as the provider does, and gives the status and the body that came back.
    pub(super) fn ask(cluster: &Cluster, request: &str, body: &Value) -> (u16, Value) {
        ask_with(cluster, request, JSON, body)
    }

    /// As [`ask`], with a body of another type.
    pub(super) fn ask_with(
        cluster: &Cluster,
        request: &str,
        content_type: &str,
        body: &Value,
    ) -> (u16, Value) {
        let (code, _, body) = send(
            cluster,
            Request::builder()
                .header(header::AUTHORIZATION, BEARER)
                .header(header::CONTENT_TYPE, content_type),
            request,
            body,
        );
        (code, body.unwrap())
    }

    /// Sends `METHOD uri`; a body that breaks off is an error, one that is not JSON is a text.
    fn send(
        cluster: &Cluster,
        builder: axum::http::request::Builder,
        request: &str,
        body: &Value,
    ) -> (u16, HeaderMap, Result<Value, axum::Error>) {
        let (method, uri) = request.split_once(' ').unwrap();
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let request = builder.method(method).uri(uri).body(body).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let response = cluster.router().call(request).await.unwrap();
            let (parts, body) = response.into_parts();
            let body = to_bytes(body, usize::MAX).await.map(|bytes| {
                let text = || String::from_utf8(bytes.to_vec()).unwrap().into();
                serde_json::from_slice(&bytes).unwrap_or_else(|_| text())
            });
            (parts.status.as_u16(), parts.headers, body)
        })
    }

    pub(super) fn policy(groups: &[&str]) -> Value {
        json!({
            "apiVersion": "vpcresources.tke.cloud.tencent.com/v1beta1",
            "kind": "SecurityGroupPolicy",
            "metadata": {"name": "my-policy"},
            "spec": {
                "podSelector": {"matchLabels": {"app": "my-app"}},
                "securityGroups": {"groupIds": groups},
            },
        })
    }

    #[test]
    fn token_is_required_except_for_health_and_version() {
        #[track_caller]
        fn check(token: Option<&str>, request: &str, expected: u16) {
            let mut builder = Request::builder();
            if let Some(token) = token {
                builder = builder.header(header::AUTHORIZATION, token);
            }
            let (code, _, _) = send(&cluster(), builder, request, &Value::Null);
            assert_eq!(code, expected);
        }
        check(Some("Bearer sandbox-token"), "GET /api", 200);
        check(Some("Bearer other"), "GET /api", 401);
        check(Some("Bearer other"), "GET /version", 401);
        check(None, "GET /api", 401);
        for public in ["GET /version", "GET /healthz", "GET /livez", "GET /readyz?verbose"] {
            check(None, public, 200);
        }
    }

    #[test]
    fn request_without_token_uses_up_no_fault() {
        let cluster = cluster();
        cluster.faults.add(Injection::new("*", Fault::Throttle));
        let (code, _, _) = send(&cluster, Request::builder(), "GET /api", &Value::Null);
        assert_eq!(code, 401);
        assert_eq!(ask(&cluster, "GET /api", &Value::Null).0, 429);
    }

    #[test]
    fn query_that_begins_with_an_ampersand_is_read() {
        let cluster = cluster();
        let request = format!("PATCH {POLICIES}/my-policy?&fieldManager=me&fieldValidation=Strict");
        let (code, policy) = ask_with(&cluster, &request, APPLY, &policy(&["sg-1"]));
        assert_eq!((code, &policy["metadata"]["managedFields"][0]["manager"]), (201, &"me".into()));
    }

    #[test]
    fn unknown_path_is_404_and_unknown_method_is_405() {
        #[track_caller]
        fn check(request: &str, expected: u16) {
            assert_eq!(ask(&cluster(), request, &Value::Null).0, expected, "{request}");
        }
        check("GET /apis/apps/v1", 404);
        check("GET /api/v1/pods", 404);
        check("PUT /version", 405);
        check("PATCH /api/v1/namespaces/default", 405);
        check(&format!("DELETE {POLICIES}"), 405);
        check(&format!("GET {POLICIES}?watch=true"), 405);
    }

    #[test]
    fn policies_are_404_without_the_definition() {
        let cluster = cluster();
        ask(&cluster, &format!("POST {POLICIES}"), &policy(&["sg-1"]));
        cluster.set_crd_installed(false);
        let groups = ask(&cluster, "GET /apis", &Value::Null).1;
        assert_eq!(groups["groups"], json!([]));
        for path in ["/apis/vpcresources.tke.cloud.tencent.com/v1beta1", POLICIES] {
            let answer = ask(&cluster, &format!("GET {path}"), &Value::Null);
            assert_eq!(answer, (404, "404 page not found\n".into()));
        }
        // The policies went with their definition.
        cluster.set_crd_installed(true);
        let list = ask(&cluster, &format!("GET {POLICIES}"), &Value::Null).1;
        assert_eq!(list["items"], json!([]));
    }

    #[test]
    fn requests_are_logged_with_their_outcome() {
        let cluster = cluster();
        ask(&cluster, &format!("POST {POLICIES}"), &policy(&["sg-1"]));
        ask(&cluster, &format!("GET {POLICIES}/other"), &Value::Null);
        let entries = cluster.log.entries();
        let [created, missed] = entries.as_slice() else { panic!("{entries:?}") };
        assert_eq!(created.action, "POST securitygrouppolicies");
        assert_eq!((created.service.as_str(), created.scope.as_str()), (GROUP, "my-namespace"));
        assert_eq!((created.status, &created.code), (201, &None));
        assert_eq!(created.request, policy(&["sg-1"]));
        assert_eq!((missed.status, missed.code.as_deref()), (404, Some("NotFound")));
    }

    #[test]
    fn fault_decides_status_and_whether_request_is_executed() {
        #[track_caller]
        fn check(fault: Fault, code: u16, reason: &str, is_executed: bool) {
            let cluster = cluster();
            cluster.faults.add(Injection::new("POST securitygrouppolicies", fault));
            let answer = ask(&cluster, &format!("POST {POLICIES}"), &policy(&["sg-1"]));
            assert_eq!((answer.0, answer.1["reason"].as_str().unwrap_or_default()), (code, reason));
            let found = ask(&cluster, &format!("GET {POLICIES}/my-policy"), &Value::Null);
            assert_eq!(found.0 == 200, is_executed);
        }
        check(Fault::Throttle, 429, "TooManyRequests", false);
        check(Fault::ServerError, 503, "ServiceUnavailable", false);
        check(Fault::Latency { milliseconds: 1 }, 201, "", true);
        check(Fault::LargeResponse { bytes: 1 }, 201, "", true);
        let error = |code: &str| Fault::Error { code: code.into(), message: String::new() };
        check(error("Forbidden"), 403, "Forbidden", false);
        check(error("Strange"), 500, "Strange", false);
    }

    #[test]
    fn error_message_is_sent_as_given_and_can_reflect_the_token() {
        let cluster = cluster();
        let message = "\u{1b}[31m\0\u{202e}{authorization}".to_owned();
        let fault = Fault::Error { code: "Forbidden".into(), message };
        cluster.faults.add(Injection::new("GET namespaces", fault));
        let (_, status) = ask(&cluster, &format!("GET {NAMESPACE}"), &Value::Null);
        assert_eq!(status["message"], "\u{1b}[31m\0\u{202e}Bearer sandbox-token");
    }

    #[test]
    fn large_response_is_padded() {
        let cluster = cluster();
        cluster.faults.add(Injection::new("GET namespaces", Fault::LargeResponse { bytes: 5000 }));
        let (_, namespace) = ask(&cluster, &format!("GET {NAMESPACE}"), &Value::Null);
        assert_eq!(namespace["Padding"].as_array().unwrap().len(), 2501);
        assert_eq!(namespace["metadata"]["name"], "my-namespace");
    }

    #[tokio::test(start_paused = true)]
    async fn no_response_means_nothing_is_done_and_nothing_is_sent() {
        let cluster = cluster();
        let before = cluster.dump();
        cluster.faults.add(Injection::new("DELETE namespaces", Fault::NoResponse));
        let request = Request::delete(NAMESPACE).header(header::AUTHORIZATION, BEARER);
        let request = request.body(Body::empty()).unwrap();
        let mut router = cluster.router();
        let response = router.call(request);
        assert!(tokio::time::timeout(Duration::from_hours(1), response).await.is_err());
        assert_eq!(cluster.log.entries()[0].status, 0);
        assert_eq!(cluster.dump(), before);
    }

    #[test]
    fn lost_response_breaks_off_after_the_request_is_executed() {
        let cluster = cluster();
        cluster.faults.add(Injection::new("POST securitygrouppolicies", Fault::LostResponse));
        let builder = Request::builder().header(header::AUTHORIZATION, BEARER);
        let request = format!("POST {POLICIES}");
        let (_, _, body) = send(&cluster, builder, &request, &policy(&["sg-1"]));
        assert!(body.is_err());
        assert_eq!(cluster.log.entries()[0].status, 0);
        let found = ask(&cluster, &format!("GET {POLICIES}/my-policy"), &Value::Null);
        assert_eq!(found.0, 200);
    }

    #[test]
    fn throttled_response_has_retry_after_and_unknown_field_a_warning() {
        let cluster = cluster();
        let token = || Request::builder().header(header::AUTHORIZATION, BEARER);
        cluster.faults.add(Injection::new("*", Fault::Throttle));
        let (_, headers, _) = send(&cluster, token(), "GET /api", &Value::Null);
        assert_eq!(headers[header::RETRY_AFTER], "1");
        let mut sent = policy(&["sg-1"]);
        sent["spec"]["pods"] = 1.into();
        let (_, headers, body) = send(&cluster, token(), &format!("POST {POLICIES}"), &sent);
        assert_eq!(headers[header::WARNING], r#"299 - "unknown field \"spec.pods\"""#);
        assert_eq!(body.unwrap()["spec"], policy(&["sg-1"])["spec"]);
    }

    #[test]
    fn dump_is_equal_after_changes_are_undone() {
        let cluster = cluster();
        let before = cluster.dump();
        ask(&cluster, &format!("POST {POLICIES}"), &policy(&["sg-1"]));
        let with_policy = cluster.dump();
        assert_ne!(with_policy, before);
        ask(&cluster, &format!("DELETE {POLICIES}/my-policy"), &Value::Null);
        assert_eq!(cluster.dump(), before);
        std::thread::sleep(Duration::from_millis(1));
        ask(&cluster, &format!("POST {POLICIES}"), &policy(&["sg-1"]));
        assert_eq!(cluster.dump(), with_policy);
        cluster.set_crd(Crd { max_group_ids: None, ..Crd::default() });
        cluster.reset();
        cluster.seed_namespace("my-namespace");
        assert_eq!(cluster.dump(), before);
    }
}
