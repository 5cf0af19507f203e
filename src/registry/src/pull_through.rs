//! Repositories that are caches of another registry's (Amazon ECR user guide, "Sync an upstream registry with a pull through
//! cache rule").
//!
//! What a client asks for and we have not is answered from the upstream at once: the manifest as it came, each blob as soon
//! as it is here. Beside that the whole image is imported, an index with all its children; only then the manifest is ours,
//! for a manifest here never names what is not. A tag that came from an upstream is asked for again after
//! [`crate::Settings::upstream_check_millis`]; an upstream that does not answer then leaves what is here as it was.
//!
//! Invariants:
//! - a blob is fetched once at a time, however many ask for it;
//! - what an upstream sends is checked by its digest like any push.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _};
use gantry_model::registry_settings::{Occasion, PullThroughRule};
use gantry_model::secret::CURRENT;
use gantry_model::{Digest, ImageTag, RepositoryName, Scope};
use gantry_store::blob::{DigestAlgorithm, rows};
use gantry_store::image::{self, ManifestRow, Reference};
use gantry_store::secret::{self, SecretValue};
use gantry_store::{StoreError, chain, repository};
use tokio::sync::OwnedMutexGuard;

use crate::manifest::{Carried, DEEPEST, Manifest, ManifestError, OCI_INDEX, OCI_MANIFEST, digest_of};
use crate::push::{MAX_MANIFEST_BYTES, PutManifest, PutManifestError};
use crate::registry::Registry;
use crate::repository::RepositoryError;
use crate::upload::{BrokenOff, Chunk, Place, UploadError};
use crate::upstream::{Upstream, UpstreamError};

/// Why an image could not be had from its upstream.
#[derive(Debug, thiserror::Error)]
pub enum PullThroughError {
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    #[error("the upstream sent no manifest that is kept here")]
    Manifest(#[from] ManifestError),
    #[error("the upstream sent something else than the digest {0}")]
    DigestDiffers(Digest),
    #[error("indexes name indexes more than {DEEPEST} deep")]
    TooDeep,
    #[error("the manifest could not be kept")]
    Put(#[from] PutManifestError),
    #[error("the blob could not be kept")]
    Upload(#[from] UploadError),
    #[error("the repository could not be made")]
    Repository(#[from] RepositoryError),
    #[error("the registry's database failed")]
    Store(#[from] StoreError),
}

/// The user and password in a secret of a rule (Amazon ECR user guide, "Storing your upstream repository credentials in an
/// AWS Secrets Manager secret").
fn login_of(value: &str) -> Option<(String, String)> {
    let value: serde_json::Value = serde_json::from_str(value).ok()?;
    let part = |name: &str| value.get(name)?.as_str().map(str::to_owned);
    Some((part("username")?, part("accessToken")?))
}

/// A lock for each blob or manifest of a repository that is being fetched.
type Locks = Arc<Mutex<HashMap<(i64, Digest), Arc<tokio::sync::Mutex<()>>>>>;

/// What is being fetched.
#[derive(Debug, Default)]
pub(crate) struct Fetches(Locks);

/// The right to fetch one thing.
struct Turn {
    guard: Option<OwnedMutexGuard<()>>,
    fetches: Locks,
    key: (i64, Digest),
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.guard.take();
        let mut fetches = self.fetches.lock().unwrap_or_else(PoisonError::into_inner);
        // Those who wait for it hold a second one.
        if fetches.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            fetches.remove(&self.key);
        }
    }
}

impl Fetches {
    async fn turn(&self, repository: i64, digest: &Digest) -> Turn {
        let key = (repository, digest.clone());
        let lock = {
            let mut fetches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(fetches.entry(key.clone()).or_default())
        };
        Turn { guard: Some(lock.lock_owned().await), fetches: Arc::clone(&self.0), key }
    }
}

impl Registry {
    /// The manifest from the upstream of the repository; its image is imported meanwhile. `None` when the repository is no
    /// cache, or `known` is still what the tag names.
    pub(crate) async fn pull_through(
        self: &Arc<Self>,
        scope: &Scope,
        name: &RepositoryName,
        reference: &Reference,
        known: Option<&ManifestRow>,
    ) -> Result<Option<Carried>, PullThroughError> {
        let Some(upstream) = self.upstream(scope, name).await? else { return Ok(None) };
        let fetched = fetch(&upstream, reference).await?;
        let place = self.cache(scope, name).await?;
        let tag = reference.tag().cloned();
        if let (Some(tag), true) = (&tag, known.is_some_and(|known| known.digest == fetched.digest)) {
            self.note_check(&place, tag).await?;
            return Ok(None);
        }
        let (registry, of_import) = (Arc::clone(self), fetched.clone());
        tokio::spawn(async move {
            if let Err(error) = registry.import_image(&place, &upstream, of_import, tag).await {
                let reason = chain(&error);
                tracing::warn!(repository = %place.name, reason, "an image of an upstream was not imported");
            }
        });
        Ok(Some(fetched))
    }

    /// Whether what is here under a tag of a cached repository has to be looked up in the upstream again.
    pub(crate) fn is_stale(&self, manifest: &ManifestRow) -> bool {
        let age = |at| self.now().millis_since(at);
        manifest.checked_at.is_some_and(|at| age(at) >= self.settings.upstream_check_millis)
    }

    /// Imports an image whole from the upstream of its repository. Answers whether the repository is a cache.
    ///
    /// # Errors
    /// [`PullThroughError`].
    pub async fn import(
        self: &Arc<Self>,
        scope: &Scope,
        name: &RepositoryName,
        reference: &Reference,
    ) -> Result<bool, PullThroughError> {
        let Some(upstream) = self.upstream(scope, name).await? else { return Ok(false) };
        let fetched = fetch(&upstream, reference).await?;
        let place = self.cache(scope, name).await?;
        let tag = reference.tag().cloned();
        self.import_image(&place, &upstream, fetched, tag).await?;
        Ok(true)
    }

    /// Fetches a blob from the upstream of the repository. Answers whether the repository is a cache; one that no manifest
    /// was pulled through yet is not there.
    pub(crate) async fn import_blob(
        self: &Arc<Self>,
        scope: &Scope,
        name: &RepositoryName,
        digest: &Digest,
    ) -> Result<bool, PullThroughError> {
        let Some(upstream) = self.upstream(scope, name).await? else { return Ok(false) };
        let place = match self.place(scope, name).await {
            Err(UploadError::RepositoryNotFound(_)) => return Ok(false),
            found => found?,
        };
        self.fetch_blob(&place, &upstream, digest).await?;
        Ok(true)
    }

    /// Asks the registry of a rule for an image that may not be there.
    ///
    /// # Errors
    /// Why the registry does not serve us, or cannot be asked.
    pub async fn probe_upstream(&self, scope: &Scope, rule: &PullThroughRule) -> Result<(), PullThroughError> {
        let login = self.upstream_login(scope, rule).await?;
        Ok(Upstream::new(rule, "library/hello-world".to_owned(), login)?.probe().await?)
    }

    /// The user and password of a rule's upstream: those of its secret, or those that the operator gave the server.
    async fn upstream_login(
        &self,
        scope: &Scope,
        rule: &PullThroughRule,
    ) -> Result<Option<(String, String)>, PullThroughError> {
        let host = rule.upstream_host();
        let Some(arn) = &rule.credential_arn else { return Ok(self.settings.upstream_credentials.get(host).cloned()) };
        let refused = |why: &str| {
            let (host, reason) = (host.to_owned(), format!("the secret {arn} {why}"));
            PullThroughError::Upstream(UpstreamError::Denied { host, reason })
        };
        let vault = self.store.vault()?;
        let mut reader = self.store.read().await?;
        let stored = secret::find(&mut reader, scope, arn).await?.filter(|stored| stored.secret.deletion.is_none());
        let stored = stored.ok_or_else(|| refused("is not there"))?;
        let current = stored.secret.stages.get(CURRENT).ok_or_else(|| refused("has no value"))?;
        let value = match secret::version(&mut reader, &vault, stored.id, current).await? {
            Some((_, SecretValue::Text(text))) => text,
            _ => return Err(refused("has no text")),
        };
        login_of(&value).map(Some).ok_or_else(|| refused("is not JSON with username and accessToken"))
    }

    async fn upstream(&self, scope: &Scope, name: &RepositoryName) -> Result<Option<Upstream>, PullThroughError> {
        let settings = self.registry_settings(scope).await?;
        let Some((rule, upstream)) = settings.upstream(name) else { return Ok(None) };
        let login = self.upstream_login(scope, rule).await?;
        Ok(Some(Upstream::new(rule, upstream, login)?))
    }

    /// The repository that caches, made when it is not there.
    async fn cache(&self, scope: &Scope, name: &RepositoryName) -> Result<Place, PullThroughError> {
        self.ensure_repository(scope, name, Occasion::PullThroughCache).await?;
        Ok(self.place(scope, name).await?)
    }

    async fn import_image(
        self: &Arc<Self>,
        place: &Place,
        upstream: &Upstream,
        fetched: Carried,
        tag: Option<ImageTag>,
    ) -> Result<(), PullThroughError> {
        let put = PutManifest { tags: tag.clone().into_iter().collect(), ..PutManifest::default() };
        self.import_manifest(place.clone(), upstream.clone(), fetched, put, 0).await?;
        if let Some(tag) = tag {
            self.note_check(place, &tag).await?;
        }
        Ok(())
    }

    fn import_manifest(
        self: &Arc<Self>,
        place: Place,
        upstream: Upstream,
        fetched: Carried,
        put: PutManifest,
        depth: usize,
    ) -> BoxFuture<'static, Result<(), PullThroughError>> {
        let registry = Arc::clone(self);
        async move {
            if depth > DEEPEST {
                return Err(PullThroughError::TooDeep);
            }
            let _turn = registry.fetches.turn(place.repository, &fetched.digest).await;
            let manifest = Manifest::parse(&fetched.bytes, Some(&fetched.media_type))?;
            for digest in manifest.children {
                if registry.holds_manifest(&place, &digest).await? {
                    continue;
                }
                let child = fetch(&upstream, &Reference::Digest(digest)).await?;
                let (place, upstream) = (place.clone(), upstream.clone());
                registry.import_manifest(place, upstream, child, PutManifest::default(), depth + 1).await?;
            }
            for digest in manifest.blobs {
                registry.fetch_blob(&place, &upstream, &digest).await?;
            }
            let put = PutManifest {
                bytes: fetched.bytes,
                media_type: Some(fetched.media_type),
                digest: Some(fetched.digest),
                ..put
            };
            registry.put_manifest(&place.scope, &place.name, put).await?;
            Ok(())
        }
        .boxed()
    }

    /// Fetches a blob, unless it is here.
    async fn fetch_blob(
        self: &Arc<Self>,
        place: &Place,
        upstream: &Upstream,
        digest: &Digest,
    ) -> Result<(), PullThroughError> {
        let _turn = self.fetches.turn(place.repository, digest).await;
        let is_here = {
            let mut reader = self.store.read().await?;
            !rows::shown_of(&mut reader, place.repository, std::slice::from_ref(digest)).await?.is_empty()
        };
        if is_here {
            return Ok(());
        }
        let bytes = upstream.blob(digest).await?.map(|piece| piece.map_err(|_| BrokenOff)).boxed();
        let session = self.begin_upload(place, DigestAlgorithm::of(digest))?;
        let chunk = Chunk { at: None, length: None, body: bytes };
        let finished = self.finish(place.clone(), Arc::clone(&session), chunk, digest.clone()).await;
        if finished.is_err() {
            // What arrived is of no use: the next one who asks begins anew.
            drop(self.cancel(session).await);
        }
        Ok(finished?)
    }

    async fn holds_manifest(&self, place: &Place, digest: &Digest) -> Result<bool, StoreError> {
        let mut reader = self.store.read().await?;
        image::exists(&mut reader, place.repository, digest).await
    }

    async fn note_check(&self, place: &Place, tag: &ImageTag) -> Result<(), StoreError> {
        let (repository, tag) = (place.repository, tag.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let now = tx.now();
                    // The repository may be gone since.
                    if repository::by_id(tx, repository).await?.is_some() {
                        image::note_check(tx, repository, &tag, now).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}

async fn fetch(upstream: &Upstream, reference: &Reference) -> Result<Carried, PullThroughError> {
    let bytes = upstream.manifest(reference).await?;
    if bytes.len() > MAX_MANIFEST_BYTES {
        return Err(PutManifestError::TooLarge.into());
    }
    let asked = reference.digest();
    let digest = digest_of(&bytes, asked).ok_or(ManifestError::NotAnObject)?;
    if let Some(asked) = asked.filter(|asked| **asked != digest) {
        return Err(PullThroughError::DigestDiffers(asked.clone()));
    }
    let media_type = match Manifest::parse(&bytes, None) {
        Ok(manifest) => manifest.media_type,
        // OCI manifests may leave their type to the header.
        Err(ManifestError::NoMediaType) => generic_type(&bytes).to_owned(),
        Err(error) => return Err(error.into()),
    };
    Ok(Carried { digest, media_type, bytes })
}

fn generic_type(bytes: &[u8]) -> &'static str {
    let body: Result<serde_json::Value, _> = serde_json::from_slice(bytes);
    if body.is_ok_and(|body| body.get("manifests").is_some()) { OCI_INDEX } else { OCI_MANIFEST }
}
