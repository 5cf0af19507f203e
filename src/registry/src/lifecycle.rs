//! Lifecycle policies over a repository: what they would expire, and having it expire.
//!
//! What a policy says is `gantry_model::lifecycle`'s. Here it is given the repository as it is, and images that somebody
//! uses are spared.

use std::collections::BTreeMap;

use gantry_model::image::{Image, Repository};
use gantry_model::lifecycle::{Candidate, LifecyclePolicy};
use gantry_model::{Digest, RepositoryName, Scope, UnixMillis};
use gantry_store::{StoreError, image, repository};

use crate::image::{ImageError, ImageId};
use crate::in_use::ImageUsers;
use crate::registry::Registry;
use crate::repository::find;

/// How often a policy is applied; ECR does so within a day.
const EVERY_MILLIS: i64 = 60 * 60 * 1000;
/// Images that are read at once.
const CHUNK: i64 = 1000;

/// An image that a policy would expire.
#[derive(Debug, Clone, PartialEq)]
pub struct Expiring {
    pub image: Image,
    /// The priority of the rule that it expires by.
    pub rule_priority: u32,
}

impl Registry {
    /// The images that `policy` would expire now, the oldest first.
    ///
    /// # Errors
    /// [`ImageError::RepositoryNotFound`].
    pub async fn expiring(
        &self,
        scope: &Scope,
        name: &RepositoryName,
        policy: &LifecyclePolicy,
    ) -> Result<Vec<Expiring>, ImageError> {
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
            belongs_to_another: bound.contains(&image.digest),
        };
        let candidates: Vec<Candidate> = images.iter().map(candidate).collect();
        let by_rule: BTreeMap<Digest, u32> = policy.evaluate(&candidates, self.now());
        let expires = |image: Image| {
            let rule_priority = *by_rule.get(&image.digest)?;
            let is_free = users.of_image(&image.digest, &image.tags).is_none();
            is_free.then_some(Expiring { image, rule_priority })
        };
        let mut expiring: Vec<Expiring> = images.into_iter().filter_map(expires).collect();
        expiring.sort_by(|a, b| (a.image.pushed_at, &a.image.digest).cmp(&(b.image.pushed_at, &b.image.digest)));
        Ok(expiring)
    }

    /// Applies every policy that was not applied for an hour, or is new. Answers how many images went.
    ///
    /// # Errors
    /// The store's; what was done stays done.
    pub async fn apply_lifecycle_policies(&self, now: UnixMillis) -> Result<usize, ImageError> {
        let repositories = {
            let mut reader = self.store.read().await?;
            repository::all(&mut reader).await?
        };
        let mut expired = 0;
        for row in repositories {
            let Repository { scope, name, lifecycle_policy, .. } = row.repository;
            let Some(stored) = lifecycle_policy else { continue };
            let is_due = stored.last_evaluated_at.is_none_or(|at| now.millis_since(at) >= EVERY_MILLIS);
            // A policy was valid when it was stored.
            let Some(policy) = LifecyclePolicy::parse(&stored.text).ok().filter(|_| is_due) else { continue };
            match self.apply(&scope, &name, &policy, now).await {
                Ok(gone) => expired += gone,
                // Deleted meanwhile.
                Err(ImageError::RepositoryNotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(expired)
    }

    async fn apply(
        &self,
        scope: &Scope,
        name: &RepositoryName,
        policy: &LifecyclePolicy,
        now: UnixMillis,
    ) -> Result<usize, ImageError> {
        let mut gone = 0;
        for Expiring { image, rule_priority } in self.expiring(scope, name, policy).await? {
            let id = ImageId { digest: Some(image.digest.clone()), tag: None };
            match self.delete_image(scope, name, &id).await {
                Ok(_) => {
                    tracing::info!(repository = %name, digest = %image.digest, rule_priority, "an image expired");
                    gone += 1;
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
        Ok(gone)
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
