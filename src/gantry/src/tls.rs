//! TLS on the one listener: with a certificate of the operator's, or with one of an authority that the data directory keeps.
//!
//! The authority is presented beside the server's certificate, so that a host that joins can tell it by the digest that its
//! token carries ([`gantry_agent::transport::Trust::Pin`]).

use std::fs;
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use sha2::{Digest as _, Sha256};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

use crate::cli::ServeFlags;

/// For how many days a certificate of our own is good; it is made anew at every start.
const CERTIFICATE_DAYS: i64 = 825;
const AUTHORITY_DAYS: i64 = 3650;
/// How long a client may take to shake hands.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How many connections may wait between their handshake and the server.
const WAITING: usize = 64;

/// What the listener speaks TLS with.
pub(crate) struct Tls {
    acceptor: TlsAcceptor,
    /// The authority that clients need to know, in PEM; `None` when everybody knows it.
    pub(crate) authority: Option<PathBuf>,
}

/// The TLS that `flags` ask for, made for `host`, the address that clients use. Notes for `join-token create` by which
/// authority the server can be told.
pub(crate) fn open(flags: &ServeFlags, host: &str) -> anyhow::Result<Option<Tls>> {
    let dir = flags.data_dir.join("tls");
    let material = match (&flags.tls_cert, &flags.tls_key) {
        (Some(cert), Some(key)) => {
            Some(Material { certificate: cert.clone(), key: key.clone(), authority: flags.tls_ca.clone() })
        }
        _ if flags.tls => Some(own(&dir, &names(host, flags.listen.ip()))?),
        _ => None,
    };
    let authority = material.as_ref().and_then(|material| material.authority.as_deref());
    note_pin(&flags.data_dir, authority)?;
    material.map(|material| material.open()).transpose()
}

/// The digest by which hosts that join tell the server, in hex; `None` when it has no TLS or an authority that hosts know.
pub(crate) fn pin(data_dir: &Path) -> anyhow::Result<Option<String>> {
    let path = pin_path(data_dir);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("read {}", path.display())),
    }
}

fn pin_path(data_dir: &Path) -> PathBuf {
    data_dir.join("tls-authority.sha256")
}

fn note_pin(data_dir: &Path, authority: Option<&Path>) -> anyhow::Result<()> {
    let path = pin_path(data_dir);
    let Some(authority) = authority else {
        return match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("remove {}", path.display()))
            }
            _ => Ok(()),
        };
    };
    let certificates = certificates(authority)?;
    let digest = hex::encode(Sha256::digest(certificates[0].as_ref()));
    fs::write(&path, digest).with_context(|| format!("write {}", path.display()))
}

/// Where the parts of a TLS identity are kept, in PEM.
struct Material {
    certificate: PathBuf,
    key: PathBuf,
    authority: Option<PathBuf>,
}

impl Material {
    fn open(self) -> anyhow::Result<Tls> {
        let mut chain = certificates(&self.certificate)?;
        if let Some(authority) = &self.authority {
            chain.extend(certificates(authority)?);
        }
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .with_context(|| format!("read a private key from {}", self.key.display()))?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .with_context(|| format!("use the certificate of {}", self.certificate.display()))?;
        Ok(Tls { acceptor: TlsAcceptor::from(Arc::new(config)), authority: self.authority })
    }
}

fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let read = || format!("read certificates from {}", path.display());
    let found: Vec<_> =
        CertificateDer::pem_file_iter(path).with_context(read)?.collect::<Result<_, _>>().with_context(read)?;
    if found.is_empty() {
        bail!("there is no certificate in {}", path.display());
    }
    Ok(found)
}

/// By what names clients reach the server: loopback, the address that it listens on, and `host` without its port.
fn names(host: &str, listen: IpAddr) -> Vec<String> {
    let host = host.rsplit_once(':').map_or(host, |(name, _)| name).trim_matches(['[', ']']);
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1", host].map(str::to_owned).into();
    if !listen.is_unspecified() {
        names.push(listen.to_string());
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// A certificate for `names` of the authority in `dir`, which is made when it is not there.
fn own(dir: &Path, names: &[String]) -> anyhow::Result<Material> {
    fs::create_dir_all(dir).with_context(|| format!("make {}", dir.display()))?;
    let (ca, ca_key) = (dir.join("ca.pem"), dir.join("ca.key"));
    let params = authority_params()?;
    if !ca.exists() {
        let key = KeyPair::generate().context("make the authority's key")?;
        write_private(&ca_key, &key.serialize_pem())?;
        let certificate = params.self_signed(&key).context("make the authority")?;
        fs::write(&ca, certificate.pem()).with_context(|| format!("write {}", ca.display()))?;
    }
    let pem = fs::read_to_string(&ca_key).with_context(|| format!("read {}", ca_key.display()))?;
    let key = KeyPair::from_pem(&pem).with_context(|| format!("read a key from {}", ca_key.display()))?;
    let material = Material { certificate: dir.join("server.pem"), key: dir.join("server.key"), authority: Some(ca) };
    let server_key = KeyPair::generate().context("make the server's key")?;
    let certificate = server_params(names)?
        .signed_by(&server_key, &Issuer::new(params, key))
        .context("make the server's certificate")?;
    write_private(&material.key, &server_key.serialize_pem())?;
    fs::write(&material.certificate, certificate.pem())
        .with_context(|| format!("write {}", material.certificate.display()))?;
    Ok(material)
}

fn authority_params() -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(DnType::CommonName, "Gantry");
    good_for(&mut params, AUTHORITY_DAYS);
    Ok(params)
}

fn server_params(names: &[String]) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(names.to_vec())?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params.distinguished_name.push(DnType::CommonName, "Gantry control plane");
    good_for(&mut params, CERTIFICATE_DAYS);
    Ok(params)
}

/// From yesterday, since clocks differ.
fn good_for(params: &mut CertificateParams, days: i64) {
    let now = time::OffsetDateTime::now_utc();
    params.not_before = now - time::Duration::DAY;
    params.not_after = now + time::Duration::days(days);
}

fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let open = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    let written = open.and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("write {}", path.display()))
}

/// Connections after their handshake. A client that is slow to shake hands holds up nobody.
pub(crate) struct TlsListener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
}

impl TlsListener {
    /// Takes the connections of `listener`; must be called inside the runtime.
    pub(crate) fn new(listener: TcpListener, tls: Tls) -> anyhow::Result<Self> {
        let address = listener.local_addr()?;
        let (sender, ready) = mpsc::channel(WAITING);
        tokio::spawn(take_connections(listener, tls.acceptor, sender));
        Ok(Self { ready, address })
    }
}

async fn take_connections(
    mut listener: TcpListener,
    acceptor: TlsAcceptor,
    ready: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    while !ready.is_closed() {
        // axum's own accept waits out what passes, such as too many open files.
        let (stream, address) = axum::serve::Listener::accept(&mut listener).await;
        let (acceptor, ready) = (acceptor.clone(), ready.clone());
        tokio::spawn(async move {
            match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => drop(ready.send((stream, address)).await),
                Ok(Err(error)) => tracing::debug!(%address, "no TLS: {error}"),
                Err(_) => tracing::debug!(%address, "no TLS within {} s", HANDSHAKE.as_secs()),
            }
        });
    }
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        Ok(self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_for_every_name_by_which_the_server_is_reached() {
        let listen = IpAddr::from([10, 0, 0, 5]);
        let names = |host| names(host, listen);
        assert_eq!(names("gantry.test:443"), ["10.0.0.5", "127.0.0.1", "::1", "gantry.test", "localhost"]);
        assert_eq!(names("10.0.0.5:8080"), ["10.0.0.5", "127.0.0.1", "::1", "localhost"]);
        assert_eq!(names("[fd00::1]:443")[3], "fd00::1");
    }

    #[test]
    fn the_authority_outlives_the_servers_certificate() {
        let dir = tempfile::tempdir().unwrap();
        let names = ["localhost".to_owned()];
        let read = |name: &str| fs::read(dir.path().join(name)).unwrap();
        own(dir.path(), &names).unwrap().open().unwrap();
        let (ca, server) = (read("ca.pem"), read("server.pem"));
        own(dir.path(), &names).unwrap().open().unwrap();
        assert_eq!(read("ca.pem"), ca);
        assert_ne!(read("server.pem"), server);
    }

    #[test]
    fn keys_are_readable_by_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        own(dir.path(), &["localhost".to_owned()]).unwrap();
        for key in ["ca.key", "server.key"] {
            assert_eq!(fs::metadata(dir.path().join(key)).unwrap().permissions().mode() & 0o777, 0o600, "{key}");
        }
    }

    #[test]
    fn the_pin_goes_when_there_is_nothing_to_pin() {
        let dir = tempfile::tempdir().unwrap();
        let authority = own(&dir.path().join("tls"), &["localhost".to_owned()]).unwrap().authority.unwrap();
        note_pin(dir.path(), Some(&authority)).unwrap();
        assert_eq!(pin(dir.path()).unwrap().unwrap().len(), 64);
        note_pin(dir.path(), None).unwrap();
        assert_eq!(pin(dir.path()).unwrap(), None);
    }
}
