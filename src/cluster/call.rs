//! One call to the API server: its timeout, its retries, and its stop.
//!
//! Every call of this provider can be repeated: a read, a server-side apply, a merge that names the
//! version it is meant for, a delete that names the object by uid. So all of them are retried alike
//! after an error that may pass. The retries of the HTTP client are off: they know no stop, and
//! take more than four minutes to give up.

use std::fmt;
use std::io;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use kube::client::Body;
use kube::core::Status;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::connect::Session;
use super::error::{BoxError, Error, Retry, of_answer};

/// A request, and what it asks in the words of roles: for messages, and for the permission that may
/// be missing.
#[derive(Debug, Clone)]
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
const RETRY_BUDGET: Duration = Duration::from_secs(30);
const MOST_ATTEMPTS: usize = 5;
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
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
            match error.retry() {
                Retry::No => return Err(error),
                Retry::NotDone => {}
                Retry::PerhapsDone => repeated = true,
            }
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
            Ok((head, body.collect_bytes().await?))
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
    std::iter::successors(Some(error), |error| error.source()).any(|error| {
        error
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::InvalidData)
    })
}

/// The beginning of an answer that is not what it should be.
fn quote(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    match text.trim() {
        "" => "an empty answer".to_owned(),
        text => text.chars().take(LONGEST_QUOTE).collect(),
    }
}
