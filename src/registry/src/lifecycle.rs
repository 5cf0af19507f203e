//! Lifecycle policies over a repository: what they would expire, and having it expire.
//!
//! What a policy says is `gantry_model::lifecycle`'s. Here it is given the repository as it is, and images that somebody
//! uses are spared.

use std::collections::BTreeMap;

use gantry_model::image::{Image, Repository};
use gantry_model::lifecycle::{Action, Applied, Candidate, LifecyclePolicy};
use gantry_model::{Digest, RepositoryName, Scope, UnixMillis};
use gantry_store::{StoreError, image, repository};

use crate::image::{ImageError, ImageId, Origin};
use crate::in_use::ImageUsers;
use crate::registry::Registry;
use crate::repository::find;

/// How often a policy is applied; ECR does so within a day.
const EVERY_MILLIS: i64 = 60 * 60 * 1000;
/// Images that are read at once.
const CHUNK: i64 = 1000;

/// An image that a policy would act on.
#[derive(Debug, Clone, PartialEq)]
pub struct Due {
    pub image: Image,
    /// What becomes of it, and by which rule.
    pub applied: Applied,
}

impl Registry {
    /// The images that `policy` would act on now, the oldest first.
    ///
    /// # Errors
    /// [`ImageError::RepositoryNotFound`].
    pub async fn due(
        &self,
        scope: &Scope,
        name: &RepositoryName,
        policy: &LifecyclePolicy,
    ) -> Result<Vec<Due>, ImageError> {
        let (images, bound, users) = {
            let mut reader = self.store.read().await?;
            let row = find::<ImageError>(&mut reader, scope, name).await?;
            let mut images: Vec<Image> = Vec::new();
            loop {
                let after = images.last().map(|image| image.digest.clone());
                let some = image::list(&mut reader, &row, after.as_ref(), CHUNK).await?;
                if some.is_empty() {
                    break;
                }
                images.extend(some);
            }
            let bound = image::bound_to_another(&mut reader, row.id).await?;
            let users = match self.settings.protects_images_in_use {
                true => ImageUsers::load(&mut reader, scope, name, &self.settings.hosts).await?,
                false => ImageUsers::default(),
            };
            (images, bound, users)
        };
        let candidate = |image: &Image| Candidate {
            digest: image.digest.clone(),
            tags: image.tags.clone(),
            pushed_at: image.pushed_at,
            last_pulled_at: image.last_pulled_at,
            activated_at: image.activated_at,
            archived_at: image.archived_at,
            belongs_to_another: bound.contains(&image.digest),
        };
        let candidates: Vec<Candidate> = images.iter().map(candidate).collect();
        let by_rule: BTreeMap<Digest, Applied> = policy.evaluate(&candidates, self.now());
        let due = |image: Image| {
            let applied = *by_rule.get(&image.digest)?;
            let is_free = users.of_image(&image.digest, &image.tags).is_none();
            is_free.then_some(Due { image, applied })
        };
        let mut due: Vec<Due> = images.into_iter().filter_map(due).collect();
        due.sort_by(|a, b| (a.image.pushed_at, &a.image.digest).cmp(&(b.image.pushed_at, &b.image.digest)));
        Ok(due)
    }

    /// Applies every policy that was not applied for an hour, or is new. Answers how many images it acted on.
    ///
    /// # Errors
    /// The store's; what was done stays done.
    pub async fn apply_lifecycle_policies(&self, now: UnixMillis) -> Result<usize, ImageError> {
        let repositories = {
            let mut reader = self.store.read().await?;
            repository::all(&mut reader).await?
        };
        let mut done = 0;
        for row in repositories {
            let Repository { scope, name, lifecycle_policy, .. } = row.repository;
            let Some(stored) = lifecycle_policy else { continue };
            let is_due = stored.last_evaluated_at.is_none_or(|at| now.millis_since(at) >= EVERY_MILLIS);
            // A policy was valid when it was stored.
            let Some(policy) = LifecyclePolicy::parse(&stored.text).ok().filter(|_| is_due) else { continue };
            match self.apply(&scope, &name, &policy, now).await {
                Ok(images) => done += images,
                // Deleted meanwhile.
                Err(ImageError::RepositoryNotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    async fn apply(
        &self,
        scope: &Scope,
        name: &RepositoryName,
        policy: &LifecyclePolicy,
        now: UnixMillis,
    ) -> Result<usize, ImageError> {
        let mut done = 0;
        for Due { image, applied: Applied { action, rule_priority } } in self.due(scope, name, policy).await? {
            let id = ImageId { digest: Some(image.digest.clone()), tag: None };
            let acted = match action {
                Action::Expire => self.delete_image(scope, name, &id, Origin::Here).await.map(drop),
                Action::Transition => self.set_archived(scope, name, &id, true).await.map(drop),
            };
            match acted {
                Ok(()) => {
                    tracing::info!(repository = %name, digest = %image.digest, rule_priority, ?action, "a lifecycle rule acts");
                    done += 1;
                }
                // Deleted, named by an index, or put to use, since it was looked at.
                Err(
                    ImageError::ImageNotFound { .. }
                    | ImageError::ReferencedByManifestList { .. }
                    | ImageError::InUse { .. },
                ) => {}
                Err(error) => return Err(error),
            }
        }
        let note = move |repository: &mut Repository| {
            if let Some(policy) = &mut repository.lifecycle_policy {
                policy.last_evaluated_at = Some(now);
            }
            Ok::<_, ImageError>(())
        };
        self.update_repository(scope, name, note).await?;
        Ok(done)
    }

    /// Who uses an image of the repository, when that is to be heeded.
    pub(crate) async fn users(&self, scope: &Scope, name: &RepositoryName) -> Result<ImageUsers, StoreError> {
        if !self.settings.protects_images_in_use {
            return Ok(ImageUsers::default());
        }
        let mut reader = self.store.read().await?;
        ImageUsers::load(&mut reader, scope, name, &self.settings.hosts).await
    }
}
