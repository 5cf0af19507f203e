//! Images: listed, described, fetched and deleted.

use serde_json::{Value, json};

use crate::{ACCOUNT, Ecr, OCI_MANIFEST, digest_of, index_of};

/// All pages of a list of `app`, as they come.
async fn pages(ecr: &Ecr, operation: &str, member: &str, mut input: Value, size: usize) -> Vec<Value> {
    let mut items = Vec::new();
    input["repositoryName"] = "app".into();
    input["maxResults"] = size.into();
    loop {
        let page = ecr.ok(operation, input.clone()).await;
        let some = page[member].as_array().unwrap();
        assert!(some.len() <= size);
        items.extend(some.iter().cloned());
        match page.get("nextToken") {
            Some(token) => input["nextToken"] = token.clone(),
            None => return items,
        }
    }
}

fn by_digest(mut ids: Vec<Value>) -> Vec<Value> {
    ids.sort_by_key(|id| (id["imageDigest"].to_string(), id["imageTag"].to_string()));
    ids
}

fn id(manifest: &str, tag: Option<&str>) -> Value {
    let digest = digest_of(manifest.as_bytes());
    tag.map_or_else(|| json!({ "imageDigest": digest }), |tag| json!({ "imageDigest": digest, "imageTag": tag }))
}

#[tokio::test]
async fn a_list_has_an_id_for_each_tag_and_one_for_an_image_without() {
    let ecr = Ecr::with_repository("app").await;
    let tagged = ecr.image("app", "tagged", Some("a")).await;
    for tag in ["b", "c", "d"] {
        ecr.ok("PutImage", json!({ "repositoryName": "app", "imageManifest": tagged, "imageTag": tag })).await;
    }
    let other = ecr.image("app", "other", Some("z")).await;
    let untagged = ecr.image("app", "untagged", None).await;
    let with_tags = vec![
        id(&tagged, Some("a")),
        id(&tagged, Some("b")),
        id(&tagged, Some("c")),
        id(&tagged, Some("d")),
        id(&other, Some("z")),
    ];
    let all = by_digest([with_tags.clone(), vec![id(&untagged, None)]].concat());
    for size in [1, 2, 3, 5, 6, 100] {
        assert_eq!(pages(&ecr, "ListImages", "imageIds", json!({}), size).await, all, "pages of {size}");
    }
    for (filter, expected) in [
        (json!({ "tagStatus": "TAGGED" }), by_digest(with_tags)),
        (json!({ "tagStatus": "UNTAGGED" }), vec![id(&untagged, None)]),
        (json!({ "tagStatus": "ANY", "imageStatus": "ANY" }), all),
        (json!({ "imageStatus": "ARCHIVED" }), vec![]),
    ] {
        let listed = pages(&ecr, "ListImages", "imageIds", json!({ "filter": filter }), 2).await;
        assert_eq!(listed, expected, "{filter}");
    }
}

#[tokio::test]
async fn a_page_goes_on_when_the_image_where_it_ended_is_gone() {
    let ecr = Ecr::with_repository("app").await;
    for content in ["1", "2", "3"] {
        ecr.image("app", content, None).await;
    }
    let all = pages(&ecr, "ListImages", "imageIds", json!({}), 100).await;
    let first = ecr.ok("ListImages", json!({ "repositoryName": "app", "maxResults": 1 })).await;
    ecr.ok("BatchDeleteImage", json!({ "repositoryName": "app", "imageIds": first["imageIds"] })).await;
    let input = json!({ "repositoryName": "app", "nextToken": first["nextToken"] });
    assert_eq!(ecr.ok("ListImages", input).await, json!({ "imageIds": all[1..] }));
}

#[tokio::test]
async fn lists_refuse_what_is_no_page_or_filter() {
    let ecr = Ecr::with_repository("app").await;
    for operation in ["ListImages", "DescribeImages"] {
        for extra in [
            json!({ "maxResults": 0 }),
            json!({ "maxResults": 1001 }),
            json!({ "nextToken": "junk" }),
            json!({ "filter": { "tagStatus": "SOME" } }),
            json!({ "registryId": "123" }),
        ] {
            let mut input = json!({ "repositoryName": "app" });
            input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            ecr.refused(operation, input, "InvalidParameterException").await;
        }
    }
}

#[tokio::test]
async fn an_image_is_described_with_everything_that_is_known() {
    let ecr = Ecr::with_repository("app").await;
    let manifest = ecr.image("app", "content", Some("b")).await;
    ecr.gantry.pass_seconds(1);
    ecr.ok("PutImage", json!({ "repositoryName": "app", "imageManifest": manifest, "imageTag": "a" })).await;
    let expected = json!({
        "registryId": ACCOUNT,
        "repositoryName": "app",
        "imageDigest": digest_of(manifest.as_bytes()),
        "imageTags": ["b", "a"],
        "imageSizeInBytes": "content".len() + "{\"of\":\"content\"}".len(),
        "imagePushedAt": 1_767_225_600.0,
        "imageManifestMediaType": OCI_MANIFEST,
        "artifactMediaType": "application/vnd.oci.image.config.v1+json",
        "imageStatus": "ACTIVE",
    });
    let described = ecr.ok("DescribeImages", json!({ "repositoryName": "app" })).await;
    assert_eq!(described, json!({ "imageDetails": [expected] }));
    let twice = json!({ "repositoryName": "app", "imageIds": [{ "imageTag": "a" }, id(&manifest, None)] });
    assert_eq!(ecr.ok("DescribeImages", twice).await, described);
    ecr.gantry.pass_seconds(1);
    ecr.ok("BatchGetImage", json!({ "repositoryName": "app", "imageIds": [{ "imageTag": "a" }] })).await;
    let described = ecr.ok("DescribeImages", json!({ "repositoryName": "app" })).await;
    assert_eq!(described["imageDetails"][0]["lastRecordedPullTime"], 1_767_225_602.0);
}

#[tokio::test]
async fn images_are_described_page_by_page_and_by_filter() {
    let ecr = Ecr::with_repository("app").await;
    let mut digests = Vec::new();
    for number in 0..5 {
        let manifest = ecr.image("app", &format!("image {number}"), (number == 2).then_some("two")).await;
        digests.push(digest_of(manifest.as_bytes()));
    }
    let tagged = digests[2].clone();
    digests.sort();
    let of = |details: Vec<Value>| -> Vec<String> {
        details.iter().map(|detail| detail["imageDigest"].as_str().unwrap().to_owned()).collect()
    };
    for size in [1, 2, 5, 9] {
        assert_eq!(of(pages(&ecr, "DescribeImages", "imageDetails", json!({}), size).await), digests, "{size}");
    }
    let filter = |status: &str| json!({ "filter": { "tagStatus": status } });
    assert_eq!(
        of(pages(&ecr, "DescribeImages", "imageDetails", filter("TAGGED"), 1).await),
        std::slice::from_ref(&tagged)
    );
    let untagged = of(pages(&ecr, "DescribeImages", "imageDetails", filter("UNTAGGED"), 1).await);
    assert_eq!(untagged, digests.into_iter().filter(|digest| *digest != tagged).collect::<Vec<_>>());
}

#[tokio::test]
async fn describing_an_image_that_is_not_there_fails_the_call() {
    let ecr = Ecr::with_repository("app").await;
    let manifest = ecr.image("app", "content", Some("1")).await;
    let digest = digest_of(b"nothing");
    let words = |digest: &str, tag: &str| {
        format!(
            "The image with imageId {{imageDigest:'{digest}', imageTag:'{tag}'}} does not exist within the repository with name 'app' in the registry with id '{ACCOUNT}'"
        )
    };
    for (asked, message) in [
        (json!({ "imageTag": "2" }), words("null", "2")),
        (json!({ "imageDigest": digest }), words(&digest, "null")),
        (json!({ "imageDigest": digest, "imageTag": "1" }), words(&digest, "1")),
    ] {
        let input = json!({ "repositoryName": "app", "imageIds": [id(&manifest, None), asked] });
        ecr.refused_with("DescribeImages", input, "ImageNotFoundException", &message).await;
    }
    for input in [
        json!({ "repositoryName": "app", "imageIds": [] }),
        json!({ "repositoryName": "app", "imageIds": [{}] }),
        json!({ "repositoryName": "app", "imageIds": [{ "imageDigest": "junk" }] }),
        json!({ "repositoryName": "app", "imageIds": [{ "imageTag": "1" }], "maxResults": 5 }),
    ] {
        ecr.refused("DescribeImages", input, "InvalidParameterException").await;
    }
}

/// Code and reason of each failure.
fn failures(answer: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    answer["failures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (text(&f["failureCode"]), text(&f["failureReason"])))
        .collect()
}

#[tokio::test]
async fn fetching_and_deleting_answer_a_failure_for_each_id_that_is_none() {
    let ecr = Ecr::with_repository("app").await;
    ecr.image("app", "content", Some("1")).await;
    let nothing = digest_of(b"nothing");
    let asked = json!([
        {}, { "imageDigest": "junk" }, { "imageTag": "-bad" }, { "imageTag": "2" }, { "imageDigest": nothing },
        { "imageDigest": nothing, "imageTag": "1" },
    ]);
    let not_found = ("ImageNotFound", "Requested image not found");
    let expected = [
        ("MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null"),
        (
            "InvalidImageDigest",
            "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
        ),
        (
            "InvalidImageTag",
            "Invalid request parameters: image tag should satisfy the regex '[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}'",
        ),
        not_found,
        not_found,
        ("ImageTagDoesNotMatchDigest", "Invalid request parameters: given tag does not map to the given digest"),
    ]
    .map(|(code, reason)| (code.to_owned(), reason.to_owned()));
    for (operation, member) in [("BatchGetImage", "images"), ("BatchDeleteImage", "imageIds")] {
        let answer = ecr.ok(operation, json!({ "repositoryName": "app", "imageIds": asked })).await;
        assert_eq!(answer[member], json!([]), "{operation}");
        assert_eq!(failures(&answer), expected, "{operation}");
        assert_eq!(answer["failures"][3]["imageId"], json!({ "imageTag": "2" }));
        for ids in [json!([]), json!(vec![json!({ "imageTag": "1" }); 101]), Value::Null] {
            let input = json!({ "repositoryName": "app", "imageIds": ids });
            ecr.refused(operation, input, "InvalidParameterException").await;
        }
    }
}

#[tokio::test]
async fn an_image_of_a_type_that_is_not_accepted_is_not_found() {
    let ecr = Ecr::with_repository("app").await;
    let manifest = ecr.image("app", "content", Some("1")).await;
    let get = |types: Value| json!({ "repositoryName": "app", "imageIds": [id(&manifest, None)], "acceptedMediaTypes": types });
    let docker = "application/vnd.docker.distribution.manifest.v2+json";
    let refused = ecr.ok("BatchGetImage", get(json!([docker]))).await;
    assert_eq!(failures(&refused)[0].0, "ImageNotFound");
    let found = ecr.ok("BatchGetImage", get(json!([docker, OCI_MANIFEST]))).await;
    assert_eq!(found["images"][0]["imageId"], id(&manifest, Some("1")), "who asks by digest learns a tag");
}

#[tokio::test]
async fn deleting_by_tag_takes_the_tag_and_with_the_last_one_the_image() {
    let ecr = Ecr::with_repository("app").await;
    let manifest = ecr.image("app", "content", Some("1")).await;
    ecr.ok("PutImage", json!({ "repositoryName": "app", "imageManifest": manifest, "imageTag": "2" })).await;
    let delete = |ids: Value| json!({ "repositoryName": "app", "imageIds": ids });
    let answer = ecr.ok("BatchDeleteImage", delete(json!([{ "imageTag": "1" }]))).await;
    assert_eq!(answer, json!({ "imageIds": [id(&manifest, Some("1"))], "failures": [] }));
    let listed = ecr.ok("ListImages", json!({ "repositoryName": "app" })).await;
    assert_eq!(listed, json!({ "imageIds": [id(&manifest, Some("2"))] }));
    let answer = ecr.ok("BatchDeleteImage", delete(json!([id(&manifest, Some("2"))]))).await;
    assert_eq!(answer, json!({ "imageIds": [id(&manifest, Some("2"))], "failures": [] }));
    assert_eq!(ecr.ok("ListImages", json!({ "repositoryName": "app" })).await, json!({ "imageIds": [] }));
}

#[tokio::test]
async fn deleting_by_digest_takes_the_image_and_all_its_tags_once() {
    let ecr = Ecr::with_repository("app").await;
    let manifest = ecr.image("app", "content", Some("1")).await;
    ecr.ok("PutImage", json!({ "repositoryName": "app", "imageManifest": manifest, "imageTag": "2" })).await;
    let untagged = ecr.image("app", "untagged", None).await;
    let ids = json!([id(&manifest, None), { "imageTag": "2" }, id(&untagged, None)]);
    let answer = ecr.ok("BatchDeleteImage", json!({ "repositoryName": "app", "imageIds": ids })).await;
    let gone = [id(&manifest, Some("1")), id(&manifest, Some("2")), id(&untagged, None)];
    assert_eq!(answer, json!({ "imageIds": gone, "failures": [] }));
    assert_eq!(ecr.ok("DescribeImages", json!({ "repositoryName": "app" })).await, json!({ "imageDetails": [] }));
}

#[tokio::test]
async fn an_image_that_an_index_names_is_not_deleted_before_it() {
    let ecr = Ecr::with_repository("app").await;
    let child = ecr.image("app", "child", None).await;
    let index = index_of(&[&child]);
    ecr.ok("PutImage", json!({ "repositoryName": "app", "imageManifest": index, "imageTag": "1" })).await;
    let delete = json!({ "repositoryName": "app", "imageIds": [id(&child, None)] });
    let answer = ecr.ok("BatchDeleteImage", delete.clone()).await;
    let reason = format!("Requested image referenced by manifest list: [{}]", digest_of(index.as_bytes()));
    assert_eq!(failures(&answer), [("ImageReferencedByManifestList".to_owned(), reason)]);
    ecr.ok("BatchDeleteImage", json!({ "repositoryName": "app", "imageIds": [{ "imageTag": "1" }] })).await;
    let answer = ecr.ok("BatchDeleteImage", delete).await;
    assert_eq!(answer, json!({ "imageIds": [id(&child, None)], "failures": [] }));
}

#[tokio::test]
async fn the_referrers_of_an_image_are_listed_by_type_and_page_by_page() {
    let ecr = Ecr::with_repository("app").await;
    let image = ecr.image("app", "image", Some("v1")).await;
    let subject = digest_of(image.as_bytes());
    for (number, artifact_type) in [(1, "application/spdx"), (2, "application/sig"), (3, "application/sig")] {
        let mut manifest: Value = serde_json::from_str(&ecr.image_manifest("app", &number.to_string()).await).unwrap();
        manifest["artifactType"] = artifact_type.into();
        manifest["annotations"] = json!({ "n": number.to_string() });
        manifest["subject"] = json!({ "mediaType": OCI_MANIFEST, "digest": subject, "size": image.len() });
        ecr.ok("PutImage", json!({ "repositoryName": "app", "imageManifest": manifest.to_string() })).await;
    }
    let of = |filter: Value| json!({ "subjectId": { "imageDigest": subject }, "filter": filter });
    for size in [1, 2, 50] {
        assert_eq!(pages(&ecr, "ListImageReferrers", "referrers", of(json!({})), size).await.len(), 3);
        let signatures = of(json!({ "artifactTypes": ["application/sig"] }));
        assert_eq!(pages(&ecr, "ListImageReferrers", "referrers", signatures, size).await.len(), 2);
    }
    let sbom =
        pages(&ecr, "ListImageReferrers", "referrers", of(json!({ "artifactTypes": ["application/spdx"] })), 1).await;
    assert_eq!((&sbom[0]["artifactType"], &sbom[0]["annotations"]), (&json!("application/spdx"), &json!({ "n": "1" })));
    let archived = of(json!({ "artifactStatus": "ARCHIVED" }));
    assert_eq!(pages(&ecr, "ListImageReferrers", "referrers", archived, 5).await, Vec::<Value>::new());
    let none = json!({ "repositoryName": "gone", "subjectId": { "imageDigest": subject } });
    ecr.refused("ListImageReferrers", none, "RepositoryNotFoundException").await;
}
