//! What a request may carry that this version does not do. Such a request is refused by name, never half done.

use gantry_wire::ApiError;
use gantry_wire::shapes::ecs as wire;

fn refuse(parameter: &str, why: &str) -> ApiError {
    ApiError::invalid_parameter(format!("{parameter} is not available in this version of Gantry: {why}"))
}

/// Refuses volumes that are made at launch.
///
/// # Errors
/// InvalidParameterException.
pub fn refuse_volumes<T>(given: Option<&[T]>) -> Result<(), ApiError> {
    if given.is_some_and(|v| !v.is_empty()) {
        return Err(refuse("volumeConfigurations", "there is no block storage to make volumes from."));
    }
    Ok(())
}

/// Refuses what makes a service known to others: discovery, mesh.
///
/// # Errors
/// InvalidParameterException.
pub fn refuse_traffic(
    registries: Option<&[wire::ServiceRegistry]>,
    connect: Option<&wire::ServiceConnectConfiguration>,
    lattice: Option<&[wire::VpcLatticeConfiguration]>,
) -> Result<(), ApiError> {
    if registries.is_some_and(|r| !r.is_empty()) {
        return Err(refuse("serviceRegistries", "there is no service discovery yet."));
    }
    if connect.is_some_and(|c| c.enabled == Some(true)) {
        return Err(refuse("serviceConnectConfiguration", "there is no service mesh yet."));
    }
    if lattice.is_some_and(|l| !l.is_empty()) {
        return Err(refuse("vpcLatticeConfigurations", "VPC Lattice is AWS's own."));
    }
    Ok(())
}

/// Refuses the deployment controller that is a service of AWS, and what ends a deployment by other means than its tasks.
///
/// # Errors
/// InvalidParameterException.
pub fn refuse_deployments(
    controller: Option<&wire::DeploymentController>,
    configuration: Option<&wire::DeploymentConfiguration>,
) -> Result<(), ApiError> {
    let kind = controller.and_then(|c| c.r#type.as_deref()).unwrap_or("ECS");
    if kind == "CODE_DEPLOY" {
        return Err(refuse("deploymentController", "there is no CodeDeploy here; use ECS or EXTERNAL."));
    }
    let Some(configuration) = configuration else { return Ok(()) };
    if configuration.alarms.as_ref().is_some_and(|a| a.enable == Some(true)) {
        return Err(refuse("deploymentConfiguration.alarms", "there are no alarms yet; use the circuit breaker."));
    }
    Ok(())
}
