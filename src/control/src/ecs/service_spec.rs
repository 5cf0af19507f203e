//! What CreateService and UpdateService read alike from a request, with the defaults of the API filled in.

use gantry_model::rollout::Strategy;
use gantry_model::service::{
    BreakerThreshold, CircuitBreaker, DeploymentConfiguration, DeploymentController, EarlySuccess, SchedulingStrategy,
};
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs as wire;
use serde_json::{Map, Value};

use crate::ecs::launch::kept;
use crate::ecs::rollout_spec;

/// The bounds of a deployment, and how it goes. Omitted members are taken from `base`.
///
/// # Errors
/// InvalidParameterException for a percentage that no deployment could keep, and for what does not go together.
pub fn deployment_configuration(
    given: Option<&wire::DeploymentConfiguration>,
    base: &DeploymentConfiguration,
    strategy: SchedulingStrategy,
) -> Result<DeploymentConfiguration, ApiError> {
    let Some(given) = given else { return Ok(base.clone()) };
    let percent = |name: &str, given: Option<i32>, base: u32| match given {
        None => Ok(base),
        Some(n) => u32::try_from(n)
            .map_err(|_| ApiError::invalid_parameter(format!("deploymentConfiguration.{name} must not be negative."))),
    };
    let mut configuration = DeploymentConfiguration {
        minimum_healthy_percent: percent(
            "minimumHealthyPercent",
            given.minimum_healthy_percent,
            base.minimum_healthy_percent,
        )?,
        maximum_percent: percent("maximumPercent", given.maximum_percent, base.maximum_percent)?,
        circuit_breaker: match &given.deployment_circuit_breaker {
            None => base.circuit_breaker.clone(),
            Some(breaker) => Some(circuit_breaker(breaker)?),
        },
        ..base.clone()
    };
    rollout_spec::read(&mut configuration, given, strategy)?;
    check_percents(&configuration, strategy)?;
    early_success(&mut configuration, given.early_success_criteria.as_ref())?;
    Ok(configuration)
}

/// The bounds that a service has when the caller gives none (ECS API reference, `DeploymentConfiguration`).
#[must_use]
pub fn default_configuration(strategy: SchedulingStrategy) -> DeploymentConfiguration {
    let (minimum_healthy_percent, maximum_percent) = match strategy {
        SchedulingStrategy::Replica => (100, 200),
        SchedulingStrategy::Daemon => (0, 100),
    };
    DeploymentConfiguration::rolling(minimum_healthy_percent, maximum_percent)
}

fn check_percents(configuration: &DeploymentConfiguration, strategy: SchedulingStrategy) -> Result<(), ApiError> {
    let invalid = |text: &str| Err(ApiError::invalid_parameter(format!("deploymentConfiguration.{text}")));
    let (minimum, maximum) = (configuration.minimum_healthy_percent, configuration.maximum_percent);
    if minimum > 100 && strategy == SchedulingStrategy::Daemon {
        return invalid("minimumHealthyPercent must be between 0 and 100 for DAEMON services.");
    }
    if strategy == SchedulingStrategy::Daemon && maximum != 100 {
        return invalid("maximumPercent must be 100 for DAEMON services.");
    }
    if strategy == SchedulingStrategy::Replica && (!(100..=1000).contains(&maximum) || minimum > 1000) {
        return invalid("maximumPercent must be at least 100, and neither percentage above 1000.");
    }
    if minimum > maximum {
        return invalid("minimumHealthyPercent must not be above maximumPercent.");
    }
    if minimum == maximum && strategy == SchedulingStrategy::Replica {
        return invalid("minimumHealthyPercent and maximumPercent must differ, else no deployment could move.");
    }
    Ok(())
}

/// Reads when a deployment succeeds before it is whole into `into`, which has that of before.
fn early_success(
    into: &mut DeploymentConfiguration,
    given: Option<&wire::DeploymentEarlySuccessCriteria>,
) -> Result<(), ApiError> {
    let invalid = |text: &str| Err(ApiError::invalid_parameter(format!("deploymentConfiguration.{text}")));
    let is_staged = into.strategy != Strategy::Rolling;
    let Some(given) = given else {
        into.early_success = into.early_success.filter(|_| !is_staged);
        return Ok(());
    };
    if given.enable != Some(true) {
        into.early_success = None;
        return Ok(());
    }
    if is_staged {
        return invalid("earlySuccessCriteria is only for the strategy ROLLING.");
    }
    let healthy_percent = given.healthy_percent.and_then(|percent| u32::try_from(percent).ok()).unwrap_or(100);
    if healthy_percent < into.minimum_healthy_percent {
        return invalid("earlySuccessCriteria.healthyPercent must not be below minimumHealthyPercent.");
    }
    let cleanup_is_deferred = given.source_service_revision_cleanup.as_deref() == Some("DEFERRED");
    into.early_success = Some(EarlySuccess { healthy_percent, cleanup_is_deferred });
    Ok(())
}

fn circuit_breaker(given: &wire::DeploymentCircuitBreaker) -> Result<CircuitBreaker, ApiError> {
    let threshold = match &given.threshold_configuration {
        None => BreakerThreshold::BoundedPercent(50),
        Some(configuration) => {
            let value =
                configuration.value.and_then(|v| u32::try_from(v).ok()).filter(|&v| v > 0).ok_or_else(|| {
                    ApiError::invalid_parameter(
                        "deploymentCircuitBreaker.thresholdConfiguration.value must be above 0.",
                    )
                })?;
            match configuration.r#type.as_deref() {
                Some("BOUNDED_PERCENT") => BreakerThreshold::BoundedPercent(value),
                Some("UNBOUNDED_PERCENT") => BreakerThreshold::UnboundedPercent(value),
                Some("COUNT") => BreakerThreshold::Count(value),
                other => {
                    return Err(ApiError::invalid_parameter(format!(
                        "deploymentCircuitBreaker.thresholdConfiguration.type: unknown type '{}'.",
                        other.unwrap_or_default()
                    )));
                }
            }
        }
    };
    Ok(CircuitBreaker {
        enable: given.enable.unwrap_or(false),
        rollback: given.rollback.unwrap_or(false),
        reset_on_healthy_task: given.reset_on_healthy_task.unwrap_or(true),
        threshold,
    })
}

/// Refuses what only deployments that ECS makes have, of a service whose controller is another: nothing would act on it.
///
/// # Errors
/// InvalidParameterException.
pub fn refuse_idle(
    controller: DeploymentController,
    given: Option<&wire::DeploymentConfiguration>,
) -> Result<(), ApiError> {
    let Some(given) = given.filter(|_| controller != DeploymentController::Ecs) else { return Ok(()) };
    let only_ecs = |member: &str| {
        let text = format!("deploymentConfiguration.{member} is only for services whose deployment controller is ECS.");
        Err(ApiError::invalid_parameter(text))
    };
    if given.deployment_circuit_breaker.as_ref().is_some_and(|breaker| breaker.enable == Some(true)) {
        return only_ecs("deploymentCircuitBreaker");
    }
    if given.strategy.as_deref().is_some_and(|strategy| strategy != "ROLLING") {
        return only_ecs("strategy");
    }
    if given.early_success_criteria.as_ref().is_some_and(|criteria| criteria.enable == Some(true)) {
        return only_ecs("earlySuccessCriteria");
    }
    Ok(())
}

/// A desired count as the caller wrote it.
///
/// # Errors
/// InvalidParameterException for a negative one.
pub fn desired_count(given: i32) -> Result<u32, ApiError> {
    u32::try_from(given).map_err(|_| ApiError::invalid_parameter("desiredCount must not be negative."))
}

/// A grace period in seconds.
///
/// # Errors
/// InvalidParameterException for a negative one.
pub fn grace_period(given: Option<i32>) -> Result<Option<u32>, ApiError> {
    given
        .map(|s| {
            u32::try_from(s)
                .map_err(|_| ApiError::invalid_parameter("healthCheckGracePeriodSeconds must not be negative."))
        })
        .transpose()
}

/// `propagateTags` of a service.
///
/// # Errors
/// InvalidParameterException for an unknown value.
pub fn propagate_tags(given: &str) -> Result<&str, ApiError> {
    match given {
        "TASK_DEFINITION" | "SERVICE" | "NONE" => Ok(given),
        other => Err(ApiError::invalid_parameter(format!("propagateTags: unknown value '{other}'."))),
    }
}

/// Puts `part` into the members that a service keeps as given, when the caller gave it.
///
/// # Errors
/// ServerException when it does not encode.
pub fn keep<T: serde::Serialize>(
    extra: &mut Map<String, Value>,
    member: &str,
    part: Option<&T>,
) -> Result<(), ApiError> {
    if let Some(part) = part {
        extra.insert(member.to_owned(), kept(part)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(minimum: i32, maximum: i32) -> wire::DeploymentConfiguration {
        wire::DeploymentConfiguration {
            minimum_healthy_percent: Some(minimum),
            maximum_percent: Some(maximum),
            ..wire::DeploymentConfiguration::default()
        }
    }

    #[test]
    fn percentages_that_would_stop_every_deployment_are_refused() {
        let base = default_configuration(SchedulingStrategy::Replica);
        for (minimum, maximum, valid) in [
            (0, 100, true),
            (50, 200, true),
            (100, 200, true),
            (100, 100, false),
            (150, 100, false),
            (-1, 200, false),
            (0, 50, false),
        ] {
            let result = deployment_configuration(Some(&given(minimum, maximum)), &base, SchedulingStrategy::Replica);
            assert_eq!(result.is_ok(), valid, "{minimum} {maximum}");
        }
    }

    #[test]
    fn omitted_members_keep_what_was_there() {
        let base = DeploymentConfiguration::rolling(50, 150);
        let only_maximum = wire::DeploymentConfiguration { maximum_percent: Some(200), ..Default::default() };
        let read = deployment_configuration(Some(&only_maximum), &base, SchedulingStrategy::Replica).unwrap();
        assert_eq!((read.minimum_healthy_percent, read.maximum_percent), (50, 200));
    }

    #[test]
    fn a_breaker_without_a_threshold_opens_at_half_the_desired_count() {
        let breaker =
            circuit_breaker(&wire::DeploymentCircuitBreaker { enable: Some(true), ..Default::default() }).unwrap();
        assert_eq!(breaker.threshold, BreakerThreshold::BoundedPercent(50));
        assert!(breaker.reset_on_healthy_task && !breaker.rollback);
    }
}
