//! A registry on a temporary folder, with a clock that the test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use gantry_model::image::Repository;
use gantry_model::principal::{Principal, PrincipalKind};
use gantry_model::{AccountId, Digest, Region, RepositoryName, Scope, UnixMillis};
use gantry_registry::{Registry, Settings, Tokens, router};
use gantry_store::Store;
use gantry_store::blob::{BlobStore, DigestAlgorithm};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::ServiceExt;

pub(crate) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const HOUR: i64 = 3_600_000;

pub(crate) struct Fixture {
    pub(crate) folder: Arc<TempDir>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) store: Store,
    router: Router,
    clock: Arc<AtomicI64>,
}

/// An answer with its whole body.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The code of the first error.
    pub(crate) fn code(&self) -> String {
        self.json()["errors"][0]["code"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self
    }
}

pub(crate) fn scope() -> Scope {
    Scope { account: AccountId::parse("000000000000").unwrap(), region: Region::parse("us-east-1").unwrap() }
}

pub(crate) fn name(text: &str) -> RepositoryName {
    RepositoryName::parse(text).unwrap()
}

pub(crate) fn digest(bytes: &[u8]) -> Digest {
    DigestAlgorithm::Sha256.digest(bytes).unwrap()
}

pub(crate) fn principal(kind: PrincipalKind) -> Principal {
    let account = scope().account;
    Principal { arn: format!("arn:aws:iam::{account}:user/test"), account, kind }
}

pub(crate) fn repository(name: RepositoryName) -> Repository {
    Repository::new(scope(), name, UnixMillis(0))
}

/// Credentials as HTTP Basic carries them.
pub(crate) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// The manifest of an image of these layers, with the config `{}`.
pub(crate) fn image_of(layers: &[&[u8]]) -> Vec<u8> {
    let describe =
        |kind: &str, bytes: &[u8]| json!({ "mediaType": kind, "digest": digest(bytes), "size": bytes.len() });
    let layers: Vec<Value> =
        layers.iter().map(|bytes| describe("application/vnd.oci.image.layer.v1.tar+gzip", bytes)).collect();
    let config = describe("application/vnd.oci.image.config.v1+json", b"{}");
    let manifest = json!({ "schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": layers });
    manifest.to_string().into_bytes()
}

impl Fixture {
    /// A registry with the repositories `a1/one` and `a1/two`.
    pub(crate) async fn new() -> Self {
        Self::new_with(|_| ()).await
    }

    /// The same with other settings.
    pub(crate) async fn new_with(adapt: impl FnOnce(&mut Settings)) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let fixture = Self::open(folder, Arc::new(AtomicI64::new(1_800_000_000_000)), adapt).await;
        for repo in ["a1/one", "a1/two"] {
            fixture.registry.create_repository(repository(name(repo))).await.unwrap();
        }
        fixture
    }

    /// Runs a case of a property on a registry that all cases of this thread share.
    pub(crate) fn shared(case: impl AsyncFnOnce(&Self)) {
        thread_local! {
            static SHARED: (Runtime, Fixture) = {
                let runtime = Runtime::new().unwrap();
                let fixture = runtime.block_on(Fixture::new());
                (runtime, fixture)
            };
        }
        SHARED.with(|(runtime, fixture)| runtime.block_on(case(fixture)));
    }

    async fn open(folder: Arc<TempDir>, clock: Arc<AtomicI64>, adapt: impl FnOnce(&mut Settings)) -> Self {
        let read = Arc::clone(&clock);
        let clock_of_store: gantry_store::Clock = Arc::new(move || UnixMillis(read.load(Ordering::SeqCst)));
        let store = Store::open_with_clock(&folder.path().join("test.db"), Arc::clone(&clock_of_store)).await.unwrap();
        let blobs = BlobStore::open_disk(folder.path().join("registry")).await.unwrap();
        let tokens = Tokens::open(&store).await.unwrap();
        let mut settings = Settings { clock: clock_of_store, ..Settings::new(scope()) };
        adapt(&mut settings);
        let registry = Arc::new(Registry::new(store.clone(), blobs, tokens, settings));
        let router = router(Arc::clone(&registry));
        Self { folder, registry, store, router, clock }
    }

    /// The same folder in a new process, as far as the registry can tell.
    pub(crate) async fn restart(self) -> Self {
        let (folder, clock) = (Arc::clone(&self.folder), Arc::clone(&self.clock));
        drop(self);
        Self::open(folder, clock, |_| ()).await
    }

    pub(crate) fn now(&self) -> UnixMillis {
        UnixMillis(self.clock.load(Ordering::SeqCst))
    }

    pub(crate) fn advance(&self, millis: i64) {
        self.clock.fetch_add(millis, Ordering::SeqCst);
    }

    pub(crate) fn token_for(&self, kind: PrincipalKind) -> String {
        self.registry.tokens().issue(&principal(kind), self.now()).password
    }

    /// Sends a request as the admin, with a fresh token.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Reply {
        let authorization = basic("AWS", &self.token_for(PrincipalKind::Admin));
        let mut all = vec![("authorization", authorization.as_str())];
        all.extend_from_slice(headers);
        self.send_bare(method, path, &all, body.into()).await
    }

    /// Sends a request with these headers and no others.
    pub(crate) async fn send_bare(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Body) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Reply { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], Body::empty()).await
    }

    pub(crate) async fn head(&self, path: &str) -> Reply {
        self.send("HEAD", path, &[], Body::empty()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, &[], Body::empty()).await
    }

    /// Opens a session; answers its path.
    pub(crate) async fn begin(&self, repo: &str) -> String {
        let reply = self.send("POST", &format!("/v2/{repo}/blobs/uploads/"), &[], Body::empty()).await.expect(202);
        reply.header("location").to_owned()
    }

    pub(crate) async fn finish(&self, location: &str, digest: &Digest, body: impl Into<Body>) -> Reply {
        self.send("PUT", &format!("{location}?digest={digest}"), &[], body).await
    }

    /// Pushes a blob in one request.
    pub(crate) async fn push(&self, repo: &str, bytes: &[u8]) -> Digest {
        let digest = digest(bytes);
        let path = format!("/v2/{repo}/blobs/uploads/?digest={digest}");
        self.send("POST", &path, &[], bytes.to_vec()).await.expect(201);
        digest
    }

    pub(crate) async fn put_manifest(&self, repo: &str, reference: &str, manifest: &[u8]) -> Reply {
        let path = format!("/v2/{repo}/manifests/{reference}");
        self.send("PUT", &path, &[("content-type", OCI_MANIFEST)], manifest.to_vec()).await
    }

    /// Pushes an image of these layers under a tag; answers its manifest.
    pub(crate) async fn push_image(&self, repo: &str, tag: &str, layers: &[&[u8]]) -> Vec<u8> {
        self.push(repo, b"{}").await;
        for layer in layers {
            self.push(repo, layer).await;
        }
        let manifest = image_of(layers);
        self.put_manifest(repo, tag, &manifest).await.expect(201);
        manifest
    }

    /// The names of the files under a folder of the blob store.
    pub(crate) fn files(&self, below: &str) -> Vec<String> {
        let mut folders = vec![self.folder.path().join("registry").join(below)];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                } else {
                    files.push(entry.file_name().into_string().unwrap());
                }
            }
        }
        files
    }
}

/// A body in these pieces, as chunked transfer coding brings it.
pub(crate) fn pieces(pieces: Vec<Bytes>) -> Body {
    Body::from_stream(futures_util::stream::iter(pieces).map(Ok::<_, std::io::Error>))
}

/// A body that breaks off after these pieces.
pub(crate) fn broken_off(pieces: Vec<Bytes>) -> Body {
    let broken = futures_util::stream::iter([Err(std::io::Error::other("the client hung up"))]);
    let whole: std::pin::Pin<Box<dyn Stream<Item = Result<Bytes, std::io::Error>> + Send>> =
        Box::pin(futures_util::stream::iter(pieces).map(Ok).chain(broken));
    Body::from_stream(whole)
}
