//! Discovery: the version of the server and the resources that it serves.

use serde_json::{Value, json};

use super::{
    State,
    request::{ApiRequest, ApiResponse},
    resource::{GROUP, NAMESPACES, POLICIES, Resource, VERSION},
};

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// The minor version is 32: kubectl picks its own version by it.
pub(super) fn version() -> ApiResponse {
    ApiResponse::ok(&json!({
        "major": "1",
        "minor": "32",
        "gitVersion": "v1.32.0-tke-sandbox",
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "",
        "platform": "",
    }))
}

/// `/api`: the versions of the core group.
pub(super) fn core(request: &ApiRequest) -> ApiResponse {
    if wants_aggregated(request) {
        return aggregated(&[
            json!({"metadata": {}, "versions": [aggregated_version(&NAMESPACES)]}),
        ]);
    }
    ApiResponse::ok(&json!({
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [],
    }))
}

/// `/apis`: the other groups.
pub(super) fn groups(state: &State, request: &ApiRequest) -> ApiResponse {
    if wants_aggregated(request) {
        let group = json!({
            "metadata": {"name": GROUP},
            "versions": [aggregated_version(&POLICIES)],
        });
        return aggregated(if state.crd.installed { std::slice::from_ref(&group) } else { &[] });
    }
    let groups: Vec<_> = state.crd.installed.then(group_summary).into_iter().collect();
    ApiResponse::ok(&json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}))
}

/// `/apis/<group>`.
pub(super) fn group() -> ApiResponse {
    let mut group = group_summary();
    if let Some(fields) = group.as_object_mut() {
        fields.insert("kind".to_owned(), "APIGroup".into());
        fields.insert("apiVersion".to_owned(), "v1".into());
    }
    ApiResponse::ok(&group)
}

/// `/api/v1` and `/apis/<group>/<version>`: the kinds of one version.
pub(super) fn resources(resource: &Resource) -> ApiResponse {
    let kind = json!({
        "name": resource.plural,
        "singularName": resource.singular,
        "shortNames": [resource.short],
        "namespaced": resource.is_namespaced,
        "kind": resource.kind,
        "verbs": resource.verbs,
    });
    ApiResponse::ok(&json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": resource.api_version(),
        "resources": [kind],
    }))
}

fn group_summary() -> Value {
    let version = json!({"groupVersion": POLICIES.api_version(), "version": VERSION});
    json!({"name": GROUP, "versions": [version], "preferredVersion": version})
}

/// Clients list the forms that they understand; only this one of the aggregated is served.
fn wants_aggregated(request: &ApiRequest) -> bool {
    request.accept().split(',').any(|form| {
        let has = |wanted: &str| form.split(';').any(|part| part.trim() == wanted);
        has("g=apidiscovery.k8s.io") && has("v=v2") && has("as=APIGroupDiscoveryList")
    })
}

fn aggregated(items: &[Value]) -> ApiResponse {
    let list = json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": items,
    });
    ApiResponse::ok(&list).of_type(AGGREGATED)
}

fn aggregated_version(resource: &Resource) -> Value {
    json!({
        "version": resource.version,
        "resources": [{
            "resource": resource.plural,
            "responseKind": {
                "group": resource.group, "version": resource.version, "kind": resource.kind,
            },
            "scope": if resource.is_namespaced { "Namespaced" } else { "Cluster" },
            "singularResource": resource.singular,
            "verbs": resource.verbs,
            "shortNames": [resource.short],
        }],
        "freshness": "Current",
    })
}

#[cfg(test)]
mod tests {
    use axum::{
        body::Body,
        http::{Request, header},
    };

    use super::{
        super::tests::{ask, cluster},
        *,
    };

    #[test]
    fn discovery_documents_name_groups_and_kinds() {
        let cluster = cluster();
        let ask = |path: &str| ask(&cluster, &format!("GET {path}"), &Value::Null).1;
        assert_eq!(ask("/version")["minor"], "32");
        assert_eq!(ask("/api")["versions"], json!(["v1"]));
        assert_eq!(ask("/api/v1")["resources"][0]["name"], "namespaces");
        assert_eq!(ask("/apis")["groups"][0]["name"], GROUP);
        assert_eq!(ask(&format!("/apis/{GROUP}"))["preferredVersion"]["version"], VERSION);
        let resources = ask(&format!("/apis/{GROUP}/{VERSION}"));
        assert_eq!(resources["resources"][0]["kind"], "SecurityGroupPolicy");
        assert_eq!(resources["resources"][0]["shortNames"], json!(["sgp"]));
    }

    #[tokio::test]
    async fn aggregated_discovery_is_served_on_request() {
        async fn is_aggregated(accept: &str) -> bool {
            let request = Request::get("/apis").header(header::ACCEPT, accept).body(Body::empty());
            let request = ApiRequest::read(request.unwrap(), String::new()).await.unwrap();
            wants_aggregated(&request)
        }
        assert!(is_aggregated(&format!("{AGGREGATED},application/json")).await);
        assert!(!is_aggregated(&AGGREGATED.replace("v=v2", "v=v2beta1")).await);
        assert!(!is_aggregated("application/json").await);
    }
}
