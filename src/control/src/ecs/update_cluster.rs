//! UpdateCluster (ECS API reference): settings, configuration and Service Connect defaults; what is left out stays.

use gantry_model::cluster::Cluster;
use gantry_store::Tx;
use gantry_wire::shapes::ecs::{Cluster as WireCluster, UpdateClusterRequest, UpdateClusterResponse};

use crate::context::Call;
use crate::ecs::view::cluster::Include;
use crate::ecs::{cluster_input, record, resolve, view};
use crate::error::Failure;

/// Answers UpdateCluster.
///
/// # Errors
/// ClusterNotFoundException; InvalidParameterException for a setting that there is not.
pub async fn update_cluster(call: Call, input: UpdateClusterRequest) -> Result<UpdateClusterResponse, Failure> {
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { update(tx, &call, &input).await })).await
}

async fn update(tx: &mut Tx, call: &Call, input: &UpdateClusterRequest) -> Result<UpdateClusterResponse, Failure> {
    let mut cluster = resolve::cluster(tx, &call.scope, input.cluster.as_deref()).await?;
    let settings = cluster_input::settings(input.settings.as_deref().unwrap_or_default())?;
    cluster_input::merge_settings(&mut cluster.settings, settings);
    if let Some(configuration) = cluster_input::kept(input.configuration.as_ref())? {
        cluster.configuration = Some(configuration);
    }
    if let Some(defaults) = cluster_input::kept(input.service_connect_defaults.as_ref())? {
        cluster.service_connect_defaults = Some(defaults);
    }
    Ok(UpdateClusterResponse { cluster: Some(write(tx, &cluster).await?) })
}

/// Writes the cluster and answers it as a change shows it.
///
/// # Errors
/// The store's.
pub(crate) async fn write(tx: &mut Tx, cluster: &Cluster) -> Result<WireCluster, Failure> {
    record::put_cluster(tx, cluster).await?;
    let counts = gantry_store::cluster::counts(tx, &cluster.scope, &cluster.name).await?;
    let include = Include { settings: true, configurations: true, tags: true, statistics: None };
    Ok(view::cluster::cluster(cluster, counts, &include)?)
}
