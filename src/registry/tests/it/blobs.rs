//! Pulling and deleting blobs.

use axum::body::Body;

use crate::fixture::{Fixture, digest};

async fn pushed(t: &Fixture) -> (String, Vec<u8>) {
    let bytes: Vec<u8> = (0..2000_u32).flat_map(u32::to_be_bytes).collect();
    let digest = t.push("a1/one", &bytes).await;
    (format!("/v2/a1/one/blobs/{digest}"), bytes)
}

#[tokio::test]
async fn a_blob_is_described_and_sent() {
    let t = Fixture::new().await;
    let (path, bytes) = pushed(&t).await;
    for reply in [t.head(&path).await.expect(200), t.get(&path).await.expect(200)] {
        assert_eq!(reply.header("content-length"), "8000");
        assert_eq!(reply.header("docker-content-digest"), digest(&bytes).as_str());
        assert_eq!(reply.header("content-type"), "application/octet-stream");
        assert_eq!(reply.header("accept-ranges"), "bytes");
        assert_eq!(reply.header("docker-distribution-api-version"), "registry/2.0");
    }
    assert_eq!(t.get(&path).await.body, bytes);
    assert!(t.head(&path).await.body.is_empty());
}

#[tokio::test]
async fn parts_are_sent_as_ranges_ask() {
    let t = Fixture::new().await;
    let (path, bytes) = pushed(&t).await;
    for (range, first, last) in
        [("500-1499", 500, 1499), ("7000-", 7000, 7999), ("-10", 7990, 7999), ("7990-9000", 7990, 7999)]
    {
        let reply = t.send("GET", &path, &[("range", &format!("bytes={range}"))], Body::empty()).await.expect(206);
        assert_eq!(reply.body, bytes[first..=last], "{range}");
        assert_eq!(reply.header("content-range"), format!("bytes {first}-{last}/8000"));
        assert_eq!(reply.header("content-length"), (last - first + 1).to_string());
    }
    let reply = t.send("GET", &path, &[("range", "bytes=8000-")], Body::empty()).await.expect(416);
    assert_eq!(reply.header("content-range"), "bytes */8000");
    for ignored in ["bytes=5-4", "bytes=0-1,3-4", "lines=1-2"] {
        assert_eq!(t.send("GET", &path, &[("range", ignored)], Body::empty()).await.expect(200).body, bytes);
    }
}

#[tokio::test]
async fn conditions_are_kept() {
    let t = Fixture::new().await;
    let (path, bytes) = pushed(&t).await;
    let etag = t.get(&path).await.header("etag").to_owned();
    for cached in [etag.as_str(), "*", &format!("\"other\", {etag}"), &format!("W/{etag}")] {
        assert!(t.send("GET", &path, &[("if-none-match", cached)], Body::empty()).await.expect(304).body.is_empty());
    }
    t.send("GET", &path, &[("if-none-match", "\"other\"")], Body::empty()).await.expect(200);
    let range = ("range", "bytes=0-9");
    t.send("GET", &path, &[range, ("if-range", &etag)], Body::empty()).await.expect(206);
    let whole = t.send("GET", &path, &[range, ("if-range", "\"other\"")], Body::empty()).await.expect(200);
    assert_eq!(whole.body, bytes);
}

#[tokio::test]
async fn the_empty_blob_is_a_blob() {
    let t = Fixture::new().await;
    let path = format!("/v2/a1/one/blobs/{}", t.push("a1/one", b"").await);
    assert_eq!(t.head(&path).await.expect(200).header("content-length"), "0");
    assert!(t.get(&path).await.expect(200).body.is_empty());
    t.send("GET", &path, &[("range", "bytes=0-0")], Body::empty()).await.expect(416);
}

#[tokio::test]
async fn a_blob_is_seen_only_where_it_was_pushed() {
    let t = Fixture::new().await;
    let (path, _) = pushed(&t).await;
    let elsewhere = path.replace("a1/one", "a1/two");
    assert_eq!(t.get(&elsewhere).await.expect(404).code(), "BLOB_UNKNOWN");
    t.head(&elsewhere).await.expect(404);
    assert_eq!(t.get(&path.replace("a1/one", "a1/none")).await.expect(404).code(), "NAME_UNKNOWN");
    // The same account in another region has its own repositories.
    let host = [("host", "000000000000.dkr.ecr.eu-west-1.example.org")];
    assert_eq!(t.send("GET", &path, &host, Body::empty()).await.expect(404).code(), "NAME_UNKNOWN");
    let host = [("host", "000000000000.dkr.ecr.us-east-1.example.org:8443")];
    t.send("GET", &path, &host, Body::empty()).await.expect(200);
}

#[tokio::test]
async fn deletion_takes_a_blob_out_of_one_repository_unless_a_manifest_names_it() {
    let t = Fixture::new().await;
    let blob = t.push("a1/one", b"x").await;
    t.push("a1/two", b"x").await;
    let path = format!("/v2/a1/one/blobs/{blob}");
    t.delete(&path).await.expect(202);
    t.get(&path).await.expect(404);
    t.delete(&path).await.expect(404);
    t.get(&format!("/v2/a1/two/blobs/{blob}")).await.expect(200);
    t.push_image("a1/one", "v1", &[b"x"]).await;
    assert_eq!(t.delete(&path).await.expect(405).code(), "DENIED");
    t.get(&path).await.expect(200);
}

#[tokio::test]
async fn other_methods_are_refused_with_what_is_allowed() {
    let t = Fixture::new().await;
    let (path, _) = pushed(&t).await;
    for path in [path.as_str(), "/v2/a1/one/blobs/uploads/", "/v2/a1/one/tags/list", "/v2/_catalog", "/v2/"] {
        let reply = t.send("TRACE", path, &[], Body::empty()).await.expect(405);
        assert_eq!(reply.code(), "UNSUPPORTED");
        assert!(!reply.header("allow").is_empty(), "{path}");
    }
}
