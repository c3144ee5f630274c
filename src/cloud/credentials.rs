//! What a request is signed with.

use secrecy::SecretString;

/// A key pair, with a session token if it is temporary. Printing it shows no secret.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Tells which key pair it is; it travels with every request.
    pub secret_id: SecretString,
    /// Secret half; it never leaves the process.
    pub secret_key: SecretString,
    /// Goes with temporary key pairs.
    pub token: Option<SecretString>,
}

/// Why there is nothing to sign with. Found out at the first call, since a plan that needs no
/// cloud needs no credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoCredentials {
    /// Nobody gave any.
    #[error("no Tencent Cloud credentials are configured")]
    Missing,
    /// They come from something that this plan has yet to make.
    #[error("the Tencent Cloud credentials are known only after apply")]
    Unknown,
    /// Where to send the request comes from something that this plan has yet to make, and the host
    /// is part of what is signed.
    #[error("the endpoint of the Tencent Cloud API is known only after apply")]
    UnknownHost,
    /// They cannot be sent as they are.
    #[error(
        "the secret id or the security token contains a character that an HTTP header cannot hold, \
         such as a line break at its end"
    )]
    InvalidCharacter,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_shows_no_secret() {
        let credentials = Credentials {
            secret_id: "hidden-id".into(),
            secret_key: "hidden-key".into(),
            token: Some("hidden-token".into()),
        };
        let printed = format!("{credentials:?} {credentials:#?}");
        assert!(!printed.contains("hidden"), "{printed}");
    }
}
