//! How a service goes from one revision to the next, as requests say it (ECS API reference, `DeploymentConfiguration`,
//! `DeploymentLifecycleHook`).
//!
//! There is no Lambda here: the target of a hook is a URL, which is posted what a function would be given.

use gantry_model::rollout::{HookAction, HookTarget, LifecycleHook, LifecycleStage, Strategy};
use gantry_model::service::{DeploymentConfiguration, SchedulingStrategy};
use gantry_model::url::is_http;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs as wire;

const MOST_MINUTES: i32 = 1440;
const DEFAULT_STEP: (f64, i32) = (10.0, 6);
const DEFAULT_CANARY: (f64, i32) = (5.0, 10);

/// Reads the strategy, the bake time and the hooks of `given` into `into`, which has those of before.
///
/// # Errors
/// InvalidParameterException for members that do not go together, and for numbers out of bounds.
pub fn read(
    into: &mut DeploymentConfiguration,
    given: &wire::DeploymentConfiguration,
    scheduling: SchedulingStrategy,
) -> Result<(), ApiError> {
    let was_staged = into.strategy != Strategy::Rolling;
    into.strategy = strategy(given, into.strategy)?;
    let staged = into.strategy != Strategy::Rolling;
    if staged && scheduling == SchedulingStrategy::Daemon {
        return Err(invalid("strategy must be ROLLING for DAEMON services."));
    }
    if !staged {
        refuse_stages(given)?;
        into.bake_minutes = 0;
        into.lifecycle_hooks.clear();
        return Ok(());
    }
    match given.bake_time_in_minutes {
        Some(minutes) => into.bake_minutes = within("bakeTimeInMinutes", minutes)?,
        None if into.strategy == Strategy::BlueGreen && !was_staged => {
            return Err(invalid("bakeTimeInMinutes is required for the strategy BLUE_GREEN."));
        }
        None => {}
    }
    if let Some(hooks) = &given.lifecycle_hooks {
        into.lifecycle_hooks = hooks.iter().map(hook).collect::<Result<_, _>>()?;
    }
    Ok(())
}

fn invalid(text: impl AsRef<str>) -> ApiError {
    ApiError::invalid_parameter(format!("deploymentConfiguration.{}", text.as_ref()))
}

fn strategy(given: &wire::DeploymentConfiguration, before: Strategy) -> Result<Strategy, ApiError> {
    let name = given.strategy.as_deref().unwrap_or(before.as_str());
    if given.linear_configuration.is_some() && name != "LINEAR" {
        return Err(invalid("linearConfiguration is only for the strategy LINEAR."));
    }
    if given.canary_configuration.is_some() && name != "CANARY" {
        return Err(invalid("canaryConfiguration is only for the strategy CANARY."));
    }
    match name {
        "ROLLING" => Ok(Strategy::Rolling),
        "BLUE_GREEN" => Ok(Strategy::BlueGreen),
        "LINEAR" => match &given.linear_configuration {
            None if matches!(before, Strategy::Linear { .. }) => Ok(before),
            given => {
                let given = given.clone().unwrap_or_default();
                let percent = given.step_percent.unwrap_or(DEFAULT_STEP.0);
                let minutes = given.step_bake_time_in_minutes.unwrap_or(DEFAULT_STEP.1);
                Ok(Strategy::Linear {
                    step_permille: permille("linearConfiguration.stepPercent", percent, 30)?,
                    bake_minutes: within("linearConfiguration.stepBakeTimeInMinutes", minutes)?,
                })
            }
        },
        "CANARY" => match &given.canary_configuration {
            None if matches!(before, Strategy::Canary { .. }) => Ok(before),
            given => {
                let given = given.clone().unwrap_or_default();
                let percent = given.canary_percent.unwrap_or(DEFAULT_CANARY.0);
                let minutes = given.canary_bake_time_in_minutes.unwrap_or(DEFAULT_CANARY.1);
                Ok(Strategy::Canary {
                    permille: permille("canaryConfiguration.canaryPercent", percent, 1)?,
                    bake_minutes: within("canaryConfiguration.canaryBakeTimeInMinutes", minutes)?,
                })
            }
        },
        other => Err(invalid(format!("strategy: unknown value '{other}'."))),
    }
}

fn refuse_stages(given: &wire::DeploymentConfiguration) -> Result<(), ApiError> {
    if given.bake_time_in_minutes.is_some_and(|minutes| minutes != 0) {
        return Err(invalid("bakeTimeInMinutes is only for the strategies BLUE_GREEN, LINEAR and CANARY."));
    }
    if given.lifecycle_hooks.as_ref().is_some_and(|hooks| !hooks.is_empty()) {
        return Err(invalid("lifecycleHooks are only for the strategies BLUE_GREEN, LINEAR and CANARY."));
    }
    Ok(())
}

/// A percentage in steps of 0.1, in thousandths.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 1000")]
fn permille(member: &str, percent: f64, least: u32) -> Result<u32, ApiError> {
    let tenths = (percent * 10.0).round();
    let exact = (tenths - percent * 10.0).abs() < 1e-6;
    if exact && (f64::from(least)..=1000.0).contains(&tenths) {
        return Ok(tenths as u32);
    }
    let least = f64::from(least) / 10.0;
    Err(invalid(format!("{member} must be between {least:.1} and 100.0, in steps of 0.1.")))
}

fn within(member: &str, minutes: i32) -> Result<u32, ApiError> {
    let given = u32::try_from(minutes).ok().filter(|_| minutes <= MOST_MINUTES);
    given.ok_or_else(|| invalid(format!("{member} must be between 0 and {MOST_MINUTES}.")))
}

fn hook(given: &wire::DeploymentLifecycleHook) -> Result<LifecycleHook, ApiError> {
    let target = match (given.target_type.as_deref().unwrap_or("AWS_LAMBDA"), given.hook_target_arn.as_deref()) {
        ("PAUSE", None) => HookTarget::Pause,
        ("PAUSE", Some(_)) => return Err(invalid("lifecycleHooks: a PAUSE hook has no hookTargetArn.")),
        ("AWS_LAMBDA", Some(url)) if is_http(url) => HookTarget::Webhook(url.to_owned()),
        ("AWS_LAMBDA", Some(_)) => {
            let text = "lifecycleHooks: there is no Lambda here; hookTargetArn must be an http:// or https:// URL.";
            return Err(invalid(text));
        }
        ("AWS_LAMBDA", None) => return Err(invalid("lifecycleHooks: hookTargetArn is required.")),
        (other, _) => return Err(invalid(format!("lifecycleHooks: unknown targetType '{other}'."))),
    };
    let stages = given.lifecycle_stages.as_deref().unwrap_or_default();
    if stages.is_empty() {
        return Err(invalid("lifecycleHooks: lifecycleStages is required."));
    }
    let (minutes, on_timeout) = timeout(given.timeout_configuration.as_ref())?;
    Ok(LifecycleHook {
        stages: stages.iter().map(|name| stage(name, &target)).collect::<Result<_, _>>()?,
        target,
        details: given.hook_details.clone(),
        role_arn: given.role_arn.clone(),
        timeout_minutes: minutes,
        on_timeout,
    })
}

fn stage(name: &str, target: &HookTarget) -> Result<LifecycleStage, ApiError> {
    let known = LifecycleStage::ALL.into_iter().find(|stage| stage.as_str() == name && stage.takes_hooks());
    match (known, target) {
        (None, _) => Err(invalid(format!("lifecycleHooks: '{name}' is no stage that takes hooks."))),
        (Some(stage), HookTarget::Pause) if !stage.takes_pauses() => {
            Err(invalid(format!("lifecycleHooks: a PAUSE hook cannot be at {name}.")))
        }
        (Some(stage), _) => Ok(stage),
    }
}

fn timeout(given: Option<&wire::DeploymentLifecycleHookTimeoutConfiguration>) -> Result<(u32, HookAction), ApiError> {
    let minutes = given.and_then(|t| t.timeout_in_minutes).unwrap_or(MOST_MINUTES);
    let action = match given.and_then(|t| t.action.as_deref()) {
        None | Some("ROLLBACK") => HookAction::Rollback,
        Some("CONTINUE") => HookAction::Continue,
        Some(other) => return Err(invalid(format!("lifecycleHooks: unknown timeout action '{other}'."))),
    };
    // The model's own bound: two weeks.
    let minutes = u32::try_from(minutes).ok().filter(|m| (1..=20_160).contains(m));
    let minutes = minutes.ok_or_else(|| invalid("lifecycleHooks: timeoutInMinutes must be between 1 and 20160."))?;
    Ok((minutes, action))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_of(json: serde_json::Value, before: &DeploymentConfiguration) -> Result<DeploymentConfiguration, String> {
        let given: wire::DeploymentConfiguration = serde_json::from_value(json).unwrap();
        let mut into = before.clone();
        read(&mut into, &given, SchedulingStrategy::Replica).map_err(|error| error.message)?;
        Ok(into)
    }

    fn rolling() -> DeploymentConfiguration {
        DeploymentConfiguration::rolling(100, 200)
    }

    #[test]
    fn each_strategy_has_its_numbers_or_those_of_the_api() {
        for (given, expected) in [
            (serde_json::json!({}), Strategy::Rolling),
            (serde_json::json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0 }), Strategy::BlueGreen),
            (serde_json::json!({ "strategy": "LINEAR" }), Strategy::Linear { step_permille: 100, bake_minutes: 6 }),
            (
                serde_json::json!({ "strategy": "CANARY", "canaryConfiguration": { "canaryPercent": 0.1 } }),
                Strategy::Canary { permille: 1, bake_minutes: 10 },
            ),
        ] {
            assert_eq!(read_of(given, &rolling()).unwrap().strategy, expected);
        }
    }

    #[test]
    fn what_does_not_go_together_is_refused_by_its_name() {
        let hook = |more: serde_json::Value| {
            let mut hook = serde_json::json!({ "targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"] });
            hook.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            serde_json::json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1, "lifecycleHooks": [hook] })
        };
        for (given, expected) in [
            (serde_json::json!({ "strategy": "BLUE_GREEN" }), "bakeTimeInMinutes is required"),
            (serde_json::json!({ "bakeTimeInMinutes": 3 }), "bakeTimeInMinutes is only for"),
            (serde_json::json!({ "linearConfiguration": {} }), "linearConfiguration is only for"),
            (
                serde_json::json!({ "strategy": "LINEAR", "linearConfiguration": { "stepPercent": 2.9 } }),
                "linearConfiguration.stepPercent must be between 3.0 and 100.0",
            ),
            (
                serde_json::json!({ "strategy": "LINEAR", "linearConfiguration": { "stepPercent": 10.05 } }),
                "in steps of 0.1",
            ),
            (hook(serde_json::json!({ "lifecycleStages": ["PRODUCTION_TRAFFIC_SHIFT"] })), "cannot be at"),
            (hook(serde_json::json!({ "lifecycleStages": ["SCALE_UP"] })), "no stage that takes hooks"),
            (hook(serde_json::json!({ "hookTargetArn": "https://x" })), "has no hookTargetArn"),
            (hook(serde_json::json!({ "targetType": "AWS_LAMBDA" })), "hookTargetArn is required"),
            (
                hook(serde_json::json!({ "targetType": "AWS_LAMBDA", "hookTargetArn": "arn:aws:lambda:x" })),
                "there is no Lambda here",
            ),
        ] {
            let message = read_of(given.clone(), &rolling()).unwrap_err();
            assert!(
                message.starts_with("deploymentConfiguration.") && message.contains(expected),
                "{given}: {message}"
            );
        }
    }

    #[test]
    fn what_is_omitted_stays_and_rolling_forgets_the_stages() {
        let hooks = serde_json::json!([{ "targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"] }]);
        let given = serde_json::json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 4, "lifecycleHooks": hooks });
        let staged = read_of(given, &rolling()).unwrap();
        assert_eq!(read_of(serde_json::json!({ "maximumPercent": 150 }), &staged).unwrap(), staged);
        let rolling = read_of(serde_json::json!({ "strategy": "ROLLING" }), &staged).unwrap();
        assert_eq!((rolling.strategy, rolling.bake_minutes, rolling.lifecycle_hooks), (Strategy::Rolling, 0, vec![]));
    }
}
