//! TLS with a self-signed certificate, which no client trusts until it is added.

use std::{io, net::Ipv4Addr, sync::Arc};

use axum::serve::Listener;
use rcgen::CertifiedKey;
use rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer};
use tokio::{net::TcpStream, task::JoinSet};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// A listener whose connections are encrypted.
pub(crate) struct TlsListener<L: Listener<Io = TcpStream>> {
    tcp: L,
    acceptor: TlsAcceptor,
    /// Handshakes run beside each other, so that a slow one blocks no other.
    handshakes: JoinSet<io::Result<(TlsStream<TcpStream>, L::Addr)>>,
}

impl<L: Listener<Io = TcpStream>> TlsListener<L> {
    /// Encrypts connections with a new certificate for the loopback address, returned as PEM.
    pub(crate) fn new(tcp: L) -> (Self, String) {
        let names = [Ipv4Addr::LOCALHOST.to_string(), "localhost".to_owned()];
        let CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(names).expect("the names are valid");
        let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the crypto provider has the default versions")
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .expect("key and certificate belong together");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        (Self { tcp, acceptor, handshakes: JoinSet::new() }, cert.pem())
    }
}

impl<L: Listener<Io = TcpStream>> Listener for TlsListener<L> {
    type Addr = L::Addr;
    type Io = TlsStream<TcpStream>;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            tokio::select! {
                (stream, address) = self.tcp.accept() => {
                    let acceptor = self.acceptor.clone();
                    self.handshakes.spawn(async move { Ok((acceptor.accept(stream).await?, address)) });
                }
                Some(handshake) = self.handshakes.join_next() => {
                    // The caller reports a failure: it may not trust the certificate.
                    if let Ok(Ok(connection)) = handshake {
                        return connection;
                    }
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}
