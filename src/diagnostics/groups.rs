//! Messages about security groups and their rules.

use std::fmt::Display;

use tf_provider::Diagnostic;

use super::{DiagnosticSource, chain};
use crate::{
    groups::Error,
    rules::{GroupId, RuleId},
};

impl DiagnosticSource for Error {
    fn cause(&self) -> String {
        match self {
            Self::Cloud(source) => DiagnosticSource::cause(source),
            _ => chain(self),
        }
    }

    fn remedy(&self) -> String {
        match self {
            Self::Cloud(source) | Self::ConflictRetriesExhausted { source, .. } => source.remedy(),
            Self::GroupNotFound(_) => "check the id and the region. If the group was deleted \
                                       outside Terraform, run `terraform plan` again."
                .to_owned(),
            Self::RuleNotFound(_) => "run `terraform plan` again.".to_owned(),
            Self::RuleExists(id) => format!(
                "if another resource manages this rule, remove one of the two resources. Otherwise \
                 import the rule; the next apply then updates it:\n\n\
                 import {{\n  to = tke_security_group_rule.<name>\n  id = \"{id}\"\n}}"
            ),
            Self::InUse { .. } => {
                "detach the group from what uses it, or increase `timeouts.delete`. Pods keep a group \
                 until they are recreated. Set `references_on_delete = \"remove\"` to remove the \
                 rules of other groups."
                    .to_owned()
            }
            Self::Ambiguous { .. } => {
                "compare these groups in the console, import the right one, and delete the others \
                 if nothing uses them."
                    .to_owned()
            }
            Self::ActorStopped(_) => {
                "report this bug to the provider's authors with the text above.".to_owned()
            }
        }
    }

    fn blamed(&self) -> Vec<String> {
        match self {
            Self::Cloud(source) => source.blamed(),
            Self::GroupNotFound(group) => vec![group.to_string()],
            _ => Vec::new(),
        }
    }
}

/// A create that is killed after the service has answered leaves a group that no state knows of.
pub(crate) fn lookalikes(name: &str, groups: &[GroupId]) -> Diagnostic {
    let groups = groups.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Diagnostic::warning(format!("Another security group named `{name}` already exists"))
        .detail(format!(
            "These groups have the same name, description and project: {groups}. They may be left \
             over from an apply that was killed."
        ))
        .remedy(
            "if nothing manages them, delete them, or import one of them in place of the newly \
             created group.",
        )
}

pub(crate) fn rule_not_found(id: &RuleId, candidates: impl Iterator<Item = RuleId>) -> Diagnostic {
    Diagnostic::warning(format!("Rule {id} no longer exists"))
        .detail(format!("It was deleted, or changed into one of these rules:{}", list(candidates)))
        .remedy("import the rule that it was changed into. Otherwise apply creates it again.")
}

/// Nothing to import, and what is there instead.
pub(crate) fn no_rule_to_import(id: &RuleId, nearest: impl Iterator<Item = RuleId>) -> Diagnostic {
    let mut nearest = nearest.peekable();
    let detail = if nearest.peek().is_none() {
        "The rule does not exist, and the group has no rules of this direction.".to_owned()
    } else {
        format!(
            "The rule does not exist. The most similar rules of the group are:{}",
            list(nearest)
        )
    };
    Diagnostic::error(format!("Could not import rule {id}"))
        .detail(detail)
        .remedy("correct the id.")
}

/// An import id of the wrong form.
pub(crate) fn invalid_import_id(id: &str, why: &impl Display) -> Diagnostic {
    Diagnostic::error(format!("Could not import `{id}`"))
        .detail(why.to_string())
        .remedy("correct the id; the resource's documentation shows its form.")
}

pub(crate) fn no_peer() -> Diagnostic {
    Diagnostic::error("No peer is set")
        .detail(
            "None of `cidr_block`, `ipv6_cidr_block` and `referenced_security_group_id` has a value.",
        )
        .remedy("set one of them.")
}

fn list(ids: impl Iterator<Item = RuleId>) -> String {
    let lines: Vec<_> = ids.map(|id| format!("\n  {id}")).collect();
    format!("\n{}", lines.concat())
}
