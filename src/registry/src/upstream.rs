//! Another registry, as the pull-through cache reads it.

use std::fmt::Display;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use gantry_model::Digest;
use gantry_model::registry_settings::PullThroughRule;
use gantry_store::image::Reference;
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::errors::{OciDistributionError, OciEnvelope, OciErrorCode};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference as Name};

use crate::manifest::{DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// For how long nothing may arrive.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// Why another registry gave us nothing.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    #[error("{host} has no such image")]
    NotFound { host: String },
    #[error("{host} refuses us: {reason}")]
    Denied { host: String, reason: String },
    #[error("{host} asks us to wait: {reason}")]
    TooManyRequests { host: String, reason: String },
    #[error("{host} cannot be read: {reason}")]
    Unavailable { host: String, reason: String },
}

/// One repository of another registry.
#[derive(Clone)]
pub(crate) struct Upstream {
    client: Client,
    auth: RegistryAuth,
    host: String,
    repository: String,
}

impl Upstream {
    /// The repository `repository` of the registry that `rule` names, with a user and password or as anybody.
    pub(crate) fn new(
        rule: &PullThroughRule,
        repository: String,
        login: Option<(String, String)>,
    ) -> Result<Self, UpstreamError> {
        gantry_store::crypto::install_provider();
        let host = rule.upstream_host().to_owned();
        let config = ClientConfig {
            protocol: if rule.is_plain() { ClientProtocol::Http } else { ClientProtocol::Https },
            connect_timeout: Some(CONNECT_TIMEOUT),
            read_timeout: Some(READ_TIMEOUT),
            user_agent: concat!("gantry/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        };
        let client = Client::try_from(config).map_err(|error| unavailable(&host, &error))?;
        let auth = match login {
            Some((user, password)) => RegistryAuth::Basic(user, password),
            None => RegistryAuth::Anonymous,
        };
        Ok(Self { client, auth, host, repository })
    }

    /// The manifest, byte for byte.
    pub(crate) async fn manifest(&self, reference: &Reference) -> Result<Bytes, UpstreamError> {
        const ACCEPTED: [&str; 4] = [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST];
        let (bytes, _) = self
            .client
            .pull_manifest_raw(&self.name(reference), &self.auth, &ACCEPTED)
            .await
            .map_err(|error| self.failed(&error))?;
        Ok(bytes)
    }

    /// The bytes of a blob, as they arrive.
    pub(crate) async fn blob(&self, digest: &Digest) -> Result<BoxStream<'static, io::Result<Bytes>>, UpstreamError> {
        self.client.store_auth_if_needed(&self.host, &self.auth).await;
        let name = self.name(&Reference::Digest(digest.clone()));
        let sized = self.client.pull_blob_stream(&name, digest.as_str()).await.map_err(|error| self.failed(&error))?;
        Ok(sized.stream.boxed())
    }

    /// Asks for an image that may not be there, to see whether the registry answers us.
    pub(crate) async fn probe(&self) -> Result<(), UpstreamError> {
        let name = Name::with_tag(self.host.clone(), self.repository.clone(), "latest".to_owned());
        let asked = self.client.fetch_manifest_digest(&name, &self.auth).await;
        match asked.map_err(|error| self.failed(&error)) {
            Ok(_) | Err(UpstreamError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn name(&self, reference: &Reference) -> Name {
        let (host, repository) = (self.host.clone(), self.repository.clone());
        match reference {
            Reference::Tag(tag) => Name::with_tag(host, repository, tag.to_string()),
            Reference::Digest(digest) => Name::with_digest(host, repository, digest.to_string()),
        }
    }

    fn failed(&self, error: &OciDistributionError) -> UpstreamError {
        let (host, reason) = (self.host.clone(), error.to_string());
        let status = match error {
            OciDistributionError::ImageManifestNotFoundError(_) => Some(404),
            OciDistributionError::UnauthorizedError { .. } | OciDistributionError::AuthenticationFailure(_) => {
                Some(401)
            }
            OciDistributionError::ServerError { code, .. } => Some(*code),
            OciDistributionError::RequestError(error) => error.status().map(|status| status.as_u16()),
            OciDistributionError::RegistryError { envelope, .. } => status_of(envelope),
            _ => None,
        };
        match status {
            Some(404) => UpstreamError::NotFound { host },
            Some(401 | 403) => UpstreamError::Denied { host, reason },
            Some(429) => UpstreamError::TooManyRequests { host, reason },
            _ => UpstreamError::Unavailable { host, reason },
        }
    }
}

/// The status that goes with the first code of an error body.
fn status_of(envelope: &OciEnvelope) -> Option<u16> {
    match envelope.errors.first()?.code {
        OciErrorCode::ManifestUnknown
        | OciErrorCode::NameUnknown
        | OciErrorCode::BlobUnknown
        | OciErrorCode::NotFound => Some(404),
        OciErrorCode::Unauthorized => Some(401),
        OciErrorCode::Denied => Some(403),
        OciErrorCode::Toomanyrequests => Some(429),
        _ => None,
    }
}

fn unavailable(host: &str, error: &impl Display) -> UpstreamError {
    UpstreamError::Unavailable { host: host.to_owned(), reason: error.to_string() }
}
