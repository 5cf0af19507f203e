//! BatchGetRepositoryScanningConfiguration (ECR API reference): how often each repository's images are scanned, and why.

use gantry_model::Arn;
use gantry_model::image::Repository;
use gantry_model::registry_settings::{RegistrySettings, ScanFrequency};
use gantry_registry::RepositoryError;
use gantry_wire::shapes::ecr::{
    BatchGetRepositoryScanningConfigurationRequest, BatchGetRepositoryScanningConfigurationResponse,
    RepositoryScanningConfiguration, RepositoryScanningConfigurationFailure,
};

use super::{resolve, scanning};
use crate::context::Call;
use crate::error::Failure;

/// Answers BatchGetRepositoryScanningConfiguration: a configuration or a failure for each name.
///
/// # Errors
/// InvalidParameterException.
pub(super) async fn batch_get_repository_scanning_configuration(
    call: Call,
    input: BatchGetRepositoryScanningConfigurationRequest,
) -> Result<BatchGetRepositoryScanningConfigurationResponse, Failure> {
    let registry = &call.control.registry;
    let settings = registry.registry_settings(&call.scope).await?;
    let (mut configurations, mut failures) = (Vec::new(), Vec::new());
    for name in input.repository_names.unwrap_or_default() {
        let parsed = resolve::repository(&call, None, Some(&name))?;
        match registry.repository(&call.scope, &parsed).await {
            Ok(repository) => configurations.push(configuration(&repository, &settings)),
            Err(error @ RepositoryError::NotFound(_)) => failures.push(RepositoryScanningConfigurationFailure {
                repository_name: Some(name),
                failure_code: Some("REPOSITORY_NOT_FOUND".to_owned()),
                failure_reason: Some(error.to_string()),
            }),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(BatchGetRepositoryScanningConfigurationResponse {
        scanning_configurations: Some(configurations),
        failures: Some(failures),
    })
}

fn configuration(repository: &Repository, settings: &RegistrySettings) -> RepositoryScanningConfiguration {
    let (by_rules, filters) = settings.scan_frequency(&repository.name);
    let own = if repository.scan_on_push { ScanFrequency::ScanOnPush } else { ScanFrequency::Manual };
    let frequency = by_rules.max(own);
    RepositoryScanningConfiguration {
        repository_arn: Some(Arn::repository(&repository.scope, &repository.name).to_string()),
        repository_name: Some(repository.name.to_string()),
        scan_on_push: Some(repository.scan_on_push),
        scan_frequency: Some(frequency.as_str().to_owned()),
        applied_scan_filters: Some(filters.into_iter().map(scanning::filter).collect()),
    }
}
