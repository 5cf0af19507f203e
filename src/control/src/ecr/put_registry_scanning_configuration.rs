//! PutRegistryScanningConfiguration (ECR API reference).

use gantry_wire::shapes::ecr::{PutRegistryScanningConfigurationRequest, PutRegistryScanningConfigurationResponse};

use super::scanning;
use crate::context::Call;
use crate::error::Failure;

/// Answers PutRegistryScanningConfiguration; the rules take the place of those before.
///
/// # Errors
/// InvalidParameterException.
pub(super) async fn put_registry_scanning_configuration(
    call: Call,
    input: PutRegistryScanningConfigurationRequest,
) -> Result<PutRegistryScanningConfigurationResponse, Failure> {
    let (scan_type, rules) = scanning::rules(input.scan_type.as_deref(), input.rules.unwrap_or_default())?;
    let told = scanning::configuration(scan_type, &rules);
    call.control
        .registry
        .update_registry_settings(&call.scope, move |registry| {
            (registry.scan_type, registry.scanning) = (scan_type, rules);
            Ok::<_, Failure>(())
        })
        .await?;
    Ok(PutRegistryScanningConfigurationResponse { registry_scanning_configuration: Some(told) })
}
