//! A target: what a rule runs, as it is given, kept, and asked of RunTask (EventBridge API reference, `Target`,
//! `EcsParameters`).

use gantry_model::rule::{Rule, RuleTarget};
use gantry_model::{Arn, Resource};
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{RunTaskRequest, TaskOverride};
use gantry_wire::shapes::events::{EcsParameters, Target};
use serde_json::{Value, json};

use crate::context::Call;

/// How often and how long EventBridge tries, unless the target says otherwise.
const RETRIES: i32 = 185;
const GIVE_UP_AFTER_S: i32 = 24 * 60 * 60;
/// The most tasks that RunTask starts at once.
const MOST_TASKS: i32 = 10;

/// Reads a target of a request.
///
/// # Errors
/// ValidationException for what is not a task of a cluster here.
pub(super) fn read(call: &Call, target: &Target) -> Result<RuleTarget, ApiError> {
    let id = target.id.clone().unwrap_or_default();
    let refused = |why: &str| ApiError::validation(format!("Target {id}: {why}"));
    refuse_unsupported(target).map_err(|why| refused(&why))?;
    let arn = target.arn.as_deref().unwrap_or_default();
    match arn.parse::<Arn>() {
        Ok(Arn { scope, resource: Resource::Cluster(_) }) if scope == call.scope => {}
        _ => return Err(refused("Arn must be that of a cluster here: rules run tasks.")),
    }
    let parameters = target.ecs_parameters.as_ref().ok_or_else(|| refused("EcsParameters must be specified."))?;
    if parameters.task_count.unwrap_or(1) > MOST_TASKS {
        return Err(refused("EcsParameters.TaskCount must be at most 10."));
    }
    overrides(target).map_err(|why| refused(&why))?;
    let retry = target.retry_policy.clone().unwrap_or_default();
    let kept = serde_json::to_value(target).map_err(|error| ApiError::server(format!("a target as JSON: {error}")))?;
    Ok(RuleTarget {
        id,
        document: kept,
        retries: retry.maximum_retry_attempts.unwrap_or(RETRIES).unsigned_abs(),
        give_up_after_s: i64::from(retry.maximum_event_age_in_seconds.unwrap_or(GIVE_UP_AFTER_S)),
    })
}

fn refuse_unsupported(target: &Target) -> Result<(), String> {
    for (given, what) in [
        (target.input_path.is_some(), "InputPath"),
        (target.input_transformer.is_some(), "InputTransformer"),
        (target.kinesis_parameters.is_some(), "KinesisParameters"),
        (target.run_command_parameters.is_some(), "RunCommandParameters"),
        (target.batch_parameters.is_some(), "BatchParameters"),
        (target.sqs_parameters.is_some(), "SqsParameters"),
        (target.http_parameters.is_some(), "HttpParameters"),
        (target.redshift_data_parameters.is_some(), "RedshiftDataParameters"),
        (target.sage_maker_pipeline_parameters.is_some(), "SageMakerPipelineParameters"),
        (target.app_sync_parameters.is_some(), "AppSyncParameters"),
        (target.dead_letter_config.is_some(), "DeadLetterConfig"),
    ] {
        if given {
            return Err(format!("{what} is not supported: rules run tasks."));
        }
    }
    Ok(())
}

/// The ARN of a target's cluster.
pub(super) fn arn(target: &RuleTarget) -> Option<&String> {
    match target.document.get("Arn") {
        Some(Value::String(arn)) => Some(arn),
        _ => None,
    }
}

/// A target as it was given.
///
/// # Errors
/// ServerException when what is kept is none.
pub(super) fn shape(target: &RuleTarget) -> Result<Target, ApiError> {
    serde_json::from_value(target.document.clone())
        .map_err(|error| ApiError::server(format!("the kept target {} does not read: {error}", target.id)))
}

/// `Input` is what RunTask calls overrides.
fn overrides(target: &Target) -> Result<Option<TaskOverride>, String> {
    let Some(input) = target.input.as_deref().filter(|input| !input.is_empty()) else { return Ok(None) };
    serde_json::from_str(input)
        .map(Some)
        .map_err(|error| format!("Input must be the overrides of a task as JSON: {error}"))
}

/// What RunTask is asked for a target of a rule.
///
/// # Errors
/// ServerException when what is kept is no target.
pub(crate) fn request(rule: &Rule, target: &RuleTarget) -> Result<RunTaskRequest, ApiError> {
    let given = shape(target)?;
    let parameters = given.ecs_parameters.clone().unwrap_or_default();
    let overrides = overrides(&given).map_err(ApiError::server)?;
    let mut asked = json!({
        "cluster": given.arn,
        "taskDefinition": parameters.task_definition_arn,
        "count": parameters.task_count,
        "launchType": parameters.launch_type,
        "platformVersion": parameters.platform_version,
        "group": parameters.group,
        "enableECSManagedTags": parameters.enable_ecs_managed_tags,
        "enableExecuteCommand": parameters.enable_execute_command,
        "propagateTags": parameters.propagate_tags,
        "referenceId": parameters.reference_id,
        "capacityProviderStrategy": parameters.capacity_provider_strategy,
        "placementConstraints": parameters.placement_constraints,
        "placementStrategy": parameters.placement_strategy,
        "overrides": overrides,
        "startedBy": format!("events-rule/{}", rule.name),
    });
    asked["networkConfiguration"] = network(&parameters);
    if let Some(tags) = parameters.tags {
        asked["tags"] = tags.into_iter().map(|tag| json!({ "key": tag.key, "value": tag.value })).collect();
    }
    serde_json::from_value(asked).map_err(|error| ApiError::server(format!("a rule's request to RunTask: {error}")))
}

/// EventBridge writes the members of a network with capitals, ECS without.
fn network(parameters: &EcsParameters) -> Value {
    let vpc = parameters.network_configuration.as_ref().and_then(|network| network.awsvpc_configuration.as_ref());
    vpc.map_or(Value::Null, |vpc| {
        json!({ "awsvpcConfiguration": {
            "subnets": vpc.subnets,
            "securityGroups": vpc.security_groups,
            "assignPublicIp": vpc.assign_public_ip,
        } })
    })
}
