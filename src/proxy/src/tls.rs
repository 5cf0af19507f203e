//! TLS towards clients, with the certificate that is for the name they ask for, and towards targets.

use std::collections::HashMap;
use std::sync::Arc;

use gantry_model::load_balancing::{Protocol, ServedCertificate};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, DigitallySignedStruct, Error, ServerConfig, SignatureScheme, SupportedProtocolVersion};

use crate::table::Front;

/// What clients of those who share a port are greeted with.
///
/// # Errors
/// Why it cannot be done, in words.
pub(crate) fn incoming(fronts: &[Arc<Front>], certificates: &[ServedCertificate]) -> Result<Arc<ServerConfig>, String> {
    let provider = Arc::new(ring::default_provider());
    let certificates = Certificates::of(fronts, certificates, &provider)?;
    let newest_only = fronts.iter().all(|front| front.listener.ssl_policy.as_deref().is_some_and(is_newest_only));
    let versions: &[&SupportedProtocolVersion] =
        if newest_only { &[&rustls::version::TLS13] } else { rustls::DEFAULT_VERSIONS };
    let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(versions);
    let builder = builder.map_err(|error| format!("TLS cannot be set up: {error}"))?;
    let mut config = builder.with_no_client_auth().with_cert_resolver(Arc::new(certificates));
    let speaks_http = fronts.iter().all(|front| front.listener.protocol == Protocol::Https);
    if speaks_http {
        let http2 = fronts.iter().all(|front| front.balancer.speaks_http2());
        config.alpn_protocols =
            if http2 { vec![b"h2".to_vec(), b"http/1.1".to_vec()] } else { vec![b"http/1.1".to_vec()] };
    }
    Ok(Arc::new(config))
}

/// Whether a policy allows TLS 1.3 and nothing older.
fn is_newest_only(policy: &str) -> bool {
    policy.starts_with("ELBSecurityPolicy-TLS13-1-3-")
}

/// The certificates of a port.
#[derive(Debug)]
struct Certificates {
    /// By name, in lower case; `*.example.com` stands for the names one label longer.
    by_name: HashMap<String, Arc<CertifiedKey>>,
    first: Arc<CertifiedKey>,
}

impl Certificates {
    fn of(
        fronts: &[Arc<Front>],
        certificates: &[ServedCertificate],
        provider: &CryptoProvider,
    ) -> Result<Self, String> {
        let mut by_name = HashMap::new();
        let mut first = None;
        for front in fronts {
            let mut own = None;
            for arn in &front.listener.certificates {
                let served = certificates.iter().find(|certificate| certificate.arn == *arn);
                let served = served.ok_or_else(|| format!("the certificate {arn} is not there"))?;
                let key = Arc::new(certified(served, provider)?);
                for name in &served.names {
                    by_name.entry(name.to_ascii_lowercase()).or_insert_with(|| Arc::clone(&key));
                }
                own.get_or_insert(key);
            }
            if let Some(key) = own {
                by_name.entry(front.balancer.dns_name.to_ascii_lowercase()).or_insert_with(|| Arc::clone(&key));
                first.get_or_insert(key);
            }
        }
        let first = first.ok_or_else(|| "the listener has no certificate".to_owned())?;
        Ok(Self { by_name, first })
    }
}

fn certified(served: &ServedCertificate, provider: &CryptoProvider) -> Result<CertifiedKey, String> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(served.chain.as_bytes()).collect();
    let chain = chain.map_err(|error| format!("the certificate {} does not read: {error}", served.arn))?;
    let key = PrivateKeyDer::from_pem_slice(served.key.as_bytes());
    let key = key.map_err(|error| format!("the key of {} does not read: {error}", served.arn))?;
    CertifiedKey::from_der(chain, key, provider).map_err(|error| format!("{} cannot be served: {error}", served.arn))
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let asked = hello.server_name().map(str::to_ascii_lowercase);
        let found = asked.and_then(|name| {
            let wild = name.split_once('.').map(|(_, rest)| format!("*.{rest}"));
            self.by_name.get(&name).or_else(|| self.by_name.get(&wild?)).map(Arc::clone)
        });
        Some(found.unwrap_or_else(|| Arc::clone(&self.first)))
    }
}

/// TLS towards targets. Who they are is not asked, as AWS's load balancers do not ask: targets are known by their
/// addresses.
pub(crate) struct Outgoing {
    http1: Arc<ClientConfig>,
    http2: Arc<ClientConfig>,
}

impl Outgoing {
    pub(crate) fn new() -> Result<Self, Error> {
        let config = |protocol: &[u8]| {
            let provider = Arc::new(ring::default_provider());
            let builder =
                ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
            let verifier = Arc::new(Anybody(provider));
            let mut config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
            config.alpn_protocols = vec![protocol.to_vec()];
            Ok::<_, Error>(Arc::new(config))
        };
        Ok(Self { http1: config(b"http/1.1")?, http2: config(b"h2")? })
    }

    /// What connections to targets are made with that speak HTTP/2, or else HTTP/1.1.
    pub(crate) fn config(&self, http2: bool) -> Arc<ClientConfig> {
        Arc::clone(if http2 { &self.http2 } else { &self.http1 })
    }
}

/// Takes any certificate whose signature is good.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
