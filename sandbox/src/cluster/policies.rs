//! `SecurityGroupPolicy` objects: read, written in every way a real server knows, deleted.

use serde_json::{Value, json};

use super::State;
use super::apply::{self, Writer};
use super::call::{Answer, Call, not_supported};
use super::checks;
use super::metadata;
use super::namespaces;
use super::resource::POLICIES;
use super::schema::Schema;
use super::selector::{self, Labels};
use super::status::{Cause, Reason, Status};

/// Namespace and name.
pub(super) type Key = (String, String);

const APPLY: &str = "application/apply-patch+yaml";
const MERGE: &str = "application/merge-patch+json";
const OPERATIONS: &str = "application/json-patch+json";

pub(super) fn list(state: &State, call: &Call, namespace: Option<&str>) -> Result<Answer, Status> {
    if call.flag("watch") {
        return Err(Status::not_served("watch"));
    }
    let labels = Labels::parse(call.param("labelSelector").unwrap_or_default())?;
    let fields = call.param("fieldSelector").unwrap_or_default();
    let mut items = Vec::new();
    for ((home, _), policy) in &state.policies {
        let is_here = namespace.is_none_or(|namespace| namespace == home);
        if is_here && labels.select(policy) && selector::fields_match(fields, policy)? {
            items.push(policy.clone());
        }
    }
    Ok(Answer::ok(&json!({
        "kind": "SecurityGroupPolicyList",
        "apiVersion": POLICIES.api_version(),
        "metadata": {"resourceVersion": state.revision.to_string(), "continue": ""},
        "items": items,
    })))
}

pub(super) fn get(state: &State, key: &Key) -> Result<Answer, Status> {
    find(state, key).map(Answer::ok)
}

pub(super) fn create(state: &mut State, call: &Call, namespace: &str) -> Result<Answer, Status> {
    let schema = Schema::policy(state.crd);
    let mut policy = call.object(&POLICIES)?;
    checks::place(&mut policy, namespace, None)?;
    let warnings = checks::unknown_fields(&schema, call, &mut policy)?;
    if !metadata::text(&policy, "resourceVersion").is_empty() {
        let why = "resourceVersion should not be set on objects to be created";
        return Err(Status::unforeseen(why));
    }
    let name = metadata::text(&policy, "name").to_owned();
    namespaces::admit(state, namespace, &POLICIES, &name)?;
    metadata::stamp_new(&mut policy, &call.now);
    let policy = apply::update(&schema, &Value::Null, policy, writer(call));
    checks::validate(&schema, None, &policy)?;
    let key = (namespace.to_owned(), name);
    if let Some(taken) = state.policies.get(&key) {
        return Err(Status::already_exists(&POLICIES, metadata::text(taken, "name")));
    }
    let policy = store(state, &key, None, policy, call.dry_run()?);
    Ok(Answer::created(&policy).with_warnings(warnings))
}

pub(super) fn replace(state: &mut State, call: &Call, key: &Key) -> Result<Answer, Status> {
    let mut policy = call.object(&POLICIES)?;
    checks::place(&mut policy, &key.0, Some(&key.1))?;
    find(state, key)?;
    if metadata::text(&policy, "resourceVersion").is_empty() {
        let cause = Cause {
            message: "Invalid value: 0x0: must be specified for an update".to_owned(),
            ..Cause::required("metadata.resourceVersion")
        };
        return Err(Status::invalid(&POLICIES, &key.1, &[cause]));
    }
    change(state, call, key, policy)
}

pub(super) fn patch(state: &mut State, call: &Call, key: &Key) -> Result<Answer, Status> {
    let kind = call.content_type();
    if kind == APPLY {
        return apply(state, call, key);
    }
    if call.param("force").is_some() {
        let cause = Cause::forbidden("force", "may not be specified for non-apply patch");
        return Err(call.invalid_option(cause));
    }
    let mut policy = find(state, key)?.clone();
    match kind {
        MERGE => super::patch::merge(&mut policy, &call.json()?),
        OPERATIONS => {
            super::patch::operations(&mut policy, &call.json()?).map_err(Status::unprocessable)?;
        }
        _ => return Err(Status::unsupported_media_type(&[OPERATIONS, MERGE, APPLY])),
    }
    checks::place(&mut policy, &key.0, Some(&key.1))?;
    change(state, call, key, policy)
}

fn apply(state: &mut State, call: &Call, key: &Key) -> Result<Answer, Status> {
    if call.param("fieldManager").is_none_or(str::is_empty) {
        let cause = Cause {
            message: "Required value: is required for apply patch".to_owned(),
            ..Cause::required("fieldManager")
        };
        return Err(call.invalid_option(cause));
    }
    let schema = Schema::policy(state.crd);
    let mut applied = call.object(&POLICIES)?;
    checks::place(&mut applied, &key.0, Some(&key.1))?;
    if metadata::get(&applied, "managedFields").is_some_and(|fields| !fields.is_null()) {
        return Err(Status::bad_request("metadata.managedFields must be nil"));
    }
    let live = state.policies.get(key).cloned();
    checks::is_meant(live.as_ref(), &applied)?;
    if let Some(why) = schema.type_errors(&applied) {
        return Err(Status::unforeseen(format!(
            "failed to create typed patch object ({}/{}; {}, Kind={}): {why}",
            key.0,
            key.1,
            POLICIES.api_version(),
            POLICIES.kind
        )));
    }
    let base = live.as_ref().unwrap_or(&Value::Null);
    let policy = apply::apply(&schema, base, &applied, writer(call), call.flag("force"));
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
        metadata::carry_over(live, &mut policy);
    } else {
        namespaces::admit(state, &key.0, &POLICIES, &key.1)?;
        metadata::stamp_new(&mut policy, &call.now);
    }
    checks::validate(&schema, live.as_ref(), &policy)?;
    let policy = store(state, key, live.as_ref(), policy, call.dry_run()?);
    Ok(if live.is_some() { Answer::ok(&policy) } else { Answer::created(&policy) })
}

pub(super) fn delete(state: &mut State, call: &Call, key: &Key) -> Result<Answer, Status> {
    let options = DeleteOptions::read(call)?;
    let live = find(state, key)?.clone();
    options.check(&live, &key.1)?;
    if !metadata::has_finalizers(&live) {
        if !options.dry_run {
            state.policies.remove(key);
            state.revision += 1;
        }
        return Ok(Answer::ok(&json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
            "details": {
                "name": key.1, "group": POLICIES.group, "kind": POLICIES.plural,
                "uid": metadata::text(&live, "uid"),
            },
        })));
    }
    let mut dying = live.clone();
    if !metadata::is_being_deleted(&live) {
        metadata::begin_deletion(&mut dying, &call.now);
    }
    Ok(Answer::ok(&store(state, key, Some(&live), dying, options.dry_run)))
}

/// Deletes all policies of a namespace; those with finalizers stay, marked.
pub(super) fn delete_all(state: &mut State, namespace: &str, now: &str) {
    let here = |key: &Key| key.0 == namespace;
    state.policies.retain(|key, policy| !here(key) || metadata::has_finalizers(policy));
    let held: Vec<_> = state.policies.keys().filter(|key| here(key)).cloned().collect();
    for key in held {
        let Some(live) = state.policies.get(&key).cloned() else { continue };
        if !metadata::is_being_deleted(&live) {
            let mut dying = live.clone();
            metadata::begin_deletion(&mut dying, now);
            store(state, &key, Some(&live), dying, false);
        }
    }
}

fn find<'a>(state: &'a State, key: &Key) -> Result<&'a Value, Status> {
    state.policies.get(key).ok_or_else(|| Status::not_found(&POLICIES, &key.1))
}

/// Puts `policy`, as the caller wants it, in place of the one that is there.
fn change(state: &mut State, call: &Call, key: &Key, mut policy: Value) -> Result<Answer, Status> {
    let schema = Schema::policy(state.crd);
    let live = find(state, key)?.clone();
    let warnings = checks::unknown_fields(&schema, call, &mut policy)?;
    checks::is_meant(Some(&live), &policy)?;
    metadata::carry_over(&live, &mut policy);
    checks::validate(&schema, Some(&live), &policy)?;
    let policy = apply::update(&schema, &live, policy, writer(call));
    let policy = store(state, key, Some(&live), policy, call.dry_run()?);
    Ok(Answer::ok(&policy).with_warnings(warnings))
}

/// Stores `new` in place of `old`. What nobody changed keeps its version, and what was only
/// waiting for its finalizers goes with the last of them.
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
        namespaces::finish_deletion(state, &key.0);
    } else {
        state.policies.insert(key.clone(), new.clone());
    }
    new
}

fn writer(call: &Call) -> Writer<'_> {
    Writer { manager: call.manager(), now: &call.now }
}

/// How a deletion is asked for.
struct DeleteOptions {
    uid: Option<String>,
    version: Option<String>,
    dry_run: bool,
}

impl DeleteOptions {
    fn read(call: &Call) -> Result<Self, Status> {
        let body = if call.has_body() { call.json()? } else { Value::Null };
        let policy = body.get("propagationPolicy").and_then(Value::as_str);
        let known = ["Foreground", "Background", "Orphan"];
        // Nothing depends on a policy, so all three mean the same here.
        if let Some(policy) = policy.filter(|policy| !known.contains(policy)) {
            let cause = not_supported("propagationPolicy", policy, &known);
            return Err(call.invalid_option(cause));
        }
        let text = |path: &str| Some(body.pointer(path)?.as_str()?.to_owned());
        let dry_run = body.pointer("/dryRun/0").is_some_and(|all| all == "All");
        Ok(Self {
            uid: text("/preconditions/uid"),
            version: text("/preconditions/resourceVersion"),
            dry_run: dry_run || call.dry_run()?,
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
