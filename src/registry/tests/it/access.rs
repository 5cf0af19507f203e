//! Signing in, being refused, and bad input of every kind.

use axum::body::Body;
use gantry_model::principal::PrincipalKind;
use proptest::prelude::*;

use crate::fixture::{Fixture, HOUR, basic, digest};

#[tokio::test]
async fn without_a_token_there_is_only_the_challenge() {
    let t = Fixture::new().await;
    let token = t.token_for(PrincipalKind::Admin);
    let none = digest(b"none");
    for (method, path) in [
        ("GET", "/v2/".to_owned()),
        ("GET", "/v2/a1/one/tags/list".to_owned()),
        ("POST", "/v2/a1/one/blobs/uploads/".to_owned()),
        ("PUT", "/v2/a1/one/manifests/x".to_owned()),
        ("GET", format!("/v2/a1/one/blobs/{none}")),
        ("DELETE", "/v2/a1/one/manifests/x".to_owned()),
    ] {
        for credentials in ["", "Bearer x", "Basic ???", &basic("AWS", "wrong"), &basic("admin", &token)] {
            let headers = [("host", "registry.example:8443"), ("authorization", credentials)];
            let reply = t.send_bare(method, &path, &headers, Body::empty()).await.expect(401);
            let challenge = "Basic realm=\"https://registry.example:8443/\",service=\"ecr.amazonaws.com\"";
            assert_eq!(reply.header("www-authenticate"), challenge);
            assert_eq!(reply.body, "Not Authorized\n");
        }
    }
    let headers = [("authorization", basic("AWS", &token))];
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    t.send_bare("GET", "/v2/", &headers, Body::empty()).await.expect(200);
    t.send_bare("GET", "/v2", &headers, Body::empty()).await.expect(200);
}

#[tokio::test]
async fn an_expired_token_is_told_so() {
    let t = Fixture::new().await;
    let authorization = basic("AWS", &t.token_for(PrincipalKind::Admin));
    t.advance(12 * HOUR);
    let headers = [("authorization", authorization.as_str())];
    let reply = t.send_bare("GET", "/v2/", &headers, Body::empty()).await.expect(403);
    assert_eq!(reply.code(), "DENIED");
    let message = "Your authorization token has expired. Reauthenticate and try again.";
    assert_eq!(reply.json()["errors"][0]["message"], message);
}

#[tokio::test]
async fn the_key_outlives_the_process() {
    let t = Fixture::new().await;
    let authorization = basic("AWS", &t.token_for(PrincipalKind::Admin));
    let t = t.restart().await;
    t.send_bare("GET", "/v2/", &[("authorization", &authorization)], Body::empty()).await.expect(200);
}

#[tokio::test]
async fn an_agent_pulls_and_does_no_more() {
    let t = Fixture::new().await;
    t.push_image("a1/one", "v1", &[]).await;
    let authorization = basic("AWS", &t.token_for(PrincipalKind::Agent));
    let blob = digest(b"{}");
    for (method, path, status) in [
        ("GET", "/v2/".to_owned(), 200),
        ("GET", "/v2/a1/one/manifests/v1".to_owned(), 200),
        ("GET", format!("/v2/a1/one/blobs/{blob}"), 200),
        ("HEAD", format!("/v2/a1/one/blobs/{blob}"), 200),
        ("POST", "/v2/a1/one/blobs/uploads/".to_owned(), 403),
        ("PUT", "/v2/a1/one/manifests/v2".to_owned(), 403),
        ("DELETE", "/v2/a1/one/manifests/v1".to_owned(), 403),
        ("GET", "/v2/_catalog".to_owned(), 403),
    ] {
        t.send_bare(method, &path, &[("authorization", &authorization)], Body::empty()).await.expect(status);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever comes, the answer is one of the client's faults or a success, never one of ours.
    #[test]
    fn no_request_makes_the_registry_fail(
        method in prop::sample::select(vec!["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]),
        segments in prop::collection::vec("(a1|one|blobs|uploads|manifests|tags|list|referrers|sha256:[0-9a-f]{0,65}|[!-.0-~]{0,12}|%[0-9A-F]{2})", 0..7),
        query in "([a-z]{1,6}=[!-\"$-~]{0,12}&?){0,3}",
        range in "(bytes[ =])?[0-9]{0,21}-[0-9]{0,21}(/[0-9*]{0,3})?",
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        Fixture::shared(async |t| {
            let path = format!("/v2/{}?{query}", segments.join("/")).replace(['#', '"', '<', '>', '\\', '^', '`', '{', '|', '}'], "");
            if path.parse::<http::Uri>().is_ok() {
                let headers = [("content-range", range.as_str()), ("range", range.as_str())];
                let reply = t.send(method, &path, &headers, body.clone()).await;
                assert!(reply.status.as_u16() < 500, "{method} {path}: {reply:?}");
            }
        });
    }
}
