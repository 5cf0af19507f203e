//! Blobs whose bytes changed on the disk: found, put aside, and brought back by a push.

use std::fs;
use std::path::PathBuf;

use gantry_registry::Scrubbed;

use crate::fixture::{Fixture, HOUR, digest};

const WEEK: i64 = 7 * 24 * HOUR;

fn file_of(t: &Fixture, bytes: &[u8]) -> PathBuf {
    let digest = digest(bytes);
    let hex = digest.hex();
    t.folder.path().join("registry/blobs/sha256").join(&hex[..2]).join(hex)
}

async fn scrub(t: &Fixture) -> Scrubbed {
    t.registry.scrub_once(t.now()).await.unwrap()
}

#[tokio::test]
async fn every_blob_is_read_again_after_a_week_and_then_after_another() {
    let t = Fixture::new().await;
    t.push_image("a1/one", "v1", &[b"layer"]).await;
    assert_eq!(scrub(&t).await, Scrubbed::default());
    for _ in 0..2 {
        t.advance(WEEK + 1);
        assert_eq!(scrub(&t).await, Scrubbed { verified: 2, damaged: 0 });
        assert_eq!(scrub(&t).await, Scrubbed::default());
    }
}

#[tokio::test]
async fn a_damaged_blob_is_served_to_nobody_and_comes_back_with_a_push() {
    type Damage = fn(&PathBuf);
    let damages: [(&str, Damage); 3] = [
        ("other bytes", |file| fs::write(file, b"LAYER").unwrap()),
        ("cut off", |file| fs::write(file, b"lay").unwrap()),
        ("gone", |file| fs::remove_file(file).unwrap()),
    ];
    for (what, damage) in damages {
        let t = Fixture::new().await;
        let image = t.push_image("a1/one", "v1", &[b"layer"]).await;
        t.push_image("a1/two", "v1", &[b"layer", b"other"]).await;
        damage(&file_of(&t, b"layer"));
        t.advance(WEEK + 1);
        assert_eq!(scrub(&t).await, Scrubbed { verified: 3, damaged: 1 }, "{what}");
        for repo in ["a1/one", "a1/two"] {
            let path = format!("/v2/{repo}/blobs/{}", digest(b"layer"));
            t.head(&path).await.expect(404);
        }
        assert_eq!(t.files("quarantine").len(), usize::from(what != "gone"), "{what}");
        t.get(&format!("/v2/a1/two/blobs/{}", digest(b"other"))).await.expect(200);
        // The image itself is still named; a push of the same brings it back, and nothing collects it.
        t.get("/v2/a1/one/manifests/v1").await.expect(200);
        t.push("a1/one", b"layer").await;
        t.put_manifest("a1/one", "v1", &image).await.expect(201);
        t.advance(48 * HOUR);
        t.registry.collect_once(t.now()).await.unwrap();
        let back = t.get(&format!("/v2/a1/one/blobs/{}", digest(b"layer"))).await.expect(200);
        assert_eq!(&back.body[..], b"layer", "{what}");
        let mut reader = t.store.read().await.unwrap();
        assert_eq!(gantry_store::blob::rows::damaged(&mut reader).await.unwrap(), 0, "{what}");
    }
}

#[tokio::test]
async fn without_its_disk_nothing_counts_as_damaged() {
    let t = Fixture::new().await;
    t.push_image("a1/one", "v1", &[b"layer"]).await;
    let (blobs, away) = (t.folder.path().join("registry/blobs"), t.folder.path().join("away"));
    fs::rename(&blobs, &away).unwrap();
    t.advance(WEEK + 1);
    assert_eq!(scrub(&t).await, Scrubbed::default());
    fs::rename(&away, &blobs).unwrap();
    assert_eq!(scrub(&t).await, Scrubbed { verified: 2, damaged: 0 });
}
