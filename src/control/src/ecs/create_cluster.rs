//! CreateCluster (ECS API reference). Creating a cluster that is there answers it, as long as nothing is asked that it is
//! not; creating one that was deleted brings the name back to life with nothing of the old.

use gantry_model::ClusterName;
use gantry_model::cluster::{Cluster, ClusterStatus};
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{CreateClusterRequest, CreateClusterResponse};

use crate::context::Call;
use crate::ecs::resolve::DEFAULT_CLUSTER;
use crate::ecs::view::cluster::Include;
use crate::ecs::{capacity_providers, cluster_input, launch, record, view};
use crate::error::Failure;

/// Answers CreateCluster.
///
/// # Errors
/// InvalidParameterException for a name, setting, provider or tag of a wrong form, or when the cluster is there and is not
/// what is asked for.
pub async fn create_cluster(call: Call, input: CreateClusterRequest) -> Result<CreateClusterResponse, Failure> {
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { create(tx, &call, &input).await })).await
}

async fn wanted(tx: &mut Tx, call: &Call, input: &CreateClusterRequest) -> Result<Cluster, Failure> {
    let name = ClusterName::parse(input.cluster_name.as_deref().unwrap_or(DEFAULT_CLUSTER))
        .map_err(|e| ApiError::invalid_parameter(format!("Invalid clusterName: the {e}.")))?;
    let given = cluster_input::settings(input.settings.as_deref().unwrap_or_default())?;
    let strategy = input.default_capacity_provider_strategy.as_deref().unwrap_or_default();
    let mut cluster = plain(tx, call, name).await?;
    cluster_input::merge_settings(&mut cluster.settings, given);
    cluster.capacity_providers =
        capacity_providers::existing(tx, &call.scope, input.capacity_providers.as_deref().unwrap_or_default()).await?;
    cluster.default_capacity_provider_strategy = capacity_providers::default_strategy(tx, &cluster, strategy).await?;
    Ok(Cluster {
        configuration: cluster_input::kept(input.configuration.as_ref())?,
        service_connect_defaults: cluster_input::kept(input.service_connect_defaults.as_ref())?,
        tags: launch::tags(input.tags.as_deref().unwrap_or_default())?,
        ..cluster
    })
}

/// An ACTIVE cluster with nothing but its name and the settings that new clusters get.
///
/// # Errors
/// The store's.
pub async fn plain(tx: &mut Tx, call: &Call, name: ClusterName) -> Result<Cluster, Failure> {
    Ok(Cluster {
        scope: call.scope.clone(),
        name,
        status: ClusterStatus::Active,
        created_at: call.now,
        settings: cluster_input::default_settings(tx, call).await?,
        configuration: None,
        capacity_providers: Vec::new(),
        default_capacity_provider_strategy: Vec::new(),
        service_connect_defaults: None,
        tags: Vec::new(),
    })
}

async fn create(tx: &mut Tx, call: &Call, input: &CreateClusterRequest) -> Result<CreateClusterResponse, Failure> {
    let wanted = wanted(tx, call, input).await?;
    let found = gantry_store::cluster::get(tx, &wanted.scope, &wanted.name).await?;
    let cluster = match found.filter(|c| c.status == ClusterStatus::Active) {
        Some(found) if contradicts(&found, &wanted, input) => {
            return Err(ApiError::invalid_parameter(
                "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).",
            )
            .into());
        }
        Some(found) => found,
        None => {
            record::put_cluster(tx, &wanted).await?;
            wanted
        }
    };
    let counts = gantry_store::cluster::counts(tx, &cluster.scope, &cluster.name).await?;
    let include = Include { settings: true, configurations: true, tags: true, statistics: None };
    Ok(CreateClusterResponse { cluster: Some(view::cluster::cluster(&cluster, counts, &include)?) })
}

/// Whether the request names something that the cluster `found` is not. What it leaves out it does not ask for.
fn contradicts(found: &Cluster, wanted: &Cluster, input: &CreateClusterRequest) -> bool {
    (input.settings.is_some() && found.settings != wanted.settings)
        || (input.configuration.is_some() && found.configuration != wanted.configuration)
        || (input.capacity_providers.is_some() && found.capacity_providers != wanted.capacity_providers)
        || (input.default_capacity_provider_strategy.is_some()
            && found.default_capacity_provider_strategy != wanted.default_capacity_provider_strategy)
        || (input.service_connect_defaults.is_some()
            && found.service_connect_defaults != wanted.service_connect_defaults)
        || (input.tags.is_some() && found.tags != wanted.tags)
}
