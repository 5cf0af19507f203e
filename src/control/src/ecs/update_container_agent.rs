//! UpdateContainerAgent (ECS API reference): Gantry's agent is updated with Gantry, so there never is an update to push.

use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{UpdateContainerAgentRequest, UpdateContainerAgentResponse};

use crate::context::Call;
use crate::ecs::{instances, resolve};
use crate::error::Failure;

/// Answers UpdateContainerAgent.
///
/// # Errors
/// ClusterNotFoundException; InvalidParameterException when there is no such instance; else always
/// NoUpdateAvailableException.
pub async fn update_container_agent(
    call: Call,
    input: UpdateContainerAgentRequest,
) -> Result<UpdateContainerAgentResponse, Failure> {
    let mut reader = call.control.store.read().await?;
    let cluster = resolve::cluster(&mut reader, &call.scope, input.cluster.as_deref()).await?;
    let text = input.container_instance.as_deref().unwrap_or_default();
    instances::registered(&mut reader, &call.scope, &cluster.name, text).await?;
    let text = "There is no update available for your container agent. An agent of Gantry is updated with its binary.";
    Err(ApiError::new("NoUpdateAvailableException", text).into())
}
