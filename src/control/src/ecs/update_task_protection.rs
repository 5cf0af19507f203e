//! UpdateTaskProtection: keeps tasks of services from being stopped by scaling in or by a deployment, for a time (ECS API
//! reference, `UpdateTaskProtection`).

use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{UpdateTaskProtectionRequest, UpdateTaskProtectionResponse};

use crate::authorise;
use crate::context::Call;
use crate::ecs::{protection, record, resolve};
use crate::error::Failure;

const MOST: usize = 10;
/// The longest that a task can be protected: two days, in minutes.
const MOST_MINUTES: i32 = 2880;
const DEFAULT_MINUTES: i32 = 120;

/// Answers UpdateTaskProtection. Each call counts the time anew.
///
/// # Errors
/// ClusterNotFoundException; InvalidParameterException for none or more than ten tasks, or a time out of bounds;
/// AccessDeniedException when an agent names a task of another host.
pub async fn update_task_protection(
    call: Call,
    input: UpdateTaskProtectionRequest,
) -> Result<UpdateTaskProtectionResponse, Failure> {
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { update(tx, &call, &input).await })).await
}

async fn update(
    tx: &mut Tx,
    call: &Call,
    input: &UpdateTaskProtectionRequest,
) -> Result<UpdateTaskProtectionResponse, Failure> {
    let cluster = resolve::cluster(tx, &call.scope, input.cluster.as_deref()).await?;
    let named = input.tasks.as_deref().unwrap_or_default();
    if named.is_empty() {
        return Err(ApiError::invalid_parameter("Tasks cannot be empty.").into());
    }
    if named.len() > MOST {
        return Err(ApiError::invalid_parameter("tasks must name at most 10 tasks.").into());
    }
    let minutes = minutes(input.expires_in_minutes)?;
    let until = (input.protection_enabled == Some(true)).then(|| call.now.plus_seconds(i64::from(minutes) * 60));
    let (tasks, failures) = protection::of_services(tx, &call.scope, &cluster.name, named).await?;
    let mut protected = Vec::with_capacity(tasks.len());
    for mut task in tasks {
        authorise::own_task(tx, call, "UpdateTaskProtection", &task).await?;
        task.protected_until = until;
        record::put_task(tx, &mut task).await?;
        protected.push(protection::view(&task, call.now));
    }
    Ok(UpdateTaskProtectionResponse { protected_tasks: Some(protected), failures: Some(failures) })
}

fn minutes(given: Option<i32>) -> Result<i32, ApiError> {
    match given.unwrap_or(DEFAULT_MINUTES) {
        minutes @ 1..=MOST_MINUTES => Ok(minutes),
        _ => Err(ApiError::invalid_parameter("expiresInMinutes must be between 1 and 2880.")),
    }
}
