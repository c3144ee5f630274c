//! One call to the API server: its timeout, its retries, and its cancellation.
//!
//! Every call of this provider can be repeated: a read, a server-side apply, a merge that names the
//! version it is meant for, a delete that names the object by uid. So all of them are retried alike
//! after an error that may pass. The retries of the HTTP client are off: they cannot be cancelled,
//! and take more than four minutes to give up.

use std::{
    fmt,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use http_body_util::{BodyExt, Limited};
use kube::{
    client::Body,
    core::{Status, response::StatusCause},
};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    connect::Session,
    error::{Error, FieldError, Owner},
};
use crate::{
    http_client::{ANSWER_LIMIT, BoxError, is_tls_failure, redact},
    wait::{self, Backoff, Failed},
};

/// A request, and what it asks in the words of roles: for messages, and for the permission that may
/// be missing.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) verb: &'static str,
    pub(super) resource: String,
    pub(super) namespace: Option<String>,
    request: http::Request<Vec<u8>>,
}

impl Call {
    /// A call, unless its request could not be made from what the caller gave.
    pub(super) fn new<E: fmt::Display>(
        verb: &'static str,
        resource: String,
        namespace: Option<&str>,
        request: Result<http::Request<Vec<u8>>, E>,
    ) -> Result<Self, Error> {
        match request {
            Ok(request) => {
                Ok(Self { verb, resource, namespace: namespace.map(str::to_owned), request })
            }
            Err(error) => Err(Error::Settings {
                what: format!("the request to {verb} {resource}"),
                problem: error.to_string(),
            }),
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)
    }
}

/// A successful answer.
#[derive(Debug)]
pub(super) struct Answer<T> {
    pub(super) status: u16,
    pub(super) body: T,
    /// An earlier attempt may have been carried out although its answer was lost.
    pub(super) repeated: bool,
}

/// How long one attempt may take, from sending to the last byte.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);
/// No new attempt begins so long after the first one did.
const RETRY_BUDGET: Duration = Duration::from_secs(40);
const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(200),
    longest: Duration::from_secs(5),
    times: Some(4),
    total: None,
};
/// How much of an answer that is not JSON a message may quote.
const LONGEST_QUOTE: usize = 200;

impl Session {
    /// Sends the request, and again where that may help.
    ///
    /// Once `cancel` is cancelled no new attempt begins. One in flight runs to its end, so that its
    /// outcome is known; one that only reads is abandoned.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        call: &Call,
        cancel: &CancellationToken,
    ) -> Result<Answer<T>, Error> {
        let start = Instant::now();
        let ambiguous = &AtomicBool::new(false);
        wait::retry(BACKOFF, cancel, |_| async move {
            let cancelled = || Failed::Cancelled(Error::Cancelled { call: call.to_string() });
            if cancel.is_cancelled() {
                return Err(cancelled());
            }
            let only_reads = call.request.method() == http::Method::GET;
            let outcome = wait::outcome(only_reads, self.attempt(call), cancel).await;
            let outcome = outcome.ok_or_else(cancelled)?;
            let (error, pause) = match outcome {
                Ok((status, body)) => {
                    return Ok(Answer {
                        status,
                        body,
                        repeated: ambiguous.load(Ordering::Relaxed),
                    });
                }
                Err(failure) => failure,
            };
            if !error.is_retryable() {
                return Err(Failed::Final(error));
            }
            let was_ambiguous = ambiguous.fetch_or(error.is_ambiguous(), Ordering::Relaxed);
            // This attempt was not carried out, but one before it may have been.
            let error = if was_ambiguous && !error.is_ambiguous() {
                Error::Ambiguous { call: call.to_string(), source: Box::new(error) }
            } else {
                error
            };
            if start.elapsed() >= RETRY_BUDGET {
                return Err(Failed::Final(error));
            }
            Err(Failed::Retryable(error, pause.unwrap_or_default().min(BACKOFF.longest)))
        })
        .await
    }

    /// One attempt. An error comes with the pause that the server asks for, if it does.
    async fn attempt<T: DeserializeOwned>(
        &self,
        call: &Call,
    ) -> Result<(u16, T), (Error, Option<Duration>)> {
        let exchange = async {
            let response = self.client.send(call.request.clone().map(Body::from)).await?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, ANSWER_LIMIT).collect().await;
            Ok((head, body.map_err(kube::Error::Service)?.to_bytes()))
        };
        let (head, body) = match tokio::time::timeout(ATTEMPT_TIMEOUT, exchange).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err((self.of_transport(call, error), None)),
            Err(_elapsed) => {
                let (host, call) = (self.host.clone(), call.to_string());
                return Err((Error::Timeout { host, call, after: ATTEMPT_TIMEOUT }, None));
            }
        };
        let status = head.status.as_u16();
        if !head.status.is_success() {
            let body = self.redact(&body);
            let answer = serde_json::from_str(&body)
                .ok()
                .filter(|answer: &Status| !answer.message.is_empty())
                .unwrap_or_else(|| Status::failure(&quote(&body), ""));
            let pause = head.headers.get(http::header::RETRY_AFTER);
            let pause = pause.and_then(|value| value.to_str().ok()?.parse().ok());
            let error = refusal(call, &self.host, status, &answer);
            return Err((error, pause.map(Duration::from_secs)));
        }
        match serde_json::from_slice(&body) {
            Ok(body) => Ok((status, body)),
            Err(error) => {
                let (host, call) = (self.host.clone(), call.to_string());
                let text = self.redact(&body);
                let message =
                    format!("{} in {}", self.redact(error.to_string().as_bytes()), quote(&text));
                Err((Error::Unexpected { host, call, status, message }, None))
            }
        }
    }

    /// An answer as text, without what it reflects of the credentials.
    fn redact(&self, body: &[u8]) -> String {
        let secrets: Vec<&str> = self.secrets.iter().map(ExposeSecret::expose_secret).collect();
        redact(&String::from_utf8_lossy(body), &secrets)
    }

    fn of_transport(&self, call: &Call, error: kube::Error) -> Error {
        let host = self.host.clone();
        // The client prints the cause of an error as part of it. The chain does that already.
        let source: BoxError = match error {
            kube::Error::Service(source) => source,
            kube::Error::HyperError(source) => source.into(),
            other => other.into(),
        };
        if source.is::<http_body_util::LengthLimitError>() {
            Error::TooLong { host, call: call.to_string() }
        } else if is_connect(source.as_ref()) && is_tls_failure(source.as_ref()) {
            Error::Tls { host, source }
        } else if is_connect(source.as_ref()) {
            Error::Connect { host, source }
        } else {
            Error::Lost { host, call: call.to_string(), source }
        }
    }
}

fn is_connect(error: &(dyn std::error::Error + 'static)) -> bool {
    error
        .downcast_ref::<hyper_util::client::legacy::Error>()
        .is_some_and(hyper_util::client::legacy::Error::is_connect)
}

/// The error that an answer with an unsuccessful HTTP status stands for.
///
/// The status is an argument of its own: a gateway's JSON also parses as a `Status`, with code 0.
fn refusal(call: &Call, host: &str, status: u16, answer: &Status) -> Error {
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
                .map(|cause| FieldError {
                    field: cause.field.clone(),
                    message: cause.message.clone(),
                })
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

/// The beginning of an answer that is not what it should be.
fn quote(text: &str) -> String {
    match text.trim() {
        "" => "an empty answer".to_owned(),
        text => text.chars().take(LONGEST_QUOTE).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cluster::script::{Script, Turn, cluster, status};

    const OK: fn() -> Turn = || Turn::Json(200, json!({"fine": true}));

    async fn play(
        turns: impl IntoIterator<Item = Turn>,
        cancel: &CancellationToken,
    ) -> (Result<Answer<Value>, Error>, std::sync::Arc<Script>) {
        let (cluster, script) = cluster(turns);
        let request = http::Request::get("/apis").body(Vec::new());
        let call = Call::new("get", "things".to_owned(), None, request).unwrap();
        let answer = cluster.session().await.unwrap().call(&call, cancel).await;
        (answer, script)
    }

    async fn asked(turns: impl IntoIterator<Item = Turn>) -> (Result<bool, String>, usize) {
        let (answer, script) = play(turns, &CancellationToken::new()).await;
        let answer = answer.map(|answer| answer.repeated).map_err(|error| error.to_string());
        (answer, script.asked().len())
    }

    #[tokio::test(start_paused = true)]
    async fn errors_that_may_pass_are_retried() {
        let busy = || status(429, "TooManyRequests", "slow down", json!({}));
        let cases = [
            (vec![OK()], (Ok(false), 1)),
            (vec![busy(), OK()], (Ok(false), 2)),
            (vec![Turn::Text(503, "no backend"), OK()], (Ok(true), 2)),
            (vec![Turn::Break, OK()], (Ok(true), 2)),
            (vec![Turn::Silence, OK()], (Ok(true), 2)),
            (vec![busy(), Turn::Text(502, ""), busy(), busy(), OK()], (Ok(true), 5)),
        ];
        for (turns, expected) in cases {
            let shown = format!("{turns:?}");
            assert_eq!(asked(turns).await, expected, "{shown}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn retries_end_within_their_budget() {
        let began = Instant::now();
        let gone = "https://cluster.test responded to get things with status 503: an empty answer";
        assert_eq!(asked(vec![Turn::Text(503, ""); 9]).await, (Err(gone.to_owned()), 5));
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());

        // A silent server uses up the budget with its second attempt.
        let began = Instant::now();
        let silent = "https://cluster.test did not respond to get things within 30 s";
        assert_eq!(asked(vec![Turn::Silence; 9]).await, (Err(silent.to_owned()), 2));
        assert!(began.elapsed() < Duration::from_secs(65), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn errors_that_cannot_pass_are_not_retried() {
        for code in [400, 401, 403, 404, 409, 422] {
            let (answer, times) = asked([Turn::Text(code, "no")]).await;
            assert!(answer.is_err(), "{code}");
            assert_eq!(times, 1, "{code}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn ambiguity_of_an_earlier_attempt_is_kept() {
        let busy = || status(429, "TooManyRequests", "slow down", json!({}));
        let cases = [
            (vec![busy(); 5], false),
            (vec![Turn::Break; 5], true),
            (vec![busy(), Turn::Break, busy(), busy(), busy()], true),
            (vec![Turn::Break, Turn::Text(403, "no")], false),
        ];
        for (turns, expected) in cases {
            let shown = format!("{turns:?}");
            let (answer, _script) = play(turns, &CancellationToken::new()).await;
            assert_eq!(answer.unwrap_err().is_ambiguous(), expected, "{shown}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_of_the_server_is_honoured() {
        let began = Instant::now();
        assert_eq!(asked([Turn::Later(429, 3), OK()]).await, (Ok(false), 2));
        assert_eq!(began.elapsed().as_secs(), 3);
        // But it cannot keep us for ever.
        let began = Instant::now();
        assert_eq!(asked([Turn::Later(503, 3600), OK()]).await, (Ok(true), 2));
        assert_eq!(began.elapsed().as_secs(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn cancelling_prevents_a_call_and_ends_the_retries() {
        let cancel = CancellationToken::new();
        cancel.cancel();
        let (answer, script) = play([], &cancel).await;
        let error = answer.unwrap_err();
        assert_eq!(error.to_string(), "get things was cancelled before a response came");
        assert!(!error.is_ambiguous());
        assert!(script.asked().is_empty());

        let cancel = CancellationToken::new();
        let alarm = cancel.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            alarm.cancel();
        });
        let (answer, script) = play([Turn::Break, OK()], &cancel).await;
        assert!(answer.unwrap_err().is_ambiguous());
        assert_eq!(script.asked().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn cancelling_lets_a_write_in_flight_end() {
        let cancel = CancellationToken::new();
        let (cluster, _script) = cluster([OK()]);
        let request = http::Request::patch("/apis").body(Vec::new());
        let call = Call::new("patch", "things".to_owned(), None, request).unwrap();
        let session = cluster.session().await.unwrap();
        let mut running = std::pin::pin!(session.call::<Value>(&call, &cancel));
        assert!(
            std::future::poll_fn(|cx| std::task::Poll::Ready(running.as_mut().poll(cx)))
                .await
                .is_pending()
        );
        cancel.cancel();
        assert_eq!(running.await.unwrap().status, 200);
    }

    #[tokio::test(start_paused = true)]
    async fn cancelling_abandons_a_read_in_flight() {
        let cancel = CancellationToken::new();
        let start = Instant::now();
        let ((answer, _script), ()) = tokio::join!(play([Turn::Silence], &cancel), async {
            tokio::time::sleep(Duration::from_secs(3)).await;
            cancel.cancel();
        });
        assert!(matches!(answer, Err(Error::Cancelled { .. })), "{answer:?}");
        assert_eq!(start.elapsed().as_secs(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn credentials_reflected_by_the_server_are_redacted() {
        let reflecting = format!("{}hidden-token", "x".repeat(LONGEST_QUOTE - 5));
        let long: &'static str = reflecting.leak();
        let cause =
            json!({"reason": "FieldManagerConflict", "message": "conflict with \"hidden-token\""});
        for turn in [
            Turn::Text(403, "Bearer hidden-token"),
            Turn::Text(200, "Bearer hidden-token"),
            Turn::Text(403, long),
            status(403, "Forbidden", "hidden-token may not", json!({})),
            status(409, "Conflict", "no", json!({"causes": [cause]})),
            status(404, "NotFound", "no", json!({"kind": "namespaces", "name": "hidden-token"})),
        ] {
            let (answer, _script) = play([turn], &CancellationToken::new()).await;
            let error = answer.unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("hidden"), "{shown}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn answer_that_is_too_long_is_not_asked_for_again() {
        let (answer, script) = play([Turn::Endless], &CancellationToken::new()).await;
        assert!(matches!(answer, Err(Error::TooLong { .. })), "{answer:?}");
        assert_eq!(script.asked().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn answers_without_status_are_quoted_in_part() {
        let cases = [
            (Turn::Text(200, "<html>login</html>"), "<html>login</html>"),
            (Turn::Text(403, "<html>login</html>"), "<html>login</html>"),
            // A gateway's own JSON is no status of the API.
            (Turn::Json(404, json!({"error": "no route"})), "no route"),
            (Turn::Text(404, ""), "an empty answer"),
        ];
        for (turn, expected) in cases {
            let (answer, _) = asked([turn]).await;
            let message = answer.unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
        assert_eq!(quote(&"ä".repeat(500)).chars().count(), LONGEST_QUOTE);
    }

    fn patch() -> Call {
        let request = http::Request::get("/").body(Vec::new());
        let resource = "securitygrouppolicies.vpcresources.tke.cloud.tencent.com";
        Call::new("patch", resource.to_owned(), Some("shop"), request).unwrap()
    }

    fn of(status: u16, message: &str, details: Value) -> Error {
        let details = serde_json::from_value(details).unwrap();
        let answer = Status { message: message.to_owned(), details, ..Status::default() };
        refusal(&patch(), "https://cluster.test", status, &answer)
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
    fn errors_that_may_pass_are_retryable() {
        let connect = Error::Connect { host: String::new(), source: "refused".into() };
        let lost = Error::Lost { host: String::new(), call: String::new(), source: "reset".into() };
        let cases = [
            (connect, true, false),
            (lost, true, true),
            (of(429, "", Value::Null), true, false),
            (of(500, "", Value::Null), true, true),
            (of(504, "", Value::Null), true, true),
            (of(401, "", Value::Null), false, false),
            (of(404, "", Value::Null), false, false),
            (of(409, "", Value::Null), false, false),
            (of(422, "", Value::Null), false, false),
            (Error::Cancelled { call: String::new() }, false, false),
        ];
        for (error, retryable, ambiguous) in cases {
            let found = (error.is_retryable(), error.is_ambiguous());
            assert_eq!(found, (retryable, ambiguous), "{error:?}");
        }
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
    fn denials_name_verb_resource_and_namespace() {
        let error = of(403, "User \"ci\" cannot patch resource", Value::Null);
        let resource = "securitygrouppolicies.vpcresources.tke.cloud.tencent.com";
        assert_eq!(
            error.to_string(),
            format!(
                "not allowed to patch {resource} in the namespace shop: \
                 User \"ci\" cannot patch resource"
            )
        );
    }
}
