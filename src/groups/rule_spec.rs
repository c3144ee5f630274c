//! A rule with its description, and what has become of one.

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
    /// Somebody edited it: it is the only rule that differs from ours in this one respect, that
    /// was no neighbor before, and that nobody else has claimed.
    Drifted(RuleSpec, Difference),
    /// It is not there. Rules that it may have become, if there are several.
    Gone(Vec<RuleSpec>),
}
