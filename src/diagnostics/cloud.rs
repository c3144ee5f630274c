//! Messages about the cloud's API, and of what lives in it.

use tf_provider::Diagnostic;

use super::{DiagnosticSource, chain};
use crate::cloud::{Cause, Error, ErrorKind, NoCredentials, Region};

/// For a machine that can verify no server.
pub(super) const NO_TRUST_STORE: &str = "install the package `ca-certificates`, or set SSL_CERT_FILE \
    to a file with CA certificates in PEM.";

const REPORT: &str = "report this to the provider's authors with the text above.";

impl DiagnosticSource for Error {
    fn cause(&self) -> String {
        match self.cause() {
            Cause::Credentials(missing) => missing.to_string(),
            _ => chain(self),
        }
    }

    fn remedy(&self) -> String {
        match self.cause() {
            Cause::Credentials(NoCredentials::Missing) => {
                "set `secret_id` and `secret_key` in the provider block, or TENCENTCLOUD_SECRET_ID \
                 and TENCENTCLOUD_SECRET_KEY in the environment."
                    .to_owned()
            }
            Cause::Credentials(NoCredentials::Unknown | NoCredentials::UnknownHost) => {
                "apply the resources that the provider block depends on first, for example with \
                 `-target`."
                    .to_owned()
            }
            Cause::Credentials(NoCredentials::InvalidCharacter) => {
                "remove this character from `secret_id` or `security_token`.".to_owned()
            }
            Cause::Unreachable { .. } => {
                "check the network, and `endpoints`, `domain` and `protocol` in the provider block \
                 or TKE_ENDPOINT, TENCENTCLOUD_DOMAIN and TENCENTCLOUD_PROTOCOL in the environment."
                    .to_owned()
            }
            Cause::Tls { .. } => {
                "check that the endpoint is right. Where a gateway or proxy has a certificate of a \
                 private authority, add that authority to the CA certificates of this machine, or \
                 name its file in SSL_CERT_FILE."
                    .to_owned()
            }
            Cause::NoTrustStore(_) => NO_TRUST_STORE.to_owned(),
            Cause::Lost(_) | Cause::Timeout(_) => {
                "check the network and the proxy, then apply again.".to_owned()
            }
            Cause::Status(_) | Cause::TooLong | Cause::TooManyPages(_) | Cause::Decode(_) => {
                "check that the endpoint is that of the service, and that no proxy or gateway \
                 answers in its place."
                    .to_owned()
            }
            Cause::Encode(_) => REPORT.to_owned(),
            Cause::Cancelled => "run the command again.".to_owned(),
            _ => by_kind(self),
        }
    }

    fn blamed(&self) -> Vec<String> {
        match (self.cause(), self.kind()) {
            (
                Cause::Api { message, .. },
                ErrorKind::Invalid | ErrorKind::NotFound | ErrorKind::Quota,
            ) => {
                // The service names the parameter somewhere in its message.
                let words = message.split(|sign: char| !sign.is_alphanumeric() && sign != '-');
                words.map(str::to_owned).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// What a user can do about a call that the service refused.
fn by_kind(error: &Error) -> String {
    let action = error.action();
    let is_key = error.code().is_some_and(|code| {
        code.starts_with("AuthFailure") && code != "AuthFailure.UnauthorizedOperation"
    });
    match error.kind() {
        ErrorKind::NotFound => "check the id and the region. If the object was deleted outside \
                                Terraform, run `terraform plan` again."
            .to_owned(),
        ErrorKind::Busy => {
            "wait until the object is no longer in use, then apply again.".to_owned()
        }
        ErrorKind::Throttled => format!(
            "apply again later, or with a lower `-parallelism`. The call was tried {} times.",
            error.attempts()
        ),
        ErrorKind::Denied if is_key => {
            "check `secret_id`, `secret_key` and `security_token` in the \
                                        provider block or the environment, and the clock of this \
                                        machine."
                .to_owned()
        }
        ErrorKind::Denied => format!("grant {action} to this key in a CAM policy."),
        ErrorKind::Quota => {
            "delete what is no longer needed, or request a higher quota in the console.".to_owned()
        }
        ErrorKind::Conflict => {
            "import the existing object, or change the configuration.".to_owned()
        }
        ErrorKind::Stale => "apply again: the object was changed at the same time.".to_owned(),
        ErrorKind::Invalid => "correct the configuration as the message says. If it looks right, \
                               report this to the provider's authors with the text above."
            .to_owned(),
        ErrorKind::Transient => {
            "apply again. If the error persists, report the request id to Tencent Cloud.".to_owned()
        }
        ErrorKind::Unknown => REPORT.to_owned(),
    }
}

/// `what` is `cluster cls-12345678`, and `attribute` the one that says so.
pub(crate) fn no_cluster(what: &str, attribute: &str, region: &Region) -> Diagnostic {
    Diagnostic::error(format!("Could not find {what}"))
        .detail(format!("No such cluster in region {region} is visible to this key."))
        .remedy(format!("check `{attribute}` and the region."))
        .at(attribute)
}

pub(crate) fn several_clusters(what: &str, ids: &[&str]) -> Diagnostic {
    Diagnostic::error(format!("Found more than one {what}"))
        .detail(format!("These clusters have this name: {}.", ids.join(", ")))
        .remedy("select one by `id`.")
        .at("name")
}

pub(crate) fn several_worker_groups(cluster: &str, name: &str, ids: &[&str]) -> Diagnostic {
    Diagnostic::warning(format!("More than one security group is named `{name}`"))
        .detail(format!(
            "Cannot tell which of {} the worker nodes of cluster {cluster} are in, so \
             `worker_security_group_id` is null.",
            ids.join(", "),
        ))
        .remedy("rename the others.")
}
