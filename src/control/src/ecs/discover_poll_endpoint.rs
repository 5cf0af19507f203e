//! DiscoverPollEndpoint (ECS API reference): where an agent opens its sockets. It appends `/ws` to both.

use gantry_wire::shapes::ecs::{DiscoverPollEndpointRequest, DiscoverPollEndpointResponse};

use crate::authorise;
use crate::context::Call;
use crate::ecs::{instances, resolve};
use crate::error::Failure;

/// Answers DiscoverPollEndpoint.
///
/// # Errors
/// ClusterNotFoundException; InvalidParameterException when the instance that is named is not there;
/// AccessDeniedException when it is another agent's.
pub async fn discover_poll_endpoint(
    call: Call,
    input: DiscoverPollEndpointRequest,
) -> Result<DiscoverPollEndpointResponse, Failure> {
    if let Some(text) = &input.container_instance {
        let mut reader = call.control.store.read().await?;
        let cluster = resolve::cluster(&mut reader, &call.scope, input.cluster.as_deref()).await?;
        let instance = instances::registered(&mut reader, &call.scope, &cluster.name, text).await?;
        authorise::own_instance(&mut reader, &call, "DiscoverPollEndpoint", &instance).await?;
    }
    let endpoint = call.control.config.endpoint_url.clone();
    Ok(DiscoverPollEndpointResponse {
        telemetry_endpoint: Some(format!("{endpoint}/tcs")),
        endpoint: Some(endpoint),
        ..DiscoverPollEndpointResponse::default()
    })
}
