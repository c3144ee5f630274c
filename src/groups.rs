//! One security group at a time: the group itself, and its rules through one actor per group.
//!
//! A rule has no id at the service and is changed by its position, which every other change moves.
//! So everything that reads or writes the rules of one group passes through one task, its
//! `actor`: reads share a snapshot, writes go one after the other, each for the version of the
//! snapshot that it was made from.
//!
//! A [`Groups`] belongs to one configured provider. Terraform configures a provider anew for every
//! walk over its graph, also when it keeps the process, so what an actor remembers lives no longer
//! than one plan or one apply.

mod actor;
mod change;
mod error;
mod group;
mod neighbors;
mod references;
mod rule;
mod rule_spec;
mod snapshot;
mod tags;
mod usage;

#[cfg(test)]
mod fake;

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OwnedMutexGuard;

pub use self::{
    error::Error,
    group::{Created, Group, GroupSpec},
    neighbors::NeighborFingerprints,
    rule_spec::{RuleSpec, Tracked},
    tags::{check_tag_key, check_tag_value},
    usage::Usage,
};
use crate::{
    cloud::{Client, Region},
    rules::GroupId,
};

/// All security groups that the credentials reach. Cheap to clone; clones share the actors.
#[derive(Clone, Debug)]
pub struct Groups {
    cloud: Client,
    shared: Arc<SharedGroups>,
}

/// One group, which may or may not exist.
#[derive(Clone, Debug)]
pub struct Handle {
    groups: Groups,
    region: Region,
    id: GroupId,
}

#[derive(Debug, Default)]
struct SharedGroups {
    actors: Mutex<HashMap<(Region, GroupId), actor::Mailbox>>,
    /// The turn to create a group of that name.
    creating: Mutex<HashMap<(Region, String), Turn>>,
}

/// Whose turn it is, holds the ids of those that were created before.
type Turn = Arc<tokio::sync::Mutex<BTreeSet<GroupId>>>;

impl Groups {
    /// Groups reached through this client.
    pub fn new(cloud: Client) -> Self {
        Self { cloud, shared: Arc::default() }
    }

    /// One group.
    pub fn at(&self, region: &Region, id: &GroupId) -> Handle {
        Handle { groups: self.clone(), region: region.clone(), id: id.clone() }
    }

    /// Lets one caller at a time create a group of this name.
    async fn sole_creator(
        &self,
        region: &Region,
        name: &str,
    ) -> OwnedMutexGuard<BTreeSet<GroupId>> {
        let turn = {
            let mut creating = self.shared.creating.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(creating.entry((region.clone(), name.to_owned())).or_default())
        };
        turn.lock_owned().await
    }
}

impl Handle {
    /// The group's id.
    pub fn id(&self) -> &GroupId {
        &self.id
    }

    /// The group's region.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The actor of the group's rules, who begins work when first asked for.
    fn actor(&self) -> actor::Mailbox {
        let key = (self.region.clone(), self.id.clone());
        let mut actors = self.groups.shared.actors.lock().unwrap_or_else(PoisonError::into_inner);
        let actor = actors
            .entry(key)
            .or_insert_with(|| actor::start(&self.groups.cloud, &self.region, &self.id));
        actor.clone()
    }
}
