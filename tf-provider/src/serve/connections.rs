//! Connections: who is let in, and how many there are.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{UnixListener, UnixStream},
    sync::mpsc,
    time::{sleep, timeout},
};
use tonic::transport::server::Connected;

use super::{socket::Peers, tls::Tls};
use crate::stop::{Count, Counted};

/// A peer that hesitates for longer is none.
const TLS_HANDSHAKE: Duration = Duration::from_secs(10);

/// Who is let in.
#[derive(Clone)]
pub(super) struct Admission {
    pub(super) peers: Peers,
    /// Without it a peer speaks plaintext.
    pub(super) tls: Option<Tls>,
    /// Counts those who are in.
    pub(super) open: Count,
}

/// Lets peers in, one task each: a peer that hesitates keeps no other waiting.
pub(super) async fn accept(
    listener: &UnixListener,
    admission: Admission,
    ready: mpsc::Sender<io::Result<Connection>>,
) {
    loop {
        match listener.accept().await {
            Ok((peer, _)) => {
                let (admission, ready) = (admission.clone(), ready.clone());
                tokio::spawn(async move {
                    match admission.admit(peer).await {
                        // Nobody listens any more when the process is about to leave.
                        Ok(connection) => drop(ready.send(Ok(connection)).await),
                        Err(error) => tracing::warn!(%error, "refused a peer"),
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                sleep(Duration::from_millis(100)).await; // Out of file descriptors, most likely.
            }
        }
    }
}

impl Admission {
    async fn admit(&self, peer: UnixStream) -> io::Result<Connection> {
        if !self.peers.admit(&peer)? {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "another user"));
        }
        let stream: Pin<Box<dyn Duplex>> = match &self.tls {
            None => Box::pin(peer),
            Some(tls) => Box::pin(timeout(TLS_HANDSHAKE, tls.acceptor.accept(peer)).await??),
        };
        Ok(Connection { stream, _open: self.open.enter() })
    }
}

trait Duplex: AsyncRead + AsyncWrite + Send {}

impl<T: AsyncRead + AsyncWrite + Send> Duplex for T {}

/// A peer that was let in. It is counted until it is dropped.
pub(super) struct Connection {
    stream: Pin<Box<dyn Duplex>>,
    _open: Counted,
}

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream.as_mut().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_shutdown(cx)
    }
}
