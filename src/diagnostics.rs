//! The one place where errors become Terraform diagnostics.
//!
//! The summary says what could not be done to which object, the detail why, and the remedy what to
//! do about it. Where one attribute is to blame, Terraform shows the line that sets it.
//!
//! One file for each source: `cloud` and `cluster` for the APIs, `groups` and `policies` for the
//! objects, `provider` for the configuration. No other file says what to do.

mod cloud;
mod cluster;
mod groups;
mod policies;
pub(crate) mod provider;

use std::{collections::BTreeSet, error::Error, fmt::Display};

use tf_provider::{Diagnostic, Diagnostics, Path};

pub(crate) use self::{
    cloud::{no_cluster, several_clusters, several_worker_groups},
    groups::{invalid_import_id, lookalikes, no_peer, no_rule_to_import, rule_not_found},
    policies::{
        USUAL_GROUPS, changed_by, not_refreshed, replaced, too_many_groups, uninstalled,
        unsupported_fields,
    },
};

/// `error_diagnostic("create rule sg-x_…", …)`: an error of a layer below in the words of Terraform.
pub(crate) fn error_diagnostic(
    action: impl Display,
    error: &dyn DiagnosticSource,
    blame: Blame<'_>,
) -> Diagnostics {
    let diagnostic = Diagnostic::error(format!("Could not {action}"))
        .detail(error.cause())
        .remedy(error.remedy());
    match path_to(&error.blamed(), blame) {
        Some(path) => diagnostic.at(path).into(),
        None => diagnostic.into(),
    }
}

/// The attribute behind each thing that can be to blame.
pub(crate) type Blame<'a> = &'a [(&'a str, &'static str)];

/// An error, as far as users need to know it. What was being done to which object, the caller says.
pub(crate) trait DiagnosticSource {
    /// The chain of causes.
    fn cause(&self) -> String;

    /// What a user can do about it.
    fn remedy(&self) -> String;

    /// What is to blame, in the words of the API: a parameter such as `Port`, a field such as
    /// `spec.securityGroups.groupIds[0]`, an id.
    fn blamed(&self) -> Vec<String>;
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

/// The attribute that is to blame, if it is just one.
fn path_to(blamed: &[String], blame: Blame<'_>) -> Option<Path> {
    let paths = blamed.iter().filter_map(|name| attribute(name, blame));
    let mut paths = paths.collect::<BTreeSet<_>>().into_iter();
    paths.next().filter(|_| paths.next().is_none())
}

/// `a.b[1]` and `a.b.c` are parts of `a.b`; the attribute for it may be a list as well.
fn attribute(name: &str, blame: Blame<'_>) -> Option<Path> {
    blame.iter().find_map(|(known, attribute)| {
        let part = name.strip_prefix(known)?;
        let index = part.strip_prefix('[').and_then(|part| part.split_once(']')?.0.parse().ok());
        match index {
            Some(index) => Some(Path::from(*attribute).index(index)),
            None => (part.is_empty() || part.starts_with('.')).then(|| Path::from(*attribute)),
        }
    })
}

#[cfg(test)]
mod tests;
