//! Pushing, pulling and deleting manifests over HTTP.

use axum::body::Body;
use gantry_model::image::TagMutability;
use gantry_registry::RepositoryError;
use gantry_store::blob::DigestAlgorithm;
use serde_json::{Value, json};

use crate::fixture::{Fixture, OCI_INDEX, OCI_MANIFEST, digest, image_of, name, scope};

const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const ONE: &str = "/v2/a1/one/manifests";

fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": digest(bytes), "size": bytes.len() })
}

async fn put(t: &Fixture, reference: &str, media_type: &str, body: impl Into<Body>) -> crate::fixture::Reply {
    t.send("PUT", &format!("{ONE}/{reference}"), &[("content-type", media_type)], body).await
}

#[tokio::test]
async fn a_manifest_is_kept_byte_for_byte_with_its_type() {
    let t = Fixture::new().await;
    t.push("a1/one", b"{}").await;
    let mut odd = image_of(&[]);
    odd.splice(..1, "\n { \"x\": [1e3, \"\\u00e9é中\"],\t".bytes());
    odd.extend_from_slice(b"\n\n");
    let pushed = put(&t, "v1", &format!("{OCI_MANIFEST}; charset=utf-8"), odd.clone()).await.expect(201);
    let of = digest(&odd);
    assert_eq!(pushed.header("location"), format!("{ONE}/{of}"));
    assert_eq!(pushed.header("docker-content-digest"), of.as_str());
    for reference in ["v1", of.as_str()] {
        let path = format!("{ONE}/{reference}");
        let (got, head) = (t.get(&path).await.expect(200), t.head(&path).await.expect(200));
        assert_eq!(got.body, odd);
        for reply in [&got, &head] {
            assert_eq!(reply.header("content-type"), OCI_MANIFEST);
            assert_eq!(reply.header("docker-content-digest"), of.as_str());
            assert_eq!(reply.header("content-length"), odd.len().to_string());
        }
        assert!(head.body.is_empty());
        let etag = [("if-none-match", got.header("etag"))];
        t.send("GET", &path, &etag, Body::empty()).await.expect(304);
    }
}

#[tokio::test]
async fn accept_lines_that_leave_the_type_out_are_answered_with_its_name() {
    let t = Fixture::new().await;
    t.push_image("a1/one", "v1", &[]).await;
    let several = [("accept", DOCKER_MANIFEST), ("accept", OCI_INDEX), ("accept", OCI_MANIFEST)];
    t.send("GET", &format!("{ONE}/v1"), &several, Body::empty()).await.expect(200);
    let reply = t.send("GET", &format!("{ONE}/v1"), &several[..2], Body::empty()).await.expect(404);
    assert_eq!(reply.code(), "MANIFEST_UNKNOWN");
    assert!(reply.json()["errors"][0]["message"].as_str().unwrap().contains(OCI_MANIFEST));
}

#[tokio::test]
async fn what_a_manifest_names_must_be_there_and_all_that_is_missing_is_named() {
    let t = Fixture::new().await;
    t.push("a1/two", b"l1").await;
    let reply = t.put_manifest("a1/one", "v1", &image_of(&[b"l1", b"l2", b"l1"])).await.expect(400);
    let missing: Vec<String> = reply.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            assert_eq!(error["code"], "MANIFEST_BLOB_UNKNOWN");
            error["detail"]["digest"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(missing, [digest(b"{}"), digest(b"l1"), digest(b"l2")].map(String::from));
    t.get(&format!("{ONE}/v1")).await.expect(404);
    let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [descriptor(OCI_MANIFEST, b"none")] });
    let reply = put(&t, "i", OCI_INDEX, index.to_string()).await.expect(400);
    assert_eq!(reply.code(), "MANIFEST_BLOB_UNKNOWN");
}

#[tokio::test]
async fn foreign_layers_and_the_entries_of_old_build_caches_are_taken() {
    let t = Fixture::new().await;
    t.push("a1/one", b"{}").await;
    let mut foreign: Value = serde_json::from_slice(&image_of(&[])).unwrap();
    foreign["layers"] = json!([descriptor("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", b"windows")]);
    t.put_manifest("a1/one", "foreign", foreign.to_string().as_bytes()).await.expect(201);
    let entry = descriptor("application/vnd.buildkit.cacheconfig.v0", b"{}");
    let cache = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry] });
    put(&t, "cache", OCI_INDEX, cache.to_string()).await.expect(201);
}

#[tokio::test]
async fn what_is_no_manifest_is_refused_and_nothing_fails_inside() {
    let t = Fixture::new().await;
    t.push("a1/one", b"{}").await;
    let image = String::from_utf8(image_of(&[])).unwrap();
    let deep = format!("{{\"schemaVersion\":2,\"x\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
    for (body, media_type) in [
        ("", OCI_MANIFEST),
        ("{", OCI_MANIFEST),
        ("null", OCI_MANIFEST),
        ("{\"schemaVersion\":2}", OCI_MANIFEST),
        (deep.as_str(), OCI_MANIFEST),
        (image.as_str(), DOCKER_MANIFEST),
        ("{\"schemaVersion\":1}", "application/vnd.docker.distribution.manifest.v1+prettyjws"),
    ] {
        assert_eq!(
            put(&t, "v1", media_type, body.to_owned()).await.expect(400).code(),
            "MANIFEST_INVALID",
            "{body:.40}"
        );
    }
    assert_eq!(put(&t, ".x", OCI_MANIFEST, image.clone()).await.expect(400).code(), "TAG_INVALID");
    let other = digest(b"other");
    assert_eq!(put(&t, other.as_str(), OCI_MANIFEST, image.clone()).await.expect(400).code(), "DIGEST_INVALID");
    assert_eq!(t.get(&format!("{ONE}/{other}")).await.expect(404).code(), "MANIFEST_UNKNOWN");
    assert_eq!(t.put_manifest("none", "v1", image.as_bytes()).await.expect(404).code(), "NAME_UNKNOWN");
}

#[tokio::test]
async fn four_mebibytes_are_taken_and_more_are_too_large() {
    let t = Fixture::new().await;
    t.push("a1/one", b"{}").await;
    let mut image = image_of(&[]);
    image.resize(4 << 20, b' ');
    put(&t, "v1", OCI_MANIFEST, image.clone()).await.expect(201);
    assert!(t.get(&format!("{ONE}/v1")).await.body == image);
    image.push(b' ');
    assert_eq!(put(&t, "v2", OCI_MANIFEST, image).await.expect(413).code(), "SIZE_INVALID");
}

#[tokio::test]
async fn a_push_by_digest_may_use_sha512_and_make_tags() {
    let t = Fixture::new().await;
    t.push("a1/one", b"{}").await;
    let image = image_of(&[]);
    let long = DigestAlgorithm::Sha512.digest(&image).unwrap();
    let reply = put(&t, &format!("{long}?tag=a&tag=b"), OCI_MANIFEST, image.clone()).await.expect(201);
    let tags: Vec<_> = reply.headers.get_all("oci-tag").iter().collect();
    assert_eq!(tags, ["a", "b"]);
    assert_eq!(t.get(&format!("{ONE}/b")).await.expect(200).header("docker-content-digest"), long.as_str());
    let many: String = (0..101).map(|at| format!("&tag=t{at}")).collect();
    put(&t, &format!("{long}?{many}"), OCI_MANIFEST, image.clone()).await.expect(414);
    put(&t, &format!("{long}?tag=.x"), OCI_MANIFEST, image).await.expect(400);
}

#[tokio::test]
async fn a_tag_moves_unless_it_is_immutable() {
    let t = Fixture::new().await;
    let first = t.push_image("a1/one", "v1", &[]).await;
    let second = t.push_image("a1/one", "v1", &[b"l"]).await;
    assert_eq!(t.get(&format!("{ONE}/v1")).await.body, second);
    assert_eq!(t.get(&format!("{ONE}/{}", digest(&first))).await.expect(200).body, first);
    t.registry
        .update_repository(&scope(), &name("a1/one"), |repository| {
            repository.image_tag_mutability = TagMutability::ImmutableWithExclusion;
            repository.mutability_exclusion_filters = vec!["sha256-*".to_owned()];
            Ok::<_, RepositoryError>(())
        })
        .await
        .unwrap();
    // The same image again is no move.
    t.put_manifest("a1/one", "v1", &second).await.expect(201);
    let reply = t.put_manifest("a1/one", "v1", &first).await.expect(400);
    assert_eq!(reply.code(), "TAG_INVALID");
    let message = "The image tag 'v1' already exists in the 'a1/one' repository and cannot be overwritten because the repository is immutable.";
    assert_eq!(reply.json()["errors"][0]["message"], message);
    for image in [&first, &second] {
        t.put_manifest("a1/one", "sha256-abc.att", image).await.expect(201);
    }
}

#[tokio::test]
async fn deletion_by_tag_leaves_the_manifest_and_by_digest_takes_its_tags() {
    let t = Fixture::new().await;
    let image = t.push_image("a1/one", "a", &[b"l"]).await;
    t.put_manifest("a1/one", "b", &image).await.expect(201);
    let of = digest(&image);
    t.delete(&format!("{ONE}/a")).await.expect(202);
    t.get(&format!("{ONE}/a")).await.expect(404);
    t.get(&format!("{ONE}/b")).await.expect(200);
    t.delete(&format!("{ONE}/{of}")).await.expect(202);
    for reference in ["b", of.as_str()] {
        t.get(&format!("{ONE}/{reference}")).await.expect(404);
        assert_eq!(t.delete(&format!("{ONE}/{reference}")).await.expect(404).code(), "MANIFEST_UNKNOWN");
    }
    assert_eq!(t.get("/v2/a1/one/tags/list").await.json()["tags"], json!([]));
    // Its blobs are still promised, so it can be pushed again without them.
    t.put_manifest("a1/one", "c", &image).await.expect(201);
}

#[tokio::test]
async fn the_child_of_an_index_is_deleted_after_it() {
    let t = Fixture::new().await;
    let child = t.push_image("a1/one", "amd64", &[]).await;
    let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [descriptor(OCI_MANIFEST, &child)] });
    let index = index.to_string();
    put(&t, "multi", OCI_INDEX, index.clone()).await.expect(201);
    let path = format!("{ONE}/{}", digest(&child));
    assert_eq!(t.delete(&path).await.expect(405).code(), "DENIED");
    t.delete(&format!("{ONE}/{}", digest(index.as_bytes()))).await.expect(202);
    t.delete(&path).await.expect(202);
}

#[tokio::test]
async fn pushes_and_deletions_are_events_and_repetitions_are_not() {
    let t = Fixture::new().await;
    let mut events = t.store.subscribe();
    let image = t.push_image("a1/one", "v1", &[]).await;
    t.put_manifest("a1/one", "v1", &image).await.expect(201);
    t.delete(&format!("{ONE}/{}", digest(&image))).await.expect(202);
    for action in ["PUSH", "DELETE"] {
        let event = events.try_recv().unwrap();
        assert_eq!(event.payload["action"], action);
        assert_eq!(event.payload["repositoryName"], "a1/one");
        assert_eq!(event.payload["imageDigest"], digest(&image).as_str());
        assert_eq!(event.payload["imageTags"], json!(["v1"]));
        assert_eq!(event.subject, "arn:aws:ecr:us-east-1:000000000000:repository/a1/one");
    }
    assert!(events.try_recv().is_err());
}
