//! Backfills: the images that were here before the rules, copied to one destination (Amazon ECR user guide, "Replication
//! backfill").

use gantry_model::ids::uuid_from_random;
use gantry_model::replication::{Backfill, BackfillProgress, BackfillStatus, destinations};
use gantry_model::{Scope, UnixMillis};
use gantry_store::replication_backfill as row;
use gantry_store::{StoreError, registry_settings, repository};

use crate::registry::Registry;

/// For how long a backfill is told of.
const KEPT_MILLIS: i64 = 90 * 24 * 3_600_000;
/// Why a backfill was given up.
const MOST_FAILED: &str = "REPLICATION_FAILURE_THRESHOLD_EXCEEDED";

pub use gantry_store::replication_backfill::BackfillImage as BackfillResult;

/// Why a backfill was not started or stopped; the messages are ours.
#[derive(Debug, thiserror::Error)]
pub enum BackfillError {
    #[error("The destination {0} is not in the replication configuration of the registry")]
    NotConfigured(Scope),
    #[error("The replication backfill {0} to this destination is in progress")]
    InProgress(String),
    #[error("The replication backfill {0} does not exist in the registry")]
    NotFound(String),
    #[error("A replication backfill can be stopped while it is PREPARING or IN_PROGRESS; this one is {0}")]
    InvalidStatus(&'static str),
    #[error("the registry's database failed")]
    Store(#[from] StoreError),
}

impl Registry {
    /// Starts a backfill.
    ///
    /// # Errors
    /// [`BackfillError`].
    pub async fn start_backfill(&self, scope: &Scope, destination: &Scope) -> Result<Backfill, BackfillError> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|_| StoreError::Closed)?;
        let (id, scope, destination) = (uuid_from_random(random), scope.clone(), destination.clone());
        let started = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let settings = registry_settings::get(tx, &scope).await?;
                    if !settings.replication.iter().any(|rule| rule.destinations.contains(&destination)) {
                        return Err(BackfillError::NotConfigured(destination));
                    }
                    let running = row::running(tx).await?;
                    if let Some(other) = running.iter().find(|b| b.scope == scope && b.destination == destination) {
                        return Err(BackfillError::InProgress(other.id.clone()));
                    }
                    let (status, started_at) = (BackfillStatus::Preparing, tx.now());
                    let backfill =
                        Backfill { id, scope, destination, status, failure: None, started_at, ended_at: None };
                    row::put(tx, &backfill).await?;
                    Ok(backfill)
                })
            })
            .await?;
        self.replications_wanted.notify_one();
        Ok(started)
    }

    /// Asks for the end of a backfill: what is being copied is still copied.
    ///
    /// # Errors
    /// [`BackfillError`].
    pub async fn stop_backfill(&self, scope: &Scope, id: &str) -> Result<Backfill, BackfillError> {
        let (scope, id) = (scope.clone(), id.to_owned());
        let stopped = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let found = row::find(tx, &scope, &id).await?;
                    let mut backfill = found.ok_or(BackfillError::NotFound(id))?;
                    if !matches!(backfill.status, BackfillStatus::Preparing | BackfillStatus::InProgress) {
                        return Err(BackfillError::InvalidStatus(backfill.status.as_str()));
                    }
                    backfill.status = BackfillStatus::Stopping;
                    row::put(tx, &backfill).await?;
                    Ok(backfill)
                })
            })
            .await?;
        self.replications_wanted.notify_one();
        Ok(stopped)
    }

    /// The backfills of the last 90 days, the last one first, each with how far it is.
    ///
    /// # Errors
    /// The store's.
    pub async fn backfills(&self, scope: &Scope) -> Result<Vec<(Backfill, BackfillProgress)>, StoreError> {
        let mut reader = self.store.read().await?;
        let mut found = Vec::new();
        for backfill in row::of_registry(&mut reader, scope).await? {
            let progress = row::progress(&mut reader, &backfill.id).await?;
            found.push((backfill, progress));
        }
        Ok(found)
    }

    /// A backfill, how far it is, and the images that were tried to the end.
    ///
    /// # Errors
    /// [`BackfillError::NotFound`].
    pub async fn backfill(
        &self,
        scope: &Scope,
        id: &str,
    ) -> Result<(Backfill, BackfillProgress, Vec<BackfillResult>), BackfillError> {
        let mut reader = self.store.read().await?;
        let found = row::find(&mut reader, scope, id).await?;
        let backfill = found.ok_or_else(|| BackfillError::NotFound(id.to_owned()))?;
        let progress = row::progress(&mut reader, id).await?;
        Ok((backfill, progress, row::results(&mut reader, id).await?))
    }

    /// Moves every running backfill on: lists its images, or ends it. Answers how many were moved.
    pub(crate) async fn step_backfills(&self) -> Result<usize, StoreError> {
        let running = {
            let mut reader = self.store.read().await?;
            row::running(&mut reader).await?
        };
        let mut moved = 0;
        for Backfill { scope, id, .. } in running {
            moved += usize::from(self.step_backfill(scope, id).await?);
        }
        Ok(moved)
    }

    async fn step_backfill(&self, scope: Scope, id: String) -> Result<bool, StoreError> {
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let Some(mut backfill) = row::find(tx, &scope, &id).await? else { return Ok(false) };
                    let before = backfill.status;
                    match before {
                        BackfillStatus::Preparing => {
                            add_images(tx, &backfill).await?;
                            backfill.status = BackfillStatus::InProgress;
                        }
                        BackfillStatus::InProgress => {
                            let progress = row::progress(tx, &id).await?;
                            if progress.is_hopeless() {
                                backfill.failure = Some(MOST_FAILED.to_owned());
                                backfill.status = BackfillStatus::Failed;
                            } else if progress.completed + progress.failed == progress.total {
                                backfill.status = progress.verdict();
                                let failed = backfill.status == BackfillStatus::Failed;
                                backfill.failure = failed.then(|| MOST_FAILED.to_owned());
                            }
                        }
                        _ => backfill.status = BackfillStatus::Stopped,
                    }
                    if backfill.status == before {
                        return Ok(false);
                    }
                    if !backfill.status.is_running() {
                        row::leave_out_the_rest(tx, &id).await?;
                        backfill.ended_at = Some(tx.now());
                    }
                    row::put(tx, &backfill).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// Forgets backfills that were started more than 90 days ago.
    ///
    /// # Errors
    /// The store's.
    pub async fn forget_old_backfills(&self, now: UnixMillis) -> Result<(), StoreError> {
        let before = now.plus_millis(-KEPT_MILLIS);
        self.store.write(move |tx| Box::pin(async move { row::forget_before(tx, before).await })).await
    }
}

/// Adds the images of the repositories whose rules name the backfill's destination.
async fn add_images(tx: &mut gantry_store::Tx, backfill: &Backfill) -> Result<(), StoreError> {
    let settings = registry_settings::get(tx, &backfill.scope).await?;
    let now = tx.now();
    for of in repository::all(tx).await? {
        let is_meant = of.repository.scope == backfill.scope
            && destinations(&settings.replication, &of.repository.name).contains_key(&backfill.destination);
        if is_meant {
            row::add_images(tx, &backfill.id, of.id, now).await?;
        }
    }
    Ok(())
}
