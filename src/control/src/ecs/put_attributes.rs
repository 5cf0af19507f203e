//! PutAttributes (ECS API reference): custom attributes on container instances, which placement can match.

use gantry_model::ClusterName;
use gantry_model::container_instance::ContainerInstance;
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{Attribute as WireAttribute, PutAttributesRequest, PutAttributesResponse};

use crate::context::Call;
use crate::ecs::{attributes, instances, record, resolve, view};
use crate::error::Failure;

/// Answers PutAttributes: all of the attributes are put, or none.
///
/// # Errors
/// ClusterNotFoundException; TargetNotFoundException; AttributeLimitExceededException beyond ten custom attributes on an
/// instance; InvalidParameterException for a name or value of a wrong form, or a name that is the agent's.
pub async fn put_attributes(call: Call, input: PutAttributesRequest) -> Result<PutAttributesResponse, Failure> {
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { put(tx, &call, &input).await })).await
}

async fn put(tx: &mut Tx, call: &Call, input: &PutAttributesRequest) -> Result<PutAttributesResponse, Failure> {
    let cluster = resolve::cluster(tx, &call.scope, input.cluster.as_deref()).await?;
    let given = input.attributes.as_deref().unwrap_or_default();
    check_number(given)?;
    let mut answer = Vec::with_capacity(given.len());
    for attribute in given {
        answer.push(put_one(tx, call, &cluster.name, attribute).await?);
    }
    Ok(PutAttributesResponse { attributes: Some(answer) })
}

/// Checks that a call carries one to ten attributes.
///
/// # Errors
/// InvalidParameterException.
pub(crate) fn check_number(given: &[WireAttribute]) -> Result<(), ApiError> {
    match given.len() {
        1..=attributes::MOST => Ok(()),
        _ => Err(ApiError::invalid_parameter("attributes must hold 1 to 10 attributes.")),
    }
}

async fn put_one(
    tx: &mut Tx,
    call: &Call,
    cluster: &ClusterName,
    given: &WireAttribute,
) -> Result<WireAttribute, Failure> {
    let attribute = attributes::read(given)?;
    if attributes::is_built_in(&attribute.name) {
        return Err(ApiError::invalid_parameter(format!(
            "The attribute '{}' is set by the container agent and cannot be changed.",
            attribute.name
        ))
        .into());
    }
    let mut instance = target(tx, call, cluster, given).await?;
    instance.attributes.retain(|a| a.name != attribute.name);
    instance.attributes.push(attribute.clone());
    instance.attributes.sort();
    if instance.attributes.iter().filter(|a| !attributes::is_built_in(&a.name)).count() > attributes::MOST {
        let text = "A container instance can have at most 10 custom attributes.";
        return Err(ApiError::new("AttributeLimitExceededException", text).into());
    }
    record::put_instance(tx, &mut instance).await?;
    Ok(on(&instance, &attribute))
}

/// The instance that an attribute names as its target.
///
/// # Errors
/// InvalidParameterException when it names none; TargetNotFoundException when it is not there.
pub(crate) async fn target(
    tx: &mut Tx,
    call: &Call,
    cluster: &ClusterName,
    given: &WireAttribute,
) -> Result<ContainerInstance, Failure> {
    let Some(text) = given.target_id.as_deref().filter(|t| !t.is_empty()) else {
        return Err(ApiError::invalid_parameter("attributes: targetId must name a container instance.").into());
    };
    match instances::registered(tx, &call.scope, cluster, text).await {
        Err(Failure::Api(_)) => Err(ApiError::target_not_found(text).into()),
        found => found,
    }
}

/// An attribute with the instance that it is on.
#[must_use]
pub(crate) fn on(
    instance: &ContainerInstance,
    attribute: &gantry_model::container_instance::Attribute,
) -> WireAttribute {
    WireAttribute {
        target_id: Some(view::container_instance::arn(instance)),
        ..view::container_instance::attribute(attribute)
    }
}
