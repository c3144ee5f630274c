//! The only socket: one POST, one answer. A trait, so that tests need none.

use std::{fmt, future::Future, pin::Pin, time::Duration};

use reqwest::{Url, header::HeaderMap};
use tokio::sync::OnceCell;

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
    Unreachable(Box<dyn std::error::Error + Send + Sync>),
    /// It may have been sent.
    Lost(Box<dyn std::error::Error + Send + Sync>),
    /// It was sent, and the time for an answer is over.
    Timeout(Duration),
}

/// The real network.
#[derive(Debug)]
pub(super) struct Http {
    timeout: Duration,
    /// Made at the first call: loading the trusted certificates takes longer than a whole plan
    /// that needs no cloud.
    client: OnceCell<reqwest::Client>,
}

/// A host that does not even accept a connection in this time will not do so later.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

impl Http {
    pub(super) fn new(timeout: Duration) -> Self {
        Self { timeout, client: OnceCell::new() }
    }

    async fn post(&self, request: Request) -> Result<Reply, Failure> {
        let client = self.client.get_or_try_init(|| async {
            reqwest::Client::builder()
                .timeout(self.timeout)
                .connect_timeout(CONNECT_TIMEOUT.min(self.timeout))
                .redirect(reqwest::redirect::Policy::none())
                .build()
        });
        let client = client.await.map_err(|error| Failure::Unreachable(error.into()))?;
        let Request { url, headers, body } = request;
        let sent = client.post(url).headers(headers).body(body).send().await;
        let response = sent.map_err(|error| self.failure(error))?;
        let status = response.status().as_u16();
        let body = response.bytes().await.map_err(|error| self.failure(error))?;
        Ok(Reply { status, body: body.into() })
    }

    fn failure(&self, error: reqwest::Error) -> Failure {
        // The order counts: a connect that timed out is both.
        if error.is_connect() || error.is_builder() {
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
        let http = Http::new(Duration::from_millis(200));
        let result = http.send(request).await;
        let seen = if then_wait { String::new() } else { server.await.unwrap() };
        (result, seen)
    }

    #[tokio::test]
    async fn ok_one_post() {
        let (reply, seen) =
            send("HTTP/1.1 418 x\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi", false).await;
        let reply = reply.unwrap();
        assert_eq!((reply.status, reply.body.as_slice()), (418, b"hi".as_slice()));
        assert!(seen.starts_with("POST / HTTP/1.1\r\n"), "{seen}");
        assert!(seen.contains("x-tc-action: DescribeSecurityGroups\r\n"), "{seen}");
        assert!(seen.contains("host: 127.0.0.1:"), "{seen}");
    }

    #[tokio::test]
    async fn err_says_whether_it_was_sent() {
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
        let result = Http::new(Duration::from_secs(5)).send(request).await;
        assert!(matches!(result, Err(Failure::Unreachable(_))), "refused: {result:?}");
    }
}
