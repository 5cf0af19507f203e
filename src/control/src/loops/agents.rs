//! The agent loop: hands over the tasks of hosts that stay silent beyond the configured time.
//!
//! A silent agent is `agentConnected: false` at once, but its tasks are left alone: a host that is cut off goes on
//! running them. Only when the operator set a disconnect timeout are they given up, and their services replace them.

use std::sync::Arc;
use std::time::Duration;

use gantry_model::UnixMillis;
use gantry_model::container_instance::ContainerInstance;
use gantry_model::task::StopCode;

use crate::context::Control;
use crate::ecs::stopping;
use crate::error::{Failure, chain};

const EVERY: Duration = Duration::from_secs(5);

/// Runs until it is dropped.
pub async fn run(control: Arc<Control>) {
    let Some(timeout_s) = control.config.disconnect_timeout_s else { return };
    loop {
        if let Err(failure) = pass(&control, timeout_s).await {
            tracing::error!(loop_name = "agents", "the silent hosts could not be looked at: {}", chain(&failure));
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Gives up the tasks of every host that has been silent for `timeout_s` seconds.
///
/// # Errors
/// The store's.
pub async fn pass(control: &Arc<Control>, timeout_s: i64) -> Result<(), Failure> {
    let now = control.now();
    let lost: Vec<ContainerInstance> = {
        let mut reader = control.store.read().await?;
        let instances = gantry_store::container_instance::all(&mut reader).await?;
        instances.into_iter().filter(|i| is_lost(i, timeout_s, now)).collect()
    };
    for instance in lost {
        control.store.write(move |tx| Box::pin(async move { give_up(tx, &instance).await })).await?;
    }
    Ok(())
}

fn is_lost(instance: &ContainerInstance, timeout_s: i64, now: UnixMillis) -> bool {
    !instance.agent_connected && now.millis_since(instance.agent_connected_at) > timeout_s.saturating_mul(1000)
}

async fn give_up(tx: &mut gantry_store::Tx, instance: &ContainerInstance) -> Result<(), Failure> {
    let reason = format!("Host EC2 (instance {}) lost: its agent is silent.", instance.ec2_instance_id);
    for mut task in gantry_store::task::on_instance(tx, &instance.id).await? {
        stopping::abandon(tx, &mut task, StopCode::InfrastructureHealth, &reason).await?;
    }
    Ok(())
}
