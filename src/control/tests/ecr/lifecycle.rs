//! Lifecycle policies, as they are kept, previewed and applied; and images that somebody uses.

use gantry_testkit::REGISTRY_HOST;
use serde_json::{Value, json};

use crate::{ACCOUNT, Ecr, FOREIGN, OCI_MANIFEST, digest_of, index_of};

/// A policy that keeps so many of the newest images with a tag status.
fn keep(tag_status: &str, most: u32) -> String {
    let selection = json!({ "tagStatus": tag_status, "countType": "imageCountMoreThan", "countNumber": most });
    let rule = json!({ "rulePriority": 1, "description": "keep the newest of these images, and no more than so many",
        "selection": selection, "action": { "type": "expire" } });
    json!({ "rules": [rule] }).to_string()
}

async fn put(ecr: &Ecr, policy: &str) {
    ecr.ok("PutLifecyclePolicy", json!({ "repositoryName": "app", "lifecyclePolicyText": policy })).await;
}

/// Pushes images a minute apart, the oldest first; answers their digests.
async fn images(ecr: &Ecr, contents: &[(&str, Option<&str>)]) -> Vec<String> {
    let mut digests = Vec::new();
    for (content, tag) in contents {
        digests.push(digest_of(ecr.image("app", content, *tag).await.as_bytes()));
        ecr.gantry.pass_seconds(60);
    }
    digests
}

async fn apply(ecr: &Ecr) -> usize {
    ecr.gantry.control.registry.apply_lifecycle_policies(ecr.gantry.now()).await.unwrap()
}

/// The digests of the images that are there.
async fn left(ecr: &Ecr) -> Vec<String> {
    let listed = ecr.ok("DescribeImages", json!({ "repositoryName": "app" })).await;
    let details = listed["imageDetails"].as_array().unwrap();
    details.iter().map(|detail| detail["imageDigest"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_policy_is_kept_as_it_was_given() {
    let ecr = Ecr::with_repository("app").await;
    let policy = keep("any", 3);
    let of = json!({ "repositoryName": "app" });
    let none = format!(
        "Lifecycle policy does not exist for the repository with name 'app' in the registry with id '{ACCOUNT}'"
    );
    for operation in ["GetLifecyclePolicy", "DeleteLifecyclePolicy", "StartLifecyclePolicyPreview"] {
        ecr.refused_with(operation, of.clone(), "LifecyclePolicyNotFoundException", &none).await;
    }
    put(&ecr, &policy).await;
    let got = ecr.ok("GetLifecyclePolicy", of.clone()).await;
    assert_eq!((&got["lifecyclePolicyText"], &got["registryId"]), (&json!(policy), &json!(ACCOUNT)));
    assert_eq!(got["lastEvaluatedAt"], 0.0, "it was never applied");
    apply(&ecr).await;
    assert!(ecr.ok("GetLifecyclePolicy", of.clone()).await["lastEvaluatedAt"].as_f64().unwrap() > 0.0);
    assert_eq!(ecr.ok("DeleteLifecyclePolicy", of.clone()).await["lifecyclePolicyText"], policy);
    ecr.refused("GetLifecyclePolicy", of, "LifecyclePolicyNotFoundException").await;
}

#[tokio::test]
async fn a_policy_that_breaks_the_grammar_is_refused_and_so_is_one_of_a_repository_that_is_not_there() {
    let ecr = Ecr::with_repository("app").await;
    let text = keep("any", 3).replace("imageCountMoreThan", "imageCountLessThan");
    let error = ecr
        .refused(
            "PutLifecyclePolicy",
            json!({ "repositoryName": "app", "lifecyclePolicyText": text }),
            "InvalidParameterException",
        )
        .await;
    assert!(error["message"].as_str().unwrap().contains("unknown countType 'imageCountLessThan'"), "{error}");
    for operation in [
        "PutLifecyclePolicy",
        "GetLifecyclePolicy",
        "DeleteLifecyclePolicy",
        "StartLifecyclePolicyPreview",
        "GetLifecyclePolicyPreview",
    ] {
        for (name, registry) in [("gone", ACCOUNT), ("app", FOREIGN)] {
            let mut input = json!({ "repositoryName": name, "registryId": registry });
            if operation == "PutLifecyclePolicy" {
                input["lifecyclePolicyText"] = keep("any", 3).into();
            }
            ecr.refused(operation, input, "RepositoryNotFoundException").await;
        }
    }
}

#[tokio::test]
async fn what_a_policy_would_expire_can_be_seen_first_and_then_expires() {
    let ecr = Ecr::with_repository("app").await;
    let digests = images(&ecr, &[("one", Some("one")), ("two", None), ("three", Some("three")), ("four", None)]).await;
    let of = json!({ "repositoryName": "app" });
    ecr.refused("GetLifecyclePolicyPreview", of.clone(), "LifecyclePolicyPreviewNotFoundException").await;
    let start = json!({ "repositoryName": "app", "lifecyclePolicyText": keep("any", 1) });
    assert_eq!(ecr.ok("StartLifecyclePolicyPreview", start).await["status"], "IN_PROGRESS");
    let preview = |more: Value| {
        let mut input = of.clone();
        for (name, value) in more.as_object().unwrap() {
            input[name] = value.clone();
        }
        ecr.ok("GetLifecyclePolicyPreview", input)
    };
    let seen = |preview: &Value| -> Vec<String> {
        let results = preview["previewResults"].as_array().unwrap();
        results.iter().map(|result| result["imageDigest"].as_str().unwrap().to_owned()).collect()
    };
    let all = preview(json!({})).await;
    assert_eq!((&all["status"], &all["summary"]["expiringImageTotalCount"]), (&json!("COMPLETE"), &json!(3)));
    assert_eq!(seen(&all), digests[..3]);
    let first = &all["previewResults"][0];
    assert_eq!(
        (&first["imageTags"], &first["action"], &first["appliedRulePriority"]),
        (&json!(["one"]), &json!({ "type": "EXPIRE" }), &json!(1))
    );
    let tagged = preview(json!({ "filter": { "tagStatus": "TAGGED" } })).await;
    assert_eq!((seen(&tagged).len(), &tagged["summary"]["expiringImageTotalCount"]), (2, &json!(3)));
    assert_eq!(seen(&preview(json!({ "imageIds": [{ "imageTag": "three" }] })).await), digests[2..3]);
    let page = preview(json!({ "maxResults": 2 })).await;
    assert_eq!(seen(&page), digests[..2]);
    assert_eq!(seen(&preview(json!({ "nextToken": page["nextToken"] })).await), digests[2..3]);
    assert_eq!(left(&ecr).await.len(), 4, "a preview deletes nothing");

    put(&ecr, &keep("any", 1)).await;
    assert_eq!(apply(&ecr).await, 3);
    assert_eq!(left(&ecr).await, digests[3..]);
    images(&ecr, &[("five", None)]).await;
    assert_eq!(apply(&ecr).await, 0, "not again within the hour");
    ecr.gantry.pass_seconds(60 * 60);
    assert_eq!(apply(&ecr).await, 1);
}

#[tokio::test]
async fn an_index_keeps_its_images_until_it_expires_itself() {
    let ecr = Ecr::with_repository("app").await;
    let child = ecr.image("app", "arm64", None).await;
    let index = index_of(&[&child]);
    ecr.ok("PutImage", json!({ "repositoryName": "app", "imageManifest": index, "imageTag": "v1" })).await;
    ecr.gantry.pass_seconds(60);
    let lone = images(&ecr, &[("lone", None), ("newest", None)]).await;
    put(&ecr, &keep("untagged", 1)).await;
    assert_eq!(apply(&ecr).await, 1);
    assert!(!left(&ecr).await.contains(&lone[0]));
    assert!(left(&ecr).await.contains(&digest_of(child.as_bytes())), "{OCI_MANIFEST} of {index}");
    put(&ecr, &keep("any", 1)).await;
    assert_eq!(apply(&ecr).await, 1, "the index");
    put(&ecr, &keep("any", 1)).await;
    assert_eq!(apply(&ecr).await, 1, "and then what it named");
}

/// A service `web` of the image with the tag `live`, and its task, which was started from that image.
async fn in_use(ecr: &Ecr, digest: &str) -> String {
    let gantry = &ecr.gantry;
    gantry.cluster("default").await;
    gantry.host("default", "i-1").await;
    let definition = gantry.definition("web", json!({ "image": format!("{REGISTRY_HOST}/app:live") })).await;
    let service = json!({ "serviceName": "web", "taskDefinition": "web", "desiredCount": 0 });
    gantry.ecs("CreateService", service).await.unwrap();
    let task = gantry.task("default", &definition).await;
    let container = json!({ "containerName": "app", "status": "RUNNING", "imageDigest": digest });
    gantry.report("default", &task, "RUNNING", json!({ "containers": [container] })).await;
    task
}

#[tokio::test]
async fn an_image_that_is_used_neither_expires_nor_is_deleted() {
    let ecr = Ecr::with_repository("app").await;
    let digests = images(&ecr, &[("old", Some("live")), ("newer", None)]).await;
    let task = in_use(&ecr, &digests[0]).await;
    // The tag moves on: what runs is held by its digest, what would start next by its tag.
    let moved = images(&ecr, &[("moved", Some("live")), ("newest", Some("newest"))]).await;
    put(&ecr, &keep("any", 1)).await;
    assert_eq!(apply(&ecr).await, 1, "only the one that nobody uses");
    let mut expected = vec![digests[0].clone(), moved[0].clone(), moved[1].clone()];
    expected.sort();
    assert_eq!(left(&ecr).await, expected);

    for (id, user) in [
        (json!({ "imageDigest": digests[0] }), "the task"),
        (json!({ "imageDigest": moved[0] }), "the service web of the cluster default"),
        (json!({ "imageTag": "live" }), "the service web of the cluster default"),
    ] {
        let answer = ecr.ok("BatchDeleteImage", json!({ "repositoryName": "app", "imageIds": [id] })).await;
        let failure = &answer["failures"][0];
        assert_eq!((&answer["imageIds"], &failure["failureCode"]), (&json!([]), &json!("ImageInaccessible")));
        let reason = failure["failureReason"].as_str().unwrap();
        assert!(reason.contains("is used by") && reason.contains(user), "{reason}");
    }
    let delete = json!({ "repositoryName": "app", "force": true });
    let error = ecr.refused("DeleteRepository", delete.clone(), "RepositoryNotEmptyException").await;
    assert!(error["message"].as_str().unwrap().contains("uses an image of it"), "{error}");

    ecr.gantry.report("default", &task, "STOPPED", json!({})).await;
    ecr.gantry.ecs("DeleteService", json!({ "service": "web", "force": true })).await.unwrap();
    let ids = json!([{ "imageDigest": digests[0] }, { "imageTag": "live" }]);
    let answer = ecr.ok("BatchDeleteImage", json!({ "repositoryName": "app", "imageIds": ids })).await;
    assert_eq!(answer["failures"], json!([]));
    ecr.ok("DeleteRepository", delete).await;
}
