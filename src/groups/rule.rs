//! One rule of one group: add, find, track, edit, remove.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{
    Error, Handle, NeighborFingerprints, RuleSpec, Tracked, actor::Command, change::Change,
};
use crate::{rules::Rule, wait};

/// How long a change waits for the rule in its way to go. Terraform removes and adds rules side by
/// side: when the key of an instance changes, the equal rule may be about to be removed.
const DUPLICATE_GRACE: Duration = Duration::from_secs(3);

/// How often it looks. A look costs no call as long as nobody writes.
const DUPLICATE_POLL: Duration = Duration::from_millis(200);

impl Handle {
    /// Adds a rule below all others of its direction.
    pub async fn add_rule(&self, spec: &RuleSpec, cancel: &CancellationToken) -> Result<(), Error> {
        self.change(Change::Add(spec.clone()), cancel).await
    }

    /// Changes what a rule says, where it stands. Its direction cannot change.
    pub async fn edit_rule(
        &self,
        from: &RuleSpec,
        to: &RuleSpec,
        cancel: &CancellationToken,
    ) -> Result<(), Error> {
        self.change(Change::Edit { from: from.clone(), to: to.clone() }, cancel).await
    }

    /// Removes a rule; that it is gone already is as good.
    pub async fn remove_rule(
        &self,
        spec: &RuleSpec,
        cancel: &CancellationToken,
    ) -> Result<(), Error> {
        self.change(Change::Remove(spec.clone()), cancel).await
    }

    /// The rule that says exactly this, if there is one.
    pub async fn find_rule(
        &self,
        rule: &Rule,
        cancel: &CancellationToken,
    ) -> Result<Option<RuleSpec>, Error> {
        self.ask(cancel, |reply| Command::Find(rule.clone(), reply)).await
    }

    /// Some rules that are most like this one, best first, for when it cannot be found.
    pub async fn nearest_rules(
        &self,
        rule: &Rule,
        cancel: &CancellationToken,
    ) -> Result<Vec<RuleSpec>, Error> {
        self.ask(cancel, |reply| Command::Nearest(rule.clone(), reply)).await
    }

    /// Finds out what has become of a rule, and claims it for its owner: no two rules that are
    /// tracked ever become the same one. `neighbors` are those that it had when it
    /// was last there.
    pub async fn track_rule(
        &self,
        known: &RuleSpec,
        neighbors: &NeighborFingerprints,
        cancel: &CancellationToken,
    ) -> Result<Tracked, Error> {
        self.ask(cancel, |reply| Command::Track(known.clone(), neighbors.clone(), reply)).await
    }

    /// The neighbors of an existing rule, to be stored until it is tracked.
    pub async fn neighbors_of(
        &self,
        spec: &RuleSpec,
        cancel: &CancellationToken,
    ) -> Result<NeighborFingerprints, Error> {
        self.ask(cancel, |reply| Command::NeighborFingerprints(spec.clone(), reply)).await
    }

    async fn change(&self, change: Change, cancel: &CancellationToken) -> Result<(), Error> {
        let mut left = DUPLICATE_GRACE;
        loop {
            let done = self.ask(cancel, |reply| Command::Change(change.clone(), reply)).await;
            if !matches!(done, Err(Error::RuleExists(_))) || left.is_zero() {
                return done;
            }
            left = left.saturating_sub(DUPLICATE_POLL);
            if !wait::sleep(DUPLICATE_POLL, cancel).await {
                return done;
            }
        }
    }
}
