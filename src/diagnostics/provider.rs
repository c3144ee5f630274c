//! Messages about the provider block and the environment.

use std::fmt::Display;

use tf_provider::{Diagnostic, Path};

pub(crate) fn no_region() -> Diagnostic {
    Diagnostic::error("No region is configured")
        .detail("Neither the resource, nor the provider block, nor the environment sets a region.")
        .remedy(
            "set `region` in the provider block or the resource, or TENCENTCLOUD_REGION in the \
             environment.",
        )
}

pub(crate) fn unknown_region() -> Diagnostic {
    Diagnostic::error("The region is not known yet")
        .detail("`region` in the provider block is known only after apply.")
        .remedy(
            "set `region` in the provider block to a value that does not depend on other resources, \
             or set it in the resource.",
        )
}

pub(crate) fn unknown_default_tags() -> Diagnostic {
    Diagnostic::error("`default_tags` is not known yet")
        .detail("`default_tags` in the provider block is known only after apply.")
        .remedy("set it to a value that does not depend on other resources.")
}

pub(crate) fn invalid_variable(name: &str, why: impl Display) -> Diagnostic {
    Diagnostic::error(format!("Invalid value of {name} in the environment"))
        .detail(why.to_string())
        .remedy("correct the variable, or set the attribute in the provider block instead.")
}

/// Attributes of `kubernetes` that name two ways to reach a cluster.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ConnectionConflict {
    HostAndKubeconfig,
    HostAndContext,
    TokenAndKubeconfig,
}

impl From<ConnectionConflict> for Diagnostic {
    fn from(conflict: ConnectionConflict) -> Self {
        let (attribute, why) = match conflict {
            ConnectionConflict::HostAndKubeconfig => {
                ("host", "`config_path` and `host` are two ways to reach a cluster")
            }
            ConnectionConflict::HostAndContext => {
                ("config_context", "`config_context` belongs to `config_path`, not to `host`")
            }
            ConnectionConflict::TokenAndKubeconfig => {
                ("token", "`token` belongs to `host`: a kubeconfig has its own credentials")
            }
        };
        Self::error("Conflicting ways to reach the cluster")
            .detail(why)
            .remedy("remove one of the two.")
            .at(Path::from("kubernetes").attribute(attribute))
    }
}
