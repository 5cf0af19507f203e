//! Listing referrers, for the OCI API and for `ListImageReferrers`.

use gantry_model::{Digest, RepositoryName, Scope};
use gantry_store::image::referrers::{Referrer, of_subject};

use crate::image::ImageError;
use crate::registry::Registry;
use crate::repository::{find, limit_of};

impl Registry {
    /// At most `limit` manifests whose subject is `subject`, after the digest `after`, by digest; only those of
    /// `artifact_type` if given. A subject that is not here has the referrers that were pushed for it.
    ///
    /// # Errors
    /// [`ImageError::RepositoryNotFound`] when there is no such repository.
    pub async fn referrers(
        &self,
        scope: &Scope,
        name: &RepositoryName,
        subject: &Digest,
        artifact_type: Option<&str>,
        after: Option<&Digest>,
        limit: usize,
    ) -> Result<Vec<Referrer>, ImageError> {
        let mut reader = self.store.read().await?;
        let row = find::<ImageError>(&mut reader, scope, name).await?;
        Ok(of_subject(&mut reader, row.id, subject, artifact_type, after, limit_of(limit)).await?)
    }
}
