//! What can go wrong with a cluster, read from the answers of its API server.
//!
//! An error does not name the object at hand: the caller does, as it knows what it was doing.

use std::{fmt, time::Duration};

use kube::core::{Status, response::StatusCause};
use thiserror::Error;

use super::call::Call;

/// Why a cluster did not do what was asked.
#[derive(Debug, Error)]
pub enum Error {
    /// The provider configuration does not name a cluster.
    #[error("no cluster is configured; it takes {which}")]
    NotConfigured {
        /// What names one, in the words of the user: "`kubernetes` of the provider block".
        which: String,
    },
    /// A part of the provider configuration is known only after apply.
    #[error("`{which}` is not known yet, so the cluster cannot be reached")]
    NotYetKnown {
        /// The setting that is still unknown.
        which: String,
    },
    /// The settings name a cluster that cannot be connected to.
    #[error("{what} cannot be used: {problem}")]
    Settings {
        /// The setting at fault.
        what: String,
        /// What is wrong with it.
        problem: String,
    },
    /// No connection came about. The request has not been sent.
    #[error("cannot connect to {host}")]
    Connect {
        /// Scheme, name and port of the API server.
        host: String,
        /// What the network said.
        #[source]
        source: BoxError,
    },
    /// The server was reached, but not trusted, or it does not speak TLS.
    #[error("cannot agree on TLS with {host}")]
    Tls {
        /// Scheme, name and port of the API server.
        host: String,
        /// What the handshake said.
        #[source]
        source: BoxError,
    },
    /// The connection broke before the answer. The request may have been carried out.
    #[error("the connection to {host} broke before it answered {call}")]
    Lost {
        /// Scheme, name and port of the API server.
        host: String,
        /// Verb and resource.
        call: String,
        /// What the network said.
        #[source]
        source: BoxError,
    },
    /// No answer came in time. The request may have been carried out.
    #[error("{host} did not answer {call} within {} s", after.as_secs())]
    Timeout {
        /// Scheme, name and port of the API server.
        host: String,
        /// Verb and resource.
        call: String,
        /// How long the answer was waited for.
        after: Duration,
    },
    /// Too many requests (429), or an error of the server itself (5xx).
    #[error("{host} answered {call} with status {status}: {message}")]
    Unavailable {
        /// Scheme, name and port of the API server.
        host: String,
        /// Verb and resource.
        call: String,
        /// HTTP status.
        status: u16,
        /// The server's own words.
        message: String,
    },
    /// The answer is not one that the Kubernetes API gives.
    #[error(
        "{host} answered {call} with status {status}, but not as a Kubernetes API does: {message}"
    )]
    Unexpected {
        /// Scheme, name and port of the API server.
        host: String,
        /// Verb and resource.
        call: String,
        /// HTTP status.
        status: u16,
        /// What is strange, or the beginning of the answer.
        message: String,
    },
    /// The credentials are not valid (401).
    #[error("{host} does not accept the credentials: {message}")]
    Unauthenticated {
        /// Scheme, name and port of the API server.
        host: String,
        /// The server's own words.
        message: String,
    },
    /// The credentials are valid, but lack a permission (403).
    #[error("not allowed to {verb} {resource}{}: {message}", in_namespace(namespace.as_deref()))]
    Denied {
        /// Verb as roles name it.
        verb: &'static str,
        /// Resource as roles name it, `deployments.apps`.
        resource: String,
        /// Namespace of the request.
        namespace: Option<String>,
        /// The server's own words.
        message: String,
    },
    /// The cluster does not serve this kind of object.
    #[error("the cluster has no matches for kind \"{kind}\" in version \"{version}\"")]
    TypeMissing {
        /// Name of the kind.
        kind: &'static str,
        /// Its group and version.
        version: String,
    },
    /// The namespace of the object does not exist.
    #[error("the namespace {namespace} does not exist")]
    NamespaceMissing {
        /// Its name.
        namespace: String,
    },
    /// The namespace of the object is on its way out and takes no new objects.
    #[error("the namespace {namespace} is being deleted")]
    NamespaceTerminating {
        /// Its name.
        namespace: String,
    },
    /// The object itself does not exist.
    #[error("there is no {name} among {resource}{}", in_namespace(namespace.as_deref()))]
    NotFound {
        /// Resource as roles name it.
        resource: String,
        /// Namespace of the request.
        namespace: Option<String>,
        /// Name of the object.
        name: String,
    },
    /// Other field managers own fields that this write would change.
    #[error("{}", owners.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Conflict {
        /// Each of them, with its fields.
        owners: Vec<Owner>,
    },
    /// The object is no longer the one, or no longer as, the caller has seen (409).
    #[error("the object has changed in the meantime: {message}")]
    Stale {
        /// The server's own words.
        message: String,
    },
    /// The content is not acceptable to the schema or to an admission webhook.
    #[error("the content was refused: {message}")]
    Rejected {
        /// The server's own words.
        message: String,
        /// Which fields are wrong, if the server says so.
        causes: Vec<Cause>,
    },
    /// The last attempt was not carried out, but one before it may have been.
    #[error("an attempt to {call} went unanswered, and the others were refused")]
    Unsettled {
        /// Verb and resource.
        call: String,
        /// How the last attempt failed.
        #[source]
        source: Box<Error>,
    },
    /// It was told to stop before the call, or before another attempt at it.
    #[error("stopped before the cluster was asked to {call}")]
    Stopped {
        /// Verb and resource.
        call: String,
        /// How the attempt before the stop had failed.
        #[source]
        source: Option<Box<Error>>,
    },
}

pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A field manager, and the fields that it does not give up.
///
/// Shown as: `argocd` (Apply) owns .spec.replicas
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Name of the field manager.
    pub manager: String,
    /// `Apply`, or `Update` for every other kind of write.
    pub operation: String,
    /// When it wrote, in RFC 3339.
    pub time: Option<String>,
    /// Its fields, as `.spec.replicas`.
    pub fields: Vec<String>,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({}", self.manager, self.operation)?;
        if let Some(time) = &self.time {
            write!(f, " at {time}")?;
        }
        write!(f, ") owns {}", self.fields.join(", "))
    }
}

/// One field that is not acceptable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Which field, as `spec.replicas`.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

/// What may be done after an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Retry {
    /// The same request would fail again.
    No,
    /// The request was not carried out, and may succeed later.
    NotDone,
    /// The request may have been carried out, and may be repeated.
    PerhapsDone,
}

impl Error {
    /// Whether the request may have been carried out all the same.
    pub fn is_ambiguous(&self) -> bool {
        match self {
            Self::Stopped { source: Some(source), .. } => source.is_ambiguous(),
            Self::Unsettled { .. } => true,
            _ => self.retry() == Retry::PerhapsDone,
        }
    }

    pub(super) fn retry(&self) -> Retry {
        match self {
            Self::Connect { .. } | Self::Unavailable { status: 429, .. } => Retry::NotDone,
            Self::Lost { .. } | Self::Timeout { .. } | Self::Unavailable { .. } => {
                Retry::PerhapsDone
            }
            _ => Retry::No,
        }
    }

    /// The fields of the object that are to blame, as `spec.replicas`.
    pub fn fields(&self) -> Vec<String> {
        match self {
            Self::NamespaceMissing { .. } | Self::NamespaceTerminating { .. } => {
                vec!["metadata.namespace".to_owned()]
            }
            Self::Rejected { causes, .. } => {
                causes.iter().map(|cause| cause.field.clone()).collect()
            }
            Self::Unsettled { source, .. } | Self::Stopped { source: Some(source), .. } => {
                source.fields()
            }
            _ => Vec::new(),
        }
    }

    /// What the user can do about it: one or two sentences, to stand behind "What to do:".
    pub fn remedy(&self) -> String {
        match self {
            Self::NotConfigured { .. } => {
                "set it in the provider block. There is no default: without it the provider does \
                 not guess a cluster."
                    .to_owned()
            }
            Self::NotYetKnown { .. } => {
                "apply what it depends on first, for instance with `-target`, and then everything."
                    .to_owned()
            }
            Self::Settings { .. } => "correct it in the provider block.".to_owned(),
            Self::Connect { .. } | Self::Timeout { .. } | Self::Lost { .. } => {
                "check that the address is right and can be reached from where Terraform runs. An \
                 endpoint inside a VPC can be reached only from within, and a public one must be \
                 enabled for the cluster first."
                    .to_owned()
            }
            Self::Tls { .. } => {
                "check that the CA certificate is the one of this cluster, and that the server name \
                 matches its certificate."
                    .to_owned()
            }
            Self::Unavailable { status: 429, .. } => {
                "the cluster asks for patience. Try again later, or with a lower `-parallelism`."
                    .to_owned()
            }
            Self::Unavailable { .. } => {
                "it was tried several times. Check the health of the API server, and of admission \
                 webhooks if the message names one; then try again."
                    .to_owned()
            }
            Self::Unexpected { .. } => {
                "check that the address is that of a Kubernetes API server, and that no proxy \
                 answers in its place."
                    .to_owned()
            }
            Self::Unauthenticated { .. } => {
                "check that the token or the client certificate belongs to this cluster and has not \
                 expired."
                    .to_owned()
            }
            Self::Denied { verb, resource, namespace, .. } => format!(
                "grant the verb `{verb}` on `{resource}`{} to this user, by a Role and a \
                 RoleBinding. Managing objects takes get, create, patch and delete.",
                in_namespace(namespace.as_deref())
            ),
            Self::TypeMissing { .. } => {
                "install the add-on that defines it, and wait until it has succeeded.".to_owned()
            }
            Self::NamespaceMissing { .. } => {
                "create the namespace first, or correct its name.".to_owned()
            }
            Self::NamespaceTerminating { .. } => {
                "wait until it is gone, and create it anew.".to_owned()
            }
            Self::Conflict { .. } => {
                "agree on who writes these fields. Remove them from the other tool, or take them \
                 over by `force_conflicts = true`."
                    .to_owned()
            }
            Self::NotFound { .. } | Self::Stale { .. } => {
                "run `terraform plan` again: it shows what is there now.".to_owned()
            }
            Self::Rejected { .. } => {
                "correct the attribute that the message names. The rules are those of the cluster's \
                 own definition of this kind, or of an admission webhook."
                    .to_owned()
            }
            Self::Unsettled { source, .. } | Self::Stopped { source: Some(source), .. } => {
                source.remedy()
            }
            Self::Stopped { source: None, .. } => {
                "run it again. What was done before the stop is in the state.".to_owned()
            }
        }
    }
}

fn in_namespace(namespace: Option<&str>) -> String {
    namespace.map(|namespace| format!(" in the namespace {namespace}")).unwrap_or_default()
}

/// The error that an answer with an unsuccessful HTTP status stands for.
///
/// The status is an argument of its own: a gateway's JSON also parses as a `Status`, with code 0.
pub(super) fn of_answer(call: &Call, host: &str, status: u16, answer: &Status) -> Error {
    let host = host.to_owned();
    let message = answer.message.clone();
    let details = answer.details.as_ref();
    let causes = details.map(|details| details.causes.as_slice()).unwrap_or_default();
    match status {
        401 => Error::Unauthenticated { host, message },
        403 if causes.iter().any(|cause| cause.reason == "NamespaceTerminating") => {
            Error::NamespaceTerminating { namespace: call.namespace.clone().unwrap_or_default() }
        }
        // Admission webhooks refuse with 403 as well, but no permission would help.
        403 if !message.starts_with("admission webhook") => Error::Denied {
            verb: call.verb,
            resource: call.resource.clone(),
            namespace: call.namespace.clone(),
            message,
        },
        404 => match details {
            Some(details) if details.kind == "namespaces" => {
                Error::NamespaceMissing { namespace: details.name.clone() }
            }
            Some(details) if !details.name.is_empty() => Error::NotFound {
                resource: call.resource.clone(),
                namespace: call.namespace.clone(),
                name: details.name.clone(),
            },
            // Nothing is said about an object, so the path itself is not served.
            _ => Error::Unexpected { host, call: call.to_string(), status, message },
        },
        409 => {
            let mut owners: Vec<Owner> = Vec::new();
            for cause in causes.iter().filter(|cause| cause.reason == "FieldManagerConflict") {
                let owner = owner_in(cause);
                match owners.iter_mut().find(|known| known.manager == owner.manager) {
                    Some(known) => known.fields.extend(owner.fields),
                    None => owners.push(owner),
                }
            }
            if owners.is_empty() { Error::Stale { message } } else { Error::Conflict { owners } }
        }
        400 | 403 | 413 | 422 => Error::Rejected {
            message,
            causes: causes
                .iter()
                .map(|cause| Cause { field: cause.field.clone(), message: cause.message.clone() })
                .collect(),
        },
        429 | 500..=599 => Error::Unavailable { host, call: call.to_string(), status, message },
        _ => Error::Unexpected { host, call: call.to_string(), status, message },
    }
}

/// The owner in `conflict with "kubectl" using v1 at 2026-01-31T08:00:00Z`. Only writers that did not
/// apply come with a version and a time.
fn owner_in(cause: &StatusCause) -> Owner {
    let (_, message) = cause.message.split_once('"').unwrap_or_default();
    let (manager, rest) = message.split_once('"').unwrap_or((message, ""));
    Owner {
        manager: manager.to_owned(),
        operation: if rest.contains(" using ") { "Update" } else { "Apply" }.to_owned(),
        time: rest.split_once(" at ").map(|(_, time)| time.to_owned()),
        fields: vec![cause.field.clone()],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn call() -> Call {
        let request = http::Request::get("/").body(Vec::new());
        let resource = "securitygrouppolicies.vpcresources.tke.cloud.tencent.com";
        Call::new("patch", resource.to_owned(), Some("shop"), request).unwrap()
    }

    fn of(status: u16, message: &str, details: Value) -> Error {
        let details = serde_json::from_value(details).unwrap();
        let answer = Status { message: message.to_owned(), details, ..Status::default() };
        of_answer(&call(), "https://cluster.test", status, &answer)
    }

    #[test]
    fn answers_are_classified() {
        let policy = json!({"kind": "securitygrouppolicies", "name": "app"});
        let because =
            |reason| json!({"causes": [{"reason": reason, "message": "m", "field": "f"}]});
        let cases = [
            (401, "", Value::Null, "Unauthenticated"),
            (403, "User cannot patch resource", policy.clone(), "Denied"),
            (403, "unable to create", because("NamespaceTerminating"), "NamespaceTerminating"),
            (403, "admission webhook \"x\" denied the request", Value::Null, "Rejected"),
            (404, "", policy.clone(), "NotFound"),
            (404, "", json!({"kind": "namespaces", "name": "shop"}), "NamespaceMissing"),
            (404, "404 page not found", Value::Null, "Unexpected"),
            (404, "the server could not find the requested resource", json!({}), "Unexpected"),
            (409, "Apply failed", because("FieldManagerConflict"), "Conflict"),
            (409, "the object has been modified", policy.clone(), "Stale"),
            (400, "strict decoding error: unknown field", Value::Null, "Rejected"),
            (422, "is invalid", because("FieldValueInvalid"), "Rejected"),
            (429, "", Value::Null, "Unavailable"),
            (500, "failed calling webhook", Value::Null, "Unavailable"),
            (503, "", Value::Null, "Unavailable"),
            (301, "moved", Value::Null, "Unexpected"),
            (405, "", Value::Null, "Unexpected"),
        ];
        for (status, message, details, expected) in cases {
            let error = of(status, message, details);
            let name = format!("{error:?}");
            let name = name.split([' ', '{']).next().unwrap();
            assert_eq!(name, expected, "{status} {message}");
        }
    }

    #[test]
    fn retry_is_for_what_may_pass() {
        let connect = Error::Connect { host: String::new(), source: "refused".to_owned().into() };
        let lost = || Error::Lost {
            host: String::new(),
            call: String::new(),
            source: "reset".to_owned().into(),
        };
        let cases = [
            (connect, Retry::NotDone),
            (lost(), Retry::PerhapsDone),
            (of(429, "", Value::Null), Retry::NotDone),
            (of(500, "", Value::Null), Retry::PerhapsDone),
            (of(504, "", Value::Null), Retry::PerhapsDone),
            (of(401, "", Value::Null), Retry::No),
            (of(404, "", Value::Null), Retry::No),
            (of(409, "", Value::Null), Retry::No),
            (of(422, "", Value::Null), Retry::No),
        ];
        for (error, expected) in cases {
            assert_eq!(error.retry(), expected, "{error:?}");
        }
        let stopped = Error::Stopped { call: String::new(), source: Some(Box::new(lost())) };
        assert!(stopped.is_ambiguous());
        assert!(!Error::Stopped { call: String::new(), source: None }.is_ambiguous());
    }

    #[test]
    fn conflicts_name_managers_and_fields() {
        let cause = |message, field| json!({"reason": "FieldManagerConflict", "message": message, "field": field});
        let error = of(
            409,
            "Apply failed with 3 conflicts",
            json!({"causes": [
                cause("conflict with \"argocd\"", ".spec.podSelector.matchLabels.app"),
                cause(
                    "conflict with \"kubectl-client-side-apply\" using v1beta1 at 2026-01-31T08:00:00Z",
                    ".spec.securityGroups.groupIds"
                ),
                cause("conflict with \"argocd\"", ".metadata.labels.team"),
            ]}),
        );
        assert_eq!(
            error.to_string(),
            "`argocd` (Apply) owns .spec.podSelector.matchLabels.app, .metadata.labels.team; \
             `kubectl-client-side-apply` (Update at 2026-01-31T08:00:00Z) owns \
             .spec.securityGroups.groupIds"
        );
    }

    #[test]
    fn denials_say_what_to_grant() {
        let error = of(403, "User \"ci\" cannot patch resource", Value::Null);
        let resource = "securitygrouppolicies.vpcresources.tke.cloud.tencent.com";
        assert_eq!(
            error.to_string(),
            format!(
                "not allowed to patch {resource} in the namespace shop: \
                 User \"ci\" cannot patch resource"
            )
        );
        let grant = format!("grant the verb `patch` on `{resource}` in the namespace shop");
        assert!(error.remedy().starts_with(&grant), "{}", error.remedy());
    }
}
