//! Images: manifests, tags and what names what.

use gantry_model::image::Repository;
use gantry_model::{AccountId, Region};
use tempfile::TempDir;

use super::*;
use crate::blob::rows;
use crate::{Store, repository};

const NOW: UnixMillis = UnixMillis(1_000_000);
const LATER: UnixMillis = UnixMillis(2_000_000);

fn scope() -> Scope {
    Scope { account: AccountId::parse("000000000000").unwrap(), region: Region::parse("us-east-1").unwrap() }
}

fn name() -> RepositoryName {
    RepositoryName::parse("team/app").unwrap()
}

fn digest(fill: char) -> Digest {
    Digest::parse(format!("sha256:{}", fill.to_string().repeat(64))).unwrap()
}

fn tag(text: &str) -> ImageTag {
    ImageTag::parse(text).unwrap()
}

fn manifest(fill: char, references: &[Digest], subject: Option<Digest>) -> NewManifest {
    NewManifest {
        digest: digest(fill),
        media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
        artifact_type: Some("application/example".to_owned()),
        subject,
        annotations: None,
        bytes: Bytes::from_static(b"{}"),
        size: 7,
        references: references.to_vec(),
    }
}

/// A store with one repository.
async fn store() -> (TempDir, Store, i64) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("test.db")).await.unwrap();
    let repository = Repository::new(scope(), name(), NOW);
    let id = store
        .write(move |tx| Box::pin(async move { repository::insert(tx, &repository).await }))
        .await
        .unwrap()
        .unwrap();
    (folder, store, id)
}

/// Runs `$body` with a connection called `$tx`, in a write.
macro_rules! write {
    ($store:expr, |$tx:ident| $body:expr) => {
        $store.write(move |$tx| Box::pin(async move { Ok::<_, StoreError>($body) })).await.unwrap()
    };
}

#[tokio::test]
async fn a_manifest_is_found_by_digest_and_by_the_tag_that_names_it() {
    let (_folder, store, id) = store().await;
    write!(store, |tx| {
        insert(tx, id, &manifest('a', &[], None), NOW).await?;
        put_tag(tx, id, &tag("v1"), &digest('a'), NOW).await?;
    });
    let mut reader = store.read().await.unwrap();
    for reference in [Reference::Digest(digest('a')), Reference::Tag(tag("v1"))] {
        let (repository, found) = find(&mut reader, &scope(), &name(), &reference).await.unwrap().unwrap();
        assert_eq!((repository, found.unwrap().digest), (id, digest('a')));
    }
    for reference in [Reference::Digest(digest('b')), Reference::Tag(tag("v2"))] {
        assert_eq!(find(&mut reader, &scope(), &name(), &reference).await.unwrap(), Some((id, None)));
    }
    let other = RepositoryName::parse("other").unwrap();
    assert_eq!(find(&mut reader, &scope(), &other, &Reference::Tag(tag("v1"))).await.unwrap(), None);
}

#[tokio::test]
async fn pages_of_images_carry_their_tags() {
    let (_folder, store, id) = store().await;
    write!(store, |tx| {
        for fill in ['a', 'b', 'c'] {
            insert(tx, id, &manifest(fill, &[], None), NOW).await?;
        }
        for (name, fill) in [("z", 'a'), ("y", 'a'), ("x", 'c')] {
            put_tag(tx, id, &tag(name), &digest(fill), NOW).await?;
        }
    });
    let mut reader = store.read().await.unwrap();
    let row = repository::find(&mut reader, &scope(), &name()).await.unwrap().unwrap();
    let first = list(&mut reader, &row, None, 2).await.unwrap();
    let tags: Vec<Vec<&str>> = first.iter().map(|i| i.tags.iter().map(ImageTag::as_str).collect()).collect();
    assert_eq!(tags, [vec!["y", "z"], vec![]]);
    let rest = list(&mut reader, &row, Some(&first[1].digest), 2).await.unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].tags, [tag("x")]);
    assert_eq!(describe(&mut reader, &row, &digest('c')).await.unwrap().unwrap(), rest[0]);
}

#[tokio::test]
async fn the_deletion_of_a_manifest_leaves_its_blobs_promised_and_its_referrers_orphaned() {
    let (_folder, store, id) = store().await;
    let blob = digest('b');
    let (orphans, reviewed) = write!(store, |tx| {
        rows::publish(tx, &digest('b'), 5, NOW).await?;
        rows::show(tx, id, &digest('b'), NOW).await?;
        insert(tx, id, &manifest('a', &[digest('b')], None), NOW).await?;
        insert(tx, id, &manifest('c', &[], Some(digest('a'))), NOW).await?;
        // The promise is over, but a manifest names the blob.
        let reviewed = rows::review_leases(tx, NOW, 10).await?;
        assert!(deletion::delete_manifest(tx, id, &digest('a'), NOW, LATER).await?);
        assert!(!deletion::delete_manifest(tx, id, &digest('a'), NOW, LATER).await?);
        (deletion::orphans(tx, NOW, 10).await?, reviewed)
    });
    assert_eq!(reviewed, (1, 0));
    assert_eq!(orphans, [(id, digest('c'))]);
    let found = {
        let mut reader = store.read().await.unwrap();
        rows::find(&mut reader, &scope(), &name(), &blob).await.unwrap().unwrap().1.unwrap()
    };
    assert_eq!(found.leased_until, Some(LATER));
    // The subject comes back: the referrer is no orphan any more.
    let orphans = write!(store, |tx| {
        insert(tx, id, &manifest('a', &[digest('b')], None), NOW).await?;
        deletion::orphans(tx, LATER, 10).await?
    });
    assert!(orphans.is_empty());
}

#[tokio::test]
async fn a_condemned_blob_comes_back_only_by_publication() {
    let (_folder, store, id) = store().await;
    write!(store, |tx| {
        rows::publish(tx, &digest('b'), 5, NOW).await?;
        assert!(rows::show(tx, id, &digest('b'), NOW).await?);
        assert!(rows::condemn(tx, 10).await?.is_empty());
        assert_eq!(rows::review_leases(tx, NOW, 10).await?, (1, 1));
        // Nobody shows it: it can still be claimed.
        assert!(rows::show(tx, id, &digest('b'), NOW).await?);
        assert!(rows::hide(tx, id, &digest('b')).await?);
        assert_eq!(rows::condemn(tx, 10).await?, [digest('b')]);
        assert!(!rows::show(tx, id, &digest('b'), NOW).await?);
        assert_eq!(rows::size(tx, &digest('b')).await?, None);
        // An interrupted run finds it again.
        assert_eq!(rows::condemn(tx, 10).await?, [digest('b')]);
        rows::publish(tx, &digest('b'), 5, NOW).await?;
        assert!(rows::show(tx, id, &digest('b'), NOW).await?);
        rows::forget(tx, &[digest('b')]).await?;
        assert_eq!(rows::size(tx, &digest('b')).await?, Some(5));
    });
}

#[tokio::test]
async fn a_deleted_repository_leaves_no_rows_and_frees_its_blobs() {
    let (_folder, store, id) = store().await;
    let condemned = write!(store, |tx| {
        rows::publish(tx, &digest('b'), 5, NOW).await?;
        rows::show(tx, id, &digest('b'), NOW).await?;
        insert(tx, id, &manifest('a', &[digest('b')], None), NOW).await?;
        put_tag(tx, id, &tag("v1"), &digest('a'), NOW).await?;
        assert!(repository::has_images(tx, id).await?);
        repository::delete(tx, id).await?;
        assert!(!repository::has_images(tx, id).await?);
        assert!(tags(tx, id, None, 10).await?.is_empty());
        rows::condemn(tx, 10).await?
    });
    assert_eq!(condemned, [digest('b')]);
}

#[tokio::test]
async fn referrers_are_listed_by_digest_and_filtered_by_type() {
    let (_folder, store, id) = store().await;
    write!(store, |tx| {
        for fill in ['c', 'b', 'd'] {
            insert(tx, id, &manifest(fill, &[], Some(digest('a'))), NOW).await?;
        }
    });
    let mut reader = store.read().await.unwrap();
    let page = referrers::of_subject(&mut reader, id, &digest('a'), None, None, 2).await.unwrap();
    assert_eq!(page.iter().map(|r| r.digest.clone()).collect::<Vec<_>>(), [digest('b'), digest('c')]);
    let rest = referrers::of_subject(&mut reader, id, &digest('a'), None, Some(&digest('c')), 2).await.unwrap();
    assert_eq!((rest.len(), rest[0].size), (1, 2));
    for (filter, count) in [("application/example", 3), ("application/other", 0)] {
        let found = referrers::of_subject(&mut reader, id, &digest('a'), Some(filter), None, 9).await.unwrap();
        assert_eq!(found.len(), count, "{filter}");
    }
}
