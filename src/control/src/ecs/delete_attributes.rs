//! DeleteAttributes (ECS API reference): takes custom attributes off container instances.

use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{Attribute as WireAttribute, DeleteAttributesRequest, DeleteAttributesResponse};

use crate::context::Call;
use crate::ecs::{attributes, put_attributes, record, resolve};
use crate::error::Failure;

/// Answers DeleteAttributes with those that were there.
///
/// # Errors
/// ClusterNotFoundException; TargetNotFoundException; InvalidParameterException for an attribute that is the agent's.
pub async fn delete_attributes(
    call: Call,
    input: DeleteAttributesRequest,
) -> Result<DeleteAttributesResponse, Failure> {
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { delete(tx, &call, &input).await })).await
}

async fn delete(
    tx: &mut Tx,
    call: &Call,
    input: &DeleteAttributesRequest,
) -> Result<DeleteAttributesResponse, Failure> {
    let cluster = resolve::cluster(tx, &call.scope, input.cluster.as_deref()).await?;
    let given = input.attributes.as_deref().unwrap_or_default();
    put_attributes::check_number(given)?;
    let mut deleted: Vec<WireAttribute> = Vec::new();
    for attribute in given {
        let name = attribute.name.as_deref().unwrap_or_default();
        if attributes::is_built_in(name) {
            return Err(ApiError::invalid_parameter(format!(
                "The attribute '{name}' is set by the container agent and cannot be deleted."
            ))
            .into());
        }
        let mut instance = put_attributes::target(tx, call, &cluster.name, attribute).await?;
        let Some(at) = instance.attributes.iter().position(|a| a.name == name) else { continue };
        let gone = instance.attributes.remove(at);
        deleted.push(put_attributes::on(&instance, &gone));
        record::put_instance(tx, &mut instance).await?;
    }
    Ok(DeleteAttributesResponse { attributes: Some(deleted) })
}
