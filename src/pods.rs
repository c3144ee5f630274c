//! Which Pods get which security groups: the `SecurityGroupPolicy` objects of a cluster.
//!
//! A policy is written by server-side apply, so that fields of others stay what they are, and a
//! change to a field that somebody else owns is an error that names them. Creating never adopts an
//! object that is there already; deleting never touches a successor of the same name.
//!
//! - `policy`: what a policy says, to and from the API's JSON
//! - `selector`: selectors, and the syntax of names and labels
//! - `error`: what can go wrong, and what to do about it

use tokio_util::sync::CancellationToken;

use crate::cluster::api::SecurityGroupPolicy;
use crate::cluster::{self, Cluster, Deletion, FieldManager, Look, Obstacle, is_deleted, until};

mod error;
mod policy;
pub mod selector;

pub use self::error::Error;
pub use self::policy::{Manifest, Policy, PolicyRef, PolicySpec};
pub use self::selector::{Operator, Requirement, Selector};

/// The policies of one cluster.
#[derive(Debug, Clone)]
pub struct Policies {
    cluster: Cluster,
}

/// What to wait for before a policy can be created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
        waits.then(|| Obstacle { reason: source.to_string(), remedy: error.remedy() })
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
        until(&format!("what {at} needs"), stop, async || {
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
                // An apply of nothing gives up every field of ours, and changes nothing else.
                let mut nothing = manifest.to_api(Some(&policy.uid));
                nothing.metadata.labels.clear();
                nothing.metadata.annotations.clear();
                nothing.spec = None;
                let withdrawn = self.cluster.apply::<SecurityGroupPolicy>(&nothing, manager, stop);
                withdrawn.await.map_err(|source| error::doing("withdraw from", at, source))?;
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
                until(&format!("{at} to be deleted"), stop, async || {
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
