//! Namespaces: created, listed, and marked for deletion.

use serde_json::{Value, json};

use super::{
    State,
    metadata::{self, NameRule},
    request::{ApiRequest, ApiResponse},
    resource::NAMESPACES,
    selector::{self, Labels},
    status::Status,
};

/// Those that exist from the start and cannot be deleted.
pub(super) const PERMANENT: [&str; 2] = ["default", "kube-system"];

pub(super) fn list(state: &State, request: &ApiRequest) -> Result<ApiResponse, Status> {
    if request.flag("watch") {
        return Err(Status::not_served("watch"));
    }
    let labels = Labels::parse(request.param("labelSelector").unwrap_or_default())?;
    let fields = request.param("fieldSelector").unwrap_or_default();
    let mut items = Vec::new();
    for namespace in state.namespaces.values() {
        if labels.select(namespace) && selector::fields_match(fields, namespace)? {
            items.push(namespace.clone());
        }
    }
    Ok(ApiResponse::ok(&json!({
        "kind": "NamespaceList",
        "apiVersion": "v1",
        "metadata": {"resourceVersion": state.revision.to_string()},
        "items": items,
    })))
}

pub(super) fn get(state: &State, name: &str) -> Result<ApiResponse, Status> {
    find(state, name).map(ApiResponse::ok)
}

pub(super) fn create(state: &mut State, request: &ApiRequest) -> Result<ApiResponse, Status> {
    let mut namespace = request.object(&NAMESPACES)?;
    let name = metadata::text(&namespace, "name").to_owned();
    let causes = metadata::validate(&namespace, NameRule::Label);
    if !causes.is_empty() {
        return Err(Status::invalid(&NAMESPACES, &name, &causes));
    }
    if state.namespaces.contains_key(&name) {
        return Err(Status::already_exists(&NAMESPACES, &name));
    }
    complete(&mut namespace, &request.now);
    if !request.dry_run()? {
        namespace = store(state, namespace);
    }
    Ok(ApiResponse::created(&namespace))
}

/// Marks a namespace for deletion; the controller does the rest.
pub(super) fn delete(
    state: &mut State,
    request: &ApiRequest,
    name: &str,
) -> Result<ApiResponse, Status> {
    let mut namespace = find(state, name)?.clone();
    if PERMANENT.contains(&name) {
        let why = "this namespace may not be deleted";
        return Err(Status::forbidden(&NAMESPACES, name, why, &[]));
    }
    if request.dry_run()? {
        return Ok(ApiResponse::ok(&namespace));
    }
    if !metadata::is_being_deleted(&namespace) {
        metadata::set(&mut namespace, "deletionTimestamp", request.now.as_str());
        set_phase(&mut namespace, "Terminating");
        namespace = store(state, namespace);
    }
    Ok(ApiResponse::ok(&namespace))
}

/// Creates a namespace unless it exists.
pub(super) fn ensure(state: &mut State, name: &str, now: &str) {
    if !state.namespaces.contains_key(name) {
        let mut namespace = json!({"metadata": {"name": name}});
        complete(&mut namespace, now);
        store(state, namespace);
    }
}

fn find<'a>(state: &'a State, name: &str) -> Result<&'a Value, Status> {
    state.namespaces.get(name).ok_or_else(|| Status::not_found(&NAMESPACES, name))
}

/// Fills in what a real server gives a new namespace.
fn complete(namespace: &mut Value, now: &str) {
    let name = metadata::text(namespace, "name").to_owned();
    let mut labels = metadata::get(namespace, "labels").cloned().unwrap_or_else(|| json!({}));
    if let Some(labels) = labels.as_object_mut() {
        labels.insert("kubernetes.io/metadata.name".to_owned(), name.into());
    }
    metadata::set(namespace, "labels", labels);
    metadata::initialize(namespace, now);
    metadata::unset(namespace, "generation");
    if let Some(fields) = namespace.as_object_mut() {
        fields.insert("apiVersion".to_owned(), "v1".into());
        fields.insert("kind".to_owned(), NAMESPACES.kind.into());
        fields.insert("spec".to_owned(), json!({"finalizers": ["kubernetes"]}));
    }
    set_phase(namespace, "Active");
}

fn set_phase(namespace: &mut Value, phase: &str) {
    if let Some(fields) = namespace.as_object_mut() {
        fields.insert("status".to_owned(), json!({"phase": phase}));
    }
}

fn store(state: &mut State, mut namespace: Value) -> Value {
    state.revision += 1;
    metadata::set(&mut namespace, "resourceVersion", state.revision.to_string());
    let name = metadata::text(&namespace, "name").to_owned();
    state.namespaces.insert(name, namespace.clone());
    namespace
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{NAMESPACE, POLICIES, ask, ask_with, cluster, policy},
        *,
    };

    const NULL: Value = Value::Null;

    #[test]
    fn namespace_is_created_once() {
        let cluster = cluster();
        let create = |name: &str| {
            let sent = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
            ask(&cluster, "POST /api/v1/namespaces", &sent)
        };
        let (code, made) = create("new");
        assert_eq!((code, &made["status"]["phase"]), (201, &"Active".into()));
        assert_eq!(made["metadata"]["labels"], json!({"kubernetes.io/metadata.name": "new"}));
        assert_eq!(create("new").0, 409);
        assert_eq!(create("Not a name").0, 422);
        assert_eq!(create("").0, 422);
        let (_, list) = ask(&cluster, "GET /api/v1/namespaces", &NULL);
        let names: Vec<_> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|namespace| metadata::text(namespace, "name").to_owned())
            .collect();
        assert_eq!(names, ["default", "kube-system", "my-namespace", "new"]);
    }

    #[test]
    fn deleted_namespace_takes_its_policies_along() {
        let cluster = cluster();
        ask(&cluster, &format!("POST {POLICIES}"), &policy(&["sg-1"]));
        let (code, dying) = ask(&cluster, &format!("DELETE {NAMESPACE}"), &NULL);
        assert_eq!((code, &dying["status"]["phase"]), (200, &"Terminating".into()));
        assert_eq!(ask(&cluster, &format!("GET {NAMESPACE}"), &NULL).0, 404);
        assert_eq!(ask(&cluster, &format!("DELETE {NAMESPACE}"), &NULL).0, 404);
        cluster.seed_namespace("my-namespace");
        assert_eq!(ask(&cluster, &format!("GET {POLICIES}/my-policy"), &NULL).0, 404);
    }

    #[test]
    fn terminating_namespace_waits_for_finalizers_and_admits_nothing() {
        let cluster = cluster();
        let mut held = policy(&["sg-1"]);
        held["metadata"]["finalizers"] = json!(["a/b"]);
        ask(&cluster, &format!("POST {POLICIES}"), &held);
        ask(&cluster, &format!("DELETE {NAMESPACE}"), &NULL);
        let (code, dying) = ask(&cluster, &format!("GET {NAMESPACE}"), &NULL);
        assert_eq!((code, &dying["status"]["phase"]), (200, &"Terminating".into()));

        let mut other = policy(&["sg-1"]);
        other["metadata"]["name"] = "other".into();
        let (code, status) = ask(&cluster, &format!("POST {POLICIES}"), &other);
        assert_eq!((code, &status["reason"]), (403, &"Forbidden".into()));
        assert_eq!(status["details"]["causes"][0]["reason"], "NamespaceTerminating");

        let release = json!({"metadata": {"finalizers": null}});
        let request = format!("PATCH {POLICIES}/my-policy");
        ask_with(&cluster, &request, "application/merge-patch+json", &release);
        assert_eq!(ask(&cluster, &format!("GET {NAMESPACE}"), &NULL).0, 404);
    }

    #[test]
    fn deleting_namespace_is_removed_with_the_definition_of_its_last_policy() {
        let cluster = cluster();
        let mut held = policy(&["sg-1"]);
        held["metadata"]["finalizers"] = json!(["a/b"]);
        ask(&cluster, &format!("POST {POLICIES}"), &held);
        ask(&cluster, &format!("DELETE {NAMESPACE}"), &NULL);
        cluster.set_crd_installed(false);
        assert_eq!(ask(&cluster, &format!("GET {NAMESPACE}"), &NULL).0, 404);
    }

    #[test]
    fn permanent_namespace_cannot_be_deleted() {
        let cluster = cluster();
        let (code, status) = ask(&cluster, "DELETE /api/v1/namespaces/default", &NULL);
        assert_eq!(code, 403);
        assert_eq!(
            status["message"],
            "namespaces \"default\" is forbidden: this namespace may not be deleted"
        );
    }
}
