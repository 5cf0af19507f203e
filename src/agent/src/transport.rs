//! How the agent reaches the control plane: over plain HTTP, or over TLS by an authority that it trusts.
//!
//! A host that joins knows nothing but its token, which carries the digest of the control plane's authority ([`Trust::Pin`]):
//! so no request, the first included, goes to anybody else.

use std::sync::Arc;

use bytes::Bytes;
use http::Uri;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme};
use sha2::{Digest as _, Sha256};

/// A client of the control plane, or of anybody else.
pub type HttpClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Whose certificates are taken for the control plane's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Trust {
    /// Those of the authorities that the host knows.
    #[default]
    System,
    /// Those of this authority alone, in PEM.
    Authority(String),
    /// Those of the authority whose certificate has this SHA-256 digest and is presented beside the server's.
    Pin([u8; 32]),
}

/// Why nobody can be trusted.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    #[error("the control plane's authority is not a certificate in PEM")]
    Pem(#[source] rustls::pki_types::pem::Error),
    #[error("the control plane's authority has no certificate")]
    NoCertificate,
    #[error("TLS cannot be set up")]
    Tls(#[from] TlsError),
    #[error("the host knows no certificate authority: install ca-certificates, or use a join token that carries one")]
    NoAuthorities,
}

/// Whether `uri` is a URL with a host that the agent can speak to.
pub(crate) fn is_reachable(uri: &Uri) -> bool {
    matches!(uri.scheme_str(), Some("http" | "https")) && uri.authority().is_some()
}

/// What connections to `server` are made with. Where `server` has no TLS nobody is trusted, since nobody is asked.
///
/// # Errors
/// [`TrustError`].
pub fn tls_for(server: &Uri, trust: &Trust) -> Result<ClientConfig, TrustError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let roots = match trust {
        _ if server.scheme_str() != Some("https") => RootCertStore::empty(),
        Trust::Pin(sha256) => {
            let verifier = Arc::new(Pinned { sha256: *sha256, provider });
            return Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth());
        }
        Trust::Authority(pem) => authority(pem)?,
        Trust::System => known_to_the_host()?,
    };
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// A client that speaks HTTP, and TLS as `tls` says.
#[must_use]
pub fn http_client(tls: ClientConfig) -> HttpClient {
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
    Client::builder(TokioExecutor::new()).build(connector)
}

fn authority(pem: &str) -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        roots.add(certificate.map_err(TrustError::Pem)?)?;
    }
    if roots.is_empty() { Err(TrustError::NoCertificate) } else { Ok(roots) }
}

fn known_to_the_host() -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() { Err(TrustError::NoAuthorities) } else { Ok(roots) }
}

/// Verifies as ever, with the one presented certificate that has the digest as the authority.
#[derive(Debug)]
struct Pinned {
    sha256: [u8; 32],
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let authority = intermediates.iter().find(|c| Sha256::digest(c.as_ref()).as_slice() == self.sha256);
        let authority = authority.ok_or_else(|| {
            TlsError::General("the server does not present the authority that the join token names".to_owned())
        })?;
        let mut roots = RootCertStore::empty();
        roots.add(authority.clone().into_owned())?;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&self.provider))
            .build()
            .map_err(|e| TlsError::General(e.to_string()))?;
        verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

    /// An authority and what it signed for `name`: both certificates.
    fn signed_for(name: &str) -> (CertificateDer<'static>, CertificateDer<'static>) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = params.self_signed(&key).unwrap();
        let issuer = Issuer::from_params(&params, &key);
        let leaf = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let leaf = leaf.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap();
        (authority.der().clone(), leaf.der().clone())
    }

    fn verify(pin: &CertificateDer<'_>, presented: &[CertificateDer<'_>], name: &'static str) -> Result<(), TlsError> {
        let verifier =
            Pinned { sha256: Sha256::digest(pin.as_ref()).into(), provider: Arc::new(ring::default_provider()) };
        let name = ServerName::try_from(name).unwrap();
        verifier.verify_server_cert(&presented[0], &presented[1..], &name, &[], UnixTime::now()).map(|_| ())
    }

    #[test]
    fn a_pin_takes_what_its_authority_signed_for_that_name_and_nothing_else() {
        let (authority, leaf) = signed_for("gantry.test");
        let (other, stranger) = signed_for("gantry.test");
        let chain = [leaf.clone(), authority.clone()];
        assert!(verify(&authority, &chain, "gantry.test").is_ok());
        assert!(verify(&authority, &chain, "other.test").is_err(), "another name");
        assert!(verify(&other, &chain, "gantry.test").is_err(), "another authority");
        assert!(verify(&authority, &[stranger, authority.clone()], "gantry.test").is_err(), "signed by a stranger");
        assert!(verify(&leaf, std::slice::from_ref(&leaf), "gantry.test").is_err(), "the authority is not presented");
    }

    #[test]
    fn an_authority_must_be_a_certificate() {
        let server = Uri::from_static("https://gantry.test");
        for pem in ["nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert!(tls_for(&server, &Trust::Authority(pem.to_owned())).is_err(), "{pem}");
        }
    }
}
