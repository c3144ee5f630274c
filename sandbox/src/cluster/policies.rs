//! `SecurityGroupPolicy` objects: read, written in every way of a real server, deleted.

use serde_json::{Value, json};

use super::{
    State, admission,
    apply::{self, Writer},
    checks, metadata,
    request::{ApiRequest, ApiResponse, not_supported},
    resource::POLICIES,
    schema::Schema,
    selector::{self, Labels},
    status::{Cause, Reason, Status},
};

/// Namespace and name.
pub(super) type Key = (String, String);

const APPLY: &str = "application/apply-patch+yaml";
const MERGE: &str = "application/merge-patch+json";
const OPERATIONS: &str = "application/json-patch+json";

pub(super) fn list(
    state: &State,
    request: &ApiRequest,
    namespace: Option<&str>,
) -> Result<ApiResponse, Status> {
    if request.flag("watch") {
        return Err(Status::not_served("watch"));
    }
    let labels = Labels::parse(request.param("labelSelector").unwrap_or_default())?;
    let fields = request.param("fieldSelector").unwrap_or_default();
    let mut items = Vec::new();
    for ((home, _), policy) in &state.policies {
        let is_here = namespace.is_none_or(|namespace| namespace == home);
        if is_here && labels.select(policy) && selector::fields_match(fields, policy)? {
            items.push(policy.clone());
        }
    }
    Ok(ApiResponse::ok(&json!({
        "kind": "SecurityGroupPolicyList",
        "apiVersion": POLICIES.api_version(),
        "metadata": {"resourceVersion": state.revision.to_string(), "continue": ""},
        "items": items,
    })))
}

pub(super) fn get(state: &State, key: &Key) -> Result<ApiResponse, Status> {
    find(state, key).map(ApiResponse::ok)
}

pub(super) fn create(
    state: &mut State,
    request: &ApiRequest,
    namespace: &str,
) -> Result<ApiResponse, Status> {
    let schema = Schema::policy(state.crd);
    let mut policy = request.object(&POLICIES)?;
    checks::set_location(&mut policy, namespace, None)?;
    let warnings = checks::unknown_fields(&schema, request, &mut policy)?;
    if !metadata::text(&policy, "resourceVersion").is_empty() {
        let why = "resourceVersion should not be set on objects to be created";
        return Err(Status::internal_error(why));
    }
    let name = metadata::text(&policy, "name").to_owned();
    admission::admit(state, namespace, &POLICIES, &name)?;
    metadata::initialize(&mut policy, &request.now);
    let policy = apply::update(&schema, &Value::Null, policy, writer(request));
    checks::validate(&schema, None, &policy)?;
    let key = (namespace.to_owned(), name);
    if let Some(taken) = state.policies.get(&key) {
        return Err(Status::already_exists(&POLICIES, metadata::text(taken, "name")));
    }
    let policy = store(state, &key, None, policy, request.dry_run()?);
    Ok(ApiResponse::created(&policy).with_warnings(warnings))
}

pub(super) fn replace(
    state: &mut State,
    request: &ApiRequest,
    key: &Key,
) -> Result<ApiResponse, Status> {
    let mut policy = request.object(&POLICIES)?;
    checks::set_location(&mut policy, &key.0, Some(&key.1))?;
    find(state, key)?;
    if metadata::text(&policy, "resourceVersion").is_empty() {
        let cause = Cause {
            reason: Reason::Invalid,
            field: "metadata.resourceVersion".to_owned(),
            message: "Invalid value: 0x0: must be specified for an update".to_owned(),
        };
        return Err(Status::invalid(&POLICIES, &key.1, &[cause]));
    }
    change(state, request, key, policy)
}

pub(super) fn patch(
    state: &mut State,
    request: &ApiRequest,
    key: &Key,
) -> Result<ApiResponse, Status> {
    let kind = request.content_type();
    if kind == APPLY {
        return apply(state, request, key);
    }
    if request.param("force").is_some() {
        let cause = Cause::forbidden("force", "may not be specified for non-apply patch");
        return Err(request.invalid_option(cause));
    }
    let mut policy = find(state, key)?.clone();
    match kind {
        MERGE => super::patch::merge(&mut policy, &request.json()?),
        OPERATIONS => {
            super::patch::operations(&mut policy, &request.json()?)
                .map_err(Status::unprocessable)?;
        }
        _ => return Err(Status::unsupported_media_type(&[OPERATIONS, MERGE, APPLY])),
    }
    checks::set_location(&mut policy, &key.0, Some(&key.1))?;
    change(state, request, key, policy)
}

fn apply(state: &mut State, request: &ApiRequest, key: &Key) -> Result<ApiResponse, Status> {
    if request.param("fieldManager").is_none_or(str::is_empty) {
        let cause = Cause {
            message: "Required value: is required for apply patch".to_owned(),
            ..Cause::required("fieldManager")
        };
        return Err(request.invalid_option(cause));
    }
    let schema = Schema::policy(state.crd);
    let mut applied = request.object(&POLICIES)?;
    checks::set_location(&mut applied, &key.0, Some(&key.1))?;
    if metadata::get(&applied, "managedFields").is_some_and(|fields| !fields.is_null()) {
        return Err(Status::bad_request("metadata.managedFields must be nil"));
    }
    let live = state.policies.get(key).cloned();
    checks::check_preconditions(live.as_ref(), &applied)?;
    if let Some(why) = schema.type_errors(&applied) {
        return Err(Status::internal_error(format!(
            "failed to create typed patch object ({}/{}; {}, Kind={}): {why}",
            key.0,
            key.1,
            POLICIES.api_version(),
            POLICIES.kind
        )));
    }
    let base = live.as_ref().unwrap_or(&Value::Null);
    let policy = apply::apply(&schema, base, &applied, writer(request), request.flag("force"));
    let mut policy = policy.map_err(|conflicts| {
        let causes: Vec<_> = conflicts
            .iter()
            .map(|conflict| Cause {
                reason: Reason::FieldManagerConflict,
                field: conflict.field.to_string(),
                message: conflict.to_string(),
            })
            .collect();
        Status::apply_conflict(apply::message(&conflicts), &causes)
    })?;
    if let Some(live) = &live {
        metadata::keep_system_fields(live, &mut policy);
    } else {
        admission::admit(state, &key.0, &POLICIES, &key.1)?;
        metadata::initialize(&mut policy, &request.now);
    }
    checks::validate(&schema, live.as_ref(), &policy)?;
    let policy = store(state, key, live.as_ref(), policy, request.dry_run()?);
    Ok(if live.is_some() { ApiResponse::ok(&policy) } else { ApiResponse::created(&policy) })
}

pub(super) fn delete(
    state: &mut State,
    request: &ApiRequest,
    key: &Key,
) -> Result<ApiResponse, Status> {
    let options = DeleteOptions::read(request)?;
    let live = find(state, key)?.clone();
    options.check(&live, &key.1)?;
    if !metadata::has_finalizers(&live) {
        if !options.dry_run {
            state.policies.remove(key);
            state.revision += 1;
        }
        return Ok(ApiResponse::ok(&json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
            "details": {
                "name": key.1, "group": POLICIES.group, "kind": POLICIES.plural,
                "uid": metadata::text(&live, "uid"),
            },
        })));
    }
    let mut dying = live.clone();
    if !metadata::is_being_deleted(&live) {
        metadata::mark_for_deletion(&mut dying, &request.now);
    }
    Ok(ApiResponse::ok(&store(state, key, Some(&live), dying, options.dry_run)))
}

/// Deletes all policies of a namespace; those with finalizers are marked for deletion.
pub(super) fn delete_all(state: &mut State, namespace: &str, now: &str) {
    let here = |key: &Key| key.0 == namespace;
    state.policies.retain(|key, policy| !here(key) || metadata::has_finalizers(policy));
    let held: Vec<_> = state.policies.keys().filter(|key| here(key)).cloned().collect();
    for key in held {
        let Some(live) = state.policies.get(&key).cloned() else { continue };
        if !metadata::is_being_deleted(&live) {
            let mut dying = live.clone();
            metadata::mark_for_deletion(&mut dying, now);
            store(state, &key, Some(&live), dying, false);
        }
    }
}

fn find<'a>(state: &'a State, key: &Key) -> Result<&'a Value, Status> {
    state.policies.get(key).ok_or_else(|| Status::not_found(&POLICIES, &key.1))
}

/// Replaces the stored policy by `policy`.
fn change(
    state: &mut State,
    request: &ApiRequest,
    key: &Key,
    mut policy: Value,
) -> Result<ApiResponse, Status> {
    let schema = Schema::policy(state.crd);
    let live = find(state, key)?.clone();
    let warnings = checks::unknown_fields(&schema, request, &mut policy)?;
    checks::check_preconditions(Some(&live), &policy)?;
    metadata::keep_system_fields(&live, &mut policy);
    checks::validate(&schema, Some(&live), &policy)?;
    let policy = apply::update(&schema, &live, policy, writer(request));
    let policy = store(state, key, Some(&live), policy, request.dry_run()?);
    Ok(ApiResponse::ok(&policy).with_warnings(warnings))
}

/// Stores `new` in place of `old`. An unchanged object keeps its version, and one that is marked
/// for deletion is removed with its last finalizer.
fn store(
    state: &mut State,
    key: &Key,
    old: Option<&Value>,
    mut new: Value,
    dry_run: bool,
) -> Value {
    if dry_run || old == Some(&new) {
        return new;
    }
    state.revision += 1;
    metadata::set(&mut new, "resourceVersion", state.revision.to_string());
    if metadata::is_being_deleted(&new) && !metadata::has_finalizers(&new) {
        state.policies.remove(key);
    } else {
        state.policies.insert(key.clone(), new.clone());
    }
    new
}

fn writer(request: &ApiRequest) -> Writer<'_> {
    Writer { manager: request.manager(), now: &request.now }
}

/// The options of a deletion.
struct DeleteOptions {
    uid: Option<String>,
    version: Option<String>,
    dry_run: bool,
}

impl DeleteOptions {
    fn read(request: &ApiRequest) -> Result<Self, Status> {
        let body = if request.has_body() { request.json()? } else { Value::Null };
        let policy = body.get("propagationPolicy").and_then(Value::as_str);
        let known = ["Foreground", "Background", "Orphan"];
        // Nothing depends on a policy, so all three mean the same here.
        if let Some(policy) = policy.filter(|policy| !known.contains(policy)) {
            let cause = not_supported("propagationPolicy", policy, &known);
            return Err(request.invalid_option(cause));
        }
        let text = |path: &str| Some(body.pointer(path)?.as_str()?.to_owned());
        let dry_run = body.pointer("/dryRun/0").is_some_and(|all| all == "All");
        Ok(Self {
            uid: text("/preconditions/uid"),
            version: text("/preconditions/resourceVersion"),
            dry_run: dry_run || request.dry_run()?,
        })
    }

    fn check(&self, live: &Value, name: &str) -> Result<(), Status> {
        let checks = [
            (&self.uid, "uid", "UID", "deleted and then recreated"),
            (&self.version, "resourceVersion", "ResourceVersion", "modified"),
        ];
        for (wanted, field, label, what) in checks {
            let found = metadata::text(live, field);
            if let Some(wanted) = wanted.as_deref().filter(|wanted| *wanted != found) {
                let why = format!(
                    "the {label} in the precondition ({wanted}) does not match the {label} in \
                     record ({found}). The object might have been {what}"
                );
                return Err(Status::conflict_by_kind(&POLICIES, name, &why));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            Cluster,
            schema::Crd,
            tests::{APPLY, POLICIES, ask, ask_with, cluster, policy},
        },
        *,
    };

    const NULL: Value = Value::Null;

    fn applied(cluster: &Cluster, manager: &str, policy: &Value) -> (u16, Value) {
        applied_with(cluster, &format!("fieldManager={manager}"), policy)
    }

    fn applied_with(cluster: &Cluster, query: &str, policy: &Value) -> (u16, Value) {
        ask_with(cluster, &format!("PATCH {POLICIES}/my-policy?{query}"), APPLY, policy)
    }

    fn patched(cluster: &Cluster, content_type: &str, patch: &Value) -> (u16, Value) {
        let request = format!("PATCH {POLICIES}/my-policy?fieldManager=outside");
        ask_with(cluster, &request, content_type, patch)
    }

    fn found(cluster: &Cluster) -> (u16, Value) {
        ask(cluster, &format!("GET {POLICIES}/my-policy"), &NULL)
    }

    fn version(policy: &Value) -> &str {
        metadata::text(policy, "resourceVersion")
    }

    fn generation(policy: &Value) -> u64 {
        policy["metadata"]["generation"].as_u64().unwrap()
    }

    #[test]
    fn policy_is_created_and_changed_by_apply_and_deleted() {
        let cluster = cluster();
        let (code, made) = applied(&cluster, "me", &policy(&["sg-1"]));
        assert_eq!((code, generation(&made)), (201, 1));
        assert_eq!(found(&cluster), (200, made.clone()));

        let (code, same) = applied(&cluster, "me", &policy(&["sg-1"]));
        assert_eq!((code, &same), (200, &made));

        let (code, changed) = applied(&cluster, "me", &policy(&["sg-2"]));
        assert_eq!((code, generation(&changed)), (200, 2));
        assert_ne!(version(&changed), version(&made));
        assert_eq!(metadata::text(&changed, "uid"), metadata::text(&made, "uid"));

        let options = json!({
            "propagationPolicy": "Background",
            "preconditions": {"uid": metadata::text(&made, "uid")},
        });
        let (code, status) = ask(&cluster, &format!("DELETE {POLICIES}/my-policy"), &options);
        assert_eq!((code, &status["status"]), (200, &"Success".into()));
        assert_eq!(status["details"]["uid"], metadata::text(&made, "uid"));
        assert_eq!(found(&cluster).0, 404);
    }

    #[test]
    fn conflict_has_the_status_of_a_real_server() {
        let cluster = cluster();
        applied(&cluster, "terraform-provider-tke", &policy(&["sg-1"]));
        let (code, status) = applied(&cluster, "other", &policy(&["sg-2"]));
        assert_eq!(code, 409);
        assert_eq!(
            status,
            json!({
                "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                "message": "Apply failed with 1 conflict: conflict with \
                            \"terraform-provider-tke\": .spec.securityGroups.groupIds",
                "reason": "Conflict",
                "details": {"causes": [{
                    "reason": "FieldManagerConflict",
                    "message": "conflict with \"terraform-provider-tke\"",
                    "field": ".spec.securityGroups.groupIds",
                }]},
                "code": 409,
            })
        );
        let (code, forced) =
            applied_with(&cluster, "fieldManager=other&force=true", &policy(&["sg-2"]));
        assert_eq!((code, &forced["spec"]), (200, &policy(&["sg-2"])["spec"]));
    }

    #[test]
    fn invalid_apply_is_refused() {
        #[track_caller]
        fn check(query: &str, change: impl FnOnce(&mut Value), code: u16, message: &str) {
            let cluster = cluster();
            let mut sent = policy(&["sg-1"]);
            change(&mut sent);
            let (found, status) = applied_with(&cluster, query, &sent);
            assert_eq!((found, status["message"].as_str().unwrap()), (code, message));
        }
        let me = "fieldManager=me";
        check(
            "",
            |_| {},
            422,
            "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required \
             for apply patch",
        );
        check(
            "fieldManager=me&dryRun=Some",
            |_| {},
            422,
            "PatchOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: \"Some\": \
             supported values: \"All\"",
        );
        check(
            me,
            |sent| sent["metadata"]["name"] = "other".into(),
            400,
            "the name of the object (other) does not match the name on the URL (my-policy)",
        );
        check(
            me,
            |sent| sent["metadata"]["namespace"] = "other".into(),
            400,
            "the namespace of the provided object does not match the namespace sent on the request",
        );
        check(
            me,
            |sent| sent["metadata"]["managedFields"] = json!([]),
            400,
            "metadata.managedFields must be nil",
        );
        check(
            me,
            |sent| sent["spec"]["pods"] = 1.into(),
            500,
            "failed to create typed patch object (my-namespace/my-policy; \
             vpcresources.tke.cloud.tencent.com/v1beta1, Kind=SecurityGroupPolicy): \
             .spec.pods: field not declared in schema",
        );
        check(
            me,
            |sent| sent["spec"]["securityGroups"]["groupIds"] = json!([]),
            422,
            "SecurityGroupPolicy.vpcresources.tke.cloud.tencent.com \"my-policy\" is invalid: \
             spec.securityGroups.groupIds: Invalid value: 0: spec.securityGroups.groupIds in body \
             should have at least 1 items",
        );
        check(
            me,
            |sent| sent["metadata"]["uid"] = "u".into(),
            409,
            "Operation cannot be fulfilled on \
             securitygrouppolicies.vpcresources.tke.cloud.tencent.com \"my-policy\": uid mismatch: \
             the provided object specified uid u, and no existing object was found",
        );
    }

    #[test]
    fn missing_namespace_and_missing_policy_differ() {
        let cluster = cluster();
        let elsewhere = POLICIES.replace("my-namespace", "nowhere");
        let request = format!("PATCH {elsewhere}/my-policy?fieldManager=me");
        let (code, status) = ask_with(&cluster, &request, APPLY, &policy(&["sg-1"]));
        assert_eq!((code, &status["message"]), (404, &"namespaces \"nowhere\" not found".into()));
        assert_eq!(status["details"], json!({"name": "nowhere", "kind": "namespaces"}));

        let (code, status) = found(&cluster);
        assert_eq!(code, 404);
        assert_eq!(
            status["details"],
            json!({
                "name": "my-policy",
                "group": "vpcresources.tke.cloud.tencent.com",
                "kind": "securitygrouppolicies",
            })
        );
    }

    #[test]
    fn dry_run_responds_alike_and_changes_nothing() {
        let cluster = cluster();
        let dry = |groups| applied_with(&cluster, "fieldManager=me&dryRun=All", &policy(groups));
        assert_eq!(dry(&["sg-1"]).0, 201);
        assert_eq!(dry(&[]).0, 422);
        assert_eq!(found(&cluster).0, 404);
        let made = applied(&cluster, "me", &policy(&["sg-1"])).1;
        let (code, would_be) = dry(&["sg-2"]);
        assert_eq!((code, &would_be["spec"]), (200, &policy(&["sg-2"])["spec"]));
        assert_eq!(found(&cluster).1, made);
        let request = format!("DELETE {POLICIES}/my-policy?dryRun=All");
        assert_eq!(ask(&cluster, &request, &NULL).0, 200);
        assert_eq!(found(&cluster).1, made);
    }

    #[test]
    fn create_of_existing_policy_is_refused() {
        let cluster = cluster();
        let request = format!("POST {POLICIES}?fieldManager=kubectl-create");
        let (code, made) = ask(&cluster, &request, &policy(&["sg-1"]));
        assert_eq!(code, 201);
        let entry = &made["metadata"]["managedFields"][0];
        assert_eq!(
            (&entry["manager"], &entry["operation"]),
            (&"kubectl-create".into(), &"Update".into(),)
        );
        let (code, status) = ask(&cluster, &request, &policy(&["sg-2"]));
        assert_eq!((code, &status["reason"]), (409, &"AlreadyExists".into()));
        assert_eq!(found(&cluster).1, made);
    }

    #[test]
    fn strict_validation_refuses_unknown_fields() {
        let cluster = cluster();
        let mut sent = policy(&["sg-1"]);
        sent["spec"]["pods"] = 1.into();
        let strict = |method: &str, path: &str| format!("{method} {path}?fieldValidation=Strict");
        let (code, status) = ask(&cluster, &strict("POST", POLICIES), &sent);
        assert_eq!(code, 400);
        assert_eq!(
            status["message"],
            "SecurityGroupPolicy in version \"v1beta1\" cannot be handled as a \
             SecurityGroupPolicy: strict decoding error: unknown field \"spec.pods\""
        );
        applied(&cluster, "me", &policy(&["sg-1"]));
        let request = strict("PATCH", &format!("{POLICIES}/my-policy"));
        let patch = json!({"spec": {"pods": 1}});
        let (code, status) = ask_with(&cluster, &request, MERGE, &patch);
        assert_eq!((code, &status["reason"]), (422, &"Invalid".into()));
    }

    #[test]
    fn replace_with_stale_version_is_refused() {
        let cluster = cluster();
        let made = applied(&cluster, "me", &policy(&["sg-1"])).1;
        let put = |policy: &Value| ask(&cluster, &format!("PUT {POLICIES}/my-policy"), policy);

        assert_eq!(put(&policy(&["sg-2"])).0, 422);
        let mut next = made.clone();
        next["spec"]["securityGroups"]["groupIds"] = json!(["sg-2"]);
        let (code, replaced) = put(&next);
        assert_eq!((code, generation(&replaced)), (200, 2));
        let (code, status) = put(&next);
        assert_eq!((code, &status["reason"]), (409, &"Conflict".into()));
        assert!(status["message"].as_str().unwrap().contains("the object has been modified"));
        assert_eq!(put(&replaced).1, replaced);

        let mut other = replaced.clone();
        other["metadata"]["uid"] = "other".into();
        assert_eq!(put(&other).0, 409);
    }

    #[test]
    fn patches_change_the_policy_and_its_managers() {
        let cluster = cluster();
        applied(&cluster, "me", &policy(&["sg-1"]));
        let merge = json!({"spec": {"securityGroups": {"groupIds": ["sg-2"]}}});
        let (code, changed) = patched(&cluster, MERGE, &merge);
        assert_eq!((code, generation(&changed)), (200, 2));
        assert_eq!(patched(&cluster, MERGE, &merge).1, changed);
        let (_, status) = applied(&cluster, "me", &policy(&["sg-1"]));
        assert_eq!(
            status["message"],
            "Apply failed with 1 conflict: conflict with \"outside\" using \
             vpcresources.tke.cloud.tencent.com/v1beta1: .spec.securityGroups.groupIds"
        );

        let removal = json!([{"op": "remove", "path": "/spec/podSelector"}]);
        let (code, changed) = patched(&cluster, OPERATIONS, &removal);
        assert_eq!((code, &changed["spec"]["podSelector"]), (200, &NULL));
        // What is gone has no owner: the field left with the last of what the applier owned.
        let managers = changed["metadata"]["managedFields"].as_array().unwrap();
        assert!(managers.iter().all(|entry| entry["operation"] == "Update"), "{managers:?}");

        let failing = json!([{"op": "test", "path": "/spec", "value": 1}]);
        assert_eq!(patched(&cluster, OPERATIONS, &failing).0, 422);
        let strategic = "application/strategic-merge-patch+json";
        assert_eq!(patched(&cluster, strategic, &merge).0, 415);
        let request = format!("PATCH {POLICIES}/my-policy?force=true");
        assert_eq!(ask_with(&cluster, &request, MERGE, &merge).0, 422);
        let request = format!("PATCH {POLICIES}/other");
        assert_eq!(ask_with(&cluster, &request, MERGE, &merge).0, 404);
    }

    #[test]
    fn delete_checks_its_preconditions() {
        let cluster = cluster();
        let made = applied(&cluster, "me", &policy(&["sg-1"])).1;
        let delete = |preconditions: Value| {
            let options = json!({"preconditions": preconditions});
            ask(&cluster, &format!("DELETE {POLICIES}/my-policy"), &options)
        };
        let (code, status) = delete(json!({"uid": "other"}));
        assert_eq!((code, &status["reason"]), (409, &"Conflict".into()));
        assert_eq!(
            status["message"],
            format!(
                "Operation cannot be fulfilled on \
                 SecurityGroupPolicy.vpcresources.tke.cloud.tencent.com \"my-policy\": the UID in \
                 the precondition (other) does not match the UID in record ({}). The object might \
                 have been deleted and then recreated",
                metadata::text(&made, "uid")
            )
        );
        assert_eq!(delete(json!({"resourceVersion": "0"})).0, 409);
        assert_eq!(delete(json!({"resourceVersion": version(&made)})).0, 200);
        assert_eq!(delete(json!({})).0, 404);
    }

    #[test]
    fn policy_with_finalizers_is_deleted_with_the_last() {
        let cluster = cluster();
        applied(&cluster, "me", &policy(&["sg-1"]));
        let finalizers = |names: &[&str]| json!({"metadata": {"finalizers": names}});
        patched(&cluster, MERGE, &finalizers(&["a/b"]));
        let request = format!("DELETE {POLICIES}/my-policy");
        let (code, dying) = ask(&cluster, &request, &NULL);
        assert_eq!(code, 200);
        assert!(metadata::is_being_deleted(&dying));
        assert_eq!(ask(&cluster, &request, &NULL).1, dying);
        assert_eq!(patched(&cluster, MERGE, &finalizers(&["a/b", "c/d"])).0, 422);
        assert_eq!(applied(&cluster, "me", &policy(&["sg-2"])).0, 200);
        assert_eq!(patched(&cluster, MERGE, &finalizers(&[])).0, 200);
        assert_eq!(found(&cluster).0, 404);
    }

    #[test]
    fn policies_are_listed_by_namespace_and_selector() {
        #[track_caller]
        fn check(cluster: &Cluster, request: &str, expected: &[&str]) {
            let (code, list) = ask(cluster, &format!("GET {request}"), &NULL);
            assert_eq!((code, &list["kind"]), (200, &"SecurityGroupPolicyList".into()));
            let items = list["items"].as_array().unwrap();
            let names: Vec<_> = items.iter().map(|item| metadata::text(item, "name")).collect();
            assert_eq!(names, expected);
        }
        let cluster = cluster();
        cluster.seed_namespace("other");
        let elsewhere = POLICIES.replace("my-namespace", "other");
        let everywhere = POLICIES.replace("/namespaces/my-namespace", "");
        for (path, name) in [(POLICIES, "a"), (POLICIES, "b"), (elsewhere.as_str(), "c")] {
            let mut sent = policy(&["sg-1"]);
            sent["metadata"] = json!({"name": name, "labels": {"is": name}});
            assert_eq!(ask(&cluster, &format!("POST {path}"), &sent).0, 201);
        }
        check(&cluster, POLICIES, &["a", "b"]);
        check(&cluster, &everywhere, &["a", "b", "c"]);
        check(&cluster, &format!("{everywhere}?labelSelector=is+in+(b,c)"), &["b", "c"]);
        check(&cluster, &format!("{everywhere}?fieldSelector=metadata.name%3Da"), &["a"]);
        let request = format!("GET {everywhere}?labelSelector=a+b");
        assert_eq!(ask(&cluster, &request, &NULL).0, 400);
    }

    #[test]
    fn group_limit_is_that_of_the_definition() {
        let cluster = cluster();
        let six = policy(&["1", "2", "3", "4", "5", "6"]);
        assert_eq!(applied(&cluster, "me", &six).0, 422);
        cluster.set_crd(Crd { max_group_ids: None, ..Crd::default() });
        assert_eq!(applied(&cluster, "me", &six).0, 201);
    }
}
