//! The server: from an open socket to the last answer.

use std::{future::Future, path::Path, pin::pin, time::Duration};

use tokio::{sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server as Grpc;

use super::{
    Error,
    connections::{Admission, accept},
    environment::SocketWishes,
    socket::Socket,
    tls::Tls,
};
use crate::{
    protocol::{Rpcs, plugin::routes},
    stop::{Count, Stop},
};

/// How long operations may take to end when the process leaves. Core kills it after two seconds.
const GRACE: Duration = Duration::from_millis(1500);

/// A core that does not connect within this time never will: it gives up on us after a minute.
const FIRST_CONNECTION: Duration = Duration::from_mins(1);

/// A core that has no connection for this time is gone.
const NEXT_CONNECTION: Duration = Duration::from_secs(2);

/// A server that can be connected to, and does not answer yet.
pub(crate) struct Server {
    socket: Socket,
    tls: Option<Tls>,
    open: Count,
}

impl Server {
    /// Opens the socket. Without `tls` it speaks plaintext.
    pub(crate) fn open(wishes: &SocketWishes, tls: Option<Tls>) -> Result<Self, Error> {
        let socket = Socket::bind(wishes).map_err(Error::Socket)?;
        Ok(Self { socket, tls, open: Count::default() })
    }

    pub(crate) fn path(&self) -> &Path {
        self.socket.path()
    }

    /// The certificate by which core knows us.
    pub(crate) fn certificate(&self) -> Option<&[u8]> {
        self.tls.as_ref().map(|tls| &*tls.certificate)
    }

    /// Ends when core is gone, or has never come.
    pub(crate) fn core_is_gone(&self) -> impl Future<Output = ()> + use<> {
        gone(self.open.clone())
    }

    /// Answers until `leave` ends or core says goodbye.
    pub(crate) async fn serve(
        self,
        service: impl Rpcs,
        stop: &Stop,
        leave: impl Future<Output = ()>,
    ) -> Result<(), Error> {
        let goodbye = CancellationToken::new();
        let routes = routes(service, goodbye.clone()).await;
        let (ready, connections) = mpsc::channel(1);
        let mut grpc = pin!(Grpc::builder().add_routes(routes).serve_with_incoming_shutdown(
            ReceiverStream::new(connections),
            goodbye.clone().cancelled_owned(),
        ));
        let admission = Admission { peers: self.socket.peers, tls: self.tls, open: self.open };
        tokio::select! {
            ended = &mut grpc => return ended.map_err(Error::Server),
            () = accept(&self.socket.listener, admission, ready) => {}
            () = goodbye.cancelled() => tracing::debug!("core says goodbye"),
            () = leave => {}
        }

        stop.give_for_good();
        goodbye.cancel();
        let last = async {
            grpc.await.map_err(Error::Server)?;
            stop.idle().await;
            Ok(())
        };
        // Whoever still runs after that has been asked, and core would kill us with them.
        timeout(GRACE, last).await.unwrap_or(Ok(()))
    }
}

/// Ends when core is gone, or has never come.
async fn gone(open: Count) {
    let mut limit = FIRST_CONNECTION;
    while timeout(limit, open.until_some()).await.is_ok() {
        open.until_none().await;
        limit = NEXT_CONNECTION;
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn server_waits_one_minute_for_first_connection() {
        let began = Instant::now();
        gone(Count::default()).await;
        assert_eq!(began.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn server_ends_two_seconds_after_last_connection() {
        let open = Count::default();
        let began = Instant::now();
        let (first, second) = (open.enter(), open.clone());
        tokio::spawn(async move {
            sleep(Duration::from_secs(100)).await;
            drop(first);
            sleep(Duration::from_secs(1)).await; // Core connects again in time.
            let second = second.enter();
            sleep(Duration::from_secs(100)).await;
            drop(second);
        });
        gone(open).await;
        assert_eq!(began.elapsed().as_secs(), 203);
    }
}
