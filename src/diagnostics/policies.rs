//! Messages about policies.

use tf_provider::Diagnostic;

use super::{DiagnosticSource, chain, cluster::TAKE_OVER};
use crate::{
    cluster::Owner,
    pods::{Blocker, Error, Policy, PolicyRef},
};

impl DiagnosticSource for Error {
    fn cause(&self) -> String {
        chain(self)
    }

    fn remedy(&self) -> String {
        match self {
            Self::Exists(at) => format!(
                "import it; the next apply then updates it:\n\n\
                 import {{\n  to = tke_security_group_policy.<name>\n  id = \"{}\"\n}}",
                at.id()
            ),
            Self::Conflict { .. } => TAKE_OVER.to_owned(),
            Self::NotFound(_) | Self::Replaced { .. } => "run `terraform plan` again.".to_owned(),
            Self::Ambiguous { at, .. } => format!(
                "run `kubectl get securitygrouppolicies -n {} {}`. If the policy exists, import or \
                 delete it; then apply again.",
                at.namespace(),
                at.name()
            ),
            Self::WaitTimeout { blocker: Blocker::Finalizers(finalizers), .. } => {
                if finalizers.is_empty() {
                    "apply again, or increase `timeouts.delete`.".to_owned()
                } else {
                    "check the controllers that these finalizers belong to, or increase \
                     `timeouts.delete`."
                        .to_owned()
                }
            }
            Self::WaitTimeout { blocker: Blocker::Cluster(source), .. } | Self::Cluster(source) => {
                source.remedy()
            }
        }
    }

    fn blamed(&self) -> Vec<String> {
        self.fields()
    }
}

pub(crate) fn not_refreshed(at: &PolicyRef) -> Diagnostic {
    Diagnostic::warning(format!("{at} was not refreshed: the cluster is not known yet"))
        .detail(
            "`kubernetes` in the provider block is known only after apply. The plan follows from \
             the configuration and the state.",
        )
        .remedy("nothing, if this plan creates or changes the cluster.")
}

pub(crate) fn replaced(policy: &Policy) -> Diagnostic {
    Diagnostic::warning(format!("{} was recreated outside Terraform", policy.at))
        .detail(format!(
            "Its uid is now {}. The object in the state was deleted, and another one of its name \
             was created. It counts as deleted.",
            policy.uid,
        ))
        .remedy("import the new object to manage it here.")
}

pub(crate) fn changed_by(policy: &Policy, owners: &[Owner], forces: bool) -> Diagnostic {
    let owners: Vec<_> = owners.iter().map(ToString::to_string).collect();
    Diagnostic::warning(format!("{} was changed outside Terraform", policy.at))
        .detail(owners.join("; "))
        .remedy(if forces {
            "apply to take these fields back, or change the configuration."
        } else {
            "change the configuration, or set `force_conflicts = true` in `field_manager` to take \
             these fields back. Otherwise apply fails and leaves them unchanged."
        })
}

pub(crate) fn uninstalled(at: &PolicyRef) -> Diagnostic {
    Diagnostic::warning(format!(
        "{at} no longer exists: the cluster does not serve SecurityGroupPolicy"
    ))
    .detail(
        "The add-on SecurityGroupPolicy is not installed in this cluster. If it was removed, its \
         objects were deleted, too.",
    )
    .remedy("install the add-on. Apply waits for it until `timeouts.create` has passed.")
}

pub(crate) fn unsupported_fields(policy: &Policy) -> Diagnostic {
    Diagnostic::warning(format!(
        "{} has fields that this provider version does not support",
        policy.at
    ))
    .detail(format!("These fields are neither shown nor changed: {}.", policy.unknown.join(", ")))
    .remedy("upgrade the provider, or remove the fields.")
}

/// A Pod takes five groups by what is published of similar policies; TKE's own number is not.
pub(crate) const USUAL_GROUPS: usize = 5;

pub(crate) fn too_many_groups(count: usize) -> Diagnostic {
    Diagnostic::warning("The policy lists more security groups than a Pod usually takes")
        .detail(format!(
            "It lists {count} groups; the cluster may refuse more than {USUAL_GROUPS}."
        ))
        .remedy("merge rules into fewer groups, if the cluster refuses the policy.")
        .at("security_group_ids")
}
