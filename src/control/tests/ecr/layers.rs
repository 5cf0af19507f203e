//! Layers: availability, uploads in parts, download addresses.

use serde_json::{Value, json};

use crate::{ACCOUNT, Ecr, digest_of, part};

/// The least length of a part that is not the last.
const LEAST_PART: usize = 5 << 20;

async fn begin(ecr: &Ecr) -> Value {
    ecr.ok("InitiateLayerUpload", json!({ "repositoryName": "app" })).await["uploadId"].clone()
}

fn complete(upload: &Value, digest: &str) -> Value {
    json!({ "repositoryName": "app", "uploadId": upload, "layerDigests": [digest] })
}

#[tokio::test]
async fn a_layer_goes_up_in_parts_and_is_then_available() {
    let ecr = Ecr::with_repository("app").await;
    let (first, last) = (vec![1_u8; LEAST_PART], b"the rest".to_vec());
    let digest = digest_of(&[first.as_slice(), &last].concat());
    let check = json!({ "repositoryName": "app", "layerDigests": [digest] });
    let before = ecr.ok("BatchCheckLayerAvailability", check.clone()).await;
    let unavailable = json!({ "layerDigest": digest, "layerAvailability": "UNAVAILABLE" });
    assert_eq!(before, json!({ "layers": [unavailable], "failures": [] }));

    let begun = ecr.ok("InitiateLayerUpload", json!({ "repositoryName": "app" })).await;
    assert_eq!(begun["partSize"], 20_971_520);
    let upload = &begun["uploadId"];
    let answer = ecr.ok("UploadLayerPart", part("app", upload, 0, &first)).await;
    let expected = json!({
        "registryId": ACCOUNT, "repositoryName": "app", "uploadId": upload, "lastByteReceived": LEAST_PART - 1,
    });
    assert_eq!(answer, expected);
    ecr.ok("UploadLayerPart", part("app", upload, first.len(), &last)).await;
    let answer = ecr.ok("CompleteLayerUpload", complete(upload, &digest)).await;
    let expected = json!({ "registryId": ACCOUNT, "repositoryName": "app", "uploadId": upload, "layerDigest": digest });
    assert_eq!(answer, expected);

    let after = ecr.ok("BatchCheckLayerAvailability", check).await;
    assert_eq!(after["layers"][0]["layerAvailability"], "AVAILABLE");
    assert_eq!(after["layers"][0]["layerSize"], first.len() + last.len());
    ecr.refused("CompleteLayerUpload", complete(upload, &digest), "UploadNotFoundException").await;
}

#[tokio::test]
async fn digests_that_are_none_are_failures_of_their_own() {
    let ecr = Ecr::with_repository("app").await;
    let digest = ecr.layer("app", b"layer").await;
    let input = json!({ "repositoryName": "app", "layerDigests": ["junk", digest, ""] });
    let answer = ecr.ok("BatchCheckLayerAvailability", input).await;
    assert_eq!(answer["layers"].as_array().unwrap().len(), 1);
    let codes: Vec<&str> =
        answer["failures"].as_array().unwrap().iter().map(|f| f["failureCode"].as_str().unwrap()).collect();
    assert_eq!(codes, ["InvalidLayerDigest", "MissingLayerDigest"]);
    for digests in [json!([]), json!(vec![digest; 101]), Value::Null] {
        let input = json!({ "repositoryName": "app", "layerDigests": digests });
        ecr.refused("BatchCheckLayerAvailability", input, "InvalidParameterException").await;
    }
}

#[tokio::test]
async fn a_part_that_does_not_follow_is_refused_with_the_last_valid_byte() {
    let ecr = Ecr::with_repository("app").await;
    let upload = begin(&ecr).await;
    let error = ecr.refused("UploadLayerPart", part("app", &upload, 7, b"early"), "InvalidLayerPartException").await;
    assert!(error.get("lastValidByteReceived").is_none(), "{error}");
    ecr.ok("UploadLayerPart", part("app", &upload, 0, b"0123456789")).await;
    for (first, bytes) in [(0, b"again".as_slice()), (11, b"gap".as_slice())] {
        let error =
            ecr.refused("UploadLayerPart", part("app", &upload, first, bytes), "InvalidLayerPartException").await;
        assert_eq!(error["lastValidByteReceived"], 9, "{error}");
        assert_eq!((&error["registryId"], &error["repositoryName"]), (&json!(ACCOUNT), &json!("app")));
        assert_eq!(error["uploadId"], upload);
    }
    let mut short = part("app", &upload, 10, b"abc");
    short["partLastByte"] = 99.into();
    ecr.refused("UploadLayerPart", short, "InvalidLayerPartException").await;
    let digest = digest_of(b"0123456789");
    ecr.ok("CompleteLayerUpload", complete(&upload, &digest)).await;
}

#[tokio::test]
async fn bad_parts_are_refused_and_the_upload_stays_usable() {
    let ecr = Ecr::with_repository("app").await;
    let upload = begin(&ecr).await;
    let good = part("app", &upload, 0, b"bytes");
    for (member, value, code) in [
        ("uploadId", json!("junk"), "InvalidParameterException"),
        ("uploadId", json!("01234567-89ab-4def-8123-456789abcdef"), "UploadNotFoundException"),
        ("partFirstByte", json!(-1), "InvalidParameterException"),
        ("partFirstByte", Value::Null, "InvalidParameterException"),
        ("partFirstByte", json!("0"), "SerializationException"),
        ("layerPartBlob", Value::Null, "InvalidParameterException"),
        ("layerPartBlob", json!("not base64!"), "SerializationException"),
    ] {
        let mut input = good.clone();
        input[member] = value;
        ecr.refused("UploadLayerPart", input, code).await;
    }
    ecr.ok("UploadLayerPart", good).await;
}

#[tokio::test]
async fn an_upload_is_of_one_repository() {
    let ecr = Ecr::with_repository("app").await;
    ecr.ok("CreateRepository", json!({ "repositoryName": "other" })).await;
    let upload = begin(&ecr).await;
    ecr.refused("UploadLayerPart", part("other", &upload, 0, b"bytes"), "UploadNotFoundException").await;
}

#[tokio::test]
async fn an_upload_is_completed_only_when_it_is_whole_and_has_the_digest() {
    let ecr = Ecr::with_repository("app").await;
    let empty = begin(&ecr).await;
    ecr.refused("CompleteLayerUpload", complete(&empty, &digest_of(b"")), "EmptyUploadException").await;

    let small = begin(&ecr).await;
    ecr.ok("UploadLayerPart", part("app", &small, 0, b"small")).await;
    ecr.ok("UploadLayerPart", part("app", &small, 5, b"more")).await;
    let digest = digest_of(b"smallmore");
    ecr.refused("CompleteLayerUpload", complete(&small, &digest), "LayerPartTooSmallException").await;

    let other = begin(&ecr).await;
    ecr.ok("UploadLayerPart", part("app", &other, 0, b"one thing")).await;
    let error = ecr.refused("CompleteLayerUpload", complete(&other, &digest), "InvalidLayerException").await;
    assert!(error["message"].as_str().unwrap().contains(&digest_of(b"one thing")), "{error}");

    ecr.layer("app", b"there").await;
    let again = begin(&ecr).await;
    ecr.ok("UploadLayerPart", part("app", &again, 0, b"there")).await;
    ecr.refused("CompleteLayerUpload", complete(&again, &digest_of(b"there")), "LayerAlreadyExistsException").await;

    let upload = begin(&ecr).await;
    for digests in [json!([]), json!(["junk"]), json!([digest, digest])] {
        let input = json!({ "repositoryName": "app", "uploadId": upload, "layerDigests": digests });
        ecr.refused("CompleteLayerUpload", input, "InvalidParameterException").await;
    }
}

#[tokio::test]
async fn a_layer_of_an_image_has_a_download_address() {
    let ecr = Ecr::with_repository("app").await;
    ecr.image("app", "content", Some("1")).await;
    let digest = digest_of(b"content");
    let answer = ecr.ok("GetDownloadUrlForLayer", json!({ "repositoryName": "app", "layerDigest": digest })).await;
    assert_eq!(answer["layerDigest"], digest);
    let url = answer["downloadUrl"].as_str().unwrap();
    assert!(url.starts_with("http://gantry.test/") && url.contains("signature="), "{url}");
    let unused = ecr.layer("app", b"of no image").await;
    for digest in [unused, digest_of(b"nothing")] {
        let input = json!({ "repositoryName": "app", "layerDigest": digest });
        ecr.refused("GetDownloadUrlForLayer", input, "LayersNotFoundException").await;
    }
    let junk = json!({ "repositoryName": "app", "layerDigest": "junk" });
    ecr.refused("GetDownloadUrlForLayer", junk, "InvalidParameterException").await;
}
