//! Blobs on disk and as objects: visible only when whole, and never lost.

use std::path::Path;

use bytes::Bytes;
use futures_util::TryStreamExt;

use super::*;

fn id(fill: u8) -> UploadId {
    UploadId::from_random([fill; 16])
}

async fn open(folder: &Path) -> BlobStore {
    BlobStore::open_disk(folder).await.unwrap()
}

/// Publishes `bytes` and answers their digest.
async fn push(blobs: &BlobStore, bytes: &[u8], algorithm: DigestAlgorithm) -> Digest {
    let partial = blobs.begin(&id(1), algorithm).await.unwrap();
    partial.append(vec![Bytes::copy_from_slice(bytes)]).await.unwrap();
    let digest = partial.digest(algorithm).await.unwrap();
    blobs.settle(&partial, &digest).await.unwrap();
    let right = blobs.publication().await;
    blobs.publish(&partial, &digest, &right).await.unwrap();
    digest
}

async fn read(blobs: &BlobStore, digest: &Digest, start: u64, length: u64) -> Vec<u8> {
    let reader = blobs.read(digest).await.unwrap().unwrap();
    let pieces: Vec<Bytes> = reader.stream(start, length).try_collect().await.unwrap();
    pieces.concat()
}

#[tokio::test]
async fn a_published_blob_is_found_under_its_digest_and_read_in_any_range() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path()).await;
    let bytes: Vec<u8> = (0..2_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let digest = push(&blobs, &bytes, DigestAlgorithm::Sha256).await;
    assert_eq!(digest, DigestAlgorithm::Sha256.digest(&bytes).unwrap());
    let hex = digest.hex();
    assert!(folder.path().join("blobs/sha256").join(&hex[..2]).join(hex).is_file());
    assert!(blobs.holds(&digest, bytes.len() as u64).await.unwrap());
    assert!(!blobs.holds(&digest, 1).await.unwrap());
    for (start, length) in [(0, bytes.len()), (0, 0), (1, 1), (524_288, 524_288), (7_999_999, 1), (100, 3_000_000)] {
        let part = read(&blobs, &digest, start as u64, length as u64).await;
        assert!(part == bytes[start..start + length], "{start} {length}");
    }
}

#[tokio::test]
async fn pieces_may_be_kept_or_thrown_away_while_a_blob_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path()).await;
    let bytes: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let digest = push(&blobs, &bytes, DigestAlgorithm::Sha256).await;
    let reader = blobs.read(&digest).await.unwrap().unwrap();
    let mut pieces = std::pin::pin!(reader.stream(0, bytes.len() as u64));
    let (mut at, mut kept) = (0, Vec::new());
    while let Some(piece) = pieces.try_next().await.unwrap() {
        assert!(piece == bytes[at..at + piece.len()], "at {at}");
        if kept.len() < 3 {
            kept.push((at, piece.clone()));
        }
        at += piece.len();
    }
    assert_eq!(at, bytes.len());
    for (at, piece) in kept {
        assert!(piece == bytes[at..at + piece.len()], "kept from {at}");
    }
}

#[tokio::test]
async fn a_published_blob_is_an_object_and_what_arrives_is_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = BlobStore::over(folder.path(), Objects::in_memory()).await.unwrap();
    let bytes: Vec<u8> = (0..10_000_000_u32).flat_map(u32::to_le_bytes).collect();
    for size in [3, 1 << 20, bytes.len()] {
        let digest = push(&blobs, &bytes[..size], DigestAlgorithm::Sha256).await;
        assert!(blobs.holds(&digest, size as u64).await.unwrap(), "{size}");
        assert!(!blobs.holds(&digest, 1).await.unwrap());
        assert_eq!(blobs.uploads(0).await.unwrap(), [], "its file is gone");
        for (start, length) in [(0, size), (1, size - 2), (size - 1, 1), (0, 0)] {
            let part = read(&blobs, &digest, start as u64, length as u64).await;
            assert!(part == bytes[start..start + length], "{size} {start} {length}");
        }
        let shelf = u8::from_str_radix(&digest.hex()[..2], 16).unwrap();
        assert_eq!(blobs.shelf(shelf, 0).await.unwrap(), std::slice::from_ref(&digest));
        assert_eq!(blobs.shelf(shelf, 60_000).await.unwrap(), [], "it is young");
        let right = blobs.collection().await;
        for _ in 0..2 {
            blobs.remove(&digest, &right).await.unwrap();
        }
        assert!(blobs.read(&digest).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn an_object_that_was_taken_away_before_its_publication_is_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = BlobStore::over(folder.path(), Objects::in_memory()).await.unwrap();
    let partial = blobs.begin(&id(1), DigestAlgorithm::Sha256).await.unwrap();
    partial.append(vec![Bytes::from_static(b"bytes")]).await.unwrap();
    let digest = partial.digest(DigestAlgorithm::Sha256).await.unwrap();
    blobs.settle(&partial, &digest).await.unwrap();
    let right = blobs.collection().await;
    blobs.remove(&digest, &right).await.unwrap();
    drop(right);
    let right = blobs.publication().await;
    blobs.publish(&partial, &digest, &right).await.unwrap();
    assert_eq!(read(&blobs, &digest, 0, 5).await, b"bytes");
}

#[tokio::test]
async fn a_location_that_makes_no_sense_is_refused_in_words() {
    let location = |url: &str, option: Option<&str>| ObjectLocation {
        url: url.to_owned(),
        options: option.into_iter().map(|name| (name.to_owned(), "x".to_owned())).collect(),
        redirects: true,
    };
    let folder = tempfile::tempdir().unwrap();
    for (location, said) in [
        (location("bucket", None), "bucket is no place for blobs"),
        (location("ftp://bucket", None), "no place for blobs"),
        (location("file:///tmp", None), "it must begin with s3://, gs:// or az://"),
        (location("s3://bucket", Some("colour")), "there is no option 'colour' for it"),
    ] {
        let error = BlobStore::open_objects(folder.path(), &location).await.unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[tokio::test]
async fn sha512_has_folders_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path()).await;
    let digest = push(&blobs, b"x", DigestAlgorithm::Sha512).await;
    assert_eq!(digest.algorithm(), "sha512");
    assert_eq!(read(&blobs, &digest, 0, 1).await, b"x");
}

#[tokio::test]
async fn a_partial_blob_is_hashed_again_when_the_process_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path()).await;
    let partial = blobs.begin(&id(2), DigestAlgorithm::Sha256).await.unwrap();
    partial.append(vec![Bytes::from_static(b"hello "), Bytes::from_static(b"wor")]).await.unwrap();
    drop((partial, blobs));
    let blobs = open(folder.path()).await;
    let partial = blobs.reopen(&id(2), DigestAlgorithm::Sha256).await.unwrap().unwrap();
    assert_eq!(partial.received(), 9);
    partial.append(vec![Bytes::from_static(b"ld")]).await.unwrap();
    let whole = DigestAlgorithm::Sha256.digest(b"hello world").unwrap();
    assert_eq!(partial.digest(DigestAlgorithm::Sha256).await.unwrap(), whole);
    // Another algorithm than the one that ran costs one more reading, and the blob goes on.
    let other = DigestAlgorithm::Sha512.digest(b"hello world").unwrap();
    assert_eq!(partial.digest(DigestAlgorithm::Sha512).await.unwrap(), other);
    partial.append(vec![Bytes::from_static(b"!")]).await.unwrap();
    let longer = DigestAlgorithm::Sha512.digest(b"hello world!").unwrap();
    assert_eq!(partial.digest(DigestAlgorithm::Sha512).await.unwrap(), longer);
    assert!(blobs.reopen(&id(3), DigestAlgorithm::Sha256).await.unwrap().is_none());
}

#[tokio::test]
async fn removal_and_discarding_forgive_what_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path()).await;
    let digest = push(&blobs, b"x", DigestAlgorithm::Sha256).await;
    let reader = blobs.read(&digest).await.unwrap().unwrap();
    let right = blobs.collection().await;
    blobs.remove(&digest, &right).await.unwrap();
    blobs.remove(&digest, &right).await.unwrap();
    assert!(blobs.read(&digest).await.unwrap().is_none());
    blobs.discard(&id(9)).await.unwrap();
    // Who opened it before still reads it.
    let pieces: Vec<Bytes> = reader.stream(0, 1).try_collect().await.unwrap();
    assert_eq!(pieces.concat(), b"x");
}

#[tokio::test]
async fn publication_and_collection_exclude_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path()).await;
    let publishing = (blobs.publication().await, blobs.publication().await);
    let other = blobs.clone();
    let collecting = tokio::spawn(async move { other.collection().await });
    tokio::task::yield_now().await;
    assert!(!collecting.is_finished());
    drop(publishing);
    drop(collecting.await.unwrap());
}

#[tokio::test]
async fn a_walk_finds_files_by_shelf_and_age() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path()).await;
    let digest = push(&blobs, b"x", DigestAlgorithm::Sha256).await;
    let shelf = u8::from_str_radix(&digest.hex()[..2], 16).unwrap();
    assert_eq!(blobs.shelf(shelf, 0).await.unwrap(), [digest]);
    assert!(blobs.shelf(shelf, 3_600_000).await.unwrap().is_empty());
    assert!(blobs.shelf(shelf.wrapping_add(1), 0).await.unwrap().is_empty());
    blobs.begin(&id(4), DigestAlgorithm::Sha256).await.unwrap();
    assert_eq!(blobs.uploads(0).await.unwrap(), [id(4)]);
}
