//! UpdateClusterSettings (ECS API reference): Container Insights on or off.

use gantry_store::Tx;
use gantry_wire::shapes::ecs::{UpdateClusterSettingsRequest, UpdateClusterSettingsResponse};

use crate::context::Call;
use crate::ecs::{cluster_input, resolve, update_cluster};
use crate::error::Failure;

/// Answers UpdateClusterSettings.
///
/// # Errors
/// ClusterNotFoundException; InvalidParameterException for a setting that there is not.
pub async fn update_cluster_settings(
    call: Call,
    input: UpdateClusterSettingsRequest,
) -> Result<UpdateClusterSettingsResponse, Failure> {
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { update(tx, &call, &input).await })).await
}

async fn update(
    tx: &mut Tx,
    call: &Call,
    input: &UpdateClusterSettingsRequest,
) -> Result<UpdateClusterSettingsResponse, Failure> {
    let mut cluster = resolve::cluster(tx, &call.scope, input.cluster.as_deref()).await?;
    let settings = cluster_input::settings(input.settings.as_deref().unwrap_or_default())?;
    cluster_input::merge_settings(&mut cluster.settings, settings);
    Ok(UpdateClusterSettingsResponse { cluster: Some(update_cluster::write(tx, &cluster).await?) })
}
