//! Bills of materials of images.

use axum::body::Body;
use gantry_model::principal::PrincipalKind;

use crate::fixture::{Fixture, basic, digest};

#[tokio::test]
async fn an_image_has_a_bill_of_materials_in_two_formats() {
    let t = Fixture::new().await;
    let image = t.push_image("a1/one", "v1", &[b""]).await;
    let reference = digest(&image);
    let cyclone = t.get("/v2/a1/one/_gantry/sbom/v1").await.expect(200);
    assert_eq!(cyclone.header("content-type"), "application/vnd.cyclonedx+json");
    assert_eq!(cyclone.json()["metadata"]["component"]["version"], reference.as_str());
    let spdx = t.get(&format!("/v2/a1/one/_gantry/sbom/{reference}?format=spdx")).await.expect(200);
    assert_eq!(spdx.header("docker-content-digest"), reference.as_str());
    assert_eq!(spdx.json()["creationInfo"]["created"], "2027-01-15T08:00:00Z");
    assert!(t.head("/v2/a1/one/_gantry/sbom/v1").await.expect(200).body.is_empty());
}

#[tokio::test]
async fn what_has_no_bill_of_materials_is_refused_in_words() {
    let t = Fixture::new().await;
    t.push_image("a1/one", "broken", &[b"a layer that is no archive"]).await;
    for (method, path, status) in [
        ("GET", "/v2/a1/one/_gantry/sbom/none", 404),
        ("GET", "/v2/a1/none/_gantry/sbom/v1", 404),
        ("GET", "/v2/a1/one/_gantry/sbom/broken", 400),
        ("GET", "/v2/a1/one/_gantry/sbom/broken?format=xml", 400),
        ("PUT", "/v2/a1/one/_gantry/sbom/broken", 405),
    ] {
        t.send(method, path, &[], Body::empty()).await.expect(status);
    }
    let nobody = basic("AWS", "nothing");
    let path = "/v2/a1/one/_gantry/sbom/broken";
    t.send_bare("GET", path, &[("authorization", &nobody)], Body::empty()).await.expect(401);
    let agent = basic("AWS", &t.token_for(PrincipalKind::Agent));
    t.send_bare("GET", path, &[("authorization", &agent)], Body::empty()).await.expect(400);
}
