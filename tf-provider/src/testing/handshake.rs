//! What a provider announces, and the connection made from it.

use std::{path::PathBuf, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName},
    version::TLS13,
};
use tokio::net::UnixStream;
use tokio_rustls::TlsConnector;
use tokio_util::either::Either;
use tonic::transport::{Channel, Endpoint, Uri};
use tower::service_fn;

use super::{Certificate, Result};

/// Where a provider is, and by which certificate it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// Its unix socket.
    pub path: PathBuf,
    /// Its certificate; a provider without one speaks plaintext.
    pub certificate: Option<CertificateDer<'static>>,
}

impl Handshake {
    /// Reads the handshake line as core reads it.
    pub fn parse(line: &str) -> Result<Self> {
        let [core, "6", "unix", path, "grpc", certificate] =
            line.split('|').collect::<Vec<_>>()[..]
        else {
            return Err(format!("no handshake: {line:?}").into());
        };
        if core != "1" {
            return Err(format!("handshake of another version: {line:?}").into());
        }
        let certificate = match certificate {
            "" => None,
            text => Some(STANDARD_NO_PAD.decode(text)?.into()),
        };
        Ok(Self { path: path.into(), certificate })
    }

    /// Connects with mutual TLS if the provider has a certificate, showing `own` if there is one.
    pub async fn connect(&self, own: Option<&Certificate>) -> Result<Channel> {
        let tls = self.certificate.as_ref().map(|theirs| connector(theirs, own)).transpose()?;
        let path = self.path.clone();
        let connect = move |_: Uri| {
            let (path, tls) = (path.clone(), tls.clone());
            async move {
                let stream = UnixStream::connect(path).await?;
                let stream = match tls {
                    None => Either::Left(stream),
                    Some(tls) => {
                        let name =
                            ServerName::try_from("localhost").map_err(std::io::Error::other)?;
                        Either::Right(tls.connect(name, stream).await?)
                    }
                };
                std::io::Result::Ok(TokioIo::new(stream))
            }
        };
        let endpoint = Endpoint::from_static("http://localhost");
        Ok(endpoint.connect_with_connector(service_fn(connect)).await?)
    }
}

/// Trusts exactly the provider's certificate, as core does.
fn connector(theirs: &CertificateDer<'static>, own: Option<&Certificate>) -> Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    roots.add(theirs.clone())?;
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13])?
        .with_root_certificates(roots);
    let mut config = match own {
        None => config.with_no_client_auth(),
        Some(own) => config.with_client_auth_cert(vec![own.der.clone()], own.key.clone_key())?,
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ok_handshakes() {
        for (line, certificate) in [
            ("1|6|unix|/tmp/s|grpc|YWI", Some(b"ab".to_vec().into())),
            ("1|6|unix|/tmp/s|grpc|", None),
        ] {
            let handshake = Handshake { path: "/tmp/s".into(), certificate };
            assert_eq!(Handshake::parse(line).unwrap(), handshake);
        }
    }

    #[test]
    fn err_handshakes() {
        for line in [
            "",
            "1|6|unix|/tmp/s|grpc",
            "2|6|unix|/tmp/s|grpc|",
            "1|5|unix|/tmp/s|grpc|",
            "1|6|tcp|127.0.0.1:1|grpc|",
            "1|6|unix|/tmp/s|netrpc|",
            "1|6|unix|/tmp/s|grpc|YWI=",
            "1|6|unix|/tmp/s|grpc|YWI|true",
        ] {
            assert!(Handshake::parse(line).is_err(), "{line}");
        }
    }
}
