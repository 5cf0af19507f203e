//! Repositories, their settings and tags, the registry, and the token.

use gantry_model::event::EventKind;
use gantry_testkit::region;
use serde_json::{Value, json};

use crate::{ACCOUNT, Ecr, FOREIGN, STANDARD, no_repository};
use base64::Engine as _;

#[tokio::test]
async fn a_repository_is_made_with_the_defaults_of_ecr() {
    let ecr = Ecr::new().await;
    let created = ecr.ok("CreateRepository", json!({ "repositoryName": "team/app" })).await;
    let expected = json!({ "repository": {
        "repositoryArn": "arn:aws:ecr:us-east-1:000000000000:repository/team/app",
        "registryId": ACCOUNT,
        "repositoryName": "team/app",
        "repositoryUri": "registry.test:5000/team/app",
        "createdAt": 1_767_225_600.0,
        "imageTagMutability": "MUTABLE",
        "imageScanningConfiguration": { "scanOnPush": false },
        "encryptionConfiguration": { "encryptionType": "AES256" },
    }});
    assert_eq!(created, expected);
    let described = ecr.ok("DescribeRepositories", json!({})).await;
    assert_eq!(described, json!({ "repositories": [expected["repository"]] }));
}

#[tokio::test]
async fn a_repository_keeps_the_settings_that_it_was_made_with() {
    let ecr = Ecr::new().await;
    let filters = json!([{ "filterType": "WILDCARD", "filter": "dev-*" }]);
    let input = json!({
        "repositoryName": "app",
        "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
        "imageTagMutabilityExclusionFilters": filters,
        "imageScanningConfiguration": { "scanOnPush": true },
        "encryptionConfiguration": { "encryptionType": "AES256" },
        "tags": [{ "Key": "team", "Value": "blue" }],
    });
    ecr.ok("CreateRepository", input).await;
    let described = ecr.ok("DescribeRepositories", json!({ "repositoryNames": ["app", "app"] })).await;
    assert_eq!(described["repositories"].as_array().unwrap().len(), 1);
    let repository = &described["repositories"][0];
    assert_eq!(repository["imageTagMutability"], "IMMUTABLE_WITH_EXCLUSION");
    assert_eq!(repository["imageTagMutabilityExclusionFilters"], filters);
    assert_eq!(repository["imageScanningConfiguration"], json!({ "scanOnPush": true }));
    let tags = ecr.ok("ListTagsForResource", json!({ "resourceArn": repository["repositoryArn"] })).await;
    assert_eq!(tags, json!({ "tags": [{ "Key": "team", "Value": "blue" }] }));
}

#[tokio::test]
async fn creating_a_repository_is_refused_for_what_is_wrong() {
    let ecr = Ecr::with_repository("app").await;
    let message = "The repository with name 'app' already exists in the registry with id '000000000000'";
    let again = json!({ "repositoryName": "app" });
    ecr.refused_with("CreateRepository", again, "RepositoryAlreadyExistsException", message).await;
    let filters = json!([{ "filterType": "WILDCARD", "filter": "*" }]);
    let many: Vec<Value> = (0..51).map(|n| json!({ "Key": format!("k{n}"), "Value": "v" })).collect();
    for (extra, code, part) in [
        (json!({ "imageTagMutability": "SOMETIMES" }), "InvalidParameterException", "imageTagMutability"),
        (
            json!({ "imageTagMutability": "MUTABLE_WITH_EXCLUSION" }),
            "InvalidParameterException",
            "ImageTagMutabilityExclusionFilters can't be null when imageTagMutability is set as MUTABLE_WITH_EXCLUSION",
        ),
        (
            json!({ "imageTagMutability": "IMMUTABLE", "imageTagMutabilityExclusionFilters": filters }),
            "InvalidParameterException",
            "are not allowed when imageTagMutability is set as IMMUTABLE",
        ),
        (
            json!({
                "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
                "imageTagMutabilityExclusionFilters": [{ "filterType": "WILDCARD", "filter": "*a*b*" }],
            }),
            "InvalidParameterException",
            "wildcards",
        ),
        (json!({ "encryptionConfiguration": { "encryptionType": "KMS" } }), "KmsException", "AWS KMS"),
        (
            json!({ "encryptionConfiguration": { "encryptionType": "AES256", "kmsKey": "alias/x" } }),
            "InvalidParameterException",
            "kmsKey",
        ),
        (
            json!({ "tags": [{ "Key": "a", "Value": "1" }, { "Key": "a", "Value": "2" }] }),
            "InvalidTagParameterException",
            "'a'",
        ),
        (json!({ "tags": [{ "Key": "aws:x", "Value": "1" }] }), "InvalidTagParameterException", "aws:"),
        (json!({ "registryId": FOREIGN }), "AccessDeniedException", "ecr:CreateRepository"),
    ] {
        let mut input = json!({ "repositoryName": "other" });
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let body = ecr.refused("CreateRepository", input, code).await;
        assert!(body["message"].as_str().unwrap().contains(part), "{body}");
    }
    let (status, body) = ecr.send("CreateRepository", &json!({ "repositoryName": "other", "tags": many })).await;
    assert_eq!(status, 400, "{body}");
    let listed = ecr.ok("DescribeRepositories", json!({})).await;
    assert_eq!(listed["repositories"].as_array().unwrap().len(), 1, "nothing half made");
}

#[tokio::test]
async fn repositories_are_described_page_by_page() {
    let ecr = Ecr::new().await;
    for number in 0..7 {
        ecr.ok("CreateRepository", json!({ "repositoryName": format!("repo-{number}") })).await;
    }
    let (mut names, mut token) = (Vec::new(), Value::Null);
    loop {
        let page = ecr.ok("DescribeRepositories", json!({ "maxResults": 3, "nextToken": token })).await;
        let repositories = page["repositories"].as_array().unwrap();
        assert!(repositories.len() <= 3);
        names.extend(repositories.iter().map(|r| r["repositoryName"].as_str().unwrap().to_owned()));
        token = page["nextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    let expected: Vec<String> = (0..7).map(|number| format!("repo-{number}")).collect();
    assert_eq!(names, expected);
    for input in [
        json!({ "nextToken": "junk" }),
        json!({ "maxResults": 0 }),
        json!({ "maxResults": 1001 }),
        json!({ "repositoryNames": ["repo-1"], "maxResults": 3 }),
        json!({ "repositoryNames": ["repo-1"], "nextToken": "x" }),
        json!({ "repositoryNames": [] }),
    ] {
        ecr.refused("DescribeRepositories", input, "InvalidParameterException").await;
    }
    assert_eq!(ecr.ok("DescribeRepositories", json!({ "registryId": FOREIGN })).await, json!({ "repositories": [] }));
}

#[tokio::test]
async fn the_same_name_lives_in_several_regions() {
    let mut ecr = Ecr::with_repository("app").await;
    ecr.caller.region = region("eu-west-1");
    assert_eq!(ecr.ok("DescribeRepositories", json!({})).await["repositories"], json!([]));
    let created = ecr.ok("CreateRepository", json!({ "repositoryName": "app" })).await;
    let uri = &created["repository"]["repositoryUri"];
    assert_eq!(*uri, "000000000000.dkr.ecr.eu-west-1.registry.test:5000/app");
}

#[tokio::test]
async fn a_repository_with_images_goes_only_by_force() {
    let ecr = Ecr::with_repository("app").await;
    ecr.image("app", "content", Some("1")).await;
    let message = "The repository with name 'app' in registry with id '000000000000' cannot be deleted because it still contains images";
    let gentle = json!({ "repositoryName": "app" });
    ecr.refused_with("DeleteRepository", gentle.clone(), "RepositoryNotEmptyException", message).await;
    let deleted = ecr.ok("DeleteRepository", json!({ "repositoryName": "app", "force": true })).await;
    assert_eq!(deleted["repository"]["repositoryName"], "app");
    let message = no_repository("app", ACCOUNT);
    ecr.refused_with("DeleteRepository", gentle, "RepositoryNotFoundException", &message).await;
    ecr.ok("CreateRepository", json!({ "repositoryName": "app" })).await;
    assert_eq!(ecr.ok("ListImages", json!({ "repositoryName": "app" })).await, json!({ "imageIds": [] }));
}

#[tokio::test]
async fn mutability_and_scanning_are_changed_and_answered() {
    let ecr = Ecr::with_repository("app").await;
    let filters = json!([{ "filterType": "WILDCARD", "filter": "release-*" }]);
    let input = json!({
        "repositoryName": "app",
        "imageTagMutability": "MUTABLE_WITH_EXCLUSION",
        "imageTagMutabilityExclusionFilters": filters,
    });
    let mut expected = input.clone();
    expected["registryId"] = ACCOUNT.into();
    assert_eq!(ecr.ok("PutImageTagMutability", input).await, expected);
    let plain = json!({ "repositoryName": "app", "imageTagMutability": "IMMUTABLE" });
    let changed = ecr.ok("PutImageTagMutability", plain).await;
    assert!(changed.get("imageTagMutabilityExclusionFilters").is_none(), "{changed}");
    let scanning = json!({ "repositoryName": "app", "imageScanningConfiguration": { "scanOnPush": true } });
    let mut expected = scanning.clone();
    expected["registryId"] = ACCOUNT.into();
    assert_eq!(ecr.ok("PutImageScanningConfiguration", scanning).await, expected);
    let described = ecr.ok("DescribeRepositories", json!({})).await;
    let repository = &described["repositories"][0];
    assert_eq!(repository["imageTagMutability"], "IMMUTABLE");
    assert_eq!(repository["imageScanningConfiguration"]["scanOnPush"], true);
    for input in [
        json!({ "repositoryName": "app" }),
        json!({ "repositoryName": "app", "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION" }),
    ] {
        ecr.refused("PutImageTagMutability", input, "InvalidParameterException").await;
    }
    let missing = json!({ "repositoryName": "app" });
    ecr.refused("PutImageScanningConfiguration", missing, "InvalidParameterException").await;
}

#[tokio::test]
async fn tags_are_put_changed_and_taken_away() {
    let ecr = Ecr::with_repository("app").await;
    let arn = "arn:aws:ecr:us-east-1:000000000000:repository/app";
    let put = |tags: Value| json!({ "resourceArn": arn, "tags": tags });
    assert_eq!(
        ecr.ok("TagResource", put(json!([{ "Key": "a", "Value": "1" }, { "Key": "b", "Value": "2" }]))).await,
        json!({})
    );
    ecr.ok("TagResource", put(json!([{ "Key": "a", "Value": "9" }]))).await;
    let list = json!({ "resourceArn": arn });
    let tags = ecr.ok("ListTagsForResource", list.clone()).await;
    assert_eq!(tags["tags"], json!([{ "Key": "a", "Value": "9" }, { "Key": "b", "Value": "2" }]));
    ecr.ok("UntagResource", json!({ "resourceArn": arn, "tagKeys": ["a", "never"] })).await;
    assert_eq!(ecr.ok("ListTagsForResource", list.clone()).await["tags"], json!([{ "Key": "b", "Value": "2" }]));
    let fill: Vec<Value> = (0..49).map(|n| json!({ "Key": format!("k{n}"), "Value": "" })).collect();
    ecr.ok("TagResource", put(json!(fill))).await;
    ecr.refused("TagResource", put(json!([{ "Key": "more", "Value": "1" }])), "TooManyTagsException").await;
    ecr.refused("TagResource", put(json!([{ "Key": "AWS:x", "Value": "1" }])), "InvalidTagParameterException").await;
    assert_eq!(ecr.ok("ListTagsForResource", list).await["tags"].as_array().unwrap().len(), 50);
}

#[tokio::test]
async fn tags_are_only_of_repositories_that_are_here() {
    let ecr = Ecr::with_repository("app").await;
    let inputs = |arn: &str| {
        [
            ("TagResource", json!({ "resourceArn": arn, "tags": [{ "Key": "a", "Value": "1" }] })),
            ("UntagResource", json!({ "resourceArn": arn, "tagKeys": ["a"] })),
            ("ListTagsForResource", json!({ "resourceArn": arn })),
        ]
    };
    for bad in ["", "app", "arn:aws:ecs:us-east-1:000000000000:cluster/default"] {
        for (operation, input) in inputs(bad) {
            ecr.refused(operation, input, "InvalidParameterException").await;
        }
    }
    for (arn, name, account) in [
        ("arn:aws:ecr:us-east-1:000000000000:repository/nowhere", "nowhere", ACCOUNT),
        ("arn:aws:ecr:us-east-1:999999999999:repository/app", "app", FOREIGN),
        ("arn:aws:ecr:eu-west-1:000000000000:repository/app", "app", ACCOUNT),
    ] {
        for (operation, input) in inputs(arn) {
            let message = no_repository(name, account);
            ecr.refused_with(operation, input, "RepositoryNotFoundException", &message).await;
        }
    }
}

#[tokio::test]
async fn the_registry_is_described_without_replication() {
    let ecr = Ecr::new().await;
    let expected = json!({ "registryId": ACCOUNT, "replicationConfiguration": { "rules": [] } });
    assert_eq!(ecr.ok("DescribeRegistry", json!({})).await, expected);
}

#[tokio::test]
async fn the_token_is_the_callers_password_for_twelve_hours() {
    let ecr = Ecr::new().await;
    let answer = ecr.ok("GetAuthorizationToken", json!({ "registryIds": [ACCOUNT] })).await;
    let data = &answer["authorizationData"][0];
    assert_eq!(data["proxyEndpoint"], "http://registry.test:5000");
    assert_eq!(data["expiresAt"], 1_767_268_800.0);
    let token = STANDARD.decode(data["authorizationToken"].as_str().unwrap()).unwrap();
    let token = String::from_utf8(token).unwrap();
    let password = token.strip_prefix("AWS:").unwrap();
    let principal = ecr.gantry.control.registry.tokens().check(password, ecr.gantry.control.now()).unwrap();
    assert_eq!(principal.arn, "arn:aws:iam::000000000000:user/admin");
    ecr.refused("GetAuthorizationToken", json!({ "registryIds": [FOREIGN] }), "InvalidParameterException").await;
    ecr.refused("GetAuthorizationToken", json!({ "registryIds": [] }), "InvalidParameterException").await;
}

#[tokio::test]
async fn every_change_of_a_repository_is_told_once() {
    let ecr = Ecr::with_repository("app").await;
    ecr.ok("PutImageTagMutability", json!({ "repositoryName": "app", "imageTagMutability": "IMMUTABLE" })).await;
    ecr.refused("CreateRepository", json!({ "repositoryName": "app" }), "RepositoryAlreadyExistsException").await;
    ecr.ok("DeleteRepository", json!({ "repositoryName": "app" })).await;
    let events = gantry_store::event::after(&mut ecr.gantry.control.store.read().await.unwrap(), 0, 10).await.unwrap();
    assert!(events.iter().all(|event| event.kind == EventKind::Repository));
    let actions: Vec<&str> = events.iter().map(|event| event.payload["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["CREATE", "UPDATE", "DELETE"]);
}
