//! Online garbage collection: in small steps beside pushes and pulls, never in their way and never ahead of them.
//!
//! What goes, each after its time of grace:
//! 1. uploads that nobody goes on with;
//! 2. referrers whose subject was deleted, unless a tag or an index holds them;
//! 3. a blob out of a repository, when no manifest of it names the blob and no client was promised it;
//! 4. the bytes of a blob that no repository shows any more;
//! 5. files that a crash left without a row.
//!
//! Why nothing is lost: a promise (upload, mount, HEAD, the deletion of a manifest) is a time in the row that step 3
//! reviews, and a manifest is written in the transaction that checks that its blobs are still shown. Steps 4 and 5 hold
//! the blob store's [`Collection`](gantry_store::blob::Collection), which excludes the moment between a new blob's
//! rename and its row.

use std::sync::atomic::Ordering;

use gantry_model::{Digest, UnixMillis};
use gantry_store::blob::rows as blob;
use gantry_store::image::deletion;
use gantry_store::{StoreError, repository as repository_row, upload as upload_row};
use serde_json::json;

use crate::registry::Registry;
use crate::repository::append_image_event;
use crate::upload::UploadError;

/// Rows that one step takes at once, so that the writer is never held for long.
const STEP: i64 = 100;
/// Steps of a kind in one run; what is left waits for the next.
const STEPS: usize = 50;
/// A session that rests so long leaves the memory; its row and its file stay.
const SESSION_REST_MILLIS: i64 = 900_000;

/// What one run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Collected {
    /// Uploads that ended.
    pub uploads: usize,
    /// Referrers that went after their subject.
    pub referrers: usize,
    /// Blobs taken out of a repository.
    pub hidden_blobs: usize,
    /// Blobs whose bytes were removed.
    pub removed_blobs: usize,
    /// Files without a row that were removed.
    pub stray_files: usize,
}

impl Registry {
    /// Collects what is due at `now`. Call it every minute or so; a run ends soon, whatever there is to do.
    ///
    /// # Errors
    /// When the store or the disk fails; what was done stays done, and the next run goes on.
    pub async fn collect_once(&self, now: UnixMillis) -> Result<Collected, UploadError> {
        let mut collected = Collected { uploads: self.collect_uploads(now).await?, ..Collected::default() };
        collected.referrers = self.collect_referrers(now).await?;
        for _ in 0..STEPS {
            let (reviewed, hidden) =
                self.store.write(move |tx| Box::pin(async move { blob::review_leases(tx, now, STEP).await })).await?;
            collected.hidden_blobs += hidden;
            if reviewed == 0 {
                break;
            }
        }
        for _ in 0..STEPS {
            let removed = self.remove_blobs().await?;
            collected.removed_blobs += removed;
            if removed == 0 {
                break;
            }
        }
        collected.stray_files = self.collect_stray_files().await?;
        Ok(collected)
    }

    async fn collect_uploads(&self, now: UnixMillis) -> Result<usize, UploadError> {
        let abandoned = now.plus_millis(-self.settings.upload_grace_millis);
        let mut ended = 0;
        for session in self.sessions.idle_since(now.plus_millis(-SESSION_REST_MILLIS)) {
            let Some(mut turn) = session.try_turn() else { continue };
            if turn.recorded_at.is_some() {
                // It can be resumed from its row; a request that found it in memory is told that it ended and may ask
                // again.
                turn.ended = true;
                self.sessions.remove(&session.id);
            } else if self.sessions.idle_since(abandoned).iter().any(|idle| idle.id == session.id) {
                self.end(&session, &mut turn).await?;
                ended += 1;
            }
        }
        let ids = self
            .store
            .write(move |tx| Box::pin(async move { upload_row::delete_abandoned(tx, abandoned, STEP).await }))
            .await?;
        for id in &ids {
            self.sessions.remove(id);
            self.blobs.discard(id).await?;
        }
        Ok(ended + ids.len())
    }

    async fn collect_referrers(&self, now: UnixMillis) -> Result<usize, UploadError> {
        let before = now.plus_millis(-self.settings.blob_grace_millis);
        let lease = self.lease_from(now);
        let collect = self.store.write(move |tx| {
            Box::pin(async move {
                let orphans = deletion::orphans(tx, before, STEP).await?;
                for (repository, digest) in &orphans {
                    deletion::delete_manifest(tx, *repository, digest, now, lease).await?;
                    if let Some(row) = repository_row::by_id(tx, *repository).await? {
                        let fields = json!({ "imageDigest": digest, "imageTags": [], "imageDeleted": true });
                        append_image_event(tx, &row.repository, "DELETE", fields).await?;
                    }
                }
                Ok::<_, StoreError>(orphans.len())
            })
        });
        Ok(collect.await?)
    }

    /// Removes the bytes of some blobs that nobody shows.
    async fn remove_blobs(&self) -> Result<usize, UploadError> {
        let right = self.blobs.collection().await;
        let condemned = self.store.write(|tx| Box::pin(async move { blob::condemn(tx, STEP).await })).await?;
        for digest in &condemned {
            self.blobs.remove(digest, &right).await?;
        }
        let removed = condemned.len();
        if removed > 0 {
            self.store.write(move |tx| Box::pin(async move { blob::forget(tx, &condemned).await })).await?;
        }
        drop(right);
        Ok(removed)
    }

    /// Searches one shelf of the blobs, and the uploads, for files that no row knows.
    async fn collect_stray_files(&self) -> Result<usize, UploadError> {
        let shelf = self.next_shelf.fetch_add(1, Ordering::Relaxed);
        let mut strays = 0;
        for digest in self.blobs.shelf(shelf, self.settings.blob_grace_millis).await? {
            if self.is_recorded(&digest).await? {
                continue;
            }
            // Once more with the right to remove: a publication that was under way has its row now.
            let right = self.blobs.collection().await;
            if !self.is_recorded(&digest).await? {
                self.blobs.remove(&digest, &right).await?;
                strays += 1;
            }
        }
        for id in self.blobs.uploads(self.settings.upload_grace_millis).await? {
            let recorded = {
                let mut reader = self.store.read().await?;
                upload_row::exists(&mut reader, &id).await?
            };
            if !recorded && !self.sessions.holds(&id) {
                self.blobs.discard(&id).await?;
                strays += 1;
            }
        }
        Ok(strays)
    }

    pub(crate) async fn is_recorded(&self, digest: &Digest) -> Result<bool, StoreError> {
        let mut reader = self.store.read().await?;
        blob::is_recorded(&mut reader, digest).await
    }
}
