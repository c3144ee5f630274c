//! The one place where errors become Terraform diagnostics.
//!
//! The summary says what could not be done to which object, the detail why, and after a blank line
//! what to do about it.

use std::{error::Error, fmt::Display};

use tf_provider::{Diagnostic, Diagnostics};

use crate::{
    cloud::{self, Cause, Kind, NoCredentials},
    groups, pods,
    rules::RuleId,
};

impl From<groups::Error> for Diagnostics {
    fn from(error: groups::Error) -> Self {
        let remedy = match &error {
            groups::Error::Cloud { source, .. } | groups::Error::Contended { source, .. } => {
                advice(source)
            }
            groups::Error::Gone(_) | groups::Error::RuleGone(_) => {
                "run `terraform plan` again: it shows what is there now.".to_owned()
            }
            groups::Error::Exists(id) => import_rule(id),
            groups::Error::Held { .. } => {
                "free the group from what holds it, or give the delete more time with \
                 `timeouts.delete`. Pods keep a group until they are recreated; rules of other \
                 groups are removed with `references_on_delete = \"remove\"`."
                    .to_owned()
            }
            groups::Error::Unclear { .. } => {
                "look at these groups in the console, import the one that is yours, and delete what \
                 nobody needs."
                    .to_owned()
            }
            groups::Error::Abandoned(_) => REPORT.to_owned(),
        };
        failure(&error, &remedy)
    }
}

impl From<pods::Error> for Diagnostics {
    fn from(error: pods::Error) -> Self {
        let remedy = error.remedy();
        failure(&error, &remedy)
    }
}

/// A call to the cloud that belongs to no group.
pub(crate) fn cloud_failure(doing: &str, error: &cloud::Error) -> Diagnostics {
    let summary = format!("Could not {doing}");
    described(summary, &chain(error), &advice(error)).into()
}

/// An import id of the wrong form.
pub(crate) fn not_an_id(text: &str, why: &impl Display) -> Diagnostic {
    described(
        format!("Cannot import by `{text}`"),
        &why.to_string(),
        "correct the id; the resource's documentation shows its form.",
    )
}

/// Nothing to import, and what is there instead.
pub(crate) fn nothing_there(what: &str, near: impl Iterator<Item = String>) -> Diagnostic {
    let near: Vec<_> = near.map(|id| format!("\n  {id}")).collect();
    let why = match near.is_empty() {
        true => "The group has no rules of this direction.".to_owned(),
        false => format!("These rules of the group are most like it:{}", near.concat()),
    };
    described(format!("Cannot import {what}, which does not exist"), &why, "correct the id.")
}

const REPORT: &str = "this is a bug in the provider, please report it with the text above.";

fn failure(error: &dyn Error, remedy: &str) -> Diagnostics {
    let sentence = error.to_string();
    let detail = error.source().map_or_else(|| sentence.clone(), chain);
    described(capitalized(&sentence), &detail, remedy).into()
}

fn described(summary: String, why: &str, remedy: &str) -> Diagnostic {
    let mut why = capitalized(why);
    if !why.ends_with(['.', '}']) {
        why.push('.');
    }
    Diagnostic::error(summary).detail(format!("{why}\n\nWhat to do: {remedy}"))
}

/// An error and its causes, the outermost first.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

fn capitalized(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn import_rule(id: &RuleId) -> String {
    format!(
        "take it into the state with an import block, and let the next apply change it:\n\n\
         import {{\n  to = tke_security_group_rule.<name>\n  id = \"{id}\"\n}}"
    )
}

/// What a user can do about a failed call, by what the failure means.
fn advice(error: &cloud::Error) -> String {
    match error.cause() {
        Cause::Credentials(NoCredentials::Unknown | NoCredentials::UnknownHost) => {
            return "apply what it depends on first, for instance with `-target`, and then everything."
                .to_owned();
        }
        Cause::Credentials(_) => return "set the credentials where the message says.".to_owned(),
        Cause::Unreachable { .. } => {
            return "check the network, `endpoints`, `domain` and `protocol` of the provider block, \
                    and the variables that stand for them."
                .to_owned();
        }
        Cause::Stopped => return "apply again.".to_owned(),
        _ => {}
    }
    let service = error.action();
    match error.kind() {
        Kind::NotFound => {
            "check the id and the region; if the object was deleted outside Terraform, \
                           plan again."
                .to_owned()
        }
        Kind::Busy => "wait until the object is free, then apply again.".to_owned(),
        Kind::Throttled => format!(
            "the call was repeated {} times already; lower `-parallelism`, or apply again later.",
            error.attempts()
        ),
        Kind::Denied => format!(
            "check the key in `secret_id` and `secret_key`, its clock and its token, and that its \
             policies in CAM allow {service}."
        ),
        Kind::Quota => "delete what is not needed, or have the quota raised in the console under \
                        VPC quotas."
            .to_owned(),
        Kind::Conflict => "import what is already there, or change the configuration.".to_owned(),
        Kind::Stale => "somebody else is changing the same object; apply again.".to_owned(),
        Kind::Invalid => {
            "correct the configuration as the message says; if it looks right, report \
                          this with the request id."
                .to_owned()
        }
        Kind::Transient => {
            "apply again; if it stays, report the request id to Tencent Cloud.".to_owned()
        }
        Kind::Unknown => "report this with the request id.".to_owned(),
    }
}
