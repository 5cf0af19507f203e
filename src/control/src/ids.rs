//! New ids, from the system's randomness.

use gantry_model::{ContainerInstanceId, DeploymentId, TaskId, uuid_from_random};
use gantry_wire::ApiError;

fn random_hex(digits: usize) -> Result<String, ApiError> {
    let mut bytes = vec![0_u8; digits / 2];
    getrandom::fill(&mut bytes).map_err(|e| ApiError::server(format!("the system gave no randomness: {e}")))?;
    Ok(hex::encode(bytes))
}

fn invalid(kind: &str) -> ApiError {
    ApiError::server(format!("a new {kind} id did not have its own form"))
}

/// A seed for the scheduler.
///
/// # Errors
/// ServerException when the system gives no randomness; so do all functions here.
pub fn seed() -> Result<u64, ApiError> {
    getrandom::u64().map_err(|e| ApiError::server(format!("the system gave no randomness: {e}")))
}

/// A task id, 32 hexadecimal digits.
pub fn task_id() -> Result<TaskId, ApiError> {
    TaskId::parse(random_hex(32)?).map_err(|_| invalid("task"))
}

/// A container instance id, 32 hexadecimal digits.
pub fn container_instance_id() -> Result<ContainerInstanceId, ApiError> {
    ContainerInstanceId::parse(random_hex(32)?).map_err(|_| invalid("container instance"))
}

/// A deployment id, `ecs-svc/` and 19 digits as ECS writes them.
pub fn deployment_id() -> Result<DeploymentId, ApiError> {
    let digits = 1_000_000_000_000_000_000 + seed()? % 9_000_000_000_000_000_000;
    DeploymentId::parse(format!("ecs-svc/{digits}")).map_err(|_| invalid("deployment"))
}

/// The id at the end of the ARNs of Elastic Load Balancing, 16 hexadecimal digits.
pub fn load_balancing_id() -> Result<String, ApiError> {
    random_hex(16)
}

/// The six letters and digits at the end of a secret's ARN.
pub fn secret_suffix() -> Result<String, ApiError> {
    const CHARACTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut number = seed()?;
    let mut suffix = String::new();
    for _ in 0..6 {
        suffix.push(char::from(CHARACTERS[usize::try_from(number % 62).unwrap_or_default()]));
        number /= 62;
    }
    Ok(suffix)
}

/// A random UUID (version 4), as containers, events and requests carry it.
pub fn uuid() -> Result<String, ApiError> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|e| ApiError::server(format!("the system gave no randomness: {e}")))?;
    Ok(uuid_from_random(bytes))
}
