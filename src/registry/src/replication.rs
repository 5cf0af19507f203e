//! Replication: what is pushed here is copied to other registries, in the background, in the order of the pushes.
//!
//! A destination is a registry of another account or region. One with an address ([`crate::Settings::replicas`]) is another
//! Gantry, and what it lacks is brought to it over HTTP (`replica.rs`); any other is one of our own, where the copy names
//! the same blobs. What has to be done stands in rows that the push itself writes, so that nothing is forgotten; a try that
//! fails is made again later, with longer and longer pauses.
//!
//! Invariants:
//! - what came as a copy is not copied on;
//! - a tag is brought as it is when the copy is made: a late copy moves none back;
//! - a deletion is not carried out when what it is about is here again.

use gantry_model::registry_settings::RegistrySettings;
use gantry_model::replication::{Replication, destinations};
use gantry_model::{Digest, ImageTag, RepositoryName, Scope, UnixMillis};
use gantry_store::replication::PendingDeletion;
use gantry_store::repository::RepositoryRow;
use gantry_store::{StoreError, Tx, registry_settings, replication};

use crate::image::{ImageError, ImageId};
use crate::registry::Registry;
use crate::repository::find;

mod backfill;
mod copy;
mod replica;
mod work;

pub use backfill::{BackfillError, BackfillResult};
pub(crate) use replica::{DESTINATION, SOURCE};
pub use replica::{Replica, ReplicaConfig, ReplicaError};

impl Registry {
    /// How the copies of an image stand.
    ///
    /// # Errors
    /// [`ImageError`].
    pub async fn replications(
        &self,
        scope: &Scope,
        name: &RepositoryName,
        id: &ImageId,
    ) -> Result<(Digest, Vec<Replication>), ImageError> {
        let image = self.image(scope, name, id).await?;
        let mut reader = self.store.read().await?;
        let row = find::<ImageError>(&mut reader, scope, name).await?;
        let found = replication::of_image(&mut reader, row.id, &image.digest).await?;
        Ok((image.digest, found))
    }

    /// Whether copies can be brought to `destination` from the registry of `scope`: it has an address, or is ours.
    #[must_use]
    pub fn can_replicate_to(&self, scope: &Scope, destination: &Scope) -> bool {
        self.destination(scope, destination).is_some()
    }

    /// Returns when something was pushed or deleted that is to be replicated since the last time.
    pub async fn replication_wanted(&self) {
        self.replications_wanted.notified().await;
    }
}

/// Asks for copies of an image that was just pushed, if there are to be any. Answers whether there are.
pub(crate) async fn request_on_push(
    tx: &mut Tx,
    settings: &RegistrySettings,
    of: &RepositoryRow,
    digest: &Digest,
) -> Result<bool, StoreError> {
    let wanted = destinations(&settings.replication, &of.repository.name);
    let now = tx.now();
    for destination in wanted.keys() {
        replication::request(tx, of.id, digest, destination, now).await?;
    }
    Ok(!wanted.is_empty())
}

/// Asks for a deletion that was just made, of a tag or of a whole image, to be made where the rules say so.
pub(crate) async fn request_on_delete(
    tx: &mut Tx,
    of: &RepositoryRow,
    digest: &Digest,
    tag: Option<&ImageTag>,
) -> Result<(), StoreError> {
    let settings = registry_settings::get(tx, &of.repository.scope).await?;
    let now: UnixMillis = tx.now();
    for (destination, deletes) in destinations(&settings.replication, &of.repository.name) {
        if !deletes {
            continue;
        }
        let deletion = PendingDeletion {
            id: 0,
            from: of.repository.scope.clone(),
            name: of.repository.name.clone(),
            digest: digest.clone(),
            tag: tag.cloned(),
            destination: destination.clone(),
            attempts: 0,
        };
        replication::request_deletion(tx, &deletion, now).await?;
    }
    Ok(())
}
