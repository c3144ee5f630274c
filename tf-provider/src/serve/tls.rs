//! Mutual TLS with exactly one peer: the one that holds the key of `PLUGIN_CLIENT_CERT`.

use std::sync::Arc;

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls13_signature},
    pki_types::{CertificateDer, PrivatePkcs8KeyDer, UnixTime, pem, pem::PemObject},
    server::danger::{ClientCertVerified, ClientCertVerifier},
    version::TLS13,
};
use tokio_rustls::TlsAcceptor;

/// Our end of the mutual TLS.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    /// What core has to find at our end.
    pub(crate) certificate: CertificateDer<'static>,
}

/// Why there can be no TLS.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("PLUGIN_CLIENT_CERT does not contain a certificate")]
    ClientCertificate(#[source] pem::Error),
    #[error("could not create the certificate of the server")]
    OwnCertificate(#[from] rcgen::Error),
    #[error("could not set up TLS")]
    Setup(#[from] rustls::Error),
}

impl Tls {
    /// TLS for the peer with this certificate, in PEM, and no other.
    pub(crate) fn pinned(client_certificate: &str) -> Result<Self, TlsError> {
        let pinned = CertificateDer::from_pem_slice(client_certificate.as_bytes())
            .map_err(TlsError::ClientCertificate)?;

        // Core trusts exactly the certificate of the handshake line, under this name.
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::new(["localhost".to_owned()])?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.self_signed(&key)?.der().clone();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());

        let crypto = aws_lc_rs::default_provider();
        let only = OnlyPeer { pinned, algorithms: crypto.signature_verification_algorithms };
        // Every core that speaks protocol 6 has TLS 1.3.
        let mut config = ServerConfig::builder_with_provider(Arc::new(crypto))
            .with_protocol_versions(&[&TLS13])?
            .with_client_cert_verifier(Arc::new(only))
            .with_single_cert(vec![certificate.clone()], key.into())?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        config.send_tls13_tickets = 0; // Core connects once.
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), certificate })
    }
}

/// Accepts one certificate, byte for byte, from whoever proves to hold its key.
///
/// The usual verification by chain cannot be had: core's certificate is a CA, and a CA is no end entity to it.
/// Nor should it: what that CA might sign is not core.
#[derive(Debug)]
struct OnlyPeer {
    pinned: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for OnlyPeer {
    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        if intermediates.is_empty() && *end_entity == self.pinned {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("TLS 1.2 is not offered".to_owned()))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }
}
