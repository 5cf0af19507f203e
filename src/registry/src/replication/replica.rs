//! Another registry of this kind, as images are copied to it: ECR's GetAuthorizationToken, then OCI Distribution with
//! [`SOURCE`] and [`DESTINATION`] in the head, which tell it that this is a copy.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use gantry_model::{Digest, ImageTag, RepositoryName, Scope};
use gantry_store::image::Reference;
use gantry_wire::schema::Service;
use gantry_wire::sigv4::{Credentials, Signer};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Certificate, RequestBuilder, Response};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::manifest::Carried;
use crate::registry::system_now;

/// The registry that a copy comes from, `account/region`.
pub(crate) const SOURCE: &str = "gantry-replication-source";
/// The registry that a copy goes to, `account/region`.
pub(crate) const DESTINATION: &str = "gantry-replication-destination";

const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// For how long nothing may arrive.
const READ_TIMEOUT: Duration = Duration::from_secs(120);
/// The most tags in one request.
const TAGS: usize = 100;

/// Where a registry is, and who we are to it.
#[derive(Debug, Clone)]
pub struct ReplicaConfig {
    /// Its address, such as `https://gantry.example:8443`.
    pub url: String,
    /// An access key there.
    pub credentials: Credentials,
    /// The authority of its certificate in PEM, when that is not one that every host knows.
    pub authority: Option<Vec<u8>>,
}

/// Why another registry did not take something.
#[derive(Debug, thiserror::Error)]
pub enum ReplicaError {
    #[error("{url} cannot be asked: {reason}")]
    Unavailable { url: String, reason: String },
    #[error("{url} refuses us: {reason}")]
    Denied { url: String, reason: String },
    #[error("{url} does not take it: {status} {reason}")]
    Refused { url: String, status: u16, reason: String },
}

/// A registry that images are copied to.
pub struct Replica {
    client: reqwest::Client,
    config: ReplicaConfig,
    destination: Scope,
    /// The value of `Authorization`, until it is refused.
    authorization: Mutex<Option<HeaderValue>>,
}

impl fmt::Debug for Replica {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replica").field("url", &self.config.url).field("destination", &self.destination).finish()
    }
}

/// What of GetAuthorizationToken's answer is needed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tokens {
    authorization_data: Vec<Token>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Token {
    authorization_token: String,
}

impl Replica {
    /// The registry of `destination` at an address.
    ///
    /// # Errors
    /// When the authority is none.
    pub fn new(destination: Scope, mut config: ReplicaConfig) -> Result<Self, reqwest::Error> {
        gantry_store::crypto::install_provider();
        let agent = concat!("gantry/", env!("CARGO_PKG_VERSION"));
        let mut client = reqwest::Client::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT);
        if let Some(authority) = &config.authority {
            client = client.tls_certs_merge(Certificate::from_pem_bundle(authority)?);
        }
        config.url = config.url.trim_end_matches('/').to_owned();
        let client = client.user_agent(agent).build()?;
        Ok(Self { client, config, destination, authorization: Mutex::new(None) })
    }

    /// Whether the repository there has a manifest or blob.
    pub(crate) async fn holds(&self, from: &Scope, name: &RepositoryName, what: &str) -> Result<bool, ReplicaError> {
        let url = format!("{}/v2/{name}/{what}", self.config.url);
        match self.send(from, self.client.head(url)).await {
            Ok(_) => Ok(true),
            Err(ReplicaError::Refused { status: 404, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Brings a blob there, unless it can be taken over from another repository.
    pub(crate) async fn put_blob(
        &self,
        from: &Scope,
        name: &RepositoryName,
        digest: &Digest,
        (size, bytes): (u64, BoxStream<'static, std::io::Result<Bytes>>),
    ) -> Result<(), ReplicaError> {
        let url = format!("{}/v2/{name}/blobs/uploads/?mount={digest}", self.config.url);
        let begun = self.send(from, self.client.post(url)).await?;
        if begun.status() == StatusCode::CREATED {
            return Ok(());
        }
        let location = begun.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
        let location = location.ok_or_else(|| self.unavailable(&"it began an upload without saying where"))?;
        let location = begun.url().join(location).map_err(|error| self.unavailable(&error))?;
        let joint = if location.query().is_some() { '&' } else { '?' };
        let request = self.client.put(format!("{location}{joint}digest={digest}"));
        let request = request.header(header::CONTENT_TYPE, "application/octet-stream");
        let request = request.header(header::CONTENT_LENGTH, size).body(reqwest::Body::wrap_stream(bytes));
        self.send(from, request).await.map(drop)
    }

    /// Brings a manifest there, with its tags.
    pub(crate) async fn put_manifest(
        &self,
        from: &Scope,
        name: &RepositoryName,
        manifest: &Carried,
        tags: &[ImageTag],
    ) -> Result<(), ReplicaError> {
        // A manifest without tags is brought, too.
        let parts = if tags.is_empty() { vec![tags] } else { tags.chunks(TAGS).collect() };
        for part in parts {
            let tags: Vec<String> = part.iter().map(|tag| format!("tag={tag}")).collect();
            let (base, digest) = (&self.config.url, &manifest.digest);
            let request = self.client.put(format!("{base}/v2/{name}/manifests/{digest}?{}", tags.join("&")));
            let request = request.header(header::CONTENT_TYPE, &manifest.media_type).body(manifest.bytes.clone());
            self.send(from, request).await?;
        }
        Ok(())
    }

    /// Deletes a tag or an image there; what is not there is deleted.
    pub(crate) async fn delete(
        &self,
        from: &Scope,
        name: &RepositoryName,
        reference: &Reference,
    ) -> Result<(), ReplicaError> {
        let what = match reference {
            Reference::Tag(tag) => tag.as_str(),
            Reference::Digest(digest) => digest.as_str(),
        };
        let url = format!("{}/v2/{name}/manifests/{}", self.config.url, utf8_percent_encode(what, NON_ALPHANUMERIC));
        match self.send(from, self.client.delete(url)).await {
            Ok(_) | Err(ReplicaError::Refused { status: 404, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn send(&self, from: &Scope, request: RequestBuilder) -> Result<Response, ReplicaError> {
        let request = request.header(SOURCE, from.to_string()).header(DESTINATION, self.destination.to_string());
        let request = request.header(header::AUTHORIZATION, self.authorization().await?);
        let answer = request.send().await.map_err(|error| self.unavailable(&gantry_store::chain(&error)))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let error = self.failed(status, &answer.bytes().await.unwrap_or_default());
        if matches!(error, ReplicaError::Denied { .. }) {
            // A token that is over is replaced at the next try.
            *self.authorization.lock().await = None;
        }
        Err(error)
    }

    /// What an answer that is no success means.
    fn failed(&self, status: StatusCode, body: &[u8]) -> ReplicaError {
        let reason: String = String::from_utf8_lossy(body).chars().take(500).collect();
        let url = self.config.url.clone();
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ReplicaError::Denied { url, reason },
            StatusCode::TOO_MANY_REQUESTS => ReplicaError::Unavailable { url, reason },
            status if status.is_server_error() => {
                ReplicaError::Unavailable { url, reason: format!("{status} {reason}") }
            }
            status => ReplicaError::Refused { url, status: status.as_u16(), reason },
        }
    }

    async fn authorization(&self) -> Result<HeaderValue, ReplicaError> {
        let mut kept = self.authorization.lock().await;
        if let Some(value) = &*kept {
            return Ok(value.clone());
        }
        let value = self.sign_in().await?;
        *kept = Some(value.clone());
        Ok(value)
    }

    /// GetAuthorizationToken, signed with our key there.
    async fn sign_in(&self) -> Result<HeaderValue, ReplicaError> {
        let uri: Uri = format!("{}/", self.config.url).parse().map_err(|error| self.unavailable(&error))?;
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(gantry_wire::json::CONTENT_TYPE));
        let target = format!("{}.GetAuthorizationToken", Service::Ecr.model().target_prefix.unwrap_or_default());
        let target = HeaderValue::try_from(target).map_err(|error| self.unavailable(&error))?;
        headers.insert(gantry_wire::json::TARGET, target);
        let signer = Signer {
            credentials: &self.config.credentials,
            region: self.destination.region.as_str(),
            service: Service::Ecr.signing_name(),
        };
        // The other side checks against its clock, whatever a test makes of ours.
        let now = system_now();
        let signed = signer.sign_headers(Method::POST.as_str(), &uri, &mut headers, b"{}", now);
        signed.map_err(|error| self.unavailable(&error))?;
        let request = self.client.post(uri.to_string()).headers(headers).body("{}");
        let answer = request.send().await.map_err(|error| self.unavailable(&gantry_store::chain(&error)))?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(|error| self.unavailable(&error))?;
        if !status.is_success() {
            return Err(match self.failed(status, &body) {
                // A signature that is not accepted is a 400.
                ReplicaError::Refused { url, reason, .. } => ReplicaError::Denied { url, reason },
                error => error,
            });
        }
        let tokens: Tokens = serde_json::from_slice(&body).map_err(|error| self.unavailable(&error))?;
        let token = tokens.authorization_data.into_iter().next().map(|token| token.authorization_token);
        let token = token.ok_or_else(|| self.unavailable(&"it gave us no token"))?;
        let mut value = HeaderValue::try_from(format!("Basic {token}")).map_err(|error| self.unavailable(&error))?;
        value.set_sensitive(true);
        Ok(value)
    }

    fn unavailable(&self, reason: &impl fmt::Display) -> ReplicaError {
        ReplicaError::Unavailable { url: self.config.url.clone(), reason: reason.to_string() }
    }
}
