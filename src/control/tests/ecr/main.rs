//! The operations of ECR through the API's front, in-process: each success and each error that is modelled.

#![expect(clippy::unwrap_used, reason = "what cannot be prepared fails the test")]

mod archive;
mod images;
mod layers;
mod lifecycle;
mod pull_through;
mod pushes;
mod registry_settings;
mod replication;
mod repositories;
mod scanning;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gantry_model::principal::{Caller, PrincipalKind};
use gantry_testkit::{ACCOUNT, TestGantry, admin, http, principal};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const FOREIGN: &str = "999999999999";
const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// A control plane, and who calls it.
struct Ecr {
    gantry: TestGantry,
    caller: Caller,
}

impl Ecr {
    /// One without repositories, called by an administrator in the default region.
    async fn new() -> Self {
        Self { gantry: TestGantry::start().await, caller: admin("ecr", gantry_testkit::REGION) }
    }

    /// One with a repository.
    async fn with_repository(name: &str) -> Self {
        let ecr = Self::new().await;
        ecr.ok("CreateRepository", json!({ "repositoryName": name })).await;
        ecr
    }

    /// Status and body of the answer.
    async fn send(&self, operation: &str, input: &Value) -> (u16, Value) {
        let mut request = http::json_request("ecr", operation, input);
        request.extensions_mut().insert(self.caller.clone());
        let answer = self.gantry.send(request).await;
        (answer.status.as_u16(), serde_json::from_slice(&answer.body).unwrap())
    }

    /// Calls an operation that succeeds.
    async fn ok(&self, operation: &str, input: Value) -> Value {
        let (status, body) = self.send(operation, &input).await;
        assert_eq!(status, 200, "{operation} {input}: {body}");
        body
    }

    /// Calls an operation that is refused with `code`; answers the whole error.
    async fn refused(&self, operation: &str, input: Value, code: &str) -> Value {
        let (status, body) = self.send(operation, &input).await;
        assert_eq!((status, body["__type"].as_str()), (400, Some(code)), "{operation} {input}: {body}");
        body
    }

    /// Calls an operation that is refused with `code` and exactly this message.
    async fn refused_with(&self, operation: &str, input: Value, code: &str, message: &str) {
        let body = self.refused(operation, input, code).await;
        assert_eq!(body["message"], message);
    }

    /// Uploads a layer in one part; answers its digest.
    async fn layer(&self, repository: &str, bytes: &[u8]) -> String {
        let upload = self.ok("InitiateLayerUpload", json!({ "repositoryName": repository })).await;
        let upload = &upload["uploadId"];
        let part = part(repository, upload, 0, bytes);
        self.ok("UploadLayerPart", part).await;
        let digest = digest_of(bytes);
        let complete = json!({ "repositoryName": repository, "uploadId": upload, "layerDigests": [digest] });
        self.ok("CompleteLayerUpload", complete).await;
        digest
    }

    /// Uploads a layer that may be there already; answers its digest.
    async fn layer_once(&self, repository: &str, bytes: &[u8]) -> String {
        let digest = digest_of(bytes);
        let input = json!({ "repositoryName": repository, "layerDigests": [digest] });
        let found = self.ok("BatchCheckLayerAvailability", input).await;
        if found["layers"][0]["layerAvailability"] == "UNAVAILABLE" {
            self.layer(repository, bytes).await;
        }
        digest
    }

    /// Pushes an image of one layer of `content`; answers its manifest.
    async fn image(&self, repository: &str, content: &str, tag: Option<&str>) -> String {
        let manifest = self.image_manifest(repository, content).await;
        let mut input = json!({ "repositoryName": repository, "imageManifest": manifest });
        if let Some(tag) = tag {
            input["imageTag"] = tag.into();
        }
        self.ok("PutImage", input).await;
        manifest
    }

    /// Uploads what an image of one layer of `content` consists of; answers its manifest.
    async fn image_manifest(&self, repository: &str, content: &str) -> String {
        let config = format!("{{\"of\":\"{content}\"}}");
        for blob in [config.as_bytes(), content.as_bytes()] {
            self.layer_once(repository, blob).await;
        }
        manifest_of(config.as_bytes(), content.as_bytes())
    }
}

fn digest_of(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

fn manifest_of(config: &[u8], layer: &[u8]) -> String {
    json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest_of(config), "size": config.len(),
        },
        "layers": [{
            "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest_of(layer), "size": layer.len(),
        }],
    })
    .to_string()
}

fn index_of(manifests: &[&str]) -> String {
    let entry = |manifest: &&str| json!({ "mediaType": OCI_MANIFEST, "digest": digest_of(manifest.as_bytes()), "size": manifest.len() });
    let manifests: Vec<Value> = manifests.iter().map(entry).collect();
    json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests }).to_string()
}

/// The input of UploadLayerPart for `bytes` from byte `first` on.
fn part(repository: &str, upload: &Value, first: usize, bytes: &[u8]) -> Value {
    json!({
        "repositoryName": repository,
        "uploadId": upload,
        "partFirstByte": first,
        "partLastByte": first + bytes.len() - 1,
        "layerPartBlob": STANDARD.encode(bytes),
    })
}

/// What ECR says of a repository that is not there.
fn no_repository(name: &str, account: &str) -> String {
    format!("The repository with name '{name}' does not exist in the registry with id '{account}'")
}

/// The input of every operation that names a repository, for one that is not there.
fn inputs_naming(repository: &str) -> Vec<(&'static str, Value)> {
    let digest = format!("sha256:{}", "0".repeat(64));
    let upload = "01234567-89ab-4def-8123-456789abcdef";
    let manifest = manifest_of(b"{}", b"layer");
    let with = |extra: Value| {
        let mut input = json!({ "repositoryName": repository });
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        input
    };
    vec![
        ("BatchCheckLayerAvailability", with(json!({ "layerDigests": [digest] }))),
        ("BatchDeleteImage", with(json!({ "imageIds": [{ "imageTag": "1" }] }))),
        ("BatchGetImage", with(json!({ "imageIds": [{ "imageTag": "1" }] }))),
        ("CompleteLayerUpload", with(json!({ "uploadId": upload, "layerDigests": [digest] }))),
        ("DeleteRepository", with(json!({}))),
        ("DescribeImages", with(json!({}))),
        ("DescribeRepositories", json!({ "repositoryNames": [repository] })),
        ("GetDownloadUrlForLayer", with(json!({ "layerDigest": digest }))),
        ("InitiateLayerUpload", with(json!({}))),
        ("ListImages", with(json!({}))),
        ("PutImage", with(json!({ "imageManifest": manifest }))),
        ("PutImageScanningConfiguration", with(json!({ "imageScanningConfiguration": { "scanOnPush": true } }))),
        ("PutImageTagMutability", with(json!({ "imageTagMutability": "IMMUTABLE" }))),
        ("UploadLayerPart", part(repository, &json!(upload), 0, b"bytes")),
    ]
}

#[tokio::test]
async fn every_operation_says_that_a_repository_is_not_there() {
    let ecr = Ecr::new().await;
    for (operation, input) in inputs_naming("nowhere") {
        let message = no_repository("nowhere", ACCOUNT);
        ecr.refused_with(operation, input, "RepositoryNotFoundException", &message).await;
    }
}

#[tokio::test]
async fn another_accounts_registry_has_none_of_our_repositories() {
    let ecr = Ecr::with_repository("app").await;
    for (operation, mut input) in inputs_naming("app") {
        input["registryId"] = FOREIGN.into();
        ecr.refused_with(operation, input, "RepositoryNotFoundException", &no_repository("app", FOREIGN)).await;
    }
    let own = json!({ "repositoryName": "app", "registryId": ACCOUNT });
    assert_eq!(ecr.ok("ListImages", own).await, json!({ "imageIds": [] }));
}

#[tokio::test]
async fn every_operation_refuses_a_name_that_is_no_repositorys() {
    let ecr = Ecr::new().await;
    for bad in ["", "a", "Upper", "a//b", "../etc"] {
        for (operation, input) in inputs_naming(bad) {
            let body = ecr.refused(operation, input, "InvalidParameterException").await;
            let message = body["message"].as_str().unwrap();
            assert!(message.contains("repositoryName"), "{operation} {bad}: {message}");
        }
    }
}

#[tokio::test]
async fn an_agent_may_pull_and_may_not_push() {
    let mut ecr = Ecr::with_repository("app").await;
    ecr.image("app", "content", Some("1")).await;
    ecr.caller.principal = principal("role/agent-1", PrincipalKind::Agent);
    ecr.ok("GetAuthorizationToken", json!({})).await;
    ecr.ok("BatchGetImage", json!({ "repositoryName": "app", "imageIds": [{ "imageTag": "1" }] })).await;
    ecr.refused("DeleteRepository", json!({ "repositoryName": "app" }), "AccessDeniedException").await;
    ecr.refused("InitiateLayerUpload", json!({ "repositoryName": "app" }), "AccessDeniedException").await;
}
