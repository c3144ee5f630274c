//! Which Pods get which security groups: the `SecurityGroupPolicy` objects of a cluster.
//!
//! A policy is written by server-side apply, so that fields of others stay what they are, and a
//! change to a field that somebody else owns is an error that names them. Creating never adopts an
//! object that is there already; deleting never touches a successor of the same name.
//!
//! - `policy`: what a policy says, to and from the API's JSON
//! - `selector`: the syntax of names, labels and selectors
//! - `error`: what can go wrong

mod error;
mod policy;
pub mod selector;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

pub use self::{
    error::{Blocker, Error},
    policy::{Policy, PolicyManifest, PolicyRef, PolicySpec},
    selector::Operator,
};
use crate::{
    cluster::{self, Cluster, Deletion, FieldManager, Metadata, api::SecurityGroupPolicy},
    wait::{Backoff, Condition, await_condition},
};

/// The policies of one cluster.
#[derive(Clone, Debug)]
pub struct Policies {
    cluster: Cluster,
}

/// What to wait for before a policy can be created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitFor {
    /// The cluster serves policies: the add-on is installed.
    pub crd: bool,
    /// The namespace exists.
    pub namespace: bool,
}

impl Default for WaitFor {
    fn default() -> Self {
        Self { crd: true, namespace: true }
    }
}

impl WaitFor {
    /// Whether the error is one to wait out.
    fn covers(self, error: &cluster::Error) -> bool {
        match error {
            cluster::Error::TypeMissing { .. } => self.crd,
            cluster::Error::NamespaceMissing { .. }
            | cluster::Error::NamespaceTerminating { .. } => self.namespace,
            _ => false,
        }
    }
}

/// How often to look at what is waited for.
const POLL: Backoff = Backoff {
    first: Duration::from_millis(250),
    longest: Duration::from_secs(5),
    times: None,
    total: None,
};

impl Policies {
    /// The policies of `cluster`.
    pub fn new(cluster: Cluster) -> Self {
        Self { cluster }
    }

    /// Creates a policy; an error if one of this name exists.
    ///
    /// Server-side apply has no way to say "only if it is new". Somebody else may create the policy
    /// between our look and our apply; the answer tells, and then the fields are released.
    pub async fn create(
        &self,
        manifest: &PolicyManifest,
        manager: &FieldManager,
        wait_for: WaitFor,
        cancel: &CancellationToken,
    ) -> Result<Policy, Error> {
        // Nothing is there, so whoever appears as an owner came in between.
        let manager = &FieldManager { force_conflicts: false, ..manager.clone() };
        await_condition(
            POLL,
            cancel,
            || async {
                match self.try_create(manifest, manager, cancel).await {
                    Ok(policy) => Ok(Condition::Met(policy)),
                    Err(Error::Cluster(error)) if wait_for.covers(&error) => {
                        tracing::debug!(policy = %manifest.at, blocker = %error, "waiting");
                        Ok(Condition::Pending(Blocker::Cluster(error)))
                    }
                    Err(error) => Err(error),
                }
            },
            |blocker, waited| Error::WaitTimeout { blocker, waited },
        )
        .await
    }

    async fn try_create(
        &self,
        manifest: &PolicyManifest,
        manager: &FieldManager,
        cancel: &CancellationToken,
    ) -> Result<Policy, Error> {
        let at = &manifest.at;
        let exists = || Error::Exists(at.clone());
        if self.find(at, cancel).await?.is_some() {
            return Err(exists());
        }
        let is_ours = |policy: &Policy| {
            policy.other_owners(&manager.name).is_empty() && policy.spec == manifest.spec
        };
        match self
            .cluster
            .apply::<SecurityGroupPolicy>(&manifest.to_api(None), manager, cancel)
            .await
        {
            Ok(applied) => {
                let policy = Policy::new(at.clone(), applied.object);
                if applied.created || (applied.repeated && is_ours(&policy)) {
                    return Ok(policy);
                }
                // Even when cancelled: the object belongs to another writer, and must not stay ours as well.
                self.release_fields(at, &policy.uid, manager, &CancellationToken::new()).await?;
                Err(exists())
            }
            Err(cluster::Error::Conflict { .. }) => Err(exists()),
            Err(source) if source.is_ambiguous() => {
                // One look even when cancelled: an existing policy must not be lost from state.
                match self.find(at, &CancellationToken::new()).await {
                    Ok(Some(policy)) if is_ours(&policy) => Ok(policy),
                    Ok(None) => Err(source.into()),
                    _ => Err(Error::Ambiguous { at: at.clone(), source }),
                }
            }
            Err(source) => Err(source.into()),
        }
    }

    /// The policy as it is, whoever wrote it; `None` if there is none.
    pub async fn find(
        &self,
        at: &PolicyRef,
        cancel: &CancellationToken,
    ) -> Result<Option<Policy>, Error> {
        let found = self.cluster.find::<SecurityGroupPolicy>(at.object(), cancel).await?;
        Ok(found.map(|object| Policy::new(at.clone(), object)))
    }

    /// Makes the policy with this uid say what the manifest says, and returns what it says then.
    ///
    /// Fields that the manifest lacks and others own would stay, and change which Pods are selected.
    /// They are an error, before anything is written, unless the manager forces conflicts.
    pub async fn update(
        &self,
        uid: &str,
        manifest: &PolicyManifest,
        manager: &FieldManager,
        cancel: &CancellationToken,
    ) -> Result<Policy, Error> {
        let at = &manifest.at;
        let conflict = |owners| Error::Conflict { owners };
        let before = self.find(at, cancel).await?.ok_or_else(|| Error::NotFound(at.clone()))?;
        if before.uid != uid {
            return Err(Error::Replaced { at: at.clone(), uid: before.uid });
        }
        let owners = before.owners_of(&before.extra_fields(&manifest.spec), &manager.name);
        if !owners.is_empty() && !manager.force_conflicts {
            return Err(conflict(owners));
        }

        let wanted = manifest.to_api(Some(uid));
        let applied = self.cluster.apply::<SecurityGroupPolicy>(&wanted, manager, cancel).await;
        let applied = applied.map_err(|source| match source {
            cluster::Error::Conflict { owners } => conflict(owners),
            source => source.into(),
        })?;
        let policy = Policy::new(at.clone(), applied.object);
        let extra_fields = policy.extra_fields(&manifest.spec);
        if extra_fields.is_empty() {
            return Ok(policy);
        }
        if !manager.force_conflicts {
            return Err(conflict(policy.owners_of(&extra_fields, &manager.name)));
        }
        let version = &policy.resource_version;
        let remove =
            self.cluster.remove::<SecurityGroupPolicy>(at.object(), &extra_fields, version, cancel);
        Ok(Policy::new(at.clone(), remove.await?))
    }

    /// Lets the policy with this uid be written under another name from now on. Nothing of what it
    /// says changes.
    ///
    /// Field managers are distinguished by name alone: to the new one, what the old one wrote would be
    /// somebody else's. So the new one first says what is `written` already, and owns it together
    /// with the old one, which then gives it up.
    pub async fn transfer_ownership(
        &self,
        uid: &str,
        written: &PolicyManifest,
        [from, to]: [&FieldManager; 2],
        cancel: &CancellationToken,
    ) -> Result<(), Error> {
        let at = &written.at;
        let written = written.to_api(Some(uid));
        let taken = self.cluster.apply::<SecurityGroupPolicy>(&written, to, cancel).await;
        taken.map_err(|source| match source {
            cluster::Error::Conflict { owners } => Error::Conflict { owners },
            source => source.into(),
        })?;
        let released = self.release_fields(at, uid, from, cancel).await;
        // Both own the fields now. The new one must not keep them while the state has the old one;
        // but where the old one may have released them, they would go with the new one.
        if let Err(Error::Cluster(refused)) = &released
            && !refused.is_ambiguous()
        {
            self.release_fields(at, uid, to, &CancellationToken::new()).await?;
        }
        released
    }

    /// Gives up every field that the manager owns. Those that nobody else owns go.
    async fn release_fields(
        &self,
        at: &PolicyRef,
        uid: &str,
        manager: &FieldManager,
        cancel: &CancellationToken,
    ) -> Result<(), Error> {
        let nothing = at.empty_manifest(uid);
        self.cluster.apply::<SecurityGroupPolicy>(&nothing, manager, cancel).await?;
        Ok(())
    }

    /// Deletes the policy with this uid and waits until it is gone. Gone already is success.
    pub async fn delete(
        &self,
        at: &PolicyRef,
        uid: &str,
        cancel: &CancellationToken,
    ) -> Result<(), Error> {
        match self.cluster.delete::<SecurityGroupPolicy>(at.object(), uid, cancel).await {
            Ok(Deletion::Done) => Ok(()),
            Ok(Deletion::Begun) => {
                await_condition(
                    POLL,
                    cancel,
                    || async {
                        let found =
                            self.cluster.find::<SecurityGroupPolicy>(at.object(), cancel).await?;
                        Ok(deleted(found.as_ref().map(|object| &object.metadata), uid))
                    },
                    |blocker, waited| Error::WaitTimeout { blocker, waited },
                )
                .await
            }
            Err(source @ cluster::Error::Stale { .. }) => match self.find(at, cancel).await? {
                None => Ok(()),
                Some(other) if other.uid != uid => {
                    Err(Error::Replaced { at: at.clone(), uid: other.uid })
                }
                Some(_) => Err(source.into()),
            },
            Err(source) => Err(source.into()),
        }
    }
}

/// Whether the object with this uid is gone. A successor of the same name does not count as it.
fn deleted(found: Option<&Metadata>, uid: &str) -> Condition<(), Blocker> {
    match found {
        Some(metadata) if metadata.uid == uid => {
            Condition::Pending(Blocker::Finalizers(metadata.finalizers.clone()))
        }
        _ => Condition::Met(()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::cluster::{
        NoConnection,
        api::LabelSelector,
        script::{Turn, absent, cluster, groups, status, unserved},
    };

    const OURS: &str = "terraform-provider-tke";

    /// The policy with these labels to select Pods, and who owns which of them.
    fn live(uid: &str, labels: &[&str], owners: &[(&str, &[&str])]) -> Value {
        let managed = owners.iter().map(|(manager, labels)| {
            let fields: Value =
                labels.iter().map(|label| (format!("f:{label}"), json!({}))).collect();
            json!({
                "manager": manager, "operation": "Apply",
                "fieldsV1": {"f:spec": {"f:podSelector": {"f:matchLabels": fields}}},
            })
        });
        let selected: Value = labels.iter().map(|&label| (label.to_owned(), json!("x"))).collect();
        json!({
            "metadata": {
                "uid": uid, "resourceVersion": "7", "managedFields": managed.collect::<Value>(),
            },
            "spec": {
                "podSelector": {"matchLabels": selected},
                "securityGroups": {"groupIds": ["sg-1"]},
            },
        })
    }

    fn manifest() -> PolicyManifest {
        let selector = LabelSelector {
            match_labels: [("app".to_owned(), "x".to_owned())].into(),
            ..LabelSelector::default()
        };
        PolicyManifest {
            at: PolicyRef::new("shop", "app").unwrap(),
            spec: PolicySpec {
                pod_selector: Some(selector),
                security_group_ids: vec!["sg-1".to_owned()],
                ..PolicySpec::default()
            },
            labels: [("team".to_owned(), "net".to_owned())].into(),
            annotations: [].into(),
        }
    }

    fn ok(body: Value) -> Turn {
        Turn::Json(200, body)
    }

    fn made(body: Value) -> Turn {
        Turn::Json(201, body)
    }

    fn conflict() -> Turn {
        let cause = json!({
            "reason": "FieldManagerConflict", "message": "conflict with \"argocd\"",
            "field": ".spec.podSelector.matchLabels.app",
        });
        status(409, "Conflict", "Apply failed", json!({"causes": [cause]}))
    }

    fn no_namespace() -> Turn {
        let details = json!({"kind": "namespaces", "name": "shop"});
        status(404, "NotFound", "namespaces \"shop\" not found", details)
    }

    /// The name of the outcome, the verbs that led to it, and the bodies that were sent.
    struct Played {
        outcome: String,
        verbs: String,
        bodies: Vec<Value>,
    }

    impl Played {
        #[track_caller]
        fn check(&self, outcome: &str, verbs: &str) {
            assert_eq!((self.outcome.as_str(), self.verbs.as_str()), (outcome, verbs));
        }
    }

    async fn play<T>(
        turns: Vec<Turn>,
        operation: impl AsyncFnOnce(Policies) -> Result<T, Error>,
        shown: impl Fn(T) -> String,
    ) -> Played {
        let (cluster, script) = cluster(turns);
        let outcome = match operation(Policies::new(cluster)).await {
            Ok(value) => shown(value),
            Err(error) => error.to_string(),
        };
        Played { outcome, verbs: script.verbs(), bodies: script.bodies() }
    }

    fn selected(policy: Policy) -> String {
        let selector = policy.spec.pod_selector.unwrap_or_default();
        let labels: Vec<_> = selector.match_labels.into_keys().collect();
        format!("{} selects {}", policy.uid, labels.join(", "))
    }

    async fn create(turns: Vec<Turn>) -> Played {
        let operation = async |policies: Policies| {
            let manager = FieldManager { force_conflicts: true, ..FieldManager::default() };
            let cancel = CancellationToken::new();
            policies.create(&manifest(), &manager, WaitFor::default(), &cancel).await
        };
        play(turns, operation, selected).await
    }

    async fn update(turns: Vec<Turn>, force_conflicts: bool) -> Played {
        let operation = async |policies: Policies| {
            let manager = FieldManager { force_conflicts, ..FieldManager::default() };
            policies.update("u-1", &manifest(), &manager, &CancellationToken::new()).await
        };
        play(turns, operation, selected).await
    }

    async fn delete(turns: Vec<Turn>) -> Played {
        let operation = async |policies: Policies| {
            policies.delete(&manifest().at, "u-1", &CancellationToken::new()).await
        };
        play(turns, operation, |()| "gone".to_owned()).await
    }

    #[test]
    fn deleted_means_absent_or_replaced() {
        let object = |uid: &str, finalizers: &[&str]| {
            let metadata = json!({"uid": uid, "resourceVersion": "1", "finalizers": finalizers});
            Some(serde_json::from_value(metadata).unwrap())
        };
        for (found, expected) in [
            (None, None),
            (object("new", &[]), None),
            (object("old", &[]), Some("the object still exists")),
            (object("old", &["a/b", "c"]), Some("the object waits for the finalizers a/b, c")),
        ] {
            let blocker = match deleted(found.as_ref(), "old") {
                Condition::Met(()) => None,
                Condition::Pending(blocker) => Some(blocker.to_string()),
            };
            assert_eq!(blocker.as_deref(), expected, "{found:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn create_of_absent_policy_succeeds() {
        let ours = || live("u-1", &["app"], &[(OURS, &["app"])]);
        let played = create(vec![absent(), made(ours())]).await;
        played.check("u-1 selects app", "GET PATCH");
        assert_eq!(played.bodies[1]["metadata"]["labels"], json!({"team": "net"}));

        // A lost answer is repeated, and the object is ours.
        let played = create(vec![absent(), Turn::Break, ok(ours())]).await;
        played.check("u-1 selects app", "GET PATCH PATCH");
    }

    #[tokio::test(start_paused = true)]
    async fn create_of_existing_policy_fails() {
        let theirs = || live("u-2", &["app"], &[("argocd", &["app"])]);
        let both = || live("u-2", &["app"], &[("argocd", &["app"]), (OURS, &["app"])]);
        let exists = "SecurityGroupPolicy shop/app already exists";
        create(vec![ok(theirs())]).await.check(exists, "GET");
        // Somebody else is faster: with other content, with the same, and while an answer is lost.
        create(vec![absent(), conflict()]).await.check(exists, "GET PATCH");
        let played = create(vec![absent(), ok(both()), ok(theirs())]).await;
        played.check(exists, "GET PATCH PATCH");
        assert_eq!(
            played.bodies[2]["metadata"],
            json!({"name": "app", "namespace": "shop", "uid": "u-2"})
        );
        assert_eq!(played.bodies[2]["spec"], Value::Null);
        let played = create(vec![absent(), Turn::Break, ok(both()), ok(theirs())]).await;
        played.check(exists, "GET PATCH PATCH PATCH");
    }

    #[tokio::test(start_paused = true)]
    async fn create_with_lost_response_is_settled_by_a_look() {
        let ours = live("u-1", &["app"], &[(OURS, &["app"])]);
        let theirs = live("u-2", &["app"], &[("argocd", &["app"])]);
        let lost = |last: Turn| {
            let mut turns = vec![absent()];
            turns.extend(vec![Turn::Break; 5]);
            turns.push(last);
            turns
        };
        let verbs = "GET PATCH PATCH PATCH PATCH PATCH GET";
        create(lost(ok(ours))).await.check("u-1 selects app", verbs);
        create(lost(absent())).await.check("the connection to https://cluster.test broke before it responded to patch securitygrouppolicies.vpcresources.tke.cloud.tencent.com", verbs);
        create(lost(ok(theirs)))
            .await
            .check("cannot tell whether SecurityGroupPolicy shop/app was created", verbs);
    }

    #[tokio::test(start_paused = true)]
    async fn create_waits_for_kind_and_namespace() {
        let ours = live("u-1", &["app"], &[(OURS, &["app"])]);
        let turns =
            vec![unserved(), groups(&["apps/v1"]), absent(), no_namespace(), absent(), made(ours)];
        create(turns).await.check("u-1 selects app", "GET GET GET PATCH GET PATCH");
    }

    #[tokio::test(start_paused = true)]
    async fn create_wait_ends_when_cancelled() {
        let missing = || vec![absent(), no_namespace(), absent(), no_namespace()];
        let cancel = CancellationToken::new();
        let alarm = cancel.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(600)).await;
            alarm.cancel();
        });
        let operation = async |wait_for: WaitFor| {
            let (cluster, _script) = cluster(missing());
            let manager = FieldManager::default();
            Policies::new(cluster)
                .create(&manifest(), &manager, wait_for, &cancel)
                .await
                .unwrap_err()
        };
        let error = operation(WaitFor { namespace: false, ..WaitFor::default() }).await;
        assert!(matches!(
            error,
            Error::Cluster(cluster::Error::NamespaceMissing { namespace }) if namespace == "shop"
        ));
        let error = operation(WaitFor::default()).await;
        assert_eq!(error.to_string(), "waited 0 s, but the namespace shop does not exist");
    }

    #[tokio::test]
    async fn update_of_recreated_object_fails() {
        let ours = || live("u-1", &["app"], &[(OURS, &["app"])]);
        let played = update(vec![ok(ours()), ok(ours())], false).await;
        played.check("u-1 selects app", "GET PATCH");
        assert_eq!(played.bodies[1]["metadata"]["uid"], "u-1");

        let replaced = "SecurityGroupPolicy shop/app was recreated and now has the uid u-2";
        update(vec![ok(live("u-2", &[], &[]))], true).await.check(replaced, "GET");
        let gone = "SecurityGroupPolicy shop/app no longer exists";
        update(vec![absent()], true).await.check(gone, "GET");
    }

    #[tokio::test]
    async fn update_takes_fields_of_others_only_with_force() {
        let more = || live("u-1", &["app", "team"], &[(OURS, &["app"]), ("argocd", &["team"])]);
        let ours = || live("u-1", &["app"], &[(OURS, &["app"])]);
        let owned = |field| {
            format!(
                "\
                 `argocd` (Apply) owns .spec.podSelector.matchLabels.{field}"
            )
        };
        // Known before the write, and only from the answer to it.
        update(vec![ok(more())], false).await.check(&owned("team"), "GET");
        update(vec![ok(ours()), ok(more())], false).await.check(&owned("team"), "GET PATCH");
        update(vec![ok(ours()), conflict()], false).await.check(&owned("app"), "GET PATCH");

        let played = update(vec![ok(more()), ok(more()), ok(ours())], true).await;
        played.check("u-1 selects app", "GET PATCH PATCH");
        assert_eq!(
            played.bodies[2],
            json!({
                "metadata": {"resourceVersion": "7"},
                "spec": {"podSelector": {"matchLabels": {"team": null}}},
            })
        );
        // A field that only we own goes with the apply.
        let both_ours = live("u-1", &["app", "team"], &[(OURS, &["app", "team"])]);
        update(vec![ok(both_ours), ok(ours())], false).await.check("u-1 selects app", "GET PATCH");
    }

    #[tokio::test]
    async fn renamed_field_manager_takes_over_before_the_old_one_releases() {
        let both = || live("u-1", &["app"], &[(OURS, &["app"]), ("new", &["app"])]);
        let operation = async |policies: Policies| {
            let (from, cancel) = (FieldManager::default(), CancellationToken::new());
            let to = FieldManager { name: "new".to_owned(), ..FieldManager::default() };
            policies.transfer_ownership("u-1", &manifest(), [&from, &to], &cancel).await
        };
        let played = play(vec![ok(both()), ok(both())], operation, |()| "done".to_owned()).await;
        played.check("done", "PATCH PATCH");
        assert_ne!(played.bodies[0]["spec"], Value::Null);
        assert_eq!(
            played.bodies[1],
            json!({
                "apiVersion": "vpcresources.tke.cloud.tencent.com/v1beta1",
                "kind": "SecurityGroupPolicy",
                "metadata": {"name": "app", "namespace": "shop", "uid": "u-1"},
            })
        );
        let played = play(vec![conflict()], operation, |()| "done".to_owned()).await;
        played.check(
            "\
             `argocd` (Apply) owns .spec.podSelector.matchLabels.app",
            "PATCH",
        );
    }

    #[tokio::test(start_paused = true)]
    async fn delete_waits_until_the_object_is_gone() {
        let held = || live("u-1", &[], &[]);
        let stale = || status(409, "Conflict", "the UID in the precondition", json!({}));
        delete(vec![ok(json!({"kind": "Status"}))]).await.check("gone", "DELETE");
        delete(vec![absent()]).await.check("gone", "DELETE");
        delete(vec![Turn::Break, absent()]).await.check("gone", "DELETE DELETE");
        let begun = || {
            let mut object = held();
            object["kind"] = json!("SecurityGroupPolicy");
            ok(object)
        };
        delete(vec![begun(), ok(held()), absent()]).await.check("gone", "DELETE GET GET");
        delete(vec![begun(), ok(live("u-2", &[], &[]))]).await.check("gone", "DELETE GET");
        delete(vec![stale(), absent()]).await.check("gone", "DELETE GET");
        delete(vec![stale(), ok(live("u-2", &[], &[]))]).await.check(
            "SecurityGroupPolicy shop/app was recreated and now has the uid u-2",
            "DELETE GET",
        );
    }

    #[tokio::test]
    async fn missing_kind_means_that_the_add_on_is_not_installed() {
        let (cluster, _script) = cluster([unserved(), groups(&[])]);
        let cancel = CancellationToken::new();
        let error = Policies::new(cluster).find(&manifest().at, &cancel).await.unwrap_err();
        assert!(error.is_uninstalled());
        assert_eq!(
            error.to_string(),
            "the cluster has no matches for kind \"SecurityGroupPolicy\" \
             in version \"vpcresources.tke.cloud.tencent.com/v1beta1\""
        );
    }

    #[test]
    fn futures_are_send() {
        fn check<T: Send>(_: T) {}
        let (manifest, manager) = (manifest(), FieldManager::default());
        let cancel = CancellationToken::new();
        let policies = Policies::new(Cluster::new(Err(NoConnection::Unknown)));
        check(policies.create(&manifest, &manager, WaitFor::default(), &cancel));
        check(policies.find(&manifest.at, &cancel));
        check(policies.update("u-1", &manifest, &manager, &cancel));
        check(policies.delete(&manifest.at, "u-1", &cancel));
    }
}
