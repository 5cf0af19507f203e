//! Having a container's image, with no more pulls than it takes.
//!
//! An image that the engine has is used as it is, unless its reference is a tag in one of our own registries: then one
//! cheap question tells whether the tag has moved, and only then is it pulled again. When the registry does not answer,
//! the image that is there is used: what ran yesterday starts today. Requests for one image at the same time are one
//! request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

use crate::engine::{Engine, EngineError, LocalImage, RegistryAuth};
use crate::pause;

/// How long the registry may take to say what a tag stands for while the image is already there.
const FRESHNESS_TIMEOUT: Duration = Duration::from_secs(5);

/// Where passwords for our own registries come from.
pub trait Credentials: Send + Sync + 'static {
    /// The user and password for `server`.
    fn for_registry(&self, server: &str) -> BoxFuture<'_, Result<RegistryAuth, String>>;
}

/// How a registry is signed in to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// With a token of ours when the registry is one of ours, and not at all when it is not.
    ByRegistry,
    /// With a token of ours.
    Ours,
    /// With a user and password that the task brings.
    Given(RegistryAuth),
}

/// A pull that any number of tasks wait for: the image's digest, or why there is none.
type Pull = Shared<BoxFuture<'static, Result<Option<String>, String>>>;

/// The images of one engine.
pub struct Images<E> {
    engine: Arc<E>,
    credentials: Arc<dyn Credentials>,
    /// `host:port` of our own registries.
    registry_hosts: Vec<String>,
    under_way: Mutex<HashMap<String, Pull>>,
}

impl<E: Engine> Images<E> {
    /// The images of `engine`; `registry_hosts` are the registries that take our own tokens.
    pub fn new(engine: Arc<E>, credentials: Arc<dyn Credentials>, registry_hosts: Vec<String>) -> Arc<Self> {
        Arc::new(Self { engine, credentials, registry_hosts, under_way: Mutex::default() })
    }

    /// Has the engine hold `reference`, and answers the digest under which its registry knows it.
    ///
    /// # Errors
    /// A reason as ECS words it, such as `CannotPullContainerError: …`.
    pub async fn ensure(self: &Arc<Self>, reference: &str, auth: Auth) -> Result<Option<String>, String> {
        let shared = {
            let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
            under_way
                .entry(reference.to_owned())
                .or_insert_with(|| Arc::clone(self).fetch(reference.to_owned(), auth).boxed().shared())
                .clone()
        };
        shared.await
    }

    async fn fetch(self: Arc<Self>, reference: String, auth: Auth) -> Result<Option<String>, String> {
        let answer = self.fetch_now(&reference, auth).await;
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&reference);
        answer
    }

    async fn fetch_now(&self, reference: &str, auth: Auth) -> Result<Option<String>, String> {
        if reference == pause::reference() {
            return pause::ensure(&*self.engine).await.map(|()| None).map_err(|e| cannot_pull(&e));
        }
        let ours = matches!(auth, Auth::Ours) || (matches!(auth, Auth::ByRegistry) && self.is_ours(reference));
        let present = self.engine.image(reference).await.map_err(|e| cannot_pull(&e))?;
        if let Some(image) = &present
            && (!ours || reference.contains('@') || !self.has_moved(reference, image).await)
        {
            return Ok(digest_of(reference, image));
        }
        let auth = match auth {
            Auth::Given(auth) => Some(auth),
            Auth::Ours | Auth::ByRegistry if ours => Some(self.auth(reference).await?),
            Auth::Ours | Auth::ByRegistry => None,
        };
        self.engine.pull(reference, auth).await.map_err(|e| cannot_pull(&e))?;
        let pulled = self.engine.image(reference).await.map_err(|e| cannot_pull(&e))?;
        Ok(pulled.and_then(|image| digest_of(reference, &image)))
    }

    /// Whether the registry says that `reference` is another image by now.
    async fn has_moved(&self, reference: &str, image: &LocalImage) -> bool {
        let ask = async {
            let auth = self.auth(reference).await?;
            self.engine.registry_digest(reference, Some(auth)).await.map_err(|e| describe(&e))
        };
        match tokio::time::timeout(FRESHNESS_TIMEOUT, ask).await {
            Ok(Ok(digest)) => digest_of(reference, image).is_none_or(|known| known != digest),
            Ok(Err(why)) => {
                tracing::warn!(
                    image = reference,
                    why,
                    "the registry was not asked whether the tag moved; using the image at hand"
                );
                false
            }
            Err(_) => {
                tracing::warn!(
                    image = reference,
                    "the registry did not say in time whether the tag moved; using the image at hand"
                );
                false
            }
        }
    }

    async fn auth(&self, reference: &str) -> Result<RegistryAuth, String> {
        let server = registry_host(reference).unwrap_or_default();
        let failed = |why| format!("CannotPullECRContainerError: no authorization token for {server}: {why}");
        self.credentials.for_registry(server).await.map_err(failed)
    }

    fn is_ours(&self, reference: &str) -> bool {
        registry_host(reference).is_some_and(|host| self.registry_hosts.iter().any(|ours| ours == host))
    }
}

/// The host of a reference, when it names one (a first part with a dot or colon, or `localhost`, as Docker tells them).
pub(crate) fn registry_host(reference: &str) -> Option<&str> {
    let (host, _) = reference.split_once('/')?;
    (host.contains(['.', ':']) || host == "localhost").then_some(host)
}

/// The reference without its tag and digest.
fn repository(reference: &str) -> &str {
    let reference = reference.split('@').next().unwrap_or(reference);
    match reference.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => reference,
    }
}

fn digest_of(reference: &str, image: &LocalImage) -> Option<String> {
    if let Some((_, digest)) = reference.split_once('@') {
        return Some(digest.to_owned());
    }
    let of_repository = |known: &&String| known.split('@').next() == Some(repository(reference));
    let known = image.repo_digests.iter().find(of_repository)?;
    known.split_once('@').map(|(_, digest)| digest.to_owned())
}

fn cannot_pull(error: &EngineError) -> String {
    format!("CannotPullContainerError: {}", describe(error))
}

/// An engine's error with its causes.
pub(crate) fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
