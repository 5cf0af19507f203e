//! Repositories that are caches of another registry: here of a second one of ours, over HTTP.

use std::sync::Arc;

use axum::body::Body;
use gantry_model::UnixMillis;
use gantry_model::principal::PrincipalKind;
use gantry_model::registry_settings::{PullThroughRule, RegistrySettings};
use gantry_registry::{PullThroughError, Reference, Registry, Settings, UpstreamError, router};
use gantry_store::StoreError;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::fixture::{Fixture, HOUR, OCI_INDEX, OCI_MANIFEST, digest, name, scope};

/// A registry, served on an address of its own.
struct Upstream {
    fixture: Fixture,
    address: String,
    server: JoinHandle<()>,
}

impl Upstream {
    async fn start() -> Self {
        let fixture = Fixture::new().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let router = router(Arc::clone(&fixture.registry));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { fixture, address, server }
    }

    /// A registry whose repositories under `hub` are caches of this one's, for an hour.
    async fn cached(&self) -> Fixture {
        let (host, token) = (self.address.clone(), self.fixture.token_for(PrincipalKind::Admin));
        let adapt = |settings: &mut Settings| {
            settings.upstream_credentials = [(host, ("AWS".to_owned(), token))].into();
            settings.upstream_check_millis = HOUR;
        };
        let cache = Fixture::new_with(adapt).await;
        self.rule_of(&cache.registry).await;
        cache
    }

    async fn rule_of(&self, registry: &Registry) {
        let rule = PullThroughRule {
            prefix: "hub".to_owned(),
            upstream_url: format!("http://{}", self.address),
            upstream_registry: None,
            upstream_prefix: "a1".to_owned(),
            credential_arn: None,
            custom_role_arn: None,
            created_at: UnixMillis(0),
            updated_at: UnixMillis(0),
        };
        let add = |settings: &mut RegistrySettings| {
            settings.pull_through.insert("hub".to_owned(), rule);
            Ok::<_, StoreError>(())
        };
        registry.update_registry_settings(&scope(), add).await.unwrap();
    }

    async fn stop(self) -> Fixture {
        self.server.abort();
        assert!(self.server.await.unwrap_err().is_cancelled());
        self.fixture
    }
}

fn tag(text: &str) -> Reference {
    Reference::parse(text).unwrap()
}

/// Imports an image whole, as `BatchGetImage` does.
async fn import(cache: &Fixture, tag_name: &str) {
    assert!(cache.registry.import(&scope(), &name("hub/one"), &tag(tag_name)).await.unwrap());
}

#[tokio::test]
async fn a_pull_is_answered_from_the_upstream_and_leaves_the_image_here() {
    let upstream = Upstream::start().await;
    let image = upstream.fixture.push_image("a1/one", "v1", &[b"layer"]).await;
    let cache = upstream.cached().await;
    let pulled = cache.get("/v2/hub/one/manifests/v1").await.expect(200);
    assert_eq!((&pulled.body[..], pulled.header("content-type")), (&image[..], OCI_MANIFEST));
    assert_eq!(pulled.header("docker-content-digest"), digest(&image).as_str());
    let layer = cache.get(&format!("/v2/hub/one/blobs/{}", digest(b"layer"))).await.expect(200);
    assert_eq!(&layer.body[..], b"layer");
    import(&cache, "v1").await;
    upstream.stop().await;
    assert_eq!(cache.get("/v2/hub/one/manifests/v1").await.expect(200).body, image, "without the upstream");
    cache.get(&format!("/v2/hub/one/manifests/{}", digest(&image))).await.expect(200);
}

#[tokio::test]
async fn an_image_is_pulled_by_digest_at_first_and_an_index_brings_its_children() {
    let upstream = Upstream::start().await;
    let child = upstream.fixture.push_image("a1/one", "amd64", &[b"layer"]).await;
    let entry = json!({ "mediaType": OCI_MANIFEST, "digest": digest(&child), "size": child.len() });
    // Its type is in the header alone.
    let index = json!({ "schemaVersion": 2, "manifests": [entry] }).to_string();
    let headers = [("content-type", OCI_INDEX)];
    let path = "/v2/a1/one/manifests/all";
    upstream.fixture.send("PUT", path, &headers, Body::from(index.clone())).await.expect(201);
    let cache = upstream.cached().await;
    let by_digest = format!("/v2/hub/one/manifests/{}", digest(index.as_bytes()));
    let pulled = cache.get(&by_digest).await.expect(200);
    assert_eq!(pulled.header("content-type"), OCI_INDEX);
    import(&cache, "all").await;
    upstream.stop().await;
    cache.get(&by_digest).await.expect(200);
    cache.get(&format!("/v2/hub/one/manifests/{}", digest(&child))).await.expect(200);
}

#[tokio::test]
async fn a_tag_is_looked_up_again_when_it_is_old_and_kept_when_the_upstream_is_away() {
    let upstream = Upstream::start().await;
    let old = upstream.fixture.push_image("a1/one", "v1", &[b"old"]).await;
    let cache = upstream.cached().await;
    import(&cache, "v1").await;
    let new = upstream.fixture.push_image("a1/one", "v1", &[b"new"]).await;
    let pull = async || cache.get("/v2/hub/one/manifests/v1").await.expect(200).body.to_vec();
    assert_eq!(pull().await, old, "within the hour");
    cache.advance(HOUR);
    assert_eq!(pull().await, new);
    import(&cache, "v1").await;
    upstream.stop().await;
    cache.advance(HOUR);
    assert_eq!(pull().await, new, "the upstream is away");
}

#[tokio::test]
async fn what_the_upstream_has_not_or_refuses_is_told() {
    let upstream = Upstream::start().await;
    let cache = upstream.cached().await;
    let missing = cache.get("/v2/hub/one/manifests/none").await.expect(404);
    assert_eq!(missing.code(), "MANIFEST_UNKNOWN");
    assert!(cache.registry.repository(&scope(), &name("hub/one")).await.is_err(), "and no repository is made for it");
    let stranger = Fixture::new().await;
    upstream.rule_of(&stranger.registry).await;
    let denied = stranger.get("/v2/hub/one/manifests/v1").await.expect(403);
    assert_eq!(denied.code(), "DENIED");
    upstream.stop().await;
    let away = cache.get("/v2/hub/one/manifests/v1").await.expect(502);
    assert_eq!(away.code(), "UNAVAILABLE");
    let error = cache.registry.import(&scope(), &name("hub/one"), &tag("v1")).await.unwrap_err();
    assert!(matches!(error, PullThroughError::Upstream(UpstreamError::Unavailable { .. })), "{error}");
    cache.get("/v2/a1/one/manifests/v1").await.expect(404);
}

#[tokio::test]
async fn many_who_ask_for_a_blob_get_it_while_its_image_is_imported() {
    let upstream = Upstream::start().await;
    let layer = vec![7_u8; 3 << 20];
    upstream.fixture.push_image("a1/one", "v1", &[&layer]).await;
    let cache = upstream.cached().await;
    let path = format!("/v2/hub/one/blobs/{}", digest(&layer));
    cache.get(&path).await.expect(404);
    assert!(cache.registry.repository(&scope(), &name("hub/one")).await.is_err(), "a blob makes no repository");
    cache.get("/v2/hub/one/manifests/v1").await.expect(200);
    let all = futures_util::future::join_all((0..8).map(|_| cache.get(&path))).await;
    assert!(all.iter().all(|reply| reply.body == layer));
    import(&cache, "v1").await;
    assert_eq!(cache.files("uploads"), Vec::<String>::new(), "nothing was fetched beside another");
}
