//! GetRegistryScanningConfiguration (ECR API reference).

use gantry_wire::shapes::ecr::{GetRegistryScanningConfigurationRequest, GetRegistryScanningConfigurationResponse};

use super::{scanning, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers GetRegistryScanningConfiguration.
///
/// # Errors
/// None but the store's.
pub(super) async fn get_registry_scanning_configuration(
    call: Call,
    _: GetRegistryScanningConfigurationRequest,
) -> Result<GetRegistryScanningConfigurationResponse, Failure> {
    let settings = call.control.registry.registry_settings(&call.scope).await?;
    Ok(GetRegistryScanningConfigurationResponse {
        registry_id: view::registry_id(&call),
        scanning_configuration: Some(scanning::configuration(settings.scan_type, &settings.scanning)),
    })
}
