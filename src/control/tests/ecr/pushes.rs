//! PutImage: what it keeps and everything that it refuses.

use gantry_model::{ImageTag, RepositoryName};
use gantry_registry::PutManifest;
use gantry_testkit::scope;
use serde_json::{Value, json};

use crate::{ACCOUNT, Ecr, OCI_INDEX, OCI_MANIFEST, digest_of, index_of, manifest_of};

#[tokio::test]
async fn an_image_is_kept_byte_for_byte_and_answered() {
    let ecr = Ecr::with_repository("app").await;
    // Unusual spacing must come back as it was.
    let manifest = format!(" {} ", ecr.image_manifest("app", "content").await);
    let digest = digest_of(manifest.as_bytes());
    let input = json!({ "repositoryName": "app", "imageManifest": manifest, "imageTag": "1.0", "imageDigest": digest });
    let expected = json!({
        "registryId": ACCOUNT,
        "repositoryName": "app",
        "imageId": { "imageDigest": digest, "imageTag": "1.0" },
        "imageManifest": manifest,
        "imageManifestMediaType": OCI_MANIFEST,
    });
    assert_eq!(ecr.ok("PutImage", input).await, json!({ "image": expected }));
    let get = json!({ "repositoryName": "app", "imageIds": [{ "imageTag": "1.0" }] });
    assert_eq!(ecr.ok("BatchGetImage", get).await, json!({ "images": [expected], "failures": [] }));
}

#[tokio::test]
async fn the_same_manifest_and_tag_are_there_already() {
    let ecr = Ecr::with_repository("app").await;
    let manifest = ecr.image("app", "content", Some("1")).await;
    let digest = digest_of(manifest.as_bytes());
    let again = json!({ "repositoryName": "app", "imageManifest": manifest, "imageTag": "1" });
    let message = format!(
        "Image with digest '{digest}' and tag '1' already exists in the repository with name 'app' in registry with id '{ACCOUNT}'"
    );
    ecr.refused_with("PutImage", again, "ImageAlreadyExistsException", &message).await;
    ecr.ok("PutImage", json!({ "repositoryName": "app", "imageManifest": manifest, "imageTag": "2" })).await;
    ecr.refused(
        "PutImage",
        json!({ "repositoryName": "app", "imageManifest": manifest }),
        "ImageAlreadyExistsException",
    )
    .await;
}

#[tokio::test]
async fn a_tag_moves_unless_it_is_immutable() {
    let ecr = Ecr::with_repository("app").await;
    ecr.image("app", "one", Some("latest")).await;
    let two = ecr.image("app", "two", Some("latest")).await;
    let get = json!({ "repositoryName": "app", "imageIds": [{ "imageTag": "latest" }] });
    let found = ecr.ok("BatchGetImage", get).await;
    assert_eq!(found["images"][0]["imageManifest"], two);

    ecr.ok("PutImageTagMutability", json!({ "repositoryName": "app", "imageTagMutability": "IMMUTABLE" })).await;
    let three = ecr.image_manifest("app", "three").await;
    let push = json!({ "repositoryName": "app", "imageManifest": three, "imageTag": "latest" });
    let message = "The image tag 'latest' already exists in the 'app' repository and cannot be overwritten because the repository is immutable.";
    ecr.refused_with("PutImage", push.clone(), "ImageTagAlreadyExistsException", message).await;
    let excluding = json!({
        "repositoryName": "app",
        "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
        "imageTagMutabilityExclusionFilters": [{ "filterType": "WILDCARD", "filter": "lat*" }],
    });
    ecr.ok("PutImageTagMutability", excluding).await;
    ecr.ok("PutImage", push).await;
}

#[tokio::test]
async fn what_a_manifest_names_must_be_here() {
    let ecr = Ecr::with_repository("app").await;
    let absent = manifest_of(b"no config", b"no layer");
    let error = ecr
        .refused("PutImage", json!({ "repositoryName": "app", "imageManifest": absent }), "LayersNotFoundException")
        .await;
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(&digest_of(b"no config")) && message.contains(&digest_of(b"no layer")), "{message}");
    let index = index_of(&[&absent]);
    let push = json!({ "repositoryName": "app", "imageManifest": index });
    let error = ecr.refused("PutImage", push, "ReferencedImagesNotFoundException").await;
    assert!(error["message"].as_str().unwrap().contains(&digest_of(absent.as_bytes())), "{error}");
    assert_eq!(ecr.ok("ListImages", json!({ "repositoryName": "app" })).await, json!({ "imageIds": [] }));

    let child = ecr.image("app", "content", None).await;
    let index = index_of(&[&child]);
    let pushed = ecr.ok("PutImage", json!({ "repositoryName": "app", "imageManifest": index, "imageTag": "1" })).await;
    assert_eq!(pushed["image"]["imageManifestMediaType"], OCI_INDEX);
}

#[tokio::test]
async fn a_digest_that_is_not_the_manifests_is_refused() {
    let ecr = Ecr::with_repository("app").await;
    let manifest = ecr.image_manifest("app", "content").await;
    let other = digest_of(b"something else");
    let push = json!({ "repositoryName": "app", "imageManifest": manifest, "imageDigest": other });
    let error = ecr.refused("PutImage", push, "ImageDigestDoesNotMatchException").await;
    assert!(error["message"].as_str().unwrap().contains(&other), "{error}");
}

#[tokio::test]
async fn manifests_and_tags_of_a_wrong_form_are_refused() {
    let ecr = Ecr::with_repository("app").await;
    let good = ecr.image_manifest("app", "content").await;
    let invalid_json = "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'";
    for junk in ["{", "[]", "\"text\""] {
        let push = json!({ "repositoryName": "app", "imageManifest": junk });
        ecr.refused_with("PutImage", push, "InvalidParameterException", invalid_json).await;
    }
    for input in [
        json!({ "repositoryName": "app" }),
        json!({ "repositoryName": "app", "imageManifest": "" }),
        json!({ "repositoryName": "app", "imageManifest": "{}" }),
        json!({ "repositoryName": "app", "imageManifest": "{\"schemaVersion\":1}" }),
        json!({ "repositoryName": "app", "imageManifest": good, "imageTag": "-bad" }),
        json!({ "repositoryName": "app", "imageManifest": good, "imageTag": "" }),
        json!({ "repositoryName": "app", "imageManifest": good, "imageTag": "x".repeat(129) }),
        json!({ "repositoryName": "app", "imageManifest": good, "imageDigest": "junk" }),
        json!({ "repositoryName": "app", "imageManifest": good, "imageManifestMediaType": OCI_INDEX }),
    ] {
        ecr.refused("PutImage", input, "InvalidParameterException").await;
    }
    assert_eq!(ecr.ok("ListImages", json!({ "repositoryName": "app" })).await, json!({ "imageIds": [] }));
}

#[tokio::test]
async fn an_image_has_at_most_a_thousand_tags() {
    let ecr = Ecr::with_repository("app").await;
    let manifest = ecr.image_manifest("app", "content").await;
    let tags = (0..1000).map(|number| ImageTag::parse(format!("t{number}")).unwrap()).collect();
    let thousand = PutManifest { bytes: manifest.clone().into(), tags, ..PutManifest::default() };
    let name = RepositoryName::parse("app").unwrap();
    ecr.gantry.control.registry.put_manifest(&scope(), &name, thousand).await.unwrap();
    let push = |tag: &str| json!({ "repositoryName": "app", "imageManifest": manifest, "imageTag": tag });
    ecr.refused("PutImage", push("one-more"), "LimitExceededException").await;
    ecr.refused("PutImage", push("t999"), "ImageAlreadyExistsException").await;
}

#[tokio::test]
async fn who_asked_to_be_told_is_told_of_pushes_and_deletions_tag_by_tag() {
    let ecr = Ecr::with_repository("app").await;
    ecr.gantry.control.store.notify();
    let manifest = ecr.image("app", "one", Some("v1")).await;
    ecr.ok("PutImage", json!({ "repositoryName": "app", "imageManifest": manifest, "imageTag": "v2" })).await;
    let digest = digest_of(manifest.as_bytes());
    ecr.ok("BatchDeleteImage", json!({ "repositoryName": "app", "imageIds": [{ "imageDigest": digest }] })).await;
    let untagged = digest_of(ecr.image("app", "two", None).await.as_bytes());
    let mut reader = ecr.gantry.control.store.read().await.unwrap();
    let told = gantry_store::notification::after(&mut reader, 0, 100).await.unwrap();
    let details: Vec<Value> = told.iter().map(|notification| notification.body["detail"].clone()).collect();
    let of = |action: &str, digest: &str, tag: Option<&str>| {
        let mut detail = json!({
            "action-type": action, "result": "SUCCESS", "repository-name": "app", "image-digest": digest,
        });
        if let Some(tag) = tag {
            detail["image-tag"] = tag.into();
        }
        detail
    };
    assert_eq!(
        details,
        [
            of("PUSH", &digest, Some("v1")),
            of("PUSH", &digest, Some("v2")),
            of("DELETE", &digest, Some("v1")),
            of("DELETE", &digest, Some("v2")),
            of("PUSH", &untagged, None),
        ]
    );
    let event = &told[0].body;
    assert_eq!((&event["source"], &event["detail-type"]), (&json!("aws.ecr"), &json!("ECR Image Action")));
    assert_eq!(event["resources"], json!(["arn:aws:ecr:us-east-1:000000000000:repository/app"]));
}
