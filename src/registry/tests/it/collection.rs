//! Garbage collection beside pushes and pulls: what is named or promised stays, everything else goes in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::body::Body;
use gantry_registry::Collected;
use proptest::prelude::*;
use serde_json::json;

use crate::fixture::{Fixture, HOUR, OCI_MANIFEST, digest, image_of, name, scope};

async fn collect(t: &Fixture) -> Collected {
    t.registry.collect_once(t.now()).await.unwrap()
}

#[tokio::test]
async fn a_blob_that_nobody_names_goes_after_its_grace() {
    let t = Fixture::new().await;
    let blob = t.push("a1/one", b"loose").await;
    t.push_image("a1/one", "v1", &[b"layer"]).await;
    assert_eq!(collect(&t).await, Collected::default());
    t.advance(HOUR);
    let collected = collect(&t).await;
    assert_eq!((collected.hidden_blobs, collected.removed_blobs), (1, 1));
    t.get(&format!("/v2/a1/one/blobs/{blob}")).await.expect(404);
    for held in [&b"layer"[..], b"{}"] {
        t.get(&format!("/v2/a1/one/blobs/{}", digest(held))).await.expect(200);
    }
    // Pushed again, it is there again.
    t.push("a1/one", b"loose").await;
    t.get(&format!("/v2/a1/one/blobs/{blob}")).await.expect(200);
}

#[tokio::test]
async fn a_blob_that_a_client_was_told_of_is_kept_for_it() {
    let t = Fixture::new().await;
    let path = format!("/v2/a1/one/blobs/{}", t.push("a1/one", b"layer").await);
    t.push("a1/one", b"{}").await;
    t.advance(HOUR - 60_000);
    for layer in [&b"layer"[..], b"{}"] {
        t.head(&format!("/v2/a1/one/blobs/{}", digest(layer))).await.expect(200);
    }
    t.advance(HOUR - 60_000);
    collect(&t).await;
    t.get(&path).await.expect(200);
    t.put_manifest("a1/one", "v1", &image_of(&[b"layer"])).await.expect(201);
    t.advance(48 * HOUR);
    collect(&t).await;
    t.get(&path).await.expect(200);
}

#[tokio::test]
async fn a_layer_that_the_api_called_available_is_kept_too() {
    let t = Fixture::new().await;
    let layer = t.push("a1/one", b"layer").await;
    for _ in 0..4 {
        t.advance(HOUR - 60_000);
        let layers = t.registry.check_layers(&scope(), &name("a1/one"), std::slice::from_ref(&layer)).await.unwrap();
        assert_eq!(layers[0].size, Some(5));
        collect(&t).await;
    }
    t.advance(HOUR);
    collect(&t).await;
    t.get(&format!("/v2/a1/one/blobs/{layer}")).await.expect(404);
}

#[tokio::test]
async fn the_bytes_stay_while_another_repository_shows_them() {
    let t = Fixture::new().await;
    let blob = t.push("a1/one", b"{}").await;
    t.push_image("a1/two", "v1", &[]).await;
    t.advance(HOUR);
    let collected = collect(&t).await;
    assert_eq!((collected.hidden_blobs, collected.removed_blobs), (1, 0));
    t.get(&format!("/v2/a1/one/blobs/{blob}")).await.expect(404);
    t.get(&format!("/v2/a1/two/blobs/{blob}")).await.expect(200);
}

#[tokio::test]
async fn abandoned_uploads_go_after_a_day_and_used_ones_stay() {
    let t = Fixture::new().await;
    let empty = t.begin("a1/one").await;
    let (abandoned, used) = (t.begin("a1/one").await, t.begin("a1/one").await);
    for location in [&abandoned, &used] {
        t.send("PATCH", location, &[], "abc").await.expect(202);
    }
    for _ in 0..3 {
        t.advance(10 * HOUR);
        t.send("PATCH", &used, &[], "abc").await.expect(202);
        collect(&t).await;
    }
    for gone in [&empty, &abandoned] {
        t.get(gone).await.expect(404);
    }
    assert_eq!(t.files("uploads").len(), 1);
    t.finish(&used, &digest(b"abcabcabcabc"), Body::empty()).await.expect(201);
}

#[tokio::test]
async fn referrers_go_with_their_subject_unless_it_comes_back() {
    let t = Fixture::new().await;
    let image = t.push_image("a1/one", "v1", &[]).await;
    let empty = json!({ "mediaType": "application/vnd.oci.empty.v1+json", "digest": digest(b"{}"), "size": 2 });
    let about = |bytes: &[u8], note: &str| {
        let subject = json!({ "mediaType": OCI_MANIFEST, "digest": digest(bytes), "size": bytes.len() });
        json!({
            "schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": empty, "layers": [], "subject": subject,
            "annotations": { "note": note },
        })
        .to_string()
    };
    let (signature, early) = (about(&image, "signature"), about(b"not here yet", "early"));
    for manifest in [&signature, &early] {
        t.put_manifest("a1/one", digest(manifest.as_bytes()).as_str(), manifest.as_bytes()).await.expect(201);
    }
    let path = |manifest: &str| format!("/v2/a1/one/manifests/{}", digest(manifest.as_bytes()));
    t.delete(&format!("/v2/a1/one/manifests/{}", digest(&image))).await.expect(202);
    t.advance(HOUR / 2);
    t.push_image("a1/one", "v1", &[]).await;
    t.advance(HOUR);
    assert_eq!(collect(&t).await.referrers, 0);
    t.delete(&format!("/v2/a1/one/manifests/{}", digest(&image))).await.expect(202);
    t.advance(HOUR);
    assert_eq!(collect(&t).await.referrers, 1);
    t.get(&path(&signature)).await.expect(404);
    // One whose subject was never deleted is nobody's orphan.
    t.get(&path(&early)).await.expect(200);
}

#[tokio::test]
async fn files_that_a_crash_left_are_found_and_others_are_not_touched() {
    let t = Fixture::new().await;
    let held = t.push("a1/one", b"{}").await;
    let stray = digest(b"stray");
    let hex = stray.hex();
    let file = t.folder.path().join("registry/blobs/sha256").join(&hex[..2]).join(hex);
    std::fs::write(&file, b"stray").unwrap();
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(2 * 3600);
    std::fs::File::options().write(true).open(&file).unwrap().set_modified(old).unwrap();
    let mut strays = 0;
    for _ in 0..=u8::MAX {
        strays += collect(&t).await.stray_files;
    }
    assert_eq!(strays, 1);
    assert!(!file.exists());
    t.get(&format!("/v2/a1/one/blobs/{held}")).await.expect(200);
}

/// A push that was acknowledged can be pulled, although blobs are being taken out and collected all the while.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pushes_win_against_deletions_and_collections_of_the_same_blobs() {
    let t = Arc::new(Fixture::new().await);
    let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let collector = {
        let (t, done) = (Arc::clone(&t), Arc::clone(&done));
        tokio::spawn(async move {
            let mut removed = 0;
            while !done.load(std::sync::atomic::Ordering::SeqCst) {
                removed += collect(&t).await.removed_blobs;
            }
            removed
        })
    };
    let pushers = (0..6_u8).map(|at| {
        let t = Arc::clone(&t);
        tokio::spawn(async move {
            let bytes = [b'0' + at];
            let path = format!("/v2/a1/one/blobs/{}", digest(&bytes));
            for _ in 0..50 {
                t.push("a1/one", &bytes).await;
                assert_eq!(t.get(&path).await.expect(200).body, bytes[..]);
                t.delete(&path).await.expect(202);
            }
        })
    });
    for pusher in futures_util::future::join_all(pushers).await {
        pusher.unwrap();
    }
    done.store(true, std::sync::atomic::Ordering::SeqCst);
    assert!(collector.await.unwrap() > 0);
}

const REPOSITORIES: [&str; 2] = ["a1/one", "a1/two"];
const BLOBS: [&[u8]; 4] = [b"{}", b"l1", b"l2", b"l3"];

/// The layers of the images that the model pushes; every one has the config `{}` too.
const IMAGES: [&[usize]; 4] = [&[], &[1], &[1, 2], &[2, 3]];

#[derive(Debug, Clone)]
enum Step {
    Push { repository: usize, blob: usize },
    Head { repository: usize, blob: usize },
    Mount { to: usize, blob: usize },
    PutImage { repository: usize, image: usize },
    DeleteImage { repository: usize, image: usize },
    Wait { minutes: i64 },
    Collect,
}

fn any_step() -> impl Strategy<Value = Step> {
    let (repository, blob, image) = (0..2_usize, 0..BLOBS.len(), 0..IMAGES.len());
    prop_oneof![
        4 => (repository.clone(), blob.clone()).prop_map(|(repository, blob)| Step::Push { repository, blob }),
        2 => (repository.clone(), blob.clone()).prop_map(|(repository, blob)| Step::Head { repository, blob }),
        1 => (repository.clone(), blob).prop_map(|(to, blob)| Step::Mount { to, blob }),
        3 => (repository.clone(), image.clone()).prop_map(|(repository, image)| Step::PutImage { repository, image }),
        2 => (repository, image).prop_map(|(repository, image)| Step::DeleteImage { repository, image }),
        2 => (1_i64..70).prop_map(|minutes| Step::Wait { minutes }),
        3 => Just(Step::Collect),
    ]
}

/// What must hold: the images that are there, and until when each blob was promised at least.
#[derive(Default)]
struct Model {
    images: BTreeSet<(usize, usize)>,
    promised: BTreeMap<(usize, usize), i64>,
}

impl Model {
    fn blobs(image: usize) -> impl Iterator<Item = usize> {
        std::iter::once(0).chain(IMAGES[image].iter().copied())
    }

    fn promise(&mut self, repository: usize, blob: usize, until: i64) {
        let promised = self.promised.entry((repository, blob)).or_insert(until);
        *promised = until.max(*promised);
    }

    /// Whether the blob has to be there.
    fn must_hold(&self, repository: usize, blob: usize, now: i64) -> bool {
        self.promised.get(&(repository, blob)).is_some_and(|until| *until > now)
            || self.images.iter().any(|(of, image)| *of == repository && Self::blobs(*image).any(|held| held == blob))
    }

    async fn apply(&mut self, t: &Fixture, step: &Step) {
        let now = t.now().0;
        match *step {
            Step::Push { repository, blob } => {
                t.push(REPOSITORIES[repository], BLOBS[blob]).await;
                self.promise(repository, blob, now + HOUR);
            }
            Step::Head { repository, blob } => {
                let path = format!("/v2/{}/blobs/{}", REPOSITORIES[repository], digest(BLOBS[blob]));
                if t.head(&path).await.status == 200 {
                    self.promise(repository, blob, now + HOUR / 2);
                }
            }
            Step::Mount { to, blob } => {
                let (into, from) = (REPOSITORIES[to], REPOSITORIES[1 - to]);
                let path = format!("/v2/{into}/blobs/uploads/?mount={}&from={from}", digest(BLOBS[blob]));
                if t.send("POST", &path, &[], Body::empty()).await.status == 201 {
                    self.promise(to, blob, now + HOUR);
                }
            }
            Step::PutImage { repository, image } => {
                let layers: Vec<&[u8]> = IMAGES[image].iter().map(|blob| BLOBS[*blob]).collect();
                let manifest = image_of(&layers);
                let reply = t.put_manifest(REPOSITORIES[repository], digest(&manifest).as_str(), &manifest).await;
                let whole = Self::blobs(image).all(|blob| self.must_hold(repository, blob, now));
                assert!(reply.status == 201 || !whole, "everything was promised: {reply:?}");
                if reply.status == 201 {
                    self.images.insert((repository, image));
                }
            }
            Step::DeleteImage { repository, image } => {
                let layers: Vec<&[u8]> = IMAGES[image].iter().map(|blob| BLOBS[*blob]).collect();
                let path = format!("/v2/{}/manifests/{}", REPOSITORIES[repository], digest(&image_of(&layers)));
                let known = self.images.remove(&(repository, image));
                t.delete(&path).await.expect(if known { 202 } else { 404 });
                for blob in Self::blobs(image).filter(|_| known) {
                    self.promise(repository, blob, now + HOUR);
                }
            }
            Step::Wait { minutes } => t.advance(minutes * 60_000),
            Step::Collect => {
                collect(t).await;
            }
        }
    }

    async fn check(&self, t: &Fixture) {
        let now = t.now().0;
        for (repository, of) in REPOSITORIES.iter().enumerate() {
            for (blob, bytes) in BLOBS.iter().enumerate() {
                if self.must_hold(repository, blob, now) {
                    let reply = t.get(&format!("/v2/{of}/blobs/{}", digest(bytes))).await.expect(200);
                    assert_eq!(reply.body, *bytes);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn nothing_that_is_named_or_promised_is_ever_collected(steps in prop::collection::vec(any_step(), 1..60)) {
        // Each case leaves the registry as it found it.
        Fixture::shared(async |t| {
            let mut model = Model::default();
            for step in &steps {
                model.apply(t, step).await;
                model.check(t).await;
            }
            // When nothing is named any more, nothing is left.
            for (repository, image) in model.images.clone() {
                model.apply(t, &Step::DeleteImage { repository, image }).await;
            }
            t.advance(2 * HOUR);
            collect(t).await;
            assert!(t.files("blobs").is_empty());
        });
    }
}
