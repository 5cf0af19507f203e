//! What holds of the definition as a whole, apart from its sizes.

use gantry_scheduler::expression;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::TaskDefinition;

/// Service quotas of ECS.
const MOST_CONTAINERS: usize = 10;
const MOST_CONSTRAINTS: usize = 10;

/// Checks it.
///
/// # Errors
/// ClientException.
pub(super) fn check(definition: &TaskDefinition) -> Result<(), ApiError> {
    let containers = definition.container_definitions.as_deref().unwrap_or_default();
    match containers.len() {
        0 => return Err(ApiError::client("Container list cannot be empty.")),
        1..=MOST_CONTAINERS => {}
        n => {
            return Err(ApiError::client(format!("Too many containers: {n}; a task definition has at most 10.")));
        }
    }
    if !containers.iter().any(|c| c.essential.unwrap_or(true)) {
        return Err(ApiError::client("At least one container in the task definition must be essential."));
    }
    check_constraints(definition)?;
    check_storage(definition)?;
    if definition.inference_accelerators.as_ref().is_some_and(|a| !a.is_empty()) {
        return Err(ApiError::client("inferenceAccelerators: Gantry has no Elastic Inference accelerators."));
    }
    if definition.trusted_execution_configuration.is_some() {
        return Err(ApiError::client("trustedExecutionConfiguration is of AWS's own hardware and not available."));
    }
    Ok(())
}

fn check_constraints(definition: &TaskDefinition) -> Result<(), ApiError> {
    let constraints = definition.placement_constraints.as_deref().unwrap_or_default();
    if constraints.len() > MOST_CONSTRAINTS {
        return Err(ApiError::client("Too many placementConstraints: at most 10 are allowed."));
    }
    for constraint in constraints {
        if constraint.r#type.as_deref() != Some("memberOf") {
            return Err(ApiError::client("placementConstraints: a task definition takes memberOf only."));
        }
        expression::parse(constraint.expression.as_deref().unwrap_or_default())
            .map_err(|e| ApiError::client(format!("placementConstraints: the expression does not parse: {e}.")))?;
    }
    Ok(())
}

fn check_storage(definition: &TaskDefinition) -> Result<(), ApiError> {
    let Some(storage) = &definition.ephemeral_storage else { return Ok(()) };
    match storage.size_in_gi_b.unwrap_or(0) {
        21..=200 => Ok(()),
        _ => Err(ApiError::client("ephemeralStorage: sizeInGiB must be between 21 and 200.")),
    }
}
