//! Why a call failed, and in which call.

use std::{fmt, sync::Arc, time::Duration};

use serde::de::Error as _;

use super::{ErrorKind, NoCredentials, Region};
use crate::http_client::{BoxError, redact};

/// A failed call: which one, after how many attempts, and the cause of the last of them.
///
/// Cheap to clone, since one failed look answers everybody who waited for it.
#[derive(Clone, Debug)]
pub struct Error(Arc<FailedCall>);

/// What went wrong with an attempt.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The service answered with an error.
    #[error("{code}: {message}")]
    Api {
        /// The code, as in the service's reference.
        code: String,
        /// What the service says about it.
        message: String,
        /// What the code means for us.
        kind: ErrorKind,
    },
    /// Something in front of the service answered, or the service outside its own protocol.
    #[error("answered with HTTP status {0}")]
    Status(u16),
    /// No connection came about, so the request was never sent.
    #[error("{host} cannot be reached")]
    Unreachable {
        /// Where it was to be sent.
        host: String,
        /// What the network says.
        source: BoxError,
    },
    /// The host was reached but not trusted, or it does not speak TLS. The request was never sent.
    #[error("cannot establish TLS with {host}")]
    Tls {
        /// Where it was to be sent.
        host: String,
        /// What the handshake says.
        source: BoxError,
    },
    /// This machine has no certificates to verify a host with. The request was never sent.
    #[error("no CA certificates are installed on this machine")]
    NoTrustStore(#[source] BoxError),
    /// The request was sent, and the connection broke before an answer was there.
    #[error("the connection broke before the response was complete")]
    Lost(#[source] BoxError),
    /// The request was sent, and no answer came in time.
    #[error("no response within {0:?}")]
    Timeout(Duration),
    /// The answer is longer than any answer of the service.
    #[error("the response is too long")]
    TooLong,
    /// A list that has more pages than any list of the service.
    #[error("the list has more than {0} pages")]
    TooManyPages(usize),
    /// The answer is not what the service's reference says.
    #[error("the response could not be parsed")]
    Decode(#[source] serde_json::Error),
    /// The request has no JSON form.
    #[error("the request could not be written")]
    Encode(#[source] serde_json::Error),
    /// There is nothing to sign the request with.
    #[error(transparent)]
    Credentials(#[from] NoCredentials),
    /// The operation was cancelled before this call had an outcome that counts.
    #[error("cancelled before a response came")]
    Cancelled,
}

#[derive(Debug)]
struct FailedCall {
    action: &'static str,
    region: Region,
    attempts: usize,
    request_id: Option<String>,
    cause: Cause,
}

impl Error {
    pub(crate) fn new(
        action: &'static str,
        region: &Region,
        attempts: usize,
        request_id: Option<String>,
        cause: Cause,
    ) -> Self {
        Self(Arc::new(FailedCall { action, region: region.clone(), attempts, request_id, cause }))
    }

    /// The action that was called.
    pub fn action(&self) -> &'static str {
        self.0.action
    }

    /// The region it was called in.
    pub fn region(&self) -> &Region {
        &self.0.region
    }

    /// How often it was sent.
    pub fn attempts(&self) -> usize {
        self.0.attempts
    }

    /// The service's name for the last attempt, if it got that far.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// What went wrong.
    pub fn cause(&self) -> &Cause {
        &self.0.cause
    }

    /// The service's own code, if the service answered.
    pub fn code(&self) -> Option<&str> {
        match &self.0.cause {
            Cause::Api { code, .. } => Some(code),
            _ => None,
        }
    }

    /// What the failure means for us.
    pub fn kind(&self) -> ErrorKind {
        self.0.cause.kind()
    }

    /// Whether the service may have done what was asked all the same. Then only a fresh look at
    /// the object tells.
    pub fn is_ambiguous(&self) -> bool {
        self.0.cause.is_ambiguous()
    }

    /// Whether the call was never made because the operation was cancelled.
    pub fn is_cancelled(&self) -> bool {
        matches!(self.0.cause, Cause::Cancelled)
    }
}

impl Cause {
    /// The same cause without the secrets of the request that the answer may reflect.
    pub(super) fn redacted(self, secrets: &[String]) -> Self {
        let redact = |text: &str| redact(text, secrets);
        match self {
            Self::Api { code, message, kind } => {
                Self::Api { code: redact(&code), message: redact(&message), kind }
            }
            Self::Decode(source) => {
                Self::Decode(serde_json::Error::custom(redact(&source.to_string())))
            }
            other => other,
        }
    }

    /// What the failure means for us.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Api { kind, .. } => *kind,
            Self::Status(429) => ErrorKind::Throttled,
            Self::Status(500..) | Self::Unreachable { .. } | Self::Lost(_) | Self::Timeout(_) => {
                ErrorKind::Transient
            }
            Self::Credentials(_) => ErrorKind::Denied,
            _ => ErrorKind::Unknown,
        }
    }

    /// See [`Error::is_ambiguous`].
    pub(super) fn is_ambiguous(&self) -> bool {
        match self {
            Self::Lost(_) | Self::Timeout(_) | Self::TooLong | Self::Decode(_) => true,
            Self::Api { .. } | Self::Status(_) => self.kind() == ErrorKind::Transient,
            _ => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FailedCall { action, region, attempts, request_id, cause: _ } = &*self.0;
        write!(f, "{action} in {region} failed")?;
        if *attempts > 1 {
            write!(f, " after {attempts} attempts")?;
        }
        if let Some(id) = request_id {
            write!(f, " (request {id})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0.cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(code: &str) -> Cause {
        Cause::Api { code: code.to_owned(), message: "no".to_owned(), kind: ErrorKind::of(code) }
    }

    fn io() -> Box<dyn std::error::Error + Send + Sync> {
        "connection reset".into()
    }

    #[test]
    fn error_and_cause_have_separate_texts() {
        let region: Region = "ap-guangzhou".parse().unwrap();
        let error = Error::new(
            "DeleteSecurityGroup",
            &region,
            3,
            Some("c20ccc2c".to_owned()),
            api("ResourceInUse"),
        );
        insta::assert_snapshot!(error, @"DeleteSecurityGroup in ap-guangzhou failed after 3 attempts (request c20ccc2c)");
        insta::assert_snapshot!(error.cause(), @"ResourceInUse: no");
        let error = Error::new("DeleteSecurityGroup", &region, 1, None, Cause::Lost(io()));
        insta::assert_snapshot!(error, @"DeleteSecurityGroup in ap-guangzhou failed");
        insta::assert_snapshot!(Cause::Timeout(Duration::from_mins(1)), @"no response within 60s");
    }

    #[test]
    fn cause_that_may_have_been_carried_out_is_ambiguous() {
        let unreachable = Cause::Unreachable { host: "vpc".to_owned(), source: io() };
        for (cause, kind, ambiguous) in [
            (api("InternalError"), ErrorKind::Transient, true),
            (api("RequestLimitExceeded"), ErrorKind::Throttled, false),
            (api("InvalidParameter"), ErrorKind::Invalid, false),
            (Cause::Status(503), ErrorKind::Transient, true),
            (Cause::Status(429), ErrorKind::Throttled, false),
            (Cause::Status(404), ErrorKind::Unknown, false),
            (unreachable, ErrorKind::Transient, false),
            (Cause::Lost(io()), ErrorKind::Transient, true),
            (Cause::Timeout(Duration::from_secs(1)), ErrorKind::Transient, true),
            (Cause::Decode(serde_json::from_str::<u8>("x").unwrap_err()), ErrorKind::Unknown, true),
            (Cause::Credentials(NoCredentials::Missing), ErrorKind::Denied, false),
            (Cause::Tls { host: "vpc".to_owned(), source: io() }, ErrorKind::Unknown, false),
            (Cause::NoTrustStore(io()), ErrorKind::Unknown, false),
            (Cause::TooLong, ErrorKind::Unknown, true),
            (Cause::Cancelled, ErrorKind::Unknown, false),
        ] {
            assert_eq!((cause.kind(), cause.is_ambiguous()), (kind, ambiguous), "{cause:?}");
        }
    }
}
