//! The archive: images that are kept and not served.

use serde_json::{Value, json};

use crate::{Ecr, digest_of, index_of};

fn put_into(id: &Value, class: &str) -> Value {
    json!({ "repositoryName": "app", "imageId": id, "targetStorageClass": class })
}

async fn statuses(ecr: &Ecr, filter: &str) -> Vec<String> {
    let input = json!({ "repositoryName": "app", "filter": { "imageStatus": filter } });
    let listed = ecr.ok("DescribeImages", input.clone()).await;
    let details = listed["imageDetails"].as_array().unwrap();
    let ids = ecr.ok("ListImages", input).await;
    assert_eq!(ids["imageIds"].as_array().unwrap().len(), details.len(), "{filter}");
    details.iter().map(|detail| detail["imageStatus"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_archived_image_is_listed_when_asked_for_and_not_served_until_it_is_back() {
    let ecr = Ecr::with_repository("app").await;
    let manifest = ecr.image("app", "one", Some("v1")).await;
    ecr.image("app", "two", Some("v2")).await;
    let id = json!({ "imageTag": "v1" });
    let archived = ecr.ok("UpdateImageStorageClass", put_into(&id, "ARCHIVE")).await;
    assert_eq!(archived["imageStatus"], "ARCHIVED");
    assert_eq!(archived["imageId"], json!({ "imageTag": "v1", "imageDigest": digest_of(manifest.as_bytes()) }));
    assert_eq!(statuses(&ecr, "ACTIVE").await, ["ACTIVE"]);
    assert_eq!(statuses(&ecr, "ARCHIVED").await, ["ARCHIVED"]);
    assert_eq!(statuses(&ecr, "ANY").await.len(), 2);
    let get = json!({ "repositoryName": "app", "imageIds": [id] });
    let got = ecr.ok("BatchGetImage", get.clone()).await;
    assert_eq!((&got["images"], &got["failures"][0]["failureCode"]), (&json!([]), &json!("ImageInaccessible")));

    let back = ecr.ok("UpdateImageStorageClass", put_into(&id, "STANDARD")).await;
    assert_eq!(back["imageStatus"], "ACTIVE");
    assert_eq!(ecr.ok("BatchGetImage", get).await["images"][0]["imageManifest"], manifest);
    let described = ecr.ok("DescribeImages", json!({ "repositoryName": "app", "imageIds": [id] })).await;
    assert!(described["imageDetails"][0]["lastActivatedAt"].is_number(), "{described}");
}

#[tokio::test]
async fn a_push_of_an_archived_image_brings_it_back() {
    let ecr = Ecr::with_repository("app").await;
    let manifest = ecr.image("app", "one", Some("v1")).await;
    ecr.ok("UpdateImageStorageClass", put_into(&json!({ "imageTag": "v1" }), "ARCHIVE")).await;
    ecr.ok("PutImage", json!({ "repositoryName": "app", "imageManifest": manifest, "imageTag": "v2" })).await;
    let described = ecr.ok("DescribeImages", json!({ "repositoryName": "app" })).await;
    let shown = &described["imageDetails"][0];
    assert_eq!((&shown["imageStatus"], &shown["imageTags"]), (&json!("ACTIVE"), &json!(["v1", "v2"])));
}

#[tokio::test]
async fn what_an_index_names_does_not_go_into_the_archive() {
    let ecr = Ecr::with_repository("app").await;
    let manifest = ecr.image("app", "one", None).await;
    let child = json!({ "imageDigest": digest_of(manifest.as_bytes()) });
    let index = index_of(&[&manifest]);
    ecr.ok("PutImage", json!({ "repositoryName": "app", "imageManifest": index, "imageTag": "all" })).await;
    let refused = "ImageStorageClassUpdateNotSupportedException";
    ecr.refused("UpdateImageStorageClass", put_into(&child, "ARCHIVE"), refused).await;
    for id in [json!({ "imageTag": "v9" }), json!({ "imageDigest": digest_of(b"none") })] {
        ecr.refused("UpdateImageStorageClass", put_into(&id, "ARCHIVE"), "ImageNotFoundException").await;
    }
}

#[tokio::test]
async fn a_lifecycle_policy_archives_what_nobody_pulls_and_expires_it_there() {
    let ecr = Ecr::with_repository("app").await;
    ecr.image("app", "one", Some("v1")).await;
    let count = |class: &str, kind: &str, days: u32| json!({ "tagStatus": "any", "storageClass": class, "countType": kind, "countUnit": "days", "countNumber": days });
    let to_archive = json!({ "rulePriority": 1, "selection": count("standard", "sinceImagePulled", 30),
        "action": { "type": "transition", "targetStorageClass": "archive" } });
    let expire = json!({ "rulePriority": 2, "selection": count("archive", "sinceImageTransitioned", 90),
        "action": { "type": "expire" } });
    let text = json!({ "rules": [to_archive, expire] }).to_string();
    ecr.ok("PutLifecyclePolicy", json!({ "repositoryName": "app", "lifecyclePolicyText": text })).await;
    let day = 24 * 60 * 60;
    ecr.gantry.pass_seconds(29 * day);
    let apply = async || ecr.gantry.control.registry.apply_lifecycle_policies(ecr.gantry.now()).await.unwrap();
    assert_eq!(apply().await, 0);
    ecr.gantry.pass_seconds(2 * day);
    ecr.ok("StartLifecyclePolicyPreview", json!({ "repositoryName": "app" })).await;
    let preview = ecr.ok("GetLifecyclePolicyPreview", json!({ "repositoryName": "app" })).await;
    let action = json!({ "type": "TRANSITION", "targetStorageClass": "ARCHIVE" });
    assert_eq!(preview["previewResults"][0]["action"], action);
    let total = json!([{ "targetStorageClass": "ARCHIVE", "imageTotalCount": 1 }]);
    assert_eq!(preview["summary"]["transitioningImageTotalCounts"], total);
    assert_eq!(apply().await, 1);
    assert_eq!(statuses(&ecr, "ANY").await, ["ARCHIVED"]);
    ecr.gantry.pass_seconds(91 * day);
    assert_eq!(apply().await, 1);
    assert_eq!(statuses(&ecr, "ANY").await.len(), 0);
}
