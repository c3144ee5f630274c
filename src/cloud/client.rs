//! One call of the API, from a typed request to a typed answer.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderValue};
use secrecy::ExposeSecret;
use serde::{Deserialize, de::DeserializeOwned};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, debug, debug_span};

use super::{
    Cause, Credentials, Endpoints, Error, ErrorKind, Failure, NoCredentials, Proxies, Region,
    Reply, Request, Transport,
    api::{Action, Idempotency},
    endpoint,
    limit::Limiter,
    retry, sign,
    transport::Http,
};
use crate::{
    http_client::{USER_AGENT, redact},
    wait::{self, Backoff, Failed},
};

/// What a client needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// What to sign with, or why there is nothing.
    pub credentials: Result<Credentials, NoCredentials>,
    /// Where the services are.
    pub endpoints: Endpoints,
    /// What is between us and them.
    pub proxies: Proxies,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// How often a call is repeated.
    pub retry: Backoff,
}

/// Calls Tencent Cloud. Cheap to clone; clones share connections and pace.
// same name: of the cloud alone; `client::Client` is that of the whole provider.
#[derive(Clone, Debug)]
pub struct Client {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    config: Config,
    transport: Box<dyn Transport>,
    limiter: Limiter,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            credentials: Err(NoCredentials::Missing),
            endpoints: Endpoints::default(),
            proxies: Proxies::default(),
            timeout: Duration::from_mins(1),
            retry: retry::BACKOFF,
        }
    }
}

impl Client {
    /// A client on the real network. It connects at the first call.
    pub fn new(config: Config) -> Self {
        let transport = Http::new(config.timeout, config.proxies.clone());
        Self::over(transport, config)
    }

    /// A client over another transport, for tests.
    pub fn over(transport: impl Transport + 'static, config: Config) -> Self {
        let shared = Shared { config, transport: Box::new(transport), limiter: Limiter::default() };
        Self { shared: Arc::new(shared) }
    }

    /// Calls an action, and again where that is safe and may help.
    ///
    /// Once `cancel` is cancelled no new attempt begins. One in flight runs to its end, so that its
    /// outcome is known; one that only reads is abandoned.
    pub async fn call<A: Action>(
        &self,
        region: &Region,
        request: &A,
        cancel: &CancellationToken,
    ) -> Result<A::Response, Error> {
        let start = Instant::now();
        wait::retry(self.shared.config.retry, cancel, |attempts| async move {
            let cancelled =
                || Failed::Cancelled(Error::new(A::NAME, region, 0, None, Cause::Cancelled));
            if !self.acquire::<A>(cancel).await {
                return Err(cancelled());
            }
            let only_reads = A::IDEMPOTENCY == Idempotency::ReadOnly;
            let outcome = wait::outcome(only_reads, self.attempt(region, request), cancel).await;
            outcome.ok_or_else(cancelled)?.map_err(|(cause, request_id)| {
                let should_retry = retry::should_retry(&cause, A::IDEMPOTENCY, attempts)
                    && start.elapsed() < retry::LONGEST;
                let error = Error::new(A::NAME, region, attempts, request_id, cause);
                if should_retry {
                    Failed::Retryable(error, Duration::ZERO)
                } else {
                    Failed::Final(error)
                }
            })
        })
        .await
    }

    /// Calls an action exactly once, and even if the operation is cancelled: for the one look
    /// that tells what an interrupted write has done.
    pub async fn call_once<A: Action>(
        &self,
        region: &Region,
        request: &A,
    ) -> Result<A::Response, Error> {
        self.acquire::<A>(&CancellationToken::new()).await;
        self.attempt(region, request)
            .await
            .map_err(|(cause, request_id)| Error::new(A::NAME, region, 1, request_id, cause))
    }

    async fn acquire<A: Action>(&self, cancel: &CancellationToken) -> bool {
        self.shared.limiter.acquire(A::NAME, A::PER_SECOND, cancel).await
    }

    async fn attempt<A: Action>(
        &self,
        region: &Region,
        request: &A,
    ) -> Result<A::Response, (Cause, Option<String>)> {
        let span = debug_span!("cloud_call", action = A::NAME, %region);
        async {
            let config = &self.shared.config;
            let request =
                prepare(config, region, request, clock()).map_err(|cause| (cause, None))?;
            let host = endpoint::host(&request.url);
            let (sent, secrets) = (request.body.len(), secrets(&request));
            let reply = self.shared.transport.send(request).await;
            let reply = reply.map_err(|failure| (failed(failure, host), None))?;
            debug!(sent, received = reply.body.len(), status = reply.status, "answered");
            read(&reply).map_err(|(cause, request_id)| {
                let request_id = request_id.map(|id| redact(&id, &secrets));
                (cause.redacted(&secrets), request_id)
            })
        }
        .instrument(span)
        .await
    }
}

fn failed(failure: Failure, host: String) -> Cause {
    match failure {
        Failure::Unreachable(source) => Cause::Unreachable { host, source },
        Failure::Tls(source) => Cause::Tls { host, source },
        Failure::NoTrustStore(source) => Cause::NoTrustStore(source),
        Failure::Lost(source) => Cause::Lost(source),
        Failure::Timeout(after) => Cause::Timeout(after),
        Failure::TooLong => Cause::TooLong,
    }
}

/// The one reader of the clock. The service refuses signatures that are five minutes off.
#[expect(clippy::disallowed_methods, reason = "somebody has to read the clock")]
fn clock() -> Timestamp {
    Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The request as it is sent, signed.
fn prepare<A: Action>(
    config: &Config,
    region: &Region,
    request: &A,
    time: Timestamp,
) -> Result<Request, Cause> {
    let credentials = config.credentials.as_ref().map_err(|missing| *missing)?;
    let url = config.endpoints.url(A::SERVICE)?;
    let host = endpoint::host(&url);
    let body = serde_json::to_vec(request).map_err(Cause::Encode)?;

    let signed = [("content-type", "application/json"), ("host", &host)];
    let authorization = sign::authorization(
        &sign::SignedRequest { method: "POST", query: "", headers: &signed, payload: &body },
        sign::Scope { time, service: A::SERVICE.label() },
        credentials,
    );
    let timestamp = time.as_second().to_string();
    let open = [
        ("x-tc-action", A::NAME),
        ("x-tc-version", A::SERVICE.version()),
        ("x-tc-region", region.as_str()),
        ("x-tc-timestamp", &timestamp),
        ("x-tc-language", "en-US"),
        ("x-tc-requestclient", USER_AGENT),
    ];
    let token = credentials.token.as_ref().map(|token| ("x-tc-token", token.expose_secret()));
    let secret = [("authorization", authorization.as_str())].into_iter().chain(token);

    let mut headers = HeaderMap::new();
    for (name, value) in signed.into_iter().chain(open) {
        headers.insert(name, header(value)?);
    }
    for (name, value) in secret {
        let mut value = header(value)?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(Request { url, headers, body })
}

/// Everything here but the credentials has been checked before.
fn header(value: &str) -> Result<HeaderValue, NoCredentials> {
    HeaderValue::from_str(value).ok().ok_or(NoCredentials::InvalidCharacter)
}

/// What of a request no message may show, even if the answer reflects it.
fn secrets(request: &Request) -> Vec<String> {
    let sensitive = request.headers.values().filter(|value| value.is_sensitive());
    let headers: Vec<&str> = sensitive.filter_map(|value| value.to_str().ok()).collect();
    // Of an authorization, its parts may be reflected alone.
    let parts = headers.iter().flat_map(|header| {
        ["Signature=", "Credential="].into_iter().filter_map(|name| {
            let (_, part) = header.split_once(name)?;
            part.split([',', '/']).next()
        })
    });
    headers.iter().copied().chain(parts).map(str::to_owned).collect()
}

/// The answer in the envelope that every answer comes in.
///
/// It is read twice, first for an error and then for what was asked for, so that no answer takes
/// more memory than its text and the values that are read from it.
fn read<T: DeserializeOwned>(reply: &Reply) -> Result<T, (Cause, Option<String>)> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Envelope<T> {
        response: T,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Outcome {
        request_id: Option<String>,
        error: Option<Refusal>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Refusal {
        code: String,
        #[serde(default)]
        message: String,
    }

    if reply.status != 200 {
        return Err((Cause::Status(reply.status), None));
    }
    let Envelope { response: Outcome { request_id, error } } =
        serde_json::from_slice(&reply.body).map_err(|source| (Cause::Decode(source), None))?;
    if let Some(Refusal { code, message }) = error {
        let kind = ErrorKind::of(&code);
        return Err((Cause::Api { code, message, kind }, request_id));
    }
    serde_json::from_slice(&reply.body)
        .map(|Envelope { response }| response)
        .map_err(|source| (Cause::Decode(source), request_id))
}

#[cfg(test)]
mod tests {
    use std::{
        collections::VecDeque,
        future::{Future, ready},
        pin::Pin,
        sync::Mutex,
    };

    use serde_json::json;

    use super::*;
    use crate::cloud::api::vpc::{CreateSecurityGroup, DescribeSecurityGroups};

    /// Answers what it was told to, in order; then success.
    #[derive(Debug, Default)]
    struct Script(Mutex<VecDeque<Result<Reply, Failure>>>);

    impl Transport for Script {
        fn send(
            &self,
            _: Request,
        ) -> Pin<Box<dyn Future<Output = Result<Reply, Failure>> + Send + '_>> {
            let next = self.0.lock().unwrap().pop_front();
            Box::pin(ready(next.unwrap_or_else(|| ok(r#"{"SecurityGroupSet":[]}"#))))
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "stands in a list of results")]
    fn ok(response: &str) -> Result<Reply, Failure> {
        let body = format!(r#"{{"Response":{response}}}"#).into_bytes();
        Ok(Reply { status: 200, body })
    }

    fn api(code: &str) -> Result<Reply, Failure> {
        ok(&format!(r#"{{"Error":{{"Code":"{code}","Message":"no"}},"RequestId":"r-1"}}"#))
    }

    fn config() -> Config {
        let credentials = Credentials {
            secret_id: "AKIDexample".into(),
            secret_key: "hidden-key".into(),
            token: Some("hidden-token".into()),
        };
        Config { credentials: Ok(credentials), ..Config::default() }
    }

    fn client(script: Vec<Result<Reply, Failure>>) -> Client {
        Client::over(Script(Mutex::new(script.into())), config())
    }

    fn region() -> Region {
        "ap-guangzhou".parse().unwrap()
    }

    async fn describe(script: Vec<Result<Reply, Failure>>) -> Result<(), Error> {
        let cancel = CancellationToken::new();
        let request = DescribeSecurityGroups::default();
        client(script).call(&region(), &request, &cancel).await.map(drop)
    }

    async fn create(script: Vec<Result<Reply, Failure>>) -> Result<(), Error> {
        let cancel = CancellationToken::new();
        let request = CreateSecurityGroup::default();
        client(script).call(&region(), &request, &cancel).await.map(drop)
    }

    #[tokio::test(start_paused = true)]
    async fn retryable_failures_are_retried() {
        let lost = || Err(Failure::Lost("reset".into()));
        let unavailable = Ok(Reply { status: 503, body: Vec::new() });
        describe(vec![lost(), unavailable, api("InternalError"), api("RequestLimitExceeded")])
            .await
            .unwrap();

        let created = ok(r#"{"SecurityGroup":{"SecurityGroupId":"sg-1","SecurityGroupName":"n"}}"#);
        create(vec![api("RequestLimitExceeded"), created]).await.unwrap();
        let error = create(vec![lost()]).await.unwrap_err();
        assert_eq!((error.attempts(), error.is_ambiguous()), (1, true));
        let error = create(vec![ok("{}")]).await.unwrap_err();
        assert_eq!((error.attempts(), error.is_ambiguous()), (1, true));
    }

    #[tokio::test(start_paused = true)]
    async fn retries_end_with_the_last_error() {
        let start = Instant::now();
        let script = std::iter::repeat_with(|| api("RequestLimitExceeded")).take(99).collect();
        let error = describe(script).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Throttled, 11));
        assert!(start.elapsed() <= Duration::from_secs(61), "{:?}", start.elapsed());

        let start = Instant::now();
        let refused = || Err(Failure::Unreachable("refused".into()));
        let error = describe(std::iter::repeat_with(refused).take(99).collect()).await.unwrap_err();
        insta::assert_snapshot!(error, @"DescribeSecurityGroups in ap-guangzhou failed after 5 attempts");
        insta::assert_snapshot!(error.cause(), @"vpc.tencentcloudapi.com cannot be reached");
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn error_has_code_message_and_request_id() {
        let error = describe(vec![api("InvalidParameter.Coexist")]).await.unwrap_err();
        insta::assert_snapshot!(error, @"DescribeSecurityGroups in ap-guangzhou failed (request r-1)");
        insta::assert_snapshot!(error.cause(), @"InvalidParameter.Coexist: no");
        assert_eq!((error.kind(), error.request_id()), (ErrorKind::Invalid, Some("r-1")));
        for unreadable in
            ["", "null", "{}", r#"{"Response":null}"#, r#"{"Response":{"SecurityGroupSet":7}}"#]
        {
            let reply = Ok(Reply { status: 200, body: unreadable.into() });
            let error = describe(vec![reply]).await.unwrap_err();
            assert!(matches!(error.cause(), Cause::Decode(_)), "{unreadable}: {error:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn cancelling_ends_waits_and_prevents_calls() {
        let cancel = CancellationToken::new();
        let request = DescribeSecurityGroups::default();
        let (client, region) = (client(vec![api("InternalError"), api("InternalError")]), region());
        let (result, ()) = tokio::join!(client.call(&region, &request, &cancel), async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            cancel.cancel();
        });
        let error = result.unwrap_err();
        assert_eq!((error.code(), error.attempts()), (Some("InternalError"), 1));

        assert!(client.call(&region, &request, &cancel).await.unwrap_err().is_cancelled());
        assert_eq!(
            client.call_once(&region, &request).await.unwrap_err().code(),
            Some("InternalError")
        );
        client.call_once(&region, &request).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn read_without_answer_is_abandoned_when_cancelled() {
        #[derive(Debug)]
        struct Silence;

        impl Transport for Silence {
            fn send(
                &self,
                _: Request,
            ) -> Pin<Box<dyn Future<Output = Result<Reply, Failure>> + Send + '_>> {
                Box::pin(async {
                    tokio::time::sleep(Duration::from_mins(1)).await;
                    Err(Failure::Timeout(Duration::from_mins(1)))
                })
            }
        }

        let (client, region) = (&Client::over(Silence, config()), &region());
        let cancel = &CancellationToken::new();
        let (read, write) = (DescribeSecurityGroups::default(), CreateSecurityGroup::default());
        let start = Instant::now();
        let read = async {
            let error = client.call(region, &read, cancel).await.unwrap_err();
            (error.is_cancelled(), start.elapsed().as_secs())
        };
        let write = async {
            let error = client.call(region, &write, cancel).await.unwrap_err();
            (error.is_ambiguous(), start.elapsed().as_secs())
        };
        let (read, write, ()) = tokio::join!(read, write, async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            cancel.cancel();
        });
        assert_eq!((read, write), ((true, 5), (true, 60)));
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_sent_without_credentials() {
        let cancel = CancellationToken::new();
        for missing in [NoCredentials::Missing, NoCredentials::Unknown] {
            let config = Config { credentials: Err(missing), ..Config::default() };
            let script = Script(Mutex::new([Err(Failure::Lost("sent".into()))].into()));
            let client = Client::over(script, config);
            let request = DescribeSecurityGroups::default();
            let error = client.call(&region(), &request, &cancel).await.unwrap_err();
            assert!(matches!(error.cause(), Cause::Credentials(m) if *m == missing), "{error:?}");
        }
    }

    #[test]
    fn headers_are_complete_and_secret_ones_sensitive() {
        let time = Timestamp::from_second(1_767_225_600).unwrap();
        let request =
            prepare(&config(), &region(), &DescribeSecurityGroups::default(), time).unwrap();
        assert_eq!(request.url.as_str(), "https://vpc.tencentcloudapi.com/");
        assert_eq!(request.body, b"{}");
        for (name, value) in [
            ("host", "vpc.tencentcloudapi.com"),
            ("content-type", "application/json"),
            ("x-tc-action", "DescribeSecurityGroups"),
            ("x-tc-version", "2017-03-12"),
            ("x-tc-region", "ap-guangzhou"),
            ("x-tc-timestamp", "1767225600"),
            ("x-tc-language", "en-US"),
            ("x-tc-token", "hidden-token"),
        ] {
            assert_eq!(request.headers.get(name).unwrap(), value, "{name}");
        }
        let printed = format!("{request:?} {:?}", client(Vec::new()));
        assert!(!printed.contains("hidden"), "{printed}");
        assert!(!printed.contains("Signature="), "{printed}");

        let mut config = config();
        if let Ok(credentials) = &mut config.credentials {
            credentials.token = Some("from a file\n".into());
        }
        let result = prepare(&config, &region(), &DescribeSecurityGroups::default(), time);
        let cause = result.unwrap_err();
        assert!(matches!(cause, Cause::Credentials(NoCredentials::InvalidCharacter)), "{cause:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn secrets_reflected_by_the_service_are_redacted() {
        #[derive(Debug)]
        struct Mirror;

        impl Transport for Mirror {
            fn send(
                &self,
                request: Request,
            ) -> Pin<Box<dyn Future<Output = Result<Reply, Failure>> + Send + '_>> {
                let header = |name| request.headers[name].to_str().unwrap();
                let (authorization, token) = (header("authorization"), header("x-tc-token"));
                let (_, signature) = authorization.split_once("Signature=").unwrap();
                let message = format!("{authorization} {signature} {token}");
                let reply = ok(&json!({"Error": {"Code": token, "Message": message}}).to_string());
                Box::pin(ready(reply))
            }
        }

        let client = Client::over(Mirror, config());
        let request = DescribeSecurityGroups::default();
        let error = client.call(&region(), &request, &CancellationToken::new()).await.unwrap_err();
        insta::assert_snapshot!(error.cause(), @"(redacted): (redacted) (redacted) (redacted)");
        let printed = format!("{error:?} {}", error.cause());
        for secret in ["hidden-token", "AKIDexample"] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }
}
