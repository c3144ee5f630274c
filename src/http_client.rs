//! What the clients of both APIs have in common.

use std::{error::Error, io, time::Duration};

/// Who is calling, for the records of the services.
pub(crate) const USER_AGENT: &str = concat!("terraform-provider-tke/", env!("CARGO_PKG_VERSION"));

/// A host that does not accept a connection in this time will not do so later.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest answer that is read, in bytes. The longest one known, a page of a hundred objects, is a
/// tenth of it. What sends more must not take the memory of the machine.
pub(crate) const ANSWER_LIMIT: usize = 16 * 1024 * 1024;

/// An error of any library.
pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// Whether TLS was not agreed on. The TLS library reports what it does not accept as invalid data.
pub(crate) fn is_tls_failure(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        cause = match error.downcast_ref::<io::Error>() {
            Some(error) if error.kind() == io::ErrorKind::InvalidData => return true,
            // The source of such a wrapper is the source of what it wraps, so that would be skipped.
            Some(error) => error.get_ref().map(|inner| inner as _),
            None => error.source(),
        };
    }
    false
}

/// The text of an answer without the secrets of the request that it may reflect.
pub(crate) fn redact(text: &str, secrets: &[impl AsRef<str>]) -> String {
    let secrets = secrets.iter().map(AsRef::as_ref);
    let mut secrets: Vec<&str> = secrets.filter(|text| text.len() >= SHORTEST_SECRET).collect();
    // One may be a part of another.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "(redacted)"))
}

/// What is shorter is no secret, and may be part of an ordinary word.
const SHORTEST_SECRET: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_a_text_are_redacted() {
        let secrets = ["hidden", "hidden-token", "", "a"];
        let text = "bad header `Bearer hidden-token` of hidden and a";
        assert_eq!(redact(text, &secrets), "bad header `Bearer (redacted)` of (redacted) and a");
    }

    #[test]
    fn tls_failure_is_found_behind_wrappers() {
        let tls = io::Error::new(io::ErrorKind::InvalidData, "invalid peer certificate");
        let wrapped = io::Error::other(io::Error::other(tls));
        assert!(is_tls_failure(&wrapped));
        assert!(!is_tls_failure(&io::Error::other("refused")));
    }
}
