//! One rule of one group: add, find, track, edit, remove.

use tokio_util::sync::CancellationToken;

use super::{Error, Handle, change::Change, keeper::Task};
use crate::rules::{Difference, Rule};

/// All that a rule is made of: what it says, and what people say about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleSpec {
    /// What it says.
    pub rule: Rule,
    /// Free text that plays no part in telling rules apart.
    pub description: String,
}

/// What has become of a rule that we know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tracked {
    /// It is there; its description may be another by now.
    Same(RuleSpec),
    /// Somebody edited it: it is the only rule that differs from ours in this one respect and
    /// that nobody else has claimed.
    Drifted(RuleSpec, Difference),
    /// It is not there. Rules that it may have become, if there are several.
    Gone(Vec<RuleSpec>),
}

impl Handle {
    /// Adds a rule below all others of its direction.
    pub async fn add_rule(&self, spec: &RuleSpec, stop: &CancellationToken) -> Result<(), Error> {
        self.change(Change::Add(spec.clone()), stop).await
    }

    /// Changes what a rule says, where it stands. Its direction cannot change.
    pub async fn edit_rule(
        &self,
        from: &RuleSpec,
        to: &RuleSpec,
        stop: &CancellationToken,
    ) -> Result<(), Error> {
        self.change(Change::Edit { from: from.clone(), to: to.clone() }, stop).await
    }

    /// Removes a rule; that it is gone already is as good.
    pub async fn remove_rule(
        &self,
        spec: &RuleSpec,
        stop: &CancellationToken,
    ) -> Result<(), Error> {
        self.change(Change::Remove(spec.clone()), stop).await
    }

    /// The rule that says exactly this, if there is one.
    pub async fn find_rule(
        &self,
        rule: &Rule,
        stop: &CancellationToken,
    ) -> Result<Option<RuleSpec>, Error> {
        self.ask(stop, |reply| Task::Find(rule.clone(), reply)).await
    }

    /// Some rules that are most like this one, best first, for when it cannot be found.
    pub async fn nearest_rules(
        &self,
        rule: &Rule,
        stop: &CancellationToken,
    ) -> Result<Vec<RuleSpec>, Error> {
        self.ask(stop, |reply| Task::Nearest(rule.clone(), reply)).await
    }

    /// Finds out what has become of a rule, and claims it for its owner: no two rules that are
    /// tracked are ever told to have become the same one.
    pub async fn track_rule(
        &self,
        known: &RuleSpec,
        stop: &CancellationToken,
    ) -> Result<Tracked, Error> {
        self.ask(stop, |reply| Task::Track(known.clone(), reply)).await
    }

    async fn change(&self, change: Change, stop: &CancellationToken) -> Result<(), Error> {
        self.ask(stop, |reply| Task::Change(change, reply)).await
    }
}
