//! The notice that the host is about to be taken away: SIGUSR1.
//!
//! Clouds that take hosts back (Amazon's Spot instances, say) tell it minutes before, each in its own way; whatever watches
//! for that on a host passes it on as this signal. The agent then has its host drained, as Amazon's does on a Spot notice
//! (ECS developer guide, "Spot Instance draining"): services move their tasks, and those of `FARGATE_SPOT` are stopped.

use std::time::Duration;

use gantry_wire::schema::Service;
use gantry_wire::shapes::ecs::{UpdateContainerInstancesStateRequest, UpdateContainerInstancesStateResponse};
use tokio::signal::unix::{SignalKind, signal};

use crate::api::Api;
use crate::disk_state::DiskState;
use crate::image::describe;
use crate::worker::Backoff;

/// Has the host drained each time that the signal comes. Does not end.
pub(crate) async fn watch(api: Api, cluster: String, disk: DiskState) {
    let mut notices = match signal(SignalKind::user_defined1()) {
        Ok(notices) => notices,
        Err(error) => {
            tracing::warn!("notices of interruption are not heard: {}", describe(&error));
            return std::future::pending().await;
        }
    };
    while notices.recv().await.is_some() {
        tracing::warn!("the host is about to be taken away: it takes no more tasks");
        drain_patiently(&api, &cluster, &disk).await;
    }
    std::future::pending().await
}

async fn drain_patiently(api: &Api, cluster: &str, disk: &DiskState) {
    let mut pause = Backoff::new(Duration::from_millis(250), Duration::from_secs(10));
    loop {
        let Ok(Some(instance)) = disk.instance() else {
            tracing::warn!("the host is not registered: there is nothing to drain");
            return;
        };
        let input = UpdateContainerInstancesStateRequest {
            cluster: Some(cluster.to_owned()),
            container_instances: Some(vec![instance]),
            status: Some("DRAINING".to_owned()),
        };
        let answer = api.call(Service::Ecs, "UpdateContainerInstancesState", &input).await;
        match answer {
            Ok(UpdateContainerInstancesStateResponse { .. }) => return,
            Err(error) if !error.may_pass() => {
                tracing::error!("the host cannot be drained: {}", describe(&error));
                return;
            }
            Err(error) => tracing::warn!("the host is not drained yet: {}", describe(&error)),
        }
        pause.wait().await;
    }
}
