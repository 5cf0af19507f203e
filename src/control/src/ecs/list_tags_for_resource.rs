//! ListTagsForResource (ECS API reference).

use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{ListTagsForResourceRequest, ListTagsForResourceResponse};

use crate::context::Call;
use crate::ecs::tagged::{self, Tagged};
use crate::ecs::view;
use crate::error::Failure;

/// Answers ListTagsForResource.
///
/// # Errors
/// ClusterNotFoundException, ServiceNotFoundException, ClientException for a task definition, and
/// InvalidParameterException for anything else that is not there (the model has no ResourceNotFoundException here) and
/// for an ARN of a wrong form.
pub async fn list_tags_for_resource(
    call: Call,
    input: ListTagsForResourceRequest,
) -> Result<ListTagsForResourceResponse, Failure> {
    let text = input.resource_arn.unwrap_or_default();
    let mut reader = call.control.store.read().await?;
    let resource = match Tagged::load(&mut reader, &call.scope, &text).await {
        // A service's ARN of before 2018 names a service that is not there rather than nothing.
        Err(_) if is_short_service_arn(&text) => return Err(ApiError::service_not_found().into()),
        found => found?.ok_or_else(|| not_found(&text))?,
    };
    Ok(ListTagsForResourceResponse { tags: Some(view::tags(resource.tags())) })
}

fn not_found(text: &str) -> ApiError {
    let error = tagged::not_found(text);
    if error.code == "ResourceNotFoundException" { ApiError::invalid_parameter(error.message) } else { error }
}

fn is_short_service_arn(text: &str) -> bool {
    text.starts_with("arn:") && text.rsplit_once(":service/").is_some_and(|(_, name)| !name.contains('/'))
}
