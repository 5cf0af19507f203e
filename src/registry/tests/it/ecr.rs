//! The operations that the ECR API calls.

use axum::body::Body;
use bytes::Bytes;
use gantry_model::principal::PrincipalKind;
use gantry_model::{Digest, ImageTag};
use gantry_registry::{
    ImageError, ImageId, LayerError, Origin, PutManifest, PutManifestError, RepositoryError, UploadId,
};
use serde_json::json;

use crate::fixture::{Fixture, HOUR, OCI_INDEX, OCI_MANIFEST, digest, image_of, name, principal, repository, scope};

fn tag(text: &str) -> ImageTag {
    ImageTag::parse(text).unwrap()
}

fn by_tag(text: &str) -> ImageId {
    ImageId { digest: None, tag: Some(tag(text)) }
}

fn by_digest(digest: &Digest) -> ImageId {
    ImageId { digest: Some(digest.clone()), tag: None }
}

fn put(bytes: &[u8], tags: &[&str]) -> PutManifest {
    PutManifest {
        bytes: Bytes::copy_from_slice(bytes),
        tags: tags.iter().map(|text| tag(text)).collect(),
        refuse_existing: true,
        ..PutManifest::default()
    }
}

#[tokio::test]
async fn repositories_are_made_once_listed_by_name_and_deleted_when_empty() {
    let t = Fixture::new().await;
    let one = name("a1/one");
    let taken = t.registry.create_repository(repository(one.clone())).await.unwrap_err();
    let expected = "The repository with name 'a1/one' already exists in the registry with id '000000000000'";
    assert_eq!(taken.to_string(), expected);
    let found = t.registry.repository(&scope(), &one).await.unwrap();
    assert_eq!(found.created_at, t.now());
    let after = t.registry.repositories(&scope(), Some("a1/one"), 10).await.unwrap();
    assert_eq!(after.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), ["a1/two"]);
    t.push_image("a1/one", "v1", &[]).await;
    let refused = t.registry.delete_repository(&scope(), &one, false).await.unwrap_err();
    assert!(matches!(refused, RepositoryError::NotEmpty { .. }), "{refused}");
    t.registry.delete_repository(&scope(), &one, true).await.unwrap();
    let gone = t.registry.repository(&scope(), &one).await.unwrap_err();
    assert!(matches!(gone, RepositoryError::NotFound(_)), "{gone}");
    // The next repository of that name starts empty.
    t.registry.create_repository(repository(one.clone())).await.unwrap();
    assert_eq!(t.registry.image_count(&scope(), &one).await.unwrap(), 0);
    t.get(&format!("/v2/a1/one/blobs/{}", digest(b"{}"))).await.expect(404);
}

#[tokio::test]
async fn put_image_refuses_what_would_change_nothing_or_what_does_not_fit() {
    let t = Fixture::new().await;
    let (scope, one) = (scope(), name("a1/one"));
    let image = image_of(&[b"l"]);
    let missing = t.registry.put_manifest(&scope, &one, put(&image, &["v1"])).await.unwrap_err();
    assert!(matches!(&missing, PutManifestError::LayersNotFound { digests } if digests.len() == 2), "{missing}");
    t.push("a1/one", b"{}").await;
    t.push("a1/one", b"l").await;
    let done = t.registry.put_manifest(&scope, &one, put(&image, &["v1"])).await.unwrap();
    assert_eq!((done.digest, done.media_type.as_str()), (digest(&image), OCI_MANIFEST));
    for tags in [&["v1"][..], &[]] {
        let again = t.registry.put_manifest(&scope, &one, put(&image, tags)).await.unwrap_err();
        assert!(matches!(again, PutManifestError::ImageAlreadyExists { .. }), "{again}");
    }
    t.registry.put_manifest(&scope, &one, put(&image, &["v2"])).await.unwrap();
    let wrong = PutManifest { digest: Some(digest(b"wrong")), ..put(&image, &[]) };
    let wrong = t.registry.put_manifest(&scope, &one, wrong).await.unwrap_err();
    assert!(matches!(wrong, PutManifestError::DigestDoesNotMatch { .. }), "{wrong}");
    let child = json!({ "mediaType": OCI_MANIFEST, "digest": digest(b"none"), "size": 1 });
    let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [child] }).to_string();
    let orphan = t.registry.put_manifest(&scope, &one, put(index.as_bytes(), &["i"])).await.unwrap_err();
    assert!(matches!(orphan, PutManifestError::ReferencedImagesNotFound { .. }), "{orphan}");
}

#[tokio::test]
async fn an_image_is_as_large_as_config_and_layers_and_an_index_as_its_largest_child() {
    let t = Fixture::new().await;
    let small = t.push_image("a1/one", "small", &[b"123"]).await;
    let large = t.push_image("a1/one", "large", &[b"12345", b"1234567"]).await;
    let entry = |bytes: &[u8]| json!({ "mediaType": OCI_MANIFEST, "digest": digest(bytes), "size": bytes.len() });
    let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry(&small), entry(&large)] });
    let push = put(index.to_string().as_bytes(), &["multi"]);
    t.registry.put_manifest(&scope(), &name("a1/one"), push).await.unwrap();
    for (tag, size) in [("small", 5), ("large", 14), ("multi", 14)] {
        let image = t.registry.image(&scope(), &name("a1/one"), &by_tag(tag)).await.unwrap();
        assert_eq!(image.size_bytes, size, "{tag}");
    }
    let all = t.registry.images(&scope(), &name("a1/one"), None, 10).await.unwrap();
    assert_eq!(all.len(), 3);
    assert!(all.is_sorted_by(|a, b| a.digest < b.digest));
}

#[tokio::test]
async fn a_pull_is_recorded_and_a_second_push_leaves_the_time_of_the_first() {
    let t = Fixture::new().await;
    let image = t.push_image("a1/one", "v1", &[]).await;
    let pushed_at = t.now();
    let describe = async || t.registry.image(&scope(), &name("a1/one"), &by_tag("v1")).await.unwrap();
    t.head("/v2/a1/one/manifests/v1").await.expect(200);
    assert_eq!(describe().await.last_pulled_at, None);
    t.advance(HOUR);
    t.get("/v2/a1/one/manifests/v1").await.expect(200);
    assert_eq!(describe().await.last_pulled_at, Some(t.now()));
    t.advance(HOUR);
    t.registry
        .manifest(&scope(), &name("a1/one"), &by_digest(&digest(&image)), &principal(PrincipalKind::Admin))
        .await
        .unwrap();
    assert_eq!(describe().await.last_pulled_at, Some(t.now()));
    t.put_manifest("a1/one", "v1", &image).await.expect(201);
    assert_eq!(describe().await.pushed_at, pushed_at);
}

#[tokio::test]
async fn an_image_goes_with_its_last_tag_but_not_from_under_an_index() {
    let t = Fixture::new().await;
    let (scope, one) = (scope(), name("a1/one"));
    let image = t.push_image("a1/one", "a", &[]).await;
    t.put_manifest("a1/one", "b", &image).await.expect(201);
    let of = digest(&image);
    let both = |text: &str| ImageId { digest: Some(of.clone()), tag: Some(tag(text)) };
    let wrong = ImageId { digest: Some(digest(b"wrong")), tag: Some(tag("a")) };
    let wrong = t.registry.delete_image(&scope, &one, &wrong, Origin::Here).await.unwrap_err();
    assert!(matches!(wrong, ImageError::TagDoesNotMatchDigest { .. }), "{wrong}");
    assert_eq!(t.registry.delete_image(&scope, &one, &by_tag("a"), Origin::Here).await.unwrap(), [both("a")]);
    assert_eq!(t.registry.image(&scope, &one, &by_digest(&of)).await.unwrap().tags, [tag("b")]);

    let entry = json!({ "mediaType": OCI_MANIFEST, "digest": of, "size": image.len() });
    let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry] }).to_string();
    t.registry.put_manifest(&scope, &one, put(index.as_bytes(), &["multi"])).await.unwrap();
    for id in [by_tag("b"), by_digest(&of)] {
        let held = t.registry.delete_image(&scope, &one, &id, Origin::Here).await.unwrap_err();
        assert!(matches!(held, ImageError::ReferencedByManifestList { .. }), "{held}");
    }
    t.registry.delete_image(&scope, &one, &by_tag("multi"), Origin::Here).await.unwrap();
    assert_eq!(t.registry.delete_image(&scope, &one, &by_tag("b"), Origin::Here).await.unwrap(), [both("b")]);
    let gone = t.registry.image(&scope, &one, &by_tag("b")).await.unwrap_err();
    let message = "The image with imageId {imageDigest:'null', imageTag:'b'} does not exist within the repository with name 'a1/one' in the registry with id '000000000000'";
    assert_eq!(gone.to_string(), message);
    let nothing = t.registry.image(&scope, &one, &ImageId::default()).await.unwrap_err();
    assert!(matches!(nothing, ImageError::MissingDigestAndTag), "{nothing}");
}

#[tokio::test]
async fn layers_come_in_parts_that_follow_each_other() {
    let t = Fixture::new().await;
    let (scope, one) = (scope(), name("a1/one"));
    let whole: Vec<u8> = vec![5; (5 << 20) + 100];
    let (first, rest) = whole.split_at(5 << 20);
    let id = t.registry.initiate_layer_upload(&scope, &one).await.unwrap();
    let part = async |range: (u64, u64), bytes: &[u8]| {
        t.registry.upload_layer_part(&scope, &one, &id, range, Bytes::copy_from_slice(bytes)).await
    };
    let end = (5 << 20) - 1;
    assert_eq!(part((0, end), first).await.unwrap(), end);
    for (range, bytes) in [((0, 99), rest), ((end + 2, end + 101), rest), ((end + 1, end + 99), rest), ((9, 3), rest)] {
        let refused = part(range, bytes).await.unwrap_err();
        assert!(
            matches!(refused, LayerError::InvalidPart { last_valid_byte, .. } if last_valid_byte == 5_242_879),
            "{refused}"
        );
    }
    assert_eq!(part((end + 1, end + 100), rest).await.unwrap(), end + 100);
    assert_eq!(t.registry.complete_layer_upload(&scope, &one, &id, digest(&whole)).await.unwrap(), digest(&whole));
    let layers = t.registry.check_layers(&scope, &one, &[digest(&whole), digest(b"none")]).await.unwrap();
    assert_eq!(layers.iter().map(|layer| layer.size).collect::<Vec<_>>(), [Some(5_242_980), None]);
    let ended = t.registry.complete_layer_upload(&scope, &one, &id, digest(&whole)).await.unwrap_err();
    assert!(matches!(ended, LayerError::UploadNotFound(_)), "{ended}");
}

#[tokio::test]
async fn a_layer_upload_that_cannot_be_completed_says_why() {
    let t = Fixture::new().await;
    let (scope, one) = (scope(), name("a1/one"));
    let begin = async || t.registry.initiate_layer_upload(&scope, &one).await.unwrap();
    let part = async |id: &UploadId, at: u64, bytes: &'static [u8]| {
        let range = (at, at + bytes.len() as u64 - 1);
        t.registry.upload_layer_part(&scope, &one, id, range, Bytes::from_static(bytes)).await.unwrap()
    };
    let complete = async |id: &UploadId, of: &[u8]| {
        t.registry.complete_layer_upload(&scope, &one, id, digest(of)).await.unwrap_err()
    };
    let id = begin().await;
    assert!(matches!(complete(&id, b"").await, LayerError::EmptyUpload));
    part(&id, 0, b"abc").await;
    part(&id, 3, b"def").await;
    assert!(matches!(complete(&id, b"abcdef").await, LayerError::PartTooSmall));
    let id = begin().await;
    part(&id, 0, b"abc").await;
    assert!(matches!(complete(&id, b"other").await, LayerError::DigestDiffers { .. }));
    t.push("a1/one", b"abc").await;
    let id = begin().await;
    part(&id, 0, b"abc").await;
    assert!(matches!(complete(&id, b"abc").await, LayerError::AlreadyExists(_)));
    // Only the one whose parts were too small can still be used.
    assert_eq!(t.files("uploads").len(), 1);
}

#[tokio::test]
async fn a_download_address_is_good_for_one_layer_and_an_hour() {
    let t = Fixture::new().await;
    let (scope, one) = (scope(), name("a1/one"));
    t.push("a1/one", b"loose").await;
    let loose = t.registry.layer_download_path(&scope, &one, &digest(b"loose")).await.unwrap_err();
    assert!(matches!(loose, LayerError::NotFound(_)), "{loose}");
    t.push_image("a1/one", "v1", &[b"layer"]).await;
    let path = t.registry.layer_download_path(&scope, &one, &digest(b"layer")).await.unwrap();
    let fetch = async |path: &str| t.send_bare("GET", path, &[], Body::empty()).await;
    assert_eq!(fetch(&path).await.expect(200).body, "layer");
    let range = [("range", "bytes=1-2")];
    assert_eq!(t.send_bare("GET", &path, &range, Body::empty()).await.expect(206).body, "ay");
    let other = path.replace(digest(b"layer").hex(), digest(b"loose").hex());
    for bad in
        [&other, &path.replace("us-east-1", "eu-west-1"), &path.replace("expires=1", "expires=2"), "/_gantry/blob/x"]
    {
        assert!(fetch(bad).await.status.is_client_error(), "{bad}");
    }
    t.advance(HOUR);
    fetch(&path).await.expect(403);
}
