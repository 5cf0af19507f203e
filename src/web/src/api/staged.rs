//! Deployments that go in stages: where one is, what it waits for, and the answer to a pause.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::ApiError;

/// A deployment in stages that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StagedDeployment {
    pub arn: String,
    /// As the API writes it, such as `POST_SCALE_UP`.
    pub stage: String,
    /// The new revision's share of the production traffic, such as `12.5`.
    pub share_percent: String,
    /// The hooks at which it pauses until somebody answers: ids.
    pub pauses: Vec<String>,
    /// The addresses that are asked at the moment.
    pub asked: Vec<String>,
    /// When a pause that nobody answers ends, and how (`ROLLBACK` or `CONTINUE`).
    pub expires_at: Option<i64>,
    pub timeout_action: String,
}

/// Lets a deployment that pauses go on, or sends it back.
///
/// # Errors
/// What ContinueServiceDeployment answers.
#[server(prefix = "/ui/api", endpoint = "continue-deployment")]
pub async fn continue_deployment(
    cluster: String,
    service: String,
    deployment: String,
    hook: String,
    answer: String,
) -> Result<(), ApiError> {
    let ecs = crate::sdk::ecs()?;
    let call = ecs.continue_service_deployment().service_deployment_arn(deployment).hook_id(hook);
    call.action(answer.as_str().into()).send().await?;
    leptos_axum::redirect(&format!("/clusters/{cluster}/services/{service}"));
    Ok(())
}

#[cfg(feature = "ssr")]
pub(super) mod read {
    use aws_sdk_ecs::Client;
    use aws_sdk_ecs::types::{DeploymentLifecycleHookDetail, DeploymentLifecycleHookStatus, ServiceDeployment};

    use super::StagedDeployment;
    use crate::api::convert::{millis, text};
    use crate::error::ApiError;

    /// The present deployment of a service, when it goes in stages and has not ended.
    pub(crate) async fn under_way(ecs: &Client, arn: Option<&str>) -> Result<Option<StagedDeployment>, ApiError> {
        let Some(arn) = arn else { return Ok(None) };
        let answer = ecs.describe_service_deployments().service_deployment_arns(arn).send().await?;
        Ok(answer.service_deployments().first().and_then(|deployment| staged(arn, deployment)))
    }

    fn staged(arn: &str, deployment: &ServiceDeployment) -> Option<StagedDeployment> {
        let stage = deployment.lifecycle_stage().filter(|_| deployment.finished_at().is_none())?;
        let of = |status: &DeploymentLifecycleHookStatus| {
            let hooks = deployment.lifecycle_hook_details().iter();
            let status = status.clone();
            hooks.filter(move |hook: &&DeploymentLifecycleHookDetail| hook.status() == Some(&status))
        };
        let pauses: Vec<_> = of(&DeploymentLifecycleHookStatus::AwaitingAction).collect();
        let share = deployment.target_service_revision().and_then(|r| r.requested_production_traffic_weight());
        Some(StagedDeployment {
            arn: arn.to_owned(),
            stage: stage.as_str().to_owned(),
            share_percent: share.unwrap_or_default().to_string(),
            expires_at: pauses.first().and_then(|hook| millis(hook.expires_at())),
            timeout_action: text(pauses.first().and_then(|hook| hook.timeout_action()).map(|a| a.as_str())),
            pauses: pauses.iter().map(|hook| text(hook.hook_id())).collect(),
            asked: of(&DeploymentLifecycleHookStatus::InProgress).map(|hook| text(hook.target_arn())).collect(),
        })
    }
}
