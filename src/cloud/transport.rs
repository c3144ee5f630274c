//! The only socket: one POST, one answer. A trait, so that tests need none.

use std::{fmt, future::Future, pin::Pin, time::Duration};

use reqwest::{Url, header::HeaderMap};
use tokio::sync::OnceCell;

use super::Proxies;
use crate::http_client::{ANSWER_LIMIT, BoxError, CONNECT_TIMEOUT, USER_AGENT, is_tls_failure};

/// Carries one request to the service and its answer back.
pub trait Transport: Send + Sync + fmt::Debug {
    /// Sends once. It never repeats anything: only the client knows what may be repeated.
    fn send(
        &self,
        request: Request,
    ) -> Pin<Box<dyn Future<Output = Result<Reply, Failure>> + Send + '_>>;
}

/// A POST. Headers that hold secrets are marked sensitive and so not printed.
#[derive(Clone, Debug)]
pub struct Request {
    /// Where to.
    pub url: Url,
    /// All that the service reads, the signature included.
    pub headers: HeaderMap,
    /// JSON.
    pub body: Vec<u8>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP status; 200 for the service's own errors, too.
    pub status: u16,
    /// JSON, if it came from the service.
    pub body: Vec<u8>,
}

/// Why nothing came back.
#[derive(Debug)]
pub enum Failure {
    /// No connection came about: the request was certainly not sent.
    Unreachable(BoxError),
    /// The host was reached, but not trusted: the request was certainly not sent.
    Tls(BoxError),
    /// This machine has no certificates to verify a host with: the request was certainly not sent.
    NoTrustStore(BoxError),
    /// It may have been sent.
    Lost(BoxError),
    /// It was sent, and the time for an answer is over.
    Timeout(Duration),
    /// It was sent, and the answer is longer than any of the service.
    TooLong,
}

/// The real network.
#[derive(Debug)]
pub(super) struct Http {
    timeout: Duration,
    proxies: Proxies,
    /// Made at the first call: loading the trusted certificates takes longer than a whole plan
    /// that needs no cloud.
    with_tls: OnceCell<reqwest::Client>,
    /// For places without TLS, which need no certificates.
    without_tls: OnceCell<reqwest::Client>,
}

impl Http {
    pub(super) fn new(timeout: Duration, proxies: Proxies) -> Self {
        Self { timeout, proxies, with_tls: OnceCell::new(), without_tls: OnceCell::new() }
    }

    async fn post(&self, request: Request) -> Result<Reply, Failure> {
        let Request { url, headers, body } = request;
        let client = self.client(&url).await?;
        let sent = client.post(url).headers(headers).body(body).send().await;
        let mut response = sent.map_err(|error| self.failure(error))?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failure(error))? {
            if body.len() + chunk.len() > ANSWER_LIMIT {
                return Err(Failure::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { status, body })
    }

    async fn client(&self, url: &Url) -> Result<&reqwest::Client, Failure> {
        let builder = |builder| {
            let proxied = self.proxies.apply(self.configure(builder));
            proxied.map_err(|error| Failure::Unreachable(error.into()))
        };
        if self.proxies.need_tls(url) {
            let build = async || {
                let client = builder(reqwest::Client::builder())?.build();
                client.map_err(|error| Failure::NoTrustStore(error.into()))
            };
            return self.with_tls.get_or_try_init(build).await;
        }
        let build = async || {
            let client = builder(reqwest::Client::builder().tls_certs_only([]))?.build();
            client.map_err(|error| Failure::Unreachable(error.into()))
        };
        self.without_tls.get_or_try_init(build).await
    }

    fn configure(&self, builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        builder
            .timeout(self.timeout)
            .connect_timeout(CONNECT_TIMEOUT.min(self.timeout))
            .user_agent(USER_AGENT)
            // Another host would get what was signed for this one.
            .redirect(reqwest::redirect::Policy::none())
    }

    fn failure(&self, error: reqwest::Error) -> Failure {
        // The order counts: a connect that timed out is both, and so is one that was not trusted.
        if error.is_connect() && is_tls_failure(&error) {
            Failure::Tls(error.without_url().into())
        } else if error.is_connect() || error.is_builder() {
            Failure::Unreachable(error.without_url().into())
        } else if error.is_timeout() {
            Failure::Timeout(self.timeout)
        } else {
            Failure::Lost(error.without_url().into())
        }
    }
}

impl Transport for Http {
    fn send(
        &self,
        request: Request,
    ) -> Pin<Box<dyn Future<Output = Result<Reply, Failure>> + Send + '_>> {
        Box::pin(self.post(request))
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    fn http(milliseconds: u64) -> Http {
        Http::new(Duration::from_millis(milliseconds), Proxies::default())
    }

    /// Sends to a server that reads the request, writes `answer`, and closes or waits.
    async fn send(answer: &'static str, then_wait: bool) -> (Result<Reply, Failure>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let server = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let length = socket.read(&mut request).await.unwrap();
            socket.write_all(answer.as_bytes()).await.unwrap();
            if then_wait {
                std::future::pending::<()>().await;
            }
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        let headers = [("x-tc-action".parse().unwrap(), "DescribeSecurityGroups".parse().unwrap())];
        let request = Request { url, headers: headers.into_iter().collect(), body: b"{}".to_vec() };
        let http = http(200);
        let result = http.send(request).await;
        let seen = if then_wait { String::new() } else { server.await.unwrap() };
        (result, seen)
    }

    #[tokio::test]
    async fn request_is_sent_as_one_post() {
        let (reply, seen) =
            send("HTTP/1.1 418 x\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi", false).await;
        let reply = reply.unwrap();
        assert_eq!((reply.status, reply.body.as_slice()), (418, b"hi".as_slice()));
        assert!(seen.starts_with("POST / HTTP/1.1\r\n"), "{seen}");
        assert!(seen.contains("x-tc-action: DescribeSecurityGroups\r\n"), "{seen}");
        assert!(seen.contains("host: 127.0.0.1:"), "{seen}");
    }

    #[tokio::test]
    async fn proxy_is_used_except_to_loopback() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = listener.local_addr().unwrap().to_string();
        let proxies = Proxies { http: Some(proxy.parse().unwrap()), ..Proxies::default() };
        let server = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let length = socket.read(&mut request).await.unwrap();
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            socket.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        let http = Http::new(Duration::from_secs(5), proxies);
        let to = |url: &str| Request {
            url: url.parse().unwrap(),
            headers: HeaderMap::new(),
            body: Vec::new(),
        };
        // Port 1 is nobody's. A proxy would have answered.
        let direct = http.send(to("http://127.0.0.1:1/")).await;
        assert!(matches!(direct, Err(Failure::Unreachable(_))), "{direct:?}");
        http.send(to("http://vpc.example.invalid/")).await.unwrap();
        let seen = server.await.unwrap();
        assert!(seen.starts_with("POST http://vpc.example.invalid/ HTTP/1.1\r\n"), "{seen}");
    }

    #[tokio::test]
    async fn too_long_answer_is_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            socket.read_buf(&mut Vec::with_capacity(4096)).await.unwrap();
            socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            // The end comes after one byte too many.
            _ = socket.write_all(&vec![b' '; ANSWER_LIMIT + 1]).await;
        });
        let request = Request { url, headers: HeaderMap::new(), body: Vec::new() };
        let result = http(60_000).send(request).await;
        assert!(matches!(result, Err(Failure::TooLong)), "{result:?}");
    }

    #[tokio::test]
    async fn failure_tells_whether_the_request_was_sent() {
        let (result, _) = send("", false).await;
        assert!(matches!(result, Err(Failure::Lost(_))), "closed: {result:?}");
        let (result, _) = send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi", false).await;
        assert!(matches!(result, Err(Failure::Lost(_))), "half: {result:?}");
        let (result, _) = send("", true).await;
        assert!(matches!(result, Err(Failure::Timeout(_))), "silent: {result:?}");

        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let request = Request {
            url: format!("http://{port}/").parse().unwrap(),
            headers: HeaderMap::new(),
            body: Vec::new(),
        };
        let result = http(5000).send(request).await;
        assert!(matches!(result, Err(Failure::Unreachable(_))), "refused: {result:?}");
    }
}
