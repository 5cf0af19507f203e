//! DiscoverPollEndpoint (ECS API reference): where an agent opens its sockets. It appends `/ws` to both.
//!
//! ECS chooses an endpoint by cluster and instance; Gantry has one for all, so neither is looked at. Whether the agent may
//! connect for an instance is asked when it does.

use gantry_wire::shapes::ecs::{DiscoverPollEndpointRequest, DiscoverPollEndpointResponse};

use crate::context::Call;
use crate::error::Failure;

/// Answers DiscoverPollEndpoint.
///
/// # Errors
/// None.
pub async fn discover_poll_endpoint(
    call: Call,
    _input: DiscoverPollEndpointRequest,
) -> Result<DiscoverPollEndpointResponse, Failure> {
    let endpoint = call.control.config.endpoint_url.clone();
    Ok(DiscoverPollEndpointResponse {
        telemetry_endpoint: Some(format!("{endpoint}/tcs")),
        endpoint: Some(endpoint),
        ..DiscoverPollEndpointResponse::default()
    })
}
