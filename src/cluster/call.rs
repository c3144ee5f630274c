//! One call to the API server: its timeout, its retries, and its stop.
//!
//! Every call of this provider can be repeated: a read, a server-side apply, a merge that names the
//! version it is meant for, a delete that names the object by uid. So all of them are retried alike
//! after an error that may pass. The retries of the HTTP client are off: they know no stop, and
//! take more than four minutes to give up.

use std::{fmt, io, time::Duration};

use backon::{BackoffBuilder, ExponentialBuilder};
use http_body_util::{BodyExt, Limited};
use kube::{client::Body, core::Status};
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    connect::Session,
    error::{BoxError, Error, Retry, of_answer},
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
const MOST_ATTEMPTS: usize = 5;
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// No object is larger than 2 MiB or so; what sends more without end is no API server.
const LONGEST_ANSWER: usize = 64 * 1024 * 1024;
/// How much of an answer that is not JSON a message may quote.
const LONGEST_QUOTE: usize = 200;

impl Session {
    /// Sends the request, again if that may help, and gives up when told to stop.
    ///
    /// A stop lets the attempt in flight end by itself, so that its outcome is known.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        call: &Call,
        stop: &CancellationToken,
    ) -> Result<Answer<T>, Error> {
        let began = Instant::now();
        let mut pauses = ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(200))
            .with_max_delay(LONGEST_PAUSE)
            .with_jitter()
            .with_max_times(MOST_ATTEMPTS - 1)
            .build();
        let mut repeated = false;
        if stop.is_cancelled() {
            return Err(Error::Stopped { call: call.to_string(), source: None });
        }
        loop {
            let (error, asked_pause) = match self.attempt(call).await {
                Ok((status, body)) => return Ok(Answer { status, body, repeated }),
                Err(failure) => failure,
            };
            let error = match error.retry() {
                Retry::No => return Err(error),
                // The last attempt was in vain, but an earlier one perhaps not.
                Retry::NotDone if repeated => {
                    Error::Unsettled { call: call.to_string(), source: Box::new(error) }
                }
                Retry::NotDone => error,
                Retry::PerhapsDone => {
                    repeated = true;
                    error
                }
            };
            let Some(pause) = pauses.next().filter(|_| began.elapsed() < RETRY_BUDGET) else {
                return Err(error);
            };
            let pause = pause.max(asked_pause.unwrap_or_default()).min(LONGEST_PAUSE);
            tracing::debug!(%call, %error, ?pause, "trying again");
            tokio::select! {
                () = stop.cancelled() => {
                    let source = Some(Box::new(error));
                    return Err(Error::Stopped { call: call.to_string(), source });
                }
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// One attempt. An error comes with the pause that the server asks for, if it does.
    async fn attempt<T: DeserializeOwned>(
        &self,
        call: &Call,
    ) -> Result<(u16, T), (Error, Option<Duration>)> {
        let exchange = async {
            let response = self.client.send(call.request.clone().map(Body::from)).await?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, LONGEST_ANSWER).collect().await;
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
            let answer = serde_json::from_slice(&body)
                .ok()
                .filter(|answer: &Status| !answer.message.is_empty())
                .unwrap_or_else(|| Status::failure(&quote(&body), ""));
            let pause = head.headers.get(http::header::RETRY_AFTER);
            let pause = pause.and_then(|value| value.to_str().ok()?.parse().ok());
            let error = of_answer(call, &self.host, status, &answer);
            return Err((error, pause.map(Duration::from_secs)));
        }
        match serde_json::from_slice(&body) {
            Ok(body) => Ok((status, body)),
            Err(error) => {
                let (host, call) = (self.host.clone(), call.to_string());
                let message = format!("{error} in {}", quote(&body));
                Err((Error::Unexpected { host, call, status, message }, None))
            }
        }
    }

    fn of_transport(&self, call: &Call, error: kube::Error) -> Error {
        let host = self.host.clone();
        // The client prints the cause of an error as part of it. The chain does that already.
        let source: BoxError = match error {
            kube::Error::Service(source) => source,
            kube::Error::HyperError(source) => source.into(),
            other => other.into(),
        };
        if is_handshake(source.as_ref()) {
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

/// The TLS layer reports what it does not accept as invalid data.
fn is_handshake(error: &(dyn std::error::Error + 'static)) -> bool {
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

/// The beginning of an answer that is not what it should be.
fn quote(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
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
        stop: &CancellationToken,
    ) -> (Result<Answer<Value>, Error>, std::sync::Arc<Script>) {
        let (cluster, script) = cluster(turns);
        let request = http::Request::get("/apis").body(Vec::new());
        let call = Call::new("get", "things".to_owned(), None, request).unwrap();
        let answer = cluster.session().await.unwrap().call(&call, stop).await;
        (answer, script)
    }

    async fn asked(turns: impl IntoIterator<Item = Turn>) -> (Result<bool, String>, usize) {
        let (answer, script) = play(turns, &CancellationToken::new()).await;
        let answer = answer.map(|answer| answer.repeated).map_err(|error| error.to_string());
        (answer, script.asked().len())
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_pass_is_tried_again() {
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
    async fn retries_have_an_end() {
        let began = Instant::now();
        let gone = "https://cluster.test answered get things with status 503: an empty answer";
        assert_eq!(asked(vec![Turn::Text(503, ""); 9]).await, (Err(gone.to_owned()), 5));
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());

        // A silent server uses up the budget with its second attempt.
        let began = Instant::now();
        let silent = "https://cluster.test did not answer get things within 30 s";
        assert_eq!(asked(vec![Turn::Silence; 9]).await, (Err(silent.to_owned()), 2));
        assert!(began.elapsed() < Duration::from_secs(65), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_pass_is_not_tried_again() {
        for code in [400, 401, 403, 404, 409, 422] {
            let (answer, times) = asked([Turn::Text(code, "no")]).await;
            assert!(answer.is_err(), "{code}");
            assert_eq!(times, 1, "{code}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_that_was_perhaps_carried_out_is_not_forgotten() {
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
    async fn the_server_says_how_long_to_wait() {
        let began = Instant::now();
        assert_eq!(asked([Turn::Later(429, 3), OK()]).await, (Ok(false), 2));
        assert_eq!(began.elapsed().as_secs(), 3);
        // But it cannot keep us for ever.
        let began = Instant::now();
        assert_eq!(asked([Turn::Later(503, 3600), OK()]).await, (Ok(true), 2));
        assert_eq!(began.elapsed().as_secs(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_is_before_a_call_and_between_attempts() {
        let stop = CancellationToken::new();
        stop.cancel();
        let (answer, script) = play([], &stop).await;
        let error = answer.unwrap_err();
        assert_eq!(error.to_string(), "stopped before the cluster was asked to get things");
        assert!(!error.is_ambiguous());
        assert!(script.asked().is_empty());

        let stop = CancellationToken::new();
        let alarm = stop.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            alarm.cancel();
        });
        let (answer, script) = play([Turn::Break, OK()], &stop).await;
        assert!(answer.unwrap_err().is_ambiguous());
        assert_eq!(script.asked().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_lets_the_attempt_in_flight_end() {
        let stop = CancellationToken::new();
        let (cluster, _script) = cluster([OK()]);
        let request = http::Request::get("/apis").body(Vec::new());
        let call = Call::new("get", "things".to_owned(), None, request).unwrap();
        let session = cluster.session().await.unwrap();
        let mut running = std::pin::pin!(session.call::<Value>(&call, &stop));
        assert!(
            std::future::poll_fn(|cx| std::task::Poll::Ready(running.as_mut().poll(cx)))
                .await
                .is_pending()
        );
        stop.cancel();
        assert_eq!(running.await.unwrap().status, 200);
    }

    #[tokio::test(start_paused = true)]
    async fn answers_that_are_none_are_quoted_in_part() {
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
        assert_eq!(quote("ä".repeat(500).as_bytes()).chars().count(), LONGEST_QUOTE);
    }
}
