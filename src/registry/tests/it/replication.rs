//! Copies of images in other registries: of ours, and of a second one over HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Body;
use axum::http::StatusCode;
use axum::routing::post;
use gantry_model::image::TagMutability;
use gantry_model::principal::PrincipalKind;
use gantry_model::registry_settings::RegistrySettings;
use gantry_model::replication::{BackfillStatus, ReplicationRule, ReplicationStatus};
use gantry_model::{Region, Scope};
use gantry_registry::{BackfillError, ImageId, Origin, Registry, Replica, ReplicaConfig, Settings, router};
use gantry_store::StoreError;
use gantry_wire::sigv4::Credentials;
use serde_json::json;
use tokio::net::TcpListener;

use crate::fixture::{Fixture, HOUR, OCI_INDEX, OCI_MANIFEST, basic, digest, name, repository, scope};

fn elsewhere() -> Scope {
    Scope { region: Region::parse("eu-west-1").unwrap(), ..scope() }
}

/// A registry that is served on an address of its own and gives tokens, unless it is shut.
struct Other {
    fixture: Fixture,
    url: String,
    is_open: Arc<AtomicBool>,
}

impl Other {
    async fn start() -> Self {
        let fixture = Fixture::new().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (tokens, is_open) = (fixture.token_for(PrincipalKind::Admin), Arc::new(AtomicBool::new(true)));
        let gate = Arc::clone(&is_open);
        let sign_in = move || {
            let authorization = basic("AWS", &tokens).trim_start_matches("Basic ").to_owned();
            let answer = json!({ "authorizationData": [{ "authorizationToken": authorization }] }).to_string();
            let status = if gate.load(Ordering::SeqCst) { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            async move { (status, answer) }
        };
        let router = router(Arc::clone(&fixture.registry)).route("/", post(sign_in));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { fixture, url, is_open }
    }

    /// A registry that copies to this one.
    async fn copied_from(&self) -> Fixture {
        let credentials = Credentials {
            access_key_id: "key".to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: None,
        };
        let config = ReplicaConfig { url: self.url.clone(), credentials, authority: None };
        let replica = Replica::new(elsewhere(), config).unwrap();
        let adapt = |settings: &mut Settings| settings.replicas = [(elsewhere(), Arc::new(replica))].into();
        Fixture::new_with(adapt).await
    }

    /// The status with which it answers for a manifest in the registry of `elsewhere`.
    async fn has(&self, repo: &str, reference: &str) -> u16 {
        let authorization = basic("AWS", &self.fixture.token_for(PrincipalKind::Admin));
        let host = "000000000000.dkr.ecr.eu-west-1.gantry.test";
        let headers = [("authorization", authorization.as_str()), ("host", host)];
        let path = format!("/v2/{repo}/manifests/{reference}");
        self.fixture.send_bare("GET", &path, &headers, Body::empty()).await.status.as_u16()
    }
}

async fn replicate(t: &Fixture, prefixes: &[&str], deletes: bool) {
    let rule = ReplicationRule {
        destinations: vec![elsewhere()],
        prefixes: prefixes.iter().map(|&prefix| prefix.to_owned()).collect(),
        deletes: Some(deletes),
    };
    let change = |settings: &mut RegistrySettings| {
        settings.replication = vec![rule];
        Ok::<_, StoreError>(())
    };
    t.registry.update_registry_settings(&scope(), change).await.unwrap();
}

/// Does all that is due.
async fn settle(registry: &Arc<Registry>) {
    while registry.replicate_once().await.unwrap() > 0 {}
}

fn by_tag(tag: &str) -> ImageId {
    ImageId { digest: None, tag: Some(tag.parse().unwrap()) }
}

async fn status(t: &Fixture, tag: &str) -> Vec<(ReplicationStatus, Option<String>)> {
    let (_, found) = t.registry.replications(&scope(), &name("a1/one"), &by_tag(tag)).await.unwrap();
    found.into_iter().map(|replication| (replication.status, replication.failure)).collect()
}

#[tokio::test]
async fn what_is_pushed_is_copied_to_another_registry_with_tags_layers_and_children() {
    let other = Other::start().await;
    let t = other.copied_from().await;
    t.push_image("a1/one", "before", &[b"old"]).await;
    replicate(&t, &["a1/o"], false).await;
    let image = t.push_image("a1/one", "v1", &[b"layer", b"other"]).await;
    t.push_image("a1/two", "v1", &[b"layer"]).await;
    let child = json!({ "mediaType": OCI_MANIFEST, "digest": digest(&image), "size": image.len() });
    let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [child] }).to_string();
    t.send("PUT", "/v2/a1/one/manifests/multi", &[("content-type", OCI_INDEX)], index).await.expect(201);
    assert_eq!(status(&t, "v1").await, [(ReplicationStatus::InProgress, None)]);
    settle(&t.registry).await;
    assert_eq!(status(&t, "v1").await, [(ReplicationStatus::Complete, None)]);
    assert_eq!(status(&t, "multi").await, [(ReplicationStatus::Complete, None)]);
    assert!(status(&t, "before").await.is_empty(), "it was here before the rule");
    for (repo, reference, expected) in [
        ("a1/one", "v1", 200),
        ("a1/one", "multi", 200),
        ("a1/one", "before", 404),
        ("a1/two", "v1", 404),
        ("a1/one", digest(&image).as_str(), 200),
    ] {
        assert_eq!(other.has(repo, reference).await, expected, "{repo} {reference}");
    }
    // The registry that the host is not about has the repository, and nothing in it.
    assert_eq!(other.fixture.registry.image_count(&scope(), &name("a1/one")).await.unwrap(), 0);
}

#[tokio::test]
async fn a_destination_in_the_same_gantry_takes_over_the_blobs_and_copies_no_further() {
    let t = Fixture::new().await;
    replicate(&t, &[], false).await;
    // The other registry copies, too: to this one.
    let back = ReplicationRule { destinations: vec![scope()], prefixes: Vec::new(), deletes: None };
    let change = |settings: &mut RegistrySettings| {
        settings.replication = vec![back];
        Ok::<_, StoreError>(())
    };
    t.registry.update_registry_settings(&elsewhere(), change).await.unwrap();
    let image = t.push_image("a1/one", "v1", &[b"layer"]).await;
    let empty = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [] }).to_string();
    t.send("PUT", "/v2/a1/two/manifests/empty", &[("content-type", OCI_INDEX)], empty).await.expect(201);
    let files = t.files("blobs").len();
    settle(&t.registry).await;
    let copy = t.registry.image(&elsewhere(), &name("a1/one"), &by_tag("v1")).await.unwrap();
    assert_eq!(copy.digest, digest(&image));
    assert_eq!(t.files("blobs").len(), files);
    t.registry.image(&elsewhere(), &name("a1/two"), &by_tag("empty")).await.unwrap();
    let id = by_tag("v1");
    let (_, onwards) = t.registry.replications(&elsewhere(), &name("a1/one"), &id).await.unwrap();
    assert!(onwards.is_empty(), "{onwards:?}");
}

#[tokio::test]
async fn an_immutable_tag_stays_at_the_destination_and_the_image_comes_without_it() {
    let t = Fixture::new().await;
    let mut fixed = repository(name("a1/one"));
    (fixed.scope, fixed.image_tag_mutability) = (elsewhere(), TagMutability::Immutable);
    t.registry.create_repository(fixed).await.unwrap();
    replicate(&t, &[], false).await;
    let first = t.push_image("a1/one", "v1", &[b"first"]).await;
    settle(&t.registry).await;
    let second = t.push_image("a1/one", "v1", &[b"second"]).await;
    settle(&t.registry).await;
    assert_eq!(status(&t, "v1").await, [(ReplicationStatus::Complete, None)]);
    let registry = &t.registry;
    let at = async |id: ImageId| registry.image(&elsewhere(), &name("a1/one"), &id).await.unwrap();
    assert_eq!(at(by_tag("v1")).await.digest, digest(&first));
    let second = ImageId { digest: Some(digest(&second)), tag: None };
    assert!(at(second).await.tags.is_empty());
}

#[tokio::test]
async fn a_try_that_fails_is_made_again_later_and_counts_as_failed_at_last() {
    let other = Other::start().await;
    let t = other.copied_from().await;
    replicate(&t, &[], false).await;
    other.is_open.store(false, Ordering::SeqCst);
    t.push_image("a1/one", "v1", &[b"layer"]).await;
    settle(&t.registry).await;
    let why = Some("DESTINATION_UNAVAILABLE".to_owned());
    assert_eq!(status(&t, "v1").await, [(ReplicationStatus::InProgress, why.clone())]);
    let next = t.registry.next_replication().await.unwrap().unwrap();
    assert_eq!(next.millis_since(t.now()), 5_000);
    for _ in 0..10 {
        t.advance(2 * HOUR);
        settle(&t.registry).await;
    }
    assert_eq!(status(&t, "v1").await, [(ReplicationStatus::Failed, why)]);
    assert_eq!(t.registry.next_replication().await.unwrap(), None);
    // A push of it under another tag asks anew.
    other.is_open.store(true, Ordering::SeqCst);
    t.push_image("a1/one", "v2", &[b"layer"]).await;
    settle(&t.registry).await;
    assert_eq!(status(&t, "v1").await, [(ReplicationStatus::Complete, None)]);
    assert_eq!(other.has("a1/one", "v1").await, 200);
}

#[tokio::test]
async fn deletions_are_replicated_where_the_rule_says_so() {
    for deletes in [true, false] {
        let other = Other::start().await;
        let t = other.copied_from().await;
        replicate(&t, &[], deletes).await;
        t.push_image("a1/one", "one", &[b"a"]).await;
        t.push_image("a1/one", "two", &[b"a"]).await;
        t.push_image("a1/one", "gone", &[b"b"]).await;
        let back = t.push_image("a1/one", "back", &[b"c"]).await;
        settle(&t.registry).await;
        for tag in ["one", "gone", "back"] {
            t.registry.delete_image(&scope(), &name("a1/one"), &by_tag(tag), Origin::Here).await.unwrap();
        }
        // What is here again when the deletion is due is not deleted.
        t.put_manifest("a1/one", "back", &back).await.expect(201);
        settle(&t.registry).await;
        let left = if deletes { 404 } else { 200 };
        for (tag, expected) in [("one", left), ("two", 200), ("gone", left), ("back", 200)] {
            assert_eq!(other.has("a1/one", tag).await, expected, "{tag}, deletes: {deletes}");
        }
    }
}

#[tokio::test]
async fn a_backfill_copies_what_was_here_before_and_tells_how_far_it_is() {
    let other = Other::start().await;
    let t = other.copied_from().await;
    t.push_image("a1/one", "v1", &[b"a"]).await;
    t.push_image("a1/two", "v1", &[b"b"]).await;
    let refused = t.registry.start_backfill(&scope(), &elsewhere()).await.unwrap_err();
    assert!(matches!(refused, BackfillError::NotConfigured(_)), "{refused}");
    replicate(&t, &["a1/one"], false).await;
    let started = t.registry.start_backfill(&scope(), &elsewhere()).await.unwrap();
    assert_eq!(started.status, BackfillStatus::Preparing);
    let refused = t.registry.start_backfill(&scope(), &elsewhere()).await.unwrap_err();
    assert!(matches!(refused, BackfillError::InProgress(_)), "{refused}");
    settle(&t.registry).await;
    let (ended, progress, results) = t.registry.backfill(&scope(), &started.id).await.unwrap();
    assert_eq!((ended.status, ended.ended_at), (BackfillStatus::Complete, Some(t.now())));
    assert_eq!((progress.total, progress.completed, progress.failed), (1, 1, 0));
    assert_eq!(results[0].name, name("a1/one"));
    assert_eq!(status(&t, "v1").await, [(ReplicationStatus::Complete, None)]);
    assert_eq!((other.has("a1/one", "v1").await, other.has("a1/two", "v1").await), (200, 404));
    let refused = t.registry.stop_backfill(&scope(), &started.id).await.unwrap_err();
    assert!(matches!(refused, BackfillError::InvalidStatus("COMPLETE")), "{refused}");
    t.registry.forget_old_backfills(t.now().plus_millis(91 * 24 * HOUR)).await.unwrap();
    assert!(t.registry.backfills(&scope()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_backfill_whose_images_are_not_taken_fails_and_one_that_is_stopped_leaves_the_rest() {
    let other = Other::start().await;
    let t = other.copied_from().await;
    t.push_image("a1/one", "v1", &[b"a"]).await;
    replicate(&t, &[], false).await;
    other.is_open.store(false, Ordering::SeqCst);
    let first = t.registry.start_backfill(&scope(), &elsewhere()).await.unwrap();
    for _ in 0..5 {
        settle(&t.registry).await;
        t.advance(HOUR);
    }
    let (failed, progress, results) = t.registry.backfill(&scope(), &first.id).await.unwrap();
    assert_eq!((failed.status, progress.failed), (BackfillStatus::Failed, 1));
    assert_eq!(results[0].failure.as_deref(), Some("DESTINATION_UNAVAILABLE"));
    let second = t.registry.start_backfill(&scope(), &elsewhere()).await.unwrap();
    settle(&t.registry).await;
    assert_eq!(t.registry.stop_backfill(&scope(), &second.id).await.unwrap().status, BackfillStatus::Stopping);
    settle(&t.registry).await;
    let (stopped, progress, _) = t.registry.backfill(&scope(), &second.id).await.unwrap();
    assert_eq!((stopped.status, progress.total), (BackfillStatus::Stopped, 0));
    assert_eq!(t.registry.next_replication().await.unwrap(), None);
}

#[tokio::test]
async fn a_copy_for_another_account_is_refused() {
    let t = Fixture::new().await;
    let headers =
        |to| [("gantry-replication-source", "000000000000/eu-west-1"), ("gantry-replication-destination", to)];
    for (to, status) in [("000000000000/us-east-1", 202), ("111122223333/us-east-1", 403), ("us-east-1", 400)] {
        t.send("POST", "/v2/a1/new/blobs/uploads/", &headers(to), Body::empty()).await.expect(status);
    }
    assert!(t.registry.repository(&scope(), &name("a1/new")).await.is_ok(), "a copy makes its repository");
    let half = headers("000000000000/us-east-1");
    for header in half {
        t.send("POST", "/v2/a1/one/blobs/uploads/", &[header], Body::empty()).await.expect(400);
    }
}
