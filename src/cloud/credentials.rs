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
    #[error("there are no credentials of Tencent Cloud")]
    Missing,
    /// They come from something that this plan has yet to make.
    #[error("`secret_id` or `secret_key` of the provider block is not known before apply")]
    Unknown,
    /// Where to send the request comes from something that this plan has yet to make, and the host
    /// is part of what is signed.
    #[error("`endpoints`, `domain` or `protocol` of the provider block is not known before apply")]
    UnknownHost,
    /// They cannot be sent as they are.
    #[error(
        "`secret_id` or `security_token` holds a character that no header can hold, \
         such as a line break at its end"
    )]
    Unfit,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ok_printing_shows_no_secret() {
        let credentials = Credentials {
            secret_id: "hidden-id".into(),
            secret_key: "hidden-key".into(),
            token: Some("hidden-token".into()),
        };
        let printed = format!("{credentials:?} {credentials:#?}");
        assert!(!printed.contains("hidden"), "{printed}");
    }
}
