//! Scrubbing: the bytes of every blob are read again from time to time, a little in each run. What is damaged is put aside
//! and taken out of every repository, so that it is served to nobody and a push of it, or a pull through a cache, brings it
//! back whole.

use std::collections::BTreeMap;

use gantry_model::{Digest, UnixMillis};
use gantry_store::blob::{Verdict, rows as blob};
use gantry_store::{StoreError, chain, image, repository};
use serde_json::json;

use crate::registry::Registry;
use crate::repository::append_image_event;
use crate::upload::UploadError;

/// Bytes that one run reads: at a run a minute, a terabyte in seventeen days.
const BYTES: i64 = 1 << 30;
/// Blobs that one run reads.
const BLOBS: i64 = 1000;

/// What one run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scrubbed {
    /// Blobs that were read, the damaged ones included.
    pub verified: usize,
    pub damaged: usize,
}

impl Registry {
    /// Verifies some of the blobs that were not verified for so long. Call it every minute.
    ///
    /// # Errors
    /// When the store fails. A blob that cannot be read for another reason than damage is told of in the log and left.
    pub async fn scrub_once(&self, now: UnixMillis) -> Result<Scrubbed, UploadError> {
        let Some(period) = self.settings.scrub_millis else { return Ok(Scrubbed::default()) };
        let due = {
            let mut reader = self.store.read().await?;
            blob::unverified(&mut reader, now.plus_millis(-period), BLOBS).await?
        };
        let mut scrubbed = Scrubbed::default();
        let mut left = BYTES;
        let mut whole = Vec::new();
        for (digest, size) in due {
            if left <= 0 {
                break;
            }
            left -= size;
            let verdict = match self.blobs.verify(&digest, size.unsigned_abs()).await {
                Ok(Some(verdict)) => verdict,
                // The object store verifies its own bytes.
                Ok(None) => break,
                Err(error) => {
                    let reason = chain(&error);
                    tracing::error!(%digest, reason, "a blob could not be verified");
                    continue;
                }
            };
            scrubbed.verified += 1;
            match verdict {
                Verdict::Whole => whole.push(digest),
                Verdict::Damaged(_) if self.condemn_damaged(&digest, size).await? => scrubbed.damaged += 1,
                Verdict::Damaged(_) => {}
            }
        }
        if !whole.is_empty() {
            self.store
                .write(move |tx| {
                    Box::pin(async move {
                        for digest in &whole {
                            blob::note_verified(tx, digest, now).await?;
                        }
                        Ok::<_, StoreError>(())
                    })
                })
                .await?;
        }
        Ok(scrubbed)
    }

    /// Puts a damaged blob aside, unless it was pushed again or collected meanwhile. Answers whether it did.
    async fn condemn_damaged(&self, digest: &Digest, size: i64) -> Result<bool, UploadError> {
        let right = self.blobs.collection().await;
        if !self.is_recorded(digest).await? {
            return Ok(false);
        }
        let Some(Verdict::Damaged(reason)) = self.blobs.verify(digest, size.unsigned_abs()).await? else {
            return Ok(false);
        };
        tracing::error!(%digest, reason, "a blob is damaged; it is put aside until it is pushed again");
        let gone = digest.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let now = tx.now();
                    let named = blob::note_damaged(tx, &gone, &reason, now).await?;
                    let mut by_repository: BTreeMap<i64, Vec<Digest>> = BTreeMap::new();
                    for (of, manifest) in named {
                        by_repository.entry(of).or_default().push(manifest);
                    }
                    for (of, manifests) in by_repository {
                        let Some(row) = repository::by_id(tx, of).await? else { continue };
                        for manifest in manifests {
                            let tags = image::tags_of(tx, of, &manifest).await?;
                            let fields = json!({ "imageDigest": manifest, "imageTags": tags, "damagedLayer": gone });
                            append_image_event(tx, &row.repository, "DAMAGE", fields).await?;
                        }
                    }
                    Ok::<_, StoreError>(())
                })
            })
            .await?;
        self.blobs.quarantine(digest, &right).await?;
        drop(right);
        Ok(true)
    }
}
