//! Messages about the cluster's API.

use super::{DiagnosticSource, chain, cloud::NO_TRUST_STORE};
use crate::cluster::{Error, NoConnection};

/// For fields that another manager owns.
pub(super) const TAKE_OVER: &str = "remove these fields from the other tool, or set \
    `force_conflicts = true` in `field_manager` to take them over.";

impl DiagnosticSource for Error {
    fn cause(&self) -> String {
        chain(self)
    }

    fn remedy(&self) -> String {
        match self {
            Self::NoConnection(NoConnection::NotConfigured) => {
                "set `kubernetes` in the provider block, or KUBE_CONFIG_PATH or KUBE_HOST in the \
                 environment. The provider never picks a cluster by itself."
                    .to_owned()
            }
            Self::NoConnection(NoConnection::Several) => {
                "unset KUBE_CONFIG_PATH or KUBE_HOST in the environment.".to_owned()
            }
            Self::NoConnection(NoConnection::ContextWithoutKubeconfig) => {
                "set `config_path` with `config_context`, or KUBE_CONFIG_PATH in the environment."
                    .to_owned()
            }
            Self::NoConnection(NoConnection::Unknown) => {
                "apply the resources that `kubernetes` in the provider block depends on first, for \
                 example with `-target`."
                    .to_owned()
            }
            Self::Settings { .. } => {
                "correct `kubernetes` in the provider block or the environment.".to_owned()
            }
            Self::Connect { .. } | Self::Timeout { .. } | Self::Lost { .. } => {
                "check that the address is right and can be reached from where Terraform runs. A \
                 private endpoint can be reached only from within its VPC, and a public one must be \
                 enabled for the cluster first."
                    .to_owned()
            }
            Self::Tls { .. } => {
                "check that the CA certificate is that of this cluster, and that the server name \
                 matches its certificate."
                    .to_owned()
            }
            Self::NoTrustStore(_) => NO_TRUST_STORE.to_owned(),
            Self::Unavailable { status: 429, .. } => {
                "the API server is rate-limiting requests. Apply again later, or with a lower \
                 `-parallelism`."
                    .to_owned()
            }
            Self::Unavailable { .. } => {
                "check the health of the API server, and of the admission webhook if the message \
                 names one; then apply again. The request was tried several times."
                    .to_owned()
            }
            Self::Unexpected { .. } | Self::TooLong { .. } => {
                "check that the address is that of a Kubernetes API server, and that no proxy \
                 answers in its place."
                    .to_owned()
            }
            Self::Unauthenticated { .. } => {
                "check that the token or the client certificate belongs to this cluster and has not \
                 expired."
                    .to_owned()
            }
            Self::Denied { verb, resource, namespace, .. } => {
                let scope = namespace
                    .as_ref()
                    .map(|namespace| format!(" in the namespace {namespace}"))
                    .unwrap_or_default();
                format!(
                    "grant the verb `{verb}` on `{resource}`{scope} to this user in a Role, bound by \
                     a RoleBinding. Managing policies requires get, create, patch and delete."
                )
            }
            Self::TypeMissing { .. } => {
                "install the add-on SecurityGroupPolicy in this cluster, and wait until its phase is \
                 Succeeded."
                    .to_owned()
            }
            Self::NamespaceMissing { .. } => {
                "create the namespace first, or correct its name.".to_owned()
            }
            Self::NamespaceTerminating { .. } => {
                "wait until it is gone, and create it again.".to_owned()
            }
            Self::Conflict { .. } => TAKE_OVER.to_owned(),
            Self::NotFound { .. } | Self::Stale { .. } => {
                "run `terraform plan` again.".to_owned()
            }
            Self::Rejected { .. } => {
                "correct the configuration as the message says. The rules are those of the \
                 cluster's CustomResourceDefinition or of an admission webhook."
                    .to_owned()
            }
            Self::Ambiguous { source, .. } => source.remedy(),
            Self::Cancelled { .. } => "run the command again.".to_owned(),
        }
    }

    fn blamed(&self) -> Vec<String> {
        self.fields()
    }
}
