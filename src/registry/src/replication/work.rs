//! The background work of replication: one step for each destination, at several destinations at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use gantry_model::replication::{Backfill, ReplicationStatus};
use gantry_model::{Digest, RepositoryName, Scope, UnixMillis};
use gantry_store::replication::{Attempt, PendingCopy, PendingDeletion};
use gantry_store::replication_backfill::{self, BackfillImage};
use gantry_store::repository::RepositoryRow;
use gantry_store::{StoreError, chain, replication, repository};

use super::copy::CopyError;
use crate::registry::Registry;

/// Copies, deletions, and images of each backfill in one step.
const STEP: i64 = 20;
/// The pause after the first try that failed; it doubles with each.
const FIRST_PAUSE_MILLIS: i64 = 5_000;
/// Tries of a copy: the last one is an hour and a half after the first.
const TRIES: i64 = 11;
/// Tries of an image of a backfill, within a minute and a half.
const BACKFILL_TRIES: i64 = 5;

/// Something to do at one destination.
enum Job {
    Delete(PendingDeletion),
    Copy(PendingCopy),
    Backfill(Backfill, BackfillImage),
}

impl Registry {
    /// Does some of what is due. Answers how much; call it again until it is none.
    ///
    /// # Errors
    /// The store's. What a destination does not take is tried again later.
    pub async fn replicate_once(self: &Arc<Self>) -> Result<usize, StoreError> {
        let mut done = self.step_backfills().await?;
        let jobs = self.due_jobs().await?;
        done += jobs.values().map(Vec::len).sum::<usize>();
        for worked in join_all(jobs.into_values().map(|jobs| self.work(jobs))).await {
            worked?;
        }
        Ok(done)
    }

    /// When the next try is due, if one is.
    ///
    /// # Errors
    /// The store's.
    pub async fn next_replication(&self) -> Result<Option<UnixMillis>, StoreError> {
        let mut reader = self.store.read().await?;
        replication::next_due(&mut reader).await
    }

    async fn due_jobs(&self) -> Result<BTreeMap<Scope, Vec<Job>>, StoreError> {
        let now = self.now();
        let mut reader = self.store.read().await?;
        let mut jobs: BTreeMap<Scope, Vec<Job>> = BTreeMap::new();
        for deletion in replication::due_deletions(&mut reader, now, STEP).await? {
            jobs.entry(deletion.destination.clone()).or_default().push(Job::Delete(deletion));
        }
        for copy in replication::due(&mut reader, now, STEP).await? {
            jobs.entry(copy.destination.clone()).or_default().push(Job::Copy(copy));
        }
        for backfill in replication_backfill::running(&mut reader).await? {
            for image in replication_backfill::due(&mut reader, &backfill.id, now, STEP).await? {
                jobs.entry(backfill.destination.clone()).or_default().push(Job::Backfill(backfill.clone(), image));
            }
        }
        Ok(jobs)
    }

    async fn work(self: &Arc<Self>, jobs: Vec<Job>) -> Result<(), StoreError> {
        for job in jobs {
            match job {
                Job::Delete(deletion) => self.work_deletion(deletion).await?,
                Job::Copy(copy) => self.work_copy(copy).await?,
                Job::Backfill(backfill, image) => self.work_backfill(&backfill, image).await?,
            }
        }
        Ok(())
    }

    async fn work_deletion(&self, deletion: PendingDeletion) -> Result<(), StoreError> {
        let result = match self.destination(&deletion.from, &deletion.destination) {
            Some(to) => self.delete_copy(&deletion, &to).await,
            // The rules named it once; its address was taken away since.
            None => Ok(()),
        };
        let due_at = match result {
            Ok(()) => None,
            Err(error) => {
                let (PendingDeletion { name, digest, destination, .. }, reason) = (&deletion, chain(&error));
                tracing::warn!(repository = %name, %digest, %destination, reason, "a deletion was not replicated");
                (deletion.attempts + 1 < TRIES).then(|| self.next_try(deletion.attempts))
            }
        };
        let id = deletion.id;
        self.store.write(move |tx| Box::pin(async move { replication::note_deletion(tx, id, due_at).await })).await
    }

    async fn work_copy(self: &Arc<Self>, copy: PendingCopy) -> Result<(), StoreError> {
        let of = {
            let mut reader = self.store.read().await?;
            repository::by_id(&mut reader, copy.repository).await?
        };
        let attempt = match of {
            Some(of) => self.try_copy(&of, &copy.digest, &copy.destination, (copy.attempts, TRIES)).await,
            None => None,
        };
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    // It may have been pushed again, or deleted, since.
                    if replication::attempts(tx, &copy).await? != Some(copy.attempts) {
                        return Ok(());
                    }
                    match attempt {
                        None => replication::forget(tx, &copy).await,
                        Some(attempt) => {
                            replication::note(tx, copy.repository, &copy.digest, &copy.destination, &attempt).await
                        }
                    }
                })
            })
            .await
    }

    async fn work_backfill(self: &Arc<Self>, backfill: &Backfill, image: BackfillImage) -> Result<(), StoreError> {
        let of = self.repository_row(&backfill.scope, &image.name).await?;
        let attempt = match &of {
            Some(of) => self.try_copy(of, &image.digest, &backfill.destination, (image.attempts, BACKFILL_TRIES)).await,
            None => None,
        };
        let (id, destination) = (backfill.id.clone(), backfill.destination.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let (Some(attempt), Some(of)) = (attempt, of) else {
                        return replication_backfill::leave_out(tx, &id, &image).await;
                    };
                    replication_backfill::note(tx, &id, &image, &attempt).await?;
                    let is_done = attempt.status == ReplicationStatus::Complete;
                    if is_done && gantry_store::image::exists(tx, of.id, &image.digest).await? {
                        replication::note(tx, of.id, &image.digest, &destination, &attempt).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Copies an image; how the try ended, or `None` when there is nothing to copy any more.
    async fn try_copy(
        self: &Arc<Self>,
        of: &RepositoryRow,
        digest: &Digest,
        destination: &Scope,
        (attempts, tries): (i64, i64),
    ) -> Option<Attempt> {
        let to = self.destination(&of.repository.scope, destination)?;
        let now = self.now();
        let error = match self.copy_image(of, digest, &to).await {
            Ok(()) => {
                let attempts = attempts + 1;
                return Some(Attempt { status: ReplicationStatus::Complete, attempts, due_at: now, failure: None });
            }
            Err(CopyError::Gone) => return None,
            Err(error) => error,
        };
        let reason = chain(&error);
        tracing::warn!(repository = %of.repository.name, %digest, %destination, reason, "an image was not replicated");
        let is_last = attempts + 1 >= tries;
        Some(Attempt {
            status: if is_last { ReplicationStatus::Failed } else { ReplicationStatus::InProgress },
            attempts: attempts + 1,
            due_at: self.next_try(attempts),
            failure: Some(error.code().to_owned()),
        })
    }

    fn next_try(&self, attempts: i64) -> UnixMillis {
        let doublings = u32::try_from(attempts).unwrap_or(0).min(12);
        self.now().plus_millis(FIRST_PAUSE_MILLIS << doublings)
    }

    pub(crate) async fn repository_row(
        &self,
        scope: &Scope,
        name: &RepositoryName,
    ) -> Result<Option<RepositoryRow>, StoreError> {
        let mut reader = self.store.read().await?;
        repository::find(&mut reader, scope, name).await
    }
}
