//! TC3-HMAC-SHA256. Pure: the time is an argument, and nothing is sent.
//!
//! One function for each step of the specification. The cases under `testdata/tc3` hold what each
//! step must give, so that a failing test says which one is wrong.

use std::fmt::Write;

use aws_lc_rs::{digest, hmac};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::Credentials;

const ALGORITHM: &str = "TC3-HMAC-SHA256";

/// What of a request is signed.
pub(super) struct SignedRequest<'a> {
    pub(super) method: &'a str,
    pub(super) query: &'a str,
    /// In the order in which they are signed, values as they are sent.
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) payload: &'a [u8],
}

/// When and for which product a signature is good.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) time: Timestamp,
    pub(super) service: &'a str,
}

/// Value of the `Authorization` header.
pub(super) fn authorization(
    request: &SignedRequest<'_>,
    scope: Scope<'_>,
    credentials: &Credentials,
) -> String {
    let to_sign = string_to_sign(scope, &canonical_request(request));
    let key = key(&credentials.secret_key, scope);
    let signature = hex::encode(hmac::sign(&key, to_sign.as_bytes()));
    format!(
        "{ALGORITHM} Credential={}/{scope}, SignedHeaders={}, Signature={signature}",
        credentials.secret_id.expose_secret(),
        signed_headers(request),
    )
}

fn canonical_request(request: &SignedRequest<'_>) -> String {
    let SignedRequest { method, query, headers, payload } = request;
    let mut text = format!("{method}\n/\n{query}\n");
    for (name, value) in *headers {
        writeln!(text, "{name}:{value}").expect("a string takes what is written to it");
    }
    write!(text, "\n{}\n{}", signed_headers(request), sha256(payload))
        .expect("a string takes what is written to it");
    text
}

fn signed_headers(request: &SignedRequest<'_>) -> String {
    let names: Vec<&str> = request.headers.iter().map(|(name, _)| *name).collect();
    names.join(";")
}

fn string_to_sign(scope: Scope<'_>, canonical_request: &str) -> String {
    let hash = sha256(canonical_request.as_bytes());
    format!("{ALGORITHM}\n{}\n{scope}\n{hash}", scope.time.as_second())
}

/// The key of one day and product, derived from the secret in three steps.
fn key(secret: &SecretString, scope: Scope<'_>) -> hmac::Key {
    let secret = hmac_key(format!("TC3{}", secret.expose_secret()).as_bytes());
    let date = hmac::sign(&secret, scope.date().as_bytes());
    let service = hmac::sign(&hmac_key(date.as_ref()), scope.service.as_bytes());
    let request = hmac::sign(&hmac_key(service.as_ref()), b"tc3_request");
    hmac_key(request.as_ref())
}

fn hmac_key(bytes: &[u8]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, bytes)
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

impl Scope<'_> {
    /// The day in UTC, wherever the service is.
    fn date(self) -> String {
        self.time.strftime("%Y-%m-%d").to_string()
    }
}

impl std::fmt::Display for Scope<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/tc3_request", self.date(), self.service)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    /// `context.json` of a case: what `payload` is sent with.
    #[derive(Deserialize)]
    struct Context {
        method: String,
        query: String,
        headers: Vec<(String, String)>,
        timestamp: i64,
        service: String,
        secret_id: String,
        secret_key: String,
    }

    #[track_caller]
    fn check(case: &str) {
        let read = |name: &str| {
            let path: PathBuf =
                [env!("CARGO_MANIFEST_DIR"), "src/cloud/testdata/tc3", case, name].iter().collect();
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        let context: Context = serde_json::from_str(&read("context.json")).unwrap();
        let payload = read("payload");
        let headers: Vec<(&str, &str)> =
            context.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let request = SignedRequest {
            method: &context.method,
            query: &context.query,
            headers: &headers,
            payload: payload.as_bytes(),
        };
        let scope = Scope {
            time: Timestamp::from_second(context.timestamp).unwrap(),
            service: &context.service,
        };
        let credentials = Credentials {
            secret_id: context.secret_id.into(),
            secret_key: context.secret_key.into(),
            token: None,
        };

        let canonical_request = canonical_request(&request);
        assert_eq!(canonical_request, read("canonical-request"), "canonical request");
        let string_to_sign = string_to_sign(scope, &canonical_request);
        assert_eq!(string_to_sign, read("string-to-sign"), "string to sign");
        let signature = hmac::sign(&key(&credentials.secret_key, scope), string_to_sign.as_bytes());
        assert_eq!(hex::encode(signature), read("signature"), "signature");
        let authorization = authorization(&request, scope, &credentials);
        assert_eq!(authorization, read("authorization"), "authorization");
    }

    #[test]
    fn signature_of_describe_security_groups_matches_each_step() {
        check("describe-security-groups");
    }

    #[test]
    fn signature_of_host_with_port_matches_each_step() {
        check("host-with-port");
    }

    #[test]
    fn signature_at_the_last_second_of_the_day_matches_each_step() {
        check("last-second-of-the-day");
    }

    #[test]
    fn signature_of_unsigned_payload_matches_each_step() {
        check("unsigned-payload");
    }

    #[test]
    fn signature_of_get_with_query_matches_each_step() {
        check("get-with-query");
    }

    #[test]
    fn signature_of_escaped_payload_matches_each_step() {
        check("escaped-payload");
    }

    #[test]
    fn published_signature_with_two_headers_matches_each_step() {
        check("published-with-two-headers");
    }

    #[test]
    fn published_signature_with_three_headers_matches_each_step() {
        check("published-with-three-headers");
    }

    proptest! {
        #[test]
        fn signature_depends_on_every_part(payload: Vec<u8>, other: Vec<u8>, host in "[a-z]{1,9}") {
            let sign = |payload: &[u8], host: &str, second| {
                let headers = [("content-type", "application/json"), ("host", host)];
                let request = SignedRequest { method: "POST", query: "", headers: &headers, payload };
                let time = Timestamp::from_second(second).unwrap();
                let credentials = Credentials {
                    secret_id: "id".into(),
                    secret_key: "key".into(),
                    token: None,
                };
                authorization(&request, Scope { time, service: "vpc" }, &credentials)
            };
            let signed = sign(&payload, &host, 1);
            prop_assert_eq!(&signed, &sign(&payload, &host, 1));
            prop_assert_ne!(&signed, &sign(&payload, "x.y", 1));
            prop_assert_ne!(&signed, &sign(&payload, &host, 2));
            prop_assert_eq!(signed == sign(&other, &host, 1), payload == other);
            prop_assert!(!signed.contains("key"));
        }
    }
}
