//! GetAuthorizationToken (ECR API reference): the password of `docker login`, good for twelve hours.

use gantry_wire::ApiError;
use gantry_wire::shapes::ecr::{AuthorizationData, GetAuthorizationTokenRequest, GetAuthorizationTokenResponse};

use super::resolve::foreign_registry;
use super::view;
use crate::context::Call;

/// Answers GetAuthorizationToken. A token is the caller's, for this registry.
///
/// # Errors
/// InvalidParameterException when another account's registry is asked for.
pub(super) async fn get_authorization_token(
    call: Call,
    input: GetAuthorizationTokenRequest,
) -> Result<GetAuthorizationTokenResponse, ApiError> {
    let asked = input.registry_ids.unwrap_or_default();
    if let Some(foreign) = asked.iter().find_map(|id| foreign_registry(&call, Some(id))) {
        let rule = format!("'{foreign}' is not the id of this registry, '{}'", call.scope.account);
        return Err(ApiError::constraint("registryIds", &rule));
    }
    let issued = call.control.registry.tokens().issue(&call.principal, call.now);
    let scheme = call.control.config.endpoint_url.split_once("://").map_or("http", |(scheme, _)| scheme);
    Ok(GetAuthorizationTokenResponse {
        authorization_data: Some(vec![AuthorizationData {
            authorization_token: Some(issued.authorization_token()),
            expires_at: Some(issued.expires_at.into()),
            proxy_endpoint: Some(format!("{scheme}://{}", view::registry_host(&call))),
        }]),
    })
}
