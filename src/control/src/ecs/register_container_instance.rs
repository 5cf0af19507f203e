//! RegisterContainerInstance (ECS API reference): an agent joins its host to a cluster, or says anew what the host has.
//!
//! The cluster `default` is made when an agent registers into it and it is not there, as ECS does. An instance that
//! registers again, by its ARN or as the same host, keeps its id, its tags and its custom attributes.

use gantry_model::cluster::Cluster;
use gantry_model::container_instance::{ContainerInstance, InstanceStatus};
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{RegisterContainerInstanceRequest, RegisterContainerInstanceResponse, VersionInfo};

use crate::context::Call;
use crate::ecs::registration::{self, Capacity, Identity};
use crate::ecs::resolve::DEFAULT_CLUSTER;
use crate::ecs::{create_cluster, instances, launch, record, resolve};
use crate::error::Failure;
use crate::{authorise, ids};

/// Answers RegisterContainerInstance.
///
/// # Errors
/// ClusterNotFoundException; ClientException for an identity document that does not read; InvalidParameterException for
/// resources, attributes or tags of a wrong form; AccessDeniedException for the instance of another agent.
pub async fn register_container_instance(
    call: Call,
    input: RegisterContainerInstanceRequest,
) -> Result<RegisterContainerInstanceResponse, Failure> {
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { register(tx, &call, &input).await })).await
}

async fn register(
    tx: &mut Tx,
    call: &Call,
    input: &RegisterContainerInstanceRequest,
) -> Result<RegisterContainerInstanceResponse, Failure> {
    let cluster = cluster(tx, call, input.cluster.as_deref()).await?;
    authorise::own_cluster(tx, call, &cluster).await?;
    let identity = Identity::read(input.instance_identity_document.as_deref())?;
    let known = known(tx, call, &cluster, &identity, input.container_instance_arn.as_deref()).await?;
    if let Some(known) = &known {
        authorise::own_instance(tx, call, "RegisterContainerInstance", known).await?;
    }
    let mut instance = instance(call, &cluster, identity, input, known)?;
    authorise::take_instance(tx, call, &instance.id).await?;
    record::put_instance(tx, &mut instance).await?;
    let view = instances::view_of(tx, &instance).await?;
    Ok(RegisterContainerInstanceResponse { container_instance: Some(view) })
}

async fn cluster(tx: &mut Tx, call: &Call, text: Option<&str>) -> Result<Cluster, Failure> {
    let name = resolve::cluster_name(&call.scope, text)?;
    match resolve::cluster(tx, &call.scope, text).await {
        Err(Failure::Api(e)) if e.code == "ClusterNotFoundException" && name.as_str() == DEFAULT_CLUSTER => {
            let cluster = create_cluster::plain(tx, call, name).await?;
            record::put_cluster(tx, &cluster).await?;
            Ok(cluster)
        }
        found => found,
    }
}

/// The instance that registers again: the one with the ARN, or else the one on the same host. One that was deregistered
/// is gone; its agent gets a new id.
async fn known(
    tx: &mut Tx,
    call: &Call,
    cluster: &Cluster,
    identity: &Identity,
    arn: Option<&str>,
) -> Result<Option<ContainerInstance>, Failure> {
    if let Some(arn) = arn.filter(|a| !a.is_empty()) {
        if resolve::container_instance_id(&call.scope, &cluster.name, arn).is_none() {
            return Err(ApiError::invalid_parameter(format!(
                "containerInstanceArn {arn} is not one of a container instance of the cluster {}.",
                cluster.name
            ))
            .into());
        }
        let named = instances::named(tx, &call.scope, &cluster.name, arn).await?;
        if let Some(named) = named.filter(|i| i.status != InstanceStatus::Inactive) {
            return Ok(Some(named));
        }
    }
    match &identity.instance_id {
        Some(host) => {
            Ok(gantry_store::container_instance::by_ec2_instance_id(tx, &call.scope, &cluster.name, host).await?)
        }
        None => Ok(None),
    }
}

fn instance(
    call: &Call,
    cluster: &Cluster,
    identity: Identity,
    input: &RegisterContainerInstanceRequest,
    known: Option<ContainerInstance>,
) -> Result<ContainerInstance, ApiError> {
    let given = input.attributes.as_deref().unwrap_or_default();
    let had = known.as_ref().map(|k| k.attributes.as_slice()).unwrap_or_default();
    let attributes = registration::attributes_of(given, &identity, &call.scope.region, had)?;
    let capacity = Capacity::read(
        input.total_resources.as_deref().unwrap_or_default(),
        input.platform_devices.as_deref().unwrap_or_default(),
    )?;
    let tags = launch::tags(input.tags.as_deref().unwrap_or_default())?;
    let version = input.version_info.clone().unwrap_or_default();
    let instance = match known {
        Some(known) => known,
        None => blank(call, cluster, identity.instance_id)?,
    };
    let VersionInfo { agent_version, agent_hash, docker_version } = version;
    Ok(ContainerInstance {
        agent_version: agent_version.unwrap_or(instance.agent_version),
        agent_hash: agent_hash.unwrap_or(instance.agent_hash),
        docker_version: docker_version.unwrap_or(instance.docker_version),
        registered: capacity.resources,
        reserved_tcp_ports: capacity.reserved_tcp,
        reserved_udp_ports: capacity.reserved_udp,
        gpus: capacity.gpus,
        serves_fargate: registration::serves_fargate(&attributes),
        attributes,
        tags: if tags.is_empty() { instance.tags } else { tags },
        ..instance
    })
}

/// A new instance of which nothing is known yet. Its agent is not connected until it opens its socket.
fn blank(call: &Call, cluster: &Cluster, host: Option<String>) -> Result<ContainerInstance, ApiError> {
    let id = ids::container_instance_id()?;
    Ok(ContainerInstance {
        scope: call.scope.clone(),
        cluster: cluster.name.clone(),
        ec2_instance_id: host.unwrap_or_else(|| format!("i-{}", id.as_str().get(..17).unwrap_or(id.as_str()))),
        id,
        status: InstanceStatus::Active,
        agent_connected: false,
        agent_connected_at: call.now,
        agent_version: String::new(),
        agent_hash: String::new(),
        docker_version: String::new(),
        registered: gantry_model::resources::Resources::default(),
        reserved_tcp_ports: Default::default(),
        reserved_udp_ports: Default::default(),
        gpus: 0,
        attributes: Vec::new(),
        tags: Vec::new(),
        registered_at: call.now,
        version: 0,
        serves_fargate: false,
    })
}
