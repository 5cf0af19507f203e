//! ListAttributes (ECS API reference): attributes of a cluster's container instances, each with its target.

use gantry_wire::ApiError;
use gantry_wire::paginate;
use gantry_wire::shapes::ecs::{Attribute as WireAttribute, ListAttributesRequest, ListAttributesResponse};

use crate::context::Call;
use crate::ecs::{paging, put_attributes, resolve};
use crate::error::Failure;

/// Answers ListAttributes.
///
/// # Errors
/// ClusterNotFoundException; InvalidParameterException for a value without a name, a page size or token that is not one.
pub async fn list_attributes(call: Call, input: ListAttributesRequest) -> Result<ListAttributesResponse, Failure> {
    if input.attribute_value.is_some() && input.attribute_name.is_none() {
        return Err(ApiError::invalid_parameter("attributeValue needs attributeName beside it.").into());
    }
    let mut reader = call.control.store.read().await?;
    let cluster = resolve::cluster(&mut reader, &call.scope, input.cluster.as_deref()).await?;
    let instances = gantry_store::container_instance::list(&mut reader, &call.scope, &cluster.name).await?;
    let wanted = |name: &str, value: Option<&str>| {
        input.attribute_name.as_deref().is_none_or(|n| n == name)
            && input.attribute_value.as_deref().is_none_or(|v| Some(v) == value)
    };
    let found: Vec<WireAttribute> = instances
        .iter()
        .flat_map(|instance| instance.attributes.iter().map(move |attribute| (instance, attribute)))
        .filter(|(_, attribute)| wanted(&attribute.name, attribute.value.as_deref()))
        .map(|(instance, attribute)| put_attributes::on(instance, attribute))
        .collect();
    let max = paging::size(input.max_results, paging::MAX_PAGE)?;
    let (attributes, next_token) = paginate::page(found, key, input.next_token.as_deref(), max)?;
    Ok(ListAttributesResponse { attributes: Some(attributes), next_token })
}

fn key(attribute: &WireAttribute) -> String {
    let part = |text: &Option<String>| text.clone().unwrap_or_default();
    format!("{} {}", part(&attribute.name), part(&attribute.target_id))
}
