//! TC3-HMAC-SHA256, the verifying side.
//!
//! Written from the published description, not from the provider's signer: the two must only meet
//! on the wire, or one misreading would satisfy both.

use axum::http::{HeaderMap, HeaderValue, header};
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::envelope::ApiError;
use crate::seed::Credential;

/// "Timestamp and server time cannot differ by more than five minutes."
const TOLERATED_SKEW: u64 = 300;

const ALGORITHM: &str = "TC3-HMAC-SHA256";

/// A request as it came over the wire, as far as signing is concerned.
#[derive(Clone, Copy, Debug)]
pub(super) struct SignedRequest<'a> {
    pub(super) method: &'a str,
    pub(super) query: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) payload: &'a [u8],
}

/// Checks who signed the request and returns which service it was signed for.
pub(super) fn verify(
    request: SignedRequest<'_>,
    credentials: &[Credential],
    now: Timestamp,
) -> Result<String, ApiError> {
    let authorization = Authorization::parse(text(request.headers, "authorization")?)?;
    let credential = credentials
        .iter()
        .find(|known| known.secret_id == authorization.secret_id)
        .ok_or_else(secret_id_not_found)?;

    let timestamp = text(request.headers, "x-tc-timestamp")?;
    let moment = timestamp
        .parse()
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .ok_or_else(|| invalid("the header X-TC-Timestamp holds no Unix time"))?;
    if now.as_second().abs_diff(moment.as_second()) > TOLERATED_SKEW {
        return Err(signature_expire());
    }

    let canonical = canonical_request(request, &authorization.signed_headers)?;
    let date = utc_date(moment);
    let scope = format!("{date}/{}/tc3_request", authorization.service);
    let message = string_to_sign(timestamp, &scope, &canonical);
    let [.., key] = keys(&credential.secret_key, &date, authorization.service);
    let signature = hex::encode(hmac(&key, &message));
    // The scope's date must be the timestamp's: no other would be consistent with the signature.
    if authorization.date != date || authorization.signature != signature {
        return Err(signature_failure());
    }

    let token = request.headers.get("x-tc-token").map(HeaderValue::as_bytes);
    if token != credential.token.as_deref().map(str::as_bytes) {
        return Err(ApiError::new("AuthFailure.TokenFailure", "Token error."));
    }
    Ok(authorization.service.to_owned())
}

/// `TC3-HMAC-SHA256 Credential=<id>/<date>/<service>/tc3_request, SignedHeaders=…, Signature=…`
struct Authorization<'a> {
    secret_id: &'a str,
    date: &'a str,
    service: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn parse(value: &'a str) -> Result<Self, ApiError> {
        Self::parts(value).ok_or_else(|| invalid("the Authorization header is malformed"))
    }

    fn parts(value: &'a str) -> Option<Self> {
        let fields = value.strip_prefix(ALGORITHM)?.strip_prefix(' ')?;
        let mut fields = fields.split(',').map(str::trim);
        let mut field = |name: &str| fields.next()?.strip_prefix(name)?.strip_prefix('=');

        let mut credential = field("Credential")?.split('/');
        let (secret_id, date) = (credential.next()?, credential.next()?);
        let (service, tail) = (credential.next()?, credential.next()?);
        let signed_headers: Vec<_> = field("SignedHeaders")?.split(';').collect();
        let signature = field("Signature")?;

        let complete = tail == "tc3_request"
            && credential.next().is_none()
            && ["content-type", "host"].iter().all(|name| signed_headers.contains(name));
        complete.then_some(Self { secret_id, date, service, signed_headers, signature })
    }
}

fn canonical_request(
    request: SignedRequest<'_>,
    signed_headers: &[&str],
) -> Result<Vec<u8>, ApiError> {
    let mut canonical = format!("{}\n/\n{}\n", request.method, request.query).into_bytes();
    for name in signed_headers {
        let value = request.headers.get(*name).ok_or_else(signature_failure)?.as_bytes();
        canonical.extend_from_slice(name.as_bytes());
        canonical.push(b':');
        // These two are signed as sent, every other value in lower case.
        if [header::CONTENT_TYPE.as_str(), header::HOST.as_str()].contains(name) {
            canonical.extend_from_slice(value);
        } else {
            canonical.extend_from_slice(&value.to_ascii_lowercase());
        }
        canonical.push(b'\n');
    }
    let unsigned = request.headers.get("x-tc-content-sha256");
    let payload = match unsigned {
        Some(text) if text == "UNSIGNED-PAYLOAD" => text.as_bytes(),
        _ => request.payload,
    };
    let hash = hex::encode(Sha256::digest(payload));
    canonical.extend_from_slice(format!("\n{}\n{hash}", signed_headers.join(";")).as_bytes());
    Ok(canonical)
}

fn string_to_sign(timestamp: &str, scope: &str, canonical: &[u8]) -> String {
    let hash = hex::encode(Sha256::digest(canonical));
    format!("{ALGORITHM}\n{timestamp}\n{scope}\n{hash}")
}

/// The three keys, each derived from the one before; the last one signs.
fn keys(secret_key: &str, date: &str, service: &str) -> [Vec<u8>; 3] {
    let dated = hmac(format!("TC3{secret_key}").as_bytes(), date);
    let serving = hmac(&dated, service);
    let signing = hmac(&serving, "tc3_request");
    [dated, serving, signing]
}

fn hmac(key: &[u8], message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn utc_date(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%d").to_string()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, ApiError> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .ok_or_else(|| invalid(&format!("the header {name} is missing")))
}

fn invalid(why: &str) -> ApiError {
    let message = format!("Authorization in the request header is invalid: {why}.");
    ApiError::new("AuthFailure.InvalidAuthorization", message)
}

fn secret_id_not_found() -> ApiError {
    let message = "The SecretId is not found, please ensure that your SecretId is correct.";
    ApiError::new("AuthFailure.SecretIdNotFound", message)
}

fn signature_expire() -> ApiError {
    let message = "Signature expired. Timestamp and server time cannot differ by more than five \
                   minutes.";
    ApiError::new("AuthFailure.SignatureExpire", message)
}

fn signature_failure() -> ApiError {
    let message = "The provided credentials could not be validated. Please check your signature \
                   is correct.";
    ApiError::new("AuthFailure.SignatureFailure", message)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    const SECRET_ID: &str = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE";
    const SECRET_KEY: &str = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE";
    const DESCRIBE: &str = r#"{"Filters": [{"Name": "security-group-name", "Values": ["my-pod-security-group"]}], "Offset": "0", "Limit": "20"}"#;
    const PUBLISHED: &str =
        r#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#;

    /// One signed request. The defaults are those most vectors share.
    #[derive(Clone, Copy)]
    struct Vector {
        secret_id: &'static str,
        secret_key: &'static str,
        service: &'static str,
        date: &'static str,
        timestamp: i64,
        method: &'static str,
        query: &'static str,
        host: &'static str,
        content_type: &'static str,
        more: &'static [(&'static str, &'static str)],
        signed_headers: &'static str,
        payload: &'static str,
        signature: &'static str,
    }

    const PLAIN: Vector = Vector {
        secret_id: SECRET_ID,
        secret_key: SECRET_KEY,
        service: "vpc",
        date: "2026-01-01",
        timestamp: 1_767_225_600,
        method: "POST",
        query: "",
        host: "vpc.tencentcloudapi.com",
        content_type: "application/json",
        more: &[],
        signed_headers: "content-type;host",
        payload: "{}",
        signature: "",
    };

    const VECTORS: &[(&str, Vector)] = &[
        (
            "A",
            Vector {
                payload: DESCRIBE,
                signature: "c052a8af6672b32598f37c2a3be63c0e6f502789c672d09118d67e8e66da3ded",
                ..PLAIN
            },
        ),
        (
            "B: host with port",
            Vector {
                host: "127.0.0.1:8080",
                payload: r#"{"SecurityGroupId": "sg-bbbbbbbb", "SecurityGroupPolicySet": {"Egress": [{"Protocol": "ALL", "Port": "ALL", "Action": "ACCEPT"}]}}"#,
                signature: "8b3b4d43a5c28e415f8fe4089dc02c3bae42ad2ad8498051c619cadb3f2b6e3c",
                ..PLAIN
            },
        ),
        (
            "C: last second of the UTC day",
            Vector {
                date: "2025-12-31",
                timestamp: 1_767_225_599,
                signature: "0ae3e82745e839a8077c2cd4243b0afa33b549836cb2830278e9943ff829356b",
                ..PLAIN
            },
        ),
        (
            "D: unsigned payload",
            Vector {
                more: &[("x-tc-content-sha256", "UNSIGNED-PAYLOAD")],
                signature: "6a7a50af8b6a01c49c6cab6ad453a56ef5bea6f3d69d6f4920cf0838515eb956",
                ..PLAIN
            },
        ),
        (
            "E: GET with a query",
            Vector {
                method: "GET",
                query: "SecurityGroupIds.0=sg-aaaaaaaa&Limit=1",
                content_type: "application/x-www-form-urlencoded",
                payload: "",
                signature: "b12ee80d7f76ff62f2a01a59b95254c31cf4433638b8f1147dbe75188b74d519",
                ..PLAIN
            },
        ),
        (
            "F: escapes are signed as sent",
            Vector {
                payload: r#"{"GroupName": "\u6d4b\u8bd5", "GroupDescription": "d"}"#,
                signature: "2483cc1337d1d92f2b23fc3fa03f9a88a6416f1b350a1f804c3df51a9411b665",
                ..PLAIN
            },
        ),
        (
            "published, two headers",
            Vector {
                service: "cvm",
                date: "2019-02-25",
                timestamp: 1_551_113_065,
                host: "cvm.tencentcloudapi.com",
                content_type: "application/json; charset=utf-8",
                payload: PUBLISHED,
                signature: "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168",
                ..PLAIN
            },
        ),
        (
            "published, three headers",
            Vector {
                secret_key: "********************************",
                service: "cvm",
                date: "2019-02-25",
                timestamp: 1_551_113_065,
                host: "cvm.tencentcloudapi.com",
                content_type: "application/json; charset=utf-8",
                more: &[("x-tc-action", "DescribeInstances")],
                signed_headers: "content-type;host;x-tc-action",
                payload: PUBLISHED,
                signature: "10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f",
                ..PLAIN
            },
        ),
        (
            "a command line client that signs the scheme in the host",
            Vector {
                secret_id: "AKIDEXAMPLE",
                secret_key: "SECRETEXAMPLE",
                date: "2026-11-22",
                timestamp: 1_795_333_383,
                host: "http://127.0.0.1:18791",
                signature: "ac0cb0537fc2620fffd4ff906a9123f1c0aa27e3534f9be0785e484488f93609",
                ..PLAIN
            },
        ),
    ];

    impl Vector {
        fn headers(&self) -> HeaderMap {
            let Self { secret_id, date, service, signed_headers, signature, .. } = self;
            let authorization = format!(
                "{ALGORITHM} Credential={secret_id}/{date}/{service}/tc3_request, \
                 SignedHeaders={signed_headers}, Signature={signature}"
            );
            let timestamp = self.timestamp.to_string();
            [
                ("authorization", authorization.as_str()),
                ("content-type", self.content_type),
                ("host", self.host),
                ("x-tc-timestamp", &timestamp),
            ]
            .iter()
            .chain(self.more)
            .map(|(name, value)| {
                (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
            })
            .collect()
        }

        fn verify(&self, late: i64, token: Option<&str>) -> Result<String, ApiError> {
            let headers = self.headers();
            let request = SignedRequest {
                method: self.method,
                query: self.query,
                headers: &headers,
                payload: self.payload.as_bytes(),
            };
            let credential = Credential {
                secret_id: self.secret_id.to_owned(),
                secret_key: self.secret_key.to_owned(),
                token: token.map(str::to_owned),
            };
            verify(request, &[credential], Timestamp::from_second(self.timestamp + late).unwrap())
        }
    }

    #[test]
    fn published_vectors_are_verified() {
        for (name, vector) in VECTORS {
            assert_eq!(vector.verify(0, None).as_deref(), Ok(vector.service), "{name}");
        }
    }

    #[test]
    fn every_step_of_vector_a_is_as_published() {
        let (_, vector) = VECTORS[0];
        let headers = vector.headers();
        let payload = DESCRIBE.as_bytes();
        let request = SignedRequest { method: "POST", query: "", headers: &headers, payload };
        let canonical = canonical_request(request, &["content-type", "host"]).unwrap();
        assert_eq!(
            String::from_utf8(canonical.clone()).unwrap(),
            "POST\n/\n\ncontent-type:application/json\nhost:vpc.tencentcloudapi.com\n\n\
             content-type;host\n28a9eb59da4ebe72fb9e2d439e5d8ea97497acafb291d76b828ffb22f7908758"
        );
        assert_eq!(
            string_to_sign("1767225600", "2026-01-01/vpc/tc3_request", &canonical),
            "TC3-HMAC-SHA256\n1767225600\n2026-01-01/vpc/tc3_request\n\
             53e386e7e54a1203e048815c1d69fac85c184158120d135c939b3126c7915e1e"
        );
        assert_eq!(
            keys(SECRET_KEY, "2026-01-01", "vpc").map(hex::encode),
            [
                "cddf017e185922e49e91c2293e3cec82220533139e8e0195db2ee0fccb30c7b8",
                "0ffebf9418cd7889a910af9f3b68dcf3aa5e07bc0895b10bb12278d5cf7d5d5e",
                "2ce8f2ec5f03d7eb22e526ad728a754dfd3bc136f6eb407cb79780eeadbe3705",
            ]
        );
    }

    #[track_caller]
    fn check_refused(outcome: Result<String, ApiError>, code: &str) {
        assert_eq!(outcome.unwrap_err().code, code);
    }

    #[test]
    fn tampered_request_is_refused() {
        let (_, vector) = VECTORS[0];
        for tampered in [
            Vector { payload: "{}", ..vector },
            Vector { host: "vpc.tencentcloudapi.com:443", ..vector },
            Vector { content_type: "application/json; charset=utf-8", ..vector },
            Vector { method: "GET", ..vector },
            Vector { query: "a=b", ..vector },
            Vector { service: "tke", ..vector },
            Vector { date: "2026-01-02", ..vector },
            Vector { timestamp: vector.timestamp + 1, ..vector },
            Vector { secret_key: "another", ..vector },
            Vector { signed_headers: "content-type;host;x-tc-action", ..vector },
        ] {
            check_refused(tampered.verify(0, None), "AuthFailure.SignatureFailure");
        }
    }

    #[test]
    fn clock_skew_above_five_minutes_is_refused() {
        let (_, vector) = VECTORS[0];
        for late in [-300, 300] {
            assert!(vector.verify(late, None).is_ok());
        }
        for late in [-301, 301] {
            check_refused(vector.verify(late, None), "AuthFailure.SignatureExpire");
        }
    }

    #[test]
    fn wrong_or_missing_token_is_refused() {
        let (_, vector) = VECTORS[0];
        let with_token = Vector { more: &[("x-tc-token", "t")], ..vector };
        assert!(with_token.verify(0, Some("t")).is_ok());
        check_refused(with_token.verify(0, Some("u")), "AuthFailure.TokenFailure");
        check_refused(with_token.verify(0, None), "AuthFailure.TokenFailure");
        check_refused(vector.verify(0, Some("t")), "AuthFailure.TokenFailure");
    }

    #[test]
    fn unknown_key_and_malformed_header_are_refused() {
        let (_, vector) = VECTORS[0];
        let headers = vector.headers();
        let request =
            SignedRequest { method: "POST", query: "", headers: &headers, payload: b"{}" };
        check_refused(verify(request, &[], Timestamp::UNIX_EPOCH), "AuthFailure.SecretIdNotFound");

        for signed_headers in ["host", "content-type"] {
            let outcome = Vector { signed_headers, ..vector }.verify(0, None);
            check_refused(outcome, "AuthFailure.InvalidAuthorization");
        }
        for value in ["SKIP", "TC3-HMAC-SHA256", "TC3-HMAC-SHA256 Credential=a/b/c, Signature=d"] {
            let mut headers = vector.headers();
            headers.insert("authorization", HeaderValue::from_static(value));
            let request = SignedRequest { headers: &headers, ..request };
            let outcome = verify(request, &[], Timestamp::UNIX_EPOCH);
            check_refused(outcome, "AuthFailure.InvalidAuthorization");
        }
    }
}
