//! Every form of upload, and what a client can do when one goes wrong.

use axum::body::Body;
use bytes::Bytes;
use gantry_model::Digest;
use gantry_model::principal::PrincipalKind;
use gantry_store::blob::DigestAlgorithm;
use proptest::prelude::*;

use crate::fixture::{Fixture, HOUR, basic, broken_off, digest, name, pieces};

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from(at * 31 % 251).unwrap()).collect()
}

#[tokio::test]
async fn a_blob_can_be_pushed_in_one_request_or_in_two() {
    let t = Fixture::new().await;
    let (one, two) = (bytes(5000), bytes(5001));
    let path = format!("/v2/a1/one/blobs/uploads/?digest={}", digest(&one).as_str().replace(':', "%3A"));
    let reply = t.send("POST", &path, &[], one.clone()).await.expect(201);
    assert_eq!(reply.header("docker-content-digest"), digest(&one).as_str());
    assert_eq!(t.get(reply.header("location")).await.expect(200).body, one);

    let location = t.begin("a1/one").await;
    assert!(location.starts_with("/v2/a1/one/blobs/uploads/"));
    let reply = t.finish(&location, &digest(&two), two.clone()).await.expect(201);
    assert_eq!(t.get(reply.header("location")).await.expect(200).body, two);
    assert!(t.files("uploads").is_empty());
}

#[tokio::test]
async fn chunks_come_in_order_or_are_refused_and_the_session_stays_usable() {
    let t = Fixture::new().await;
    let whole = bytes(3000);
    let location = t.begin("a1/one").await;
    let range = |range: &'static str| [("content-range", range)];
    let reply = t.send("PATCH", &location, &range("0-999"), whole[..1000].to_vec()).await.expect(202);
    assert_eq!((reply.header("range"), reply.header("location")), ("0-999", location.as_str()));
    let reply = t.send("PATCH", &location, &range("2000-2999"), whole[2000..].to_vec()).await.expect(416);
    assert_eq!((reply.header("range"), reply.header("location")), ("0-999", location.as_str()));
    let late = format!("{location}?digest={}", digest(&whole));
    t.send("PUT", &late, &range("2000-2999"), whole[2000..].to_vec()).await.expect(416);
    let reply = t.get(&location).await.expect(204);
    assert_eq!(reply.header("range"), "0-999");
    t.send("PATCH", &location, &range("bytes 1000-1999/3000"), whole[1000..2000].to_vec()).await.expect(202);
    t.send("PUT", &late, &range("2000-2999"), whole[2000..].to_vec()).await.expect(201);
    t.get(&location).await.expect(404);
}

#[tokio::test]
async fn a_chunk_whose_length_is_not_that_of_its_range_is_refused() {
    let t = Fixture::new().await;
    let location = t.begin("a1/one").await;
    let both = [("content-range", "0-1999"), ("content-length", "1000")];
    assert_eq!(t.send("PATCH", &location, &both, bytes(1000)).await.expect(400).code(), "SIZE_INVALID");
    for body in [bytes(1000), bytes(3000)] {
        let location = t.begin("a1/one").await;
        let reply = t.send("PATCH", &location, &[("content-range", "0-1999")], body).await.expect(400);
        assert_eq!(reply.code(), "SIZE_INVALID");
    }
    for range in ["x", "9-5", "-5"] {
        let reply = t.send("PATCH", &location, &[("content-range", range)], bytes(10)).await.expect(400);
        assert_eq!(reply.code(), "BLOB_UPLOAD_INVALID", "{range}");
    }
}

#[tokio::test]
async fn an_upload_goes_on_after_its_connection_broke() {
    let t = Fixture::new().await;
    let whole = bytes(400_000);
    let location = t.begin("a1/one").await;
    let first = Bytes::copy_from_slice(&whole[..150_000]);
    let reply = t.send("PATCH", &location, &[], broken_off(vec![first])).await.expect(400);
    assert_eq!((reply.code().as_str(), reply.header("range")), ("BLOB_UPLOAD_INVALID", "0-149999"));
    assert_eq!(t.get(&location).await.expect(204).header("range"), "0-149999");
    t.send("PATCH", &location, &[("content-range", "150000-399999")], whole[150_000..].to_vec()).await.expect(202);
    t.finish(&location, &digest(&whole), Body::empty()).await.expect(201);
}

#[tokio::test]
async fn an_upload_goes_on_after_a_restart() {
    let t = Fixture::new().await;
    let whole = bytes(300);
    let location = t.begin("a1/one").await;
    t.send("PATCH", &location, &[("content-range", "0-99")], whole[..100].to_vec()).await.expect(202);
    let t = t.restart().await;
    t.send("PATCH", &location, &[("content-range", "200-299")], whole[200..].to_vec()).await.expect(416);
    assert_eq!(t.get(&location).await.expect(204).header("range"), "0-99");
    t.send("PATCH", &location, &[("content-range", "100-199")], whole[100..200].to_vec()).await.expect(202);
    t.finish(&location, &digest(&whole), whole[200..].to_vec()).await.expect(201);
    assert_eq!(t.get(&format!("/v2/a1/one/blobs/{}", digest(&whole))).await.expect(200).body, whole);
}

#[tokio::test]
async fn a_digest_that_differs_stores_nothing() {
    let t = Fixture::new().await;
    let (sent, claimed) = (bytes(100), digest(b"other"));
    let location = t.begin("a1/one").await;
    assert_eq!(t.finish(&location, &claimed, sent.clone()).await.expect(400).code(), "DIGEST_INVALID");
    for digest in [claimed, digest(&sent)] {
        t.get(&format!("/v2/a1/one/blobs/{digest}")).await.expect(404);
    }
    assert!(t.files("uploads").is_empty() && t.files("blobs").is_empty());
    for bad in ["sha256:xyz", "md5:00", "", "sha256:"] {
        let location = t.begin("a1/one").await;
        let path = format!("{location}?digest={bad}");
        assert_eq!(t.send("PUT", &path, &[], sent.clone()).await.expect(400).code(), "DIGEST_INVALID", "{bad}");
    }
}

#[tokio::test]
async fn sha512_is_hashed_as_it_comes_or_at_the_end() {
    let t = Fixture::new().await;
    let whole = bytes(3000);
    let wanted: Digest = DigestAlgorithm::Sha512.digest(&whole).unwrap();
    for query in ["?digest-algorithm=sha512", ""] {
        let path = format!("/v2/a1/one/blobs/uploads/{query}");
        let location = t.send("POST", &path, &[], Body::empty()).await.expect(202).header("location").to_owned();
        t.send("PATCH", &location, &[], whole.clone()).await.expect(202);
        t.finish(&location, &wanted, Body::empty()).await.expect(201);
    }
    assert_eq!(t.get(&format!("/v2/a1/one/blobs/{wanted}")).await.expect(200).body, whole);
    let path = "/v2/a1/one/blobs/uploads/?digest-algorithm=md5";
    assert_eq!(t.send("POST", path, &[], Body::empty()).await.expect(400).code(), "DIGEST_INVALID");
}

#[tokio::test]
async fn a_cancelled_upload_is_unknown_and_so_is_one_of_another_repository() {
    let t = Fixture::new().await;
    let location = t.begin("a1/one").await;
    t.send("PATCH", &location, &[], bytes(10)).await.expect(202);
    let elsewhere = location.replace("a1/one", "a1/two");
    assert_eq!(t.get(&elsewhere).await.expect(404).code(), "BLOB_UPLOAD_UNKNOWN");
    t.delete(&location).await.expect(204);
    for method in ["GET", "PATCH", "DELETE"] {
        assert_eq!(t.send(method, &location, &[], bytes(1)).await.expect(404).code(), "BLOB_UPLOAD_UNKNOWN");
    }
    assert!(t.files("uploads").is_empty());
}

#[tokio::test]
async fn a_mount_shows_a_blob_of_another_repository_or_opens_a_session() {
    let t = Fixture::new().await;
    let blob = t.push("a1/one", b"layer").await;
    let there = format!("/v2/a1/two/blobs/{blob}");
    t.get(&there).await.expect(404);
    for (query, status) in [
        (format!("mount={}&from=a1%2Fnone", digest(b"none")), 202),
        (format!("mount={}&from=a1%2Fone", digest(b"none")), 202),
        (format!("mount={blob}&from=Not%20A%20Name"), 202),
        (format!("mount={}", digest(b"none")), 202),
        (format!("mount={}&from=a1%2Fone", blob.as_str().replace(':', "%3A")), 201),
    ] {
        let reply = t.send("POST", &format!("/v2/a1/two/blobs/uploads/?{query}"), &[], Body::empty()).await;
        assert!(!reply.expect(status).header("location").is_empty(), "{query}");
    }
    assert_eq!(t.get(&there).await.expect(200).body, "layer");

    let other = t.push("a1/one", b"another").await;
    let path = format!("/v2/a1/two/blobs/uploads/?mount={other}");
    let reply = t.send("POST", &path, &[], Body::empty()).await.expect(201);
    assert_eq!(reply.header("location"), format!("/v2/a1/two/blobs/{other}"));
}

#[tokio::test]
async fn the_repository_must_exist_and_still_exist_when_the_upload_ends() {
    let t = Fixture::new().await;
    let reply = t.send("POST", "/v2/none/blobs/uploads/", &[], Body::empty()).await.expect(404);
    assert_eq!(reply.code(), "NAME_UNKNOWN");
    let message = "The repository with name 'none' does not exist in the registry with id '000000000000'";
    assert_eq!(reply.json()["errors"][0]["message"], message);
    let location = t.begin("a1/two").await;
    t.registry.delete_repository(&crate::fixture::scope(), &name("a1/two"), false).await.unwrap();
    t.finish(&location, &digest(b"x"), "x").await.expect(404);
    // Made again under the same name, it is another repository.
    t.registry.create_repository(crate::fixture::repository(name("a1/two"))).await.unwrap();
    t.finish(&location, &digest(b"x"), "x").await.expect(404);
}

#[tokio::test]
async fn eight_clients_push_one_blob_at_once() {
    let t = std::sync::Arc::new(Fixture::new().await);
    let whole = bytes(300_000);
    let pushes = (0..8).map(|_| {
        let (t, whole) = (std::sync::Arc::clone(&t), whole.clone());
        tokio::spawn(async move { t.push("a1/one", &whole).await })
    });
    for push in futures_util::future::join_all(pushes).await {
        assert_eq!(push.unwrap(), digest(&whole));
    }
    assert_eq!(t.get(&format!("/v2/a1/one/blobs/{}", digest(&whole))).await.expect(200).body, whole);
    assert!(t.files("uploads").is_empty());
    assert_eq!(t.files("blobs").len(), 1);
}

#[tokio::test]
async fn an_upload_may_be_finished_within_an_hour_of_its_tokens_end() {
    let t = Fixture::new().await;
    let authorization = basic("AWS", &t.token_for(PrincipalKind::Admin));
    let old = [("authorization", authorization.as_str())];
    let location = t.begin("a1/one").await;
    t.advance(12 * HOUR + 1);
    t.send_bare("PATCH", &location, &old, Body::from("x")).await.expect(202);
    let begin = "/v2/a1/one/blobs/uploads/";
    assert_eq!(t.send_bare("POST", begin, &old, Body::empty()).await.expect(403).code(), "DENIED");
    t.advance(HOUR);
    t.send_bare("PATCH", &location, &old, Body::from("y")).await.expect(403);
}

/// A blob's bytes and how a client might cut them: into requests, and each request into pieces.
fn any_split() -> impl Strategy<Value = (Vec<u8>, Vec<(usize, bool, usize)>)> {
    let requests = prop::collection::vec((0_usize..700_000, any::<bool>(), 1_usize..300_000), 0..5);
    (prop::collection::vec(any::<u8>(), 0..1000), 0_usize..1_200_000, requests).prop_map(|(seed, length, requests)| {
        let whole = (0..length).map(|at| {
            seed.get(at % seed.len().max(1)).copied().unwrap_or(7) ^ u8::try_from(at / 997 % 256).unwrap_or(0)
        });
        (whole.collect(), requests)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_split_of_the_bytes_makes_the_same_blob((whole, requests) in any_split(), last_in_put: bool) {
        Fixture::shared(async |t| {
            let location = t.begin("a1/one").await;
            let mut at = 0;
            for (length, with_range, piece) in requests {
                let end = (at + length).min(whole.len());
                let part = &whole[at..end];
                let body = pieces(part.chunks(piece).map(Bytes::copy_from_slice).collect());
                let range = format!("{at}-{}", end.saturating_sub(1));
                let headers = if with_range && end > at { vec![("content-range", range.as_str())] } else { Vec::new() };
                t.send("PATCH", &location, &headers, body).await.expect(202);
                at = end;
            }
            let rest = whole[at..].to_vec();
            if last_in_put {
                t.finish(&location, &digest(&whole), rest).await.expect(201);
            } else {
                t.send("PATCH", &location, &[], rest).await.expect(202);
                t.finish(&location, &digest(&whole), Body::empty()).await.expect(201);
            }
            let pulled = t.get(&format!("/v2/a1/one/blobs/{}", digest(&whole))).await.expect(200);
            assert!(pulled.body == whole);
        });
    }
}
