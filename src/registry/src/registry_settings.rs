//! What is set for a whole registry, and the repositories that are made by it.

use gantry_model::image::Repository;
use gantry_model::registry_settings::{Occasion, RegistrySettings};
use gantry_model::{RepositoryName, Scope};
use gantry_store::{StoreError, registry_settings};

use crate::registry::Registry;
use crate::repository::RepositoryError;

impl Registry {
    /// The settings of the registry of `scope`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn registry_settings(&self, scope: &Scope) -> Result<RegistrySettings, StoreError> {
        let mut reader = self.store.read().await?;
        registry_settings::get(&mut reader, scope).await
    }

    /// Changes the settings of the registry of `scope`; when `change` refuses, nothing is changed. Answers what `change`
    /// does.
    ///
    /// # Errors
    /// What `change` answers, and the store's.
    pub async fn update_registry_settings<T, E>(
        &self,
        scope: &Scope,
        change: impl FnOnce(&mut RegistrySettings) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let scope = scope.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut settings = registry_settings::get(tx, &scope).await?;
                    let answer = change(&mut settings)?;
                    registry_settings::put(tx, &scope, &settings).await?;
                    Ok(answer)
                })
            })
            .await
    }

    /// Makes the repository by the template for `occasion`, if there is one that fits its name. Answers whether the
    /// repository is there now.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn create_by_template(
        &self,
        scope: &Scope,
        name: &RepositoryName,
        occasion: Occasion,
    ) -> Result<bool, StoreError> {
        let settings = self.registry_settings(scope).await?;
        let Some(template) = settings.template(name, occasion) else { return Ok(false) };
        match self.create_repository(template.repository(scope.clone(), name.clone(), self.now())).await {
            Ok(_) | Err(RepositoryError::AlreadyExists { .. }) => Ok(true),
            Err(RepositoryError::Store(error)) => Err(error),
            Err(_) => Ok(false),
        }
    }

    /// Makes the repository by the template for `occasion`, or with the defaults, when it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) async fn ensure_repository(
        &self,
        scope: &Scope,
        name: &RepositoryName,
        occasion: Occasion,
    ) -> Result<(), RepositoryError> {
        if self.repository_row(scope, name).await?.is_some() || self.create_by_template(scope, name, occasion).await? {
            return Ok(());
        }
        match self.create_repository(Repository::new(scope.clone(), name.clone(), self.now())).await {
            Ok(_) | Err(RepositoryError::AlreadyExists { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
