//! What the task set operations share: the service of an external controller, and the set that a caller means.

use gantry_model::service::{DeploymentController, Service, ServiceStatus, TaskSet};
use gantry_model::{Arn, Resource, Scope};
use gantry_store::Conn;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{Scale, TaskSet as WireTaskSet};

use crate::ecs::{describe_services, resolve, view};
use crate::error::Failure;

/// The ACTIVE service of task sets that `cluster` and `service` mean.
///
/// # Errors
/// ClusterNotFoundException; ServiceNotFoundException; ServiceNotActiveException; InvalidParameterException for a service
/// whose controller is ECS itself.
pub async fn service(
    conn: &mut Conn,
    scope: &Scope,
    cluster: Option<&str>,
    service: Option<&str>,
) -> Result<Service, Failure> {
    let cluster = resolve::cluster(conn, scope, cluster).await?;
    let service = describe_services::named(conn, scope, &cluster.name, service.unwrap_or_default())
        .await?
        .ok_or_else(ApiError::service_not_found)?;
    if service.status != ServiceStatus::Active {
        return Err(ApiError::service_not_active().into());
    }
    if service.deployment_controller == DeploymentController::Ecs {
        let text = "Task sets are only for services whose deployment controller is EXTERNAL or CODE_DEPLOY.";
        return Err(ApiError::invalid_parameter(text).into());
    }
    Ok(service)
}

/// The position of the set that `text`, its id or ARN, means in `service`.
#[must_use]
pub fn position(service: &Service, text: &str) -> Option<usize> {
    let names = |set: &TaskSet| match text.parse::<Arn>() {
        Ok(Arn { scope, resource: Resource::TaskSet(cluster, name, id) }) => {
            scope == service.scope && cluster == service.cluster && name == service.name && id == set.id
        }
        _ => set.id.as_str() == text,
    };
    service.task_sets.iter().position(names)
}

/// The same, for calls that need it to be there.
///
/// # Errors
/// TaskSetNotFoundException.
pub fn existing(service: &Service, text: Option<&str>) -> Result<usize, ApiError> {
    position(service, text.unwrap_or_default())
        .ok_or_else(|| ApiError::new("TaskSetNotFoundException", "The specified task set wasn't found."))
}

/// A scale in hundredths of a percent.
///
/// # Errors
/// InvalidParameterException for another unit or a value outside 0 to 100.
pub fn scale(given: Option<&Scale>) -> Result<u32, ApiError> {
    let Some(given) = given else { return Ok(10_000) };
    if given.unit.as_deref().is_some_and(|unit| unit != "PERCENT") {
        return Err(ApiError::invalid_parameter("scale.unit must be PERCENT."));
    }
    let value = given.value.unwrap_or(100.0);
    if !(0.0..=100.0).contains(&value) {
        return Err(ApiError::invalid_parameter("scale.value must be between 0 and 100."));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 10000 after the check")]
    Ok((value * 100.0).round() as u32)
}

/// A set as the API answers it, with the counts of its tasks.
///
/// # Errors
/// The store's.
pub async fn view_of(
    conn: &mut Conn,
    service: &Service,
    set: &TaskSet,
    with_tags: bool,
) -> Result<WireTaskSet, Failure> {
    let tasks = gantry_store::task::of_service(conn, &service.scope, &service.cluster, &service.name).await?;
    Ok(view::task_set::task_set(service, set, &tasks, with_tags)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_a_percentage() {
        let percent = |value| Scale { value: Some(value), unit: Some("PERCENT".to_owned()) };
        assert_eq!(scale(None), Ok(10_000));
        assert_eq!(scale(Some(&percent(12.34))), Ok(1_234));
        assert_eq!(scale(Some(&percent(0.0))), Ok(0));
        for bad in [percent(-1.0), percent(100.5), percent(f64::NAN)] {
            assert_eq!(scale(Some(&bad)).unwrap_err().code, "InvalidParameterException");
        }
    }
}
