//! Which Pods get which security groups: the `SecurityGroupPolicy` objects of a cluster.
//!
//! A policy is written by server-side apply, so that fields of others stay what they are, and a
//! change to a field that somebody else owns is an error that names them. Creating never adopts an
//! object that is there already; deleting never touches a successor of the same name.
//!
//! - `policy`: what a policy says, to and from the API's JSON
//! - `selector`: selectors, and the syntax of names and labels
//! - `error`: what can go wrong, and what to do about it

mod error;
mod policy;
pub mod selector;

use tokio_util::sync::CancellationToken;

pub use self::{
    error::Error,
    policy::{Manifest, Policy, PolicyRef, PolicySpec},
    selector::{Operator, Requirement, Selector},
};
use crate::cluster::{
    self, Cluster, Deletion, FieldManager, Look, Obstacle, api::SecurityGroupPolicy, is_deleted,
    until,
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
    /// What is in the way, if the error is something to wait for.
    fn obstacle(self, error: &Error) -> Option<Obstacle> {
        let source = error.of_cluster()?;
        let waits = match source {
            cluster::Error::TypeMissing { .. } => self.crd,
            cluster::Error::NamespaceMissing { .. }
            | cluster::Error::NamespaceTerminating { .. } => self.namespace,
            _ => false,
        };
        waits.then(|| Obstacle {
            reason: source.to_string(),
            remedy: error.remedy(),
            fields: error.fields(),
        })
    }
}

impl Policies {
    /// The policies of `cluster`.
    pub fn new(cluster: Cluster) -> Self {
        Self { cluster }
    }

    /// Creates a policy; an error if one of this name exists.
    ///
    /// Server-side apply has no way to say "only if it is new". Somebody else may create the policy
    /// between our look and our apply; the answer tells, and then we withdraw.
    pub async fn create(
        &self,
        manifest: &Manifest,
        manager: &FieldManager,
        wait_for: WaitFor,
        stop: &CancellationToken,
    ) -> Result<Policy, Error> {
        let at = &manifest.at;
        // Nothing is there, so whoever appears as an owner came in between.
        let manager = &FieldManager { force_conflicts: false, ..manager.clone() };
        until(&format!("what {at} needs"), stop, || async {
            match self.try_create(manifest, manager, stop).await {
                Ok(policy) => Ok(Look::Reached(policy)),
                Err(error) => wait_for.obstacle(&error).map(Look::Pending).ok_or(error),
            }
        })
        .await
    }

    async fn try_create(
        &self,
        manifest: &Manifest,
        manager: &FieldManager,
        stop: &CancellationToken,
    ) -> Result<Policy, Error> {
        let at = &manifest.at;
        let exists = || Error::AlreadyExists { at: at.clone() };
        if self.find(at, stop).await?.is_some() {
            return Err(exists());
        }
        let is_ours = |policy: &Policy| {
            policy.foreign(&manager.name).is_empty() && policy.spec == manifest.spec
        };
        match self.cluster.apply::<SecurityGroupPolicy>(&manifest.to_api(None), manager, stop).await
        {
            Ok(applied) => {
                let policy = Policy::new(at.clone(), applied.object);
                if applied.created || (applied.repeated && is_ours(&policy)) {
                    return Ok(policy);
                }
                // Even after a stop: it is somebody else's, and must not stay ours as well.
                self.withdraw(at, &policy.uid, manager, &CancellationToken::new()).await?;
                Err(exists())
            }
            Err(cluster::Error::Conflict { .. }) => Err(exists()),
            Err(source) if source.is_ambiguous() => {
                // One look, even after a stop: a policy that is there must not be forgotten.
                match self.find(at, &CancellationToken::new()).await {
                    Ok(Some(policy)) if is_ours(&policy) => Ok(policy),
                    Ok(None) => Err(error::doing("create", at, source)),
                    _ => Err(Error::Unconfirmed { at: at.clone(), source }),
                }
            }
            Err(source) => Err(error::doing("create", at, source)),
        }
    }

    /// The policy as it is, whoever wrote it; `None` if there is none.
    pub async fn find(
        &self,
        at: &PolicyRef,
        stop: &CancellationToken,
    ) -> Result<Option<Policy>, Error> {
        let found = self.cluster.find::<SecurityGroupPolicy>(at.object(), stop).await;
        let found = found.map_err(|source| error::doing("read", at, source))?;
        Ok(found.map(|object| Policy::new(at.clone(), object)))
    }

    /// Makes the policy with this uid say what the manifest says, and returns what it says then.
    ///
    /// Fields that the manifest lacks and others own would stay, and change which Pods are selected.
    /// They are an error, before anything is written, unless the manager forces conflicts.
    pub async fn update(
        &self,
        uid: &str,
        manifest: &Manifest,
        manager: &FieldManager,
        stop: &CancellationToken,
    ) -> Result<Policy, Error> {
        let at = &manifest.at;
        let conflict = |owners| Error::Conflict { at: at.clone(), owners };
        let before = self.find(at, stop).await?.ok_or_else(|| Error::Gone { at: at.clone() })?;
        if before.uid != uid {
            return Err(Error::Replaced { at: at.clone(), uid: before.uid });
        }
        let owners = before.owners_of(&before.beyond(&manifest.spec), &manager.name);
        if !owners.is_empty() && !manager.force_conflicts {
            return Err(conflict(owners));
        }

        let wanted = manifest.to_api(Some(uid));
        let applied = self.cluster.apply::<SecurityGroupPolicy>(&wanted, manager, stop).await;
        let applied = applied.map_err(|source| match source {
            cluster::Error::Conflict { owners } => conflict(owners),
            source => error::doing("update", at, source),
        })?;
        let policy = Policy::new(at.clone(), applied.object);
        let beyond = policy.beyond(&manifest.spec);
        if beyond.is_empty() {
            return Ok(policy);
        }
        if !manager.force_conflicts {
            return Err(conflict(policy.owners_of(&beyond, &manager.name)));
        }
        let version = &policy.resource_version;
        let removed =
            self.cluster.remove::<SecurityGroupPolicy>(at.object(), &beyond, version, stop).await;
        let removed = removed.map_err(|source| error::doing("remove fields of", at, source))?;
        Ok(Policy::new(at.clone(), removed))
    }

    /// Lets the policy with this uid be written under another name from now on. Nothing of what it
    /// says changes.
    ///
    /// Field managers are told apart by name alone: to the new one, what the old one wrote would be
    /// somebody else's. So the new one first says what is `written` already, and owns it together
    /// with the old one, which then gives it up.
    pub async fn hand_over(
        &self,
        uid: &str,
        written: &Manifest,
        [from, to]: [&FieldManager; 2],
        stop: &CancellationToken,
    ) -> Result<(), Error> {
        let at = &written.at;
        let written = written.to_api(Some(uid));
        let taken = self.cluster.apply::<SecurityGroupPolicy>(&written, to, stop).await;
        taken.map_err(|source| match source {
            cluster::Error::Conflict { owners } => Error::Conflict { at: at.clone(), owners },
            source => error::doing("hand over", at, source),
        })?;
        self.withdraw(at, uid, from, stop).await
    }

    /// Gives up every field that the manager owns. Those that nobody else owns go.
    async fn withdraw(
        &self,
        at: &PolicyRef,
        uid: &str,
        manager: &FieldManager,
        stop: &CancellationToken,
    ) -> Result<(), Error> {
        let nothing = at.to_nothing(uid);
        let withdrawn = self.cluster.apply::<SecurityGroupPolicy>(&nothing, manager, stop).await;
        withdrawn.map(drop).map_err(|source| error::doing("withdraw from", at, source))
    }

    /// Deletes the policy with this uid and waits until it is gone. Gone already is success.
    pub async fn delete(
        &self,
        at: &PolicyRef,
        uid: &str,
        stop: &CancellationToken,
    ) -> Result<(), Error> {
        match self.cluster.delete::<SecurityGroupPolicy>(at.object(), uid, stop).await {
            Ok(Deletion::Done) => Ok(()),
            Ok(Deletion::Begun) => {
                until(&format!("{at} to be deleted"), stop, || async {
                    let found = self.cluster.find::<SecurityGroupPolicy>(at.object(), stop).await;
                    let found = found.map_err(|source| error::doing("read", at, source))?;
                    Ok::<_, Error>(is_deleted(found.as_ref().map(|object| &object.metadata), uid))
                })
                .await
            }
            Err(source @ cluster::Error::Stale { .. }) => match self.find(at, stop).await? {
                None => Ok(()),
                Some(other) if other.uid != uid => {
                    Err(Error::Replaced { at: at.clone(), uid: other.uid })
                }
                Some(_) => Err(error::doing("delete", at, source)),
            },
            Err(source) => Err(error::doing("delete", at, source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::cluster::script::{Turn, absent, cluster, groups, status, unserved};

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

    fn manifest() -> Manifest {
        let selector = Selector {
            match_labels: [("app".to_owned(), "x".to_owned())].into(),
            ..Selector::default()
        };
        Manifest {
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
            let stop = CancellationToken::new();
            policies.create(&manifest(), &manager, WaitFor::default(), &stop).await
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

    #[tokio::test(start_paused = true)]
    async fn create_makes_one() {
        let ours = || live("u-1", &["app"], &[(OURS, &["app"])]);
        let played = create(vec![absent(), made(ours())]).await;
        played.check("u-1 selects app", "GET PATCH");
        assert_eq!(played.bodies[1]["metadata"]["labels"], json!({"team": "net"}));

        // A lost answer is repeated, and the object is ours.
        let played = create(vec![absent(), Turn::Break, ok(ours())]).await;
        played.check("u-1 selects app", "GET PATCH PATCH");
    }

    #[tokio::test(start_paused = true)]
    async fn create_never_adopts() {
        let theirs = || live("u-2", &["app"], &[("argocd", &["app"])]);
        let both = || live("u-2", &["app"], &[("argocd", &["app"]), (OURS, &["app"])]);
        let exists = "SecurityGroupPolicy shop/app exists already";
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
    async fn create_decides_from_what_is_there_when_no_answer_comes() {
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
        create(lost(absent())).await.check("cannot create SecurityGroupPolicy shop/app", verbs);
        create(lost(ok(theirs)))
            .await
            .check("it is not known whether SecurityGroupPolicy shop/app was created", verbs);
    }

    #[tokio::test(start_paused = true)]
    async fn create_waits_for_kind_and_namespace() {
        let ours = live("u-1", &["app"], &[(OURS, &["app"])]);
        let turns =
            vec![unserved(), groups(&["apps/v1"]), absent(), no_namespace(), absent(), made(ours)];
        create(turns).await.check("u-1 selects app", "GET GET GET PATCH GET PATCH");
    }

    #[tokio::test(start_paused = true)]
    async fn create_waits_no_longer_than_allowed() {
        let missing = || vec![absent(), no_namespace(), absent(), no_namespace()];
        let stop = CancellationToken::new();
        let alarm = stop.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(600)).await;
            alarm.cancel();
        });
        let operation = async |wait_for: WaitFor| {
            let (cluster, _script) = cluster(missing());
            let manager = FieldManager::default();
            Policies::new(cluster).create(&manifest(), &manager, wait_for, &stop).await.unwrap_err()
        };
        let error = operation(WaitFor { namespace: false, ..WaitFor::default() }).await;
        assert!(matches!(
            error.of_cluster(),
            Some(cluster::Error::NamespaceMissing { namespace }) if namespace == "shop"
        ));
        let error = operation(WaitFor::default()).await;
        assert_eq!(
            error.to_string(),
            "waited 0 s for what SecurityGroupPolicy shop/app needs, \
             but the namespace shop does not exist"
        );
        assert_eq!(error.remedy(), "create the namespace first, or correct its name.");
    }

    #[tokio::test]
    async fn update_changes_only_the_object_it_knows() {
        let ours = || live("u-1", &["app"], &[(OURS, &["app"])]);
        let played = update(vec![ok(ours()), ok(ours())], false).await;
        played.check("u-1 selects app", "GET PATCH");
        assert_eq!(played.bodies[1]["metadata"]["uid"], "u-1");

        let replaced = "SecurityGroupPolicy shop/app is another object now, with the uid u-2";
        update(vec![ok(live("u-2", &[], &[]))], true).await.check(replaced, "GET");
        let gone = "SecurityGroupPolicy shop/app no longer exists";
        update(vec![absent()], true).await.check(gone, "GET");
    }

    #[tokio::test]
    async fn update_takes_fields_of_others_only_by_force() {
        let more = || live("u-1", &["app", "team"], &[(OURS, &["app"]), ("argocd", &["team"])]);
        let ours = || live("u-1", &["app"], &[(OURS, &["app"])]);
        let owned = |field| {
            format!(
                "others own fields of SecurityGroupPolicy shop/app: \
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
    async fn a_new_name_takes_over_before_the_old_one_gives_up() {
        let both = || live("u-1", &["app"], &[(OURS, &["app"]), ("new", &["app"])]);
        let operation = async |policies: Policies| {
            let (from, stop) = (FieldManager::default(), CancellationToken::new());
            let to = FieldManager { name: "new".to_owned(), ..FieldManager::default() };
            policies.hand_over("u-1", &manifest(), [&from, &to], &stop).await
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
            "others own fields of SecurityGroupPolicy shop/app: \
             `argocd` (Apply) owns .spec.podSelector.matchLabels.app",
            "PATCH",
        );
    }

    #[tokio::test(start_paused = true)]
    async fn delete_is_over_when_it_is_gone() {
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
            "SecurityGroupPolicy shop/app is another object now, with the uid u-2",
            "DELETE GET",
        );
    }

    #[tokio::test]
    async fn a_missing_kind_names_the_add_on() {
        let (cluster, _script) = cluster([unserved(), groups(&[])]);
        let stop = CancellationToken::new();
        let error = Policies::new(cluster).find(&manifest().at, &stop).await.unwrap_err();
        assert_eq!(error.to_string(), "cannot read SecurityGroupPolicy shop/app");
        assert_eq!(
            error.of_cluster().unwrap().to_string(),
            "the cluster has no matches for kind \"SecurityGroupPolicy\" \
             in version \"vpcresources.tke.cloud.tencent.com/v1beta1\""
        );
        assert!(error.remedy().starts_with("install the add-on SecurityGroupPolicy"));
    }

    #[test]
    fn operations_can_move_between_threads() {
        fn check<T: Send>(_: T) {}
        let (manifest, manager) = (manifest(), FieldManager::default());
        let stop = CancellationToken::new();
        let policies = Policies::new(Cluster::new(Err(cluster::Missing::NotYetKnown("x".into()))));
        check(policies.create(&manifest, &manager, WaitFor::default(), &stop));
        check(policies.find(&manifest.at, &stop));
        check(policies.update("u-1", &manifest, &manager, &stop));
        check(policies.delete(&manifest.at, "u-1", &stop));
    }
}
