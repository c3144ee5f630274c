//! The certificate that core makes for one plugin process.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P521_SHA512,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

use super::Result;

/// A certificate with its key.
#[derive(Clone, Debug)]
pub struct Certificate {
    pem: String,
    pub(super) der: CertificateDer<'static>,
    pub(super) key: Arc<PrivateKeyDer<'static>>,
}

impl Certificate {
    /// One as go-plugin makes it: P-521, its own issuer, and a CA although it signs nothing.
    pub fn new() -> Result<Self> {
        let mut params = CertificateParams::new(["localhost".to_owned()])?;
        params.distinguished_name.push(DnType::CommonName, "localhost");
        params.distinguished_name.push(DnType::OrganizationName, "HashiCorp");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
            KeyUsagePurpose::KeyAgreement,
            KeyUsagePurpose::KeyCertSign,
        ];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512)?;
        let certificate = params.self_signed(&key)?;
        Self::from_pem(certificate.pem(), &key.serialize_pem())
    }

    /// One that was made elsewhere.
    pub fn from_pem(pem: String, key: &str) -> Result<Self> {
        let der = CertificateDer::from_pem_slice(pem.as_bytes())?;
        let key = Arc::new(PrivateKeyDer::from_pem_slice(key.as_bytes())?);
        Ok(Self { pem, der, key })
    }

    /// The certificate without its key, as `PLUGIN_CLIENT_CERT` has it.
    pub fn pem(&self) -> &str {
        &self.pem
    }
}
