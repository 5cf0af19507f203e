//! Tags, the catalog, and referrers.

use serde_json::{Value, json};

use crate::fixture::{Fixture, OCI_INDEX, OCI_MANIFEST, Reply, digest, name, repository};

fn strings(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// The path that `Link` leads to.
fn next(reply: &Reply) -> Option<String> {
    let link = reply.header("link");
    let (path, relation) = link.strip_prefix('<')?.split_once('>')?;
    assert_eq!(relation, "; rel=\"next\"");
    Some(path.to_owned())
}

/// Follows the links from `path` and gathers what `entries` finds in each page.
async fn pages(t: &Fixture, path: &str, entries: impl Fn(&Value) -> Vec<String>) -> Vec<Vec<String>> {
    let (mut path, mut all) = (Some(path.to_owned()), Vec::new());
    while let Some(here) = path {
        let reply = t.get(&here).await.expect(200);
        all.push(entries(&reply.json()));
        path = next(&reply);
    }
    all
}

#[tokio::test]
async fn tags_are_sorted_and_paged() {
    let t = Fixture::new().await;
    let image = t.push_image("a1/one", "d", &[]).await;
    for tag in ["b", "a", "e", "c"] {
        t.put_manifest("a1/one", tag, &image).await.expect(201);
    }
    let path = "/v2/a1/one/tags/list";
    let reply = t.get(path).await.expect(200);
    assert_eq!(reply.json(), json!({ "name": "a1/one", "tags": ["a", "b", "c", "d", "e"] }));
    assert_eq!(reply.header("link"), "");
    let tags = |page: &Value| strings(&page["tags"]);
    let paged = pages(&t, &format!("{path}?n=2"), tags).await;
    assert_eq!(paged, [vec!["a", "b"], vec!["c", "d"], vec!["e"]]);
    for (query, expected) in [
        ("?n=0", json!([])),
        ("?last=c", json!(["d", "e"])),
        ("?n=1&last=b", json!(["c"])),
        ("?n=5&last=zzz", json!([])),
        ("?n=5", json!(["a", "b", "c", "d", "e"])),
        ("?n=99999999999999999999999", json!(["a", "b", "c", "d", "e"])),
    ] {
        assert_eq!(t.get(&format!("{path}{query}")).await.expect(200).json()["tags"], expected, "{query}");
    }
    assert!(next(&t.get(&format!("{path}?n=0")).await).is_none());
    for bad in ["-1", "x", ""] {
        assert_eq!(t.get(&format!("{path}?n={bad}")).await.expect(400).code(), "PAGINATION_NUMBER_INVALID");
    }
    assert_eq!(t.get("/v2/none/tags/list").await.expect(404).code(), "NAME_UNKNOWN");
    assert_eq!(t.get("/v2/a1/two/tags/list").await.expect(200).json()["tags"], json!([]));
}

#[tokio::test]
async fn the_catalog_is_paged() {
    let t = Fixture::new().await;
    t.registry.create_repository(repository(name("zz"))).await.unwrap();
    let names = |page: &Value| strings(&page["repositories"]);
    assert_eq!(pages(&t, "/v2/_catalog?n=2", names).await, [vec!["a1/one", "a1/two"], vec!["zz"]]);
    assert_eq!(pages(&t, "/v2/_catalog", names).await, [vec!["a1/one", "a1/two", "zz"]]);
}

/// Pushes an artifact about `subject`; answers its digest.
async fn refer(t: &Fixture, repo: &str, subject: &[u8], artifact_type: &str, note: &str) -> String {
    t.push(repo, b"{}").await;
    let empty = json!({ "mediaType": "application/vnd.oci.empty.v1+json", "digest": digest(b"{}"), "size": 2 });
    let manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": artifact_type, "config": empty, "layers": [empty],
        "subject": { "mediaType": OCI_MANIFEST, "digest": digest(subject), "size": subject.len() },
        "annotations": { "note": note },
    });
    let bytes = manifest.to_string();
    let of = digest(bytes.as_bytes());
    let reply = t.put_manifest(repo, of.as_str(), bytes.as_bytes()).await.expect(201);
    assert_eq!(reply.header("oci-subject"), digest(subject).as_str());
    of.to_string()
}

#[tokio::test]
async fn referrers_are_listed_whether_or_not_their_subject_is_there() {
    let t = Fixture::new().await;
    let path = format!("/v2/a1/one/referrers/{}", digest(b"subject"));
    let reply = t.get(&path).await.expect(200);
    assert_eq!(reply.header("content-type"), OCI_INDEX);
    assert_eq!(reply.json(), json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [] }));
    let of = refer(&t, "a1/one", b"subject", "application/sbom+json", "first").await;
    refer(&t, "a1/one", b"other subject", "application/sbom+json", "elsewhere").await;
    refer(&t, "a1/two", b"subject", "application/sbom+json", "another repository").await;
    let listed = t.get(&path).await.json()["manifests"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["digest"], of);
    assert_eq!(listed[0]["artifactType"], "application/sbom+json");
    assert_eq!(listed[0]["annotations"], json!({ "note": "first" }));
    assert_eq!(listed[0]["mediaType"], OCI_MANIFEST);
    t.delete(&format!("/v2/a1/one/manifests/{of}")).await.expect(202);
    assert_eq!(t.get(&path).await.json()["manifests"], json!([]));
    assert_eq!(t.get("/v2/a1/one/referrers/sha256:xyz").await.expect(400).code(), "DIGEST_INVALID");
}

#[tokio::test]
async fn referrers_are_filtered_and_paged() {
    let t = Fixture::new().await;
    for at in 0..5 {
        refer(&t, "a1/one", b"s", "application/one+json", &at.to_string()).await;
    }
    let other = refer(&t, "a1/one", b"s", "application/two+json", "x").await;
    let path = format!("/v2/a1/one/referrers/{}", digest(b"s"));
    let digests =
        |page: &Value| page["manifests"].as_array().unwrap().iter().map(|m| m["digest"].to_string()).collect();
    let paged = pages(&t, &format!("{path}?n=2&artifactType=application%2Fone%2Bjson"), digests).await;
    assert_eq!(paged.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
    let reply = t.get(&format!("{path}?artifactType=application%2Ftwo%2Bjson")).await.expect(200);
    assert_eq!(reply.header("oci-filters-applied"), "artifactType");
    assert_eq!(reply.json()["manifests"][0]["digest"], other);
    assert_eq!(t.get(&path).await.json()["manifests"].as_array().unwrap().len(), 6);
}
