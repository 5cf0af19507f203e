//! The provisioning loop: gives a host to the tasks that wait for room in the pool of a capacity provider.
//!
//! The oldest comes first, and one that fits nowhere does not hold up those behind it. A task that waited too long is
//! given up, which is no failure of its service: nothing of it was ever started.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use gantry_model::task::{LaunchType, StopCode, Task, TaskPlacement};
use gantry_model::{ClusterName, Scope, UnixMillis};
use gantry_scheduler::{DefaultStrategy, PlacementRequest, place};
use gantry_store::{Conn, Tx};

use crate::context::Control;
use crate::ecs::hosts::Hosts;
use crate::ecs::new_task::put_on;
use crate::ecs::{record, stopping};
use crate::error::{Failure, chain};
use crate::ids;

/// How often the waiting tasks are looked at though nothing was said to have changed.
const EVERY: Duration = Duration::from_secs(5);
/// How long a task waits; AWS gives up between 15 and 30 minutes.
const PATIENCE_S: i64 = 30 * 60;

/// Runs until it is dropped.
pub async fn run(control: Arc<Control>) {
    loop {
        if let Err(failure) = pass(&control).await {
            tracing::error!(loop_name = "provisioning", "waiting tasks could not be placed: {}", chain(&failure));
        }
        tokio::select! {
            () = control.bus.placed.notified() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Places what can be placed and gives up what waited too long.
///
/// # Errors
/// The store's.
pub async fn pass(control: &Arc<Control>) -> Result<(), Failure> {
    let now = control.now();
    let seed = ids::seed()?;
    let mut clusters = BTreeSet::new();
    {
        let mut reader = control.store.read().await?;
        for task in gantry_store::task::waiting(&mut reader).await? {
            clusters.insert((task.scope, task.cluster, task.launch_type));
        }
    }
    for (scope, cluster, launch_type) in clusters {
        let room = Room { scope, cluster, launch_type };
        let quiet = {
            let mut reader = control.store.read().await?;
            room.decide(&mut reader, now, seed).await?.is_empty()
        };
        if !quiet {
            control.store.write(move |tx| Box::pin(async move { room.settle(tx, now, seed).await })).await?;
        }
    }
    Ok(())
}

/// The hosts of a cluster that tasks of a launch type wait for.
struct Room {
    scope: Scope,
    cluster: ClusterName,
    launch_type: LaunchType,
}

enum Decision {
    Placed(Task),
    GivenUp(Task),
}

impl Room {
    async fn decide(&self, conn: &mut Conn, now: UnixMillis, seed: u64) -> Result<Vec<Decision>, Failure> {
        let mut hosts = Hosts::load(conn, &self.scope, &self.cluster, self.launch_type).await?;
        let mut decisions = Vec::new();
        for mut task in gantry_store::task::waiting(conn).await? {
            if task.scope != self.scope || task.cluster != self.cluster || task.launch_type != self.launch_type {
                continue;
            }
            if give_host(&mut task, &mut hosts, seed) {
                decisions.push(Decision::Placed(task));
            } else if now.millis_since(task.created_at) > PATIENCE_S * 1000 {
                decisions.push(Decision::GivenUp(task));
            }
        }
        Ok(decisions)
    }

    async fn settle(&self, tx: &mut Tx, now: UnixMillis, seed: u64) -> Result<(), Failure> {
        for decision in self.decide(tx, now, seed).await? {
            match decision {
                Decision::Placed(mut task) => record::put_task(tx, &mut task).await?,
                Decision::GivenUp(mut task) => {
                    let provider = task.capacity_provider.clone().unwrap_or_default();
                    let reason = format!(
                        "No container instance of the capacity provider '{provider}' had room for the task within {} \
                         minutes.",
                        PATIENCE_S / 60
                    );
                    stopping::abandon(tx, &mut task, StopCode::TaskFailedToStart, &reason).await?;
                }
            }
        }
        Ok(())
    }
}

/// Puts the task on a host that has room for it, if there is one.
fn give_host(task: &mut Task, hosts: &mut Hosts, seed: u64) -> bool {
    let nothing = TaskPlacement { constraints: Vec::new(), strategy: Vec::new() };
    let placement = task.placement.as_ref().unwrap_or(&nothing);
    let request = PlacementRequest {
        requirements: &task.requirements,
        group: &task.group,
        constraints: &placement.constraints,
        strategy: &placement.strategy,
        default_strategy: if task.service.is_some() { DefaultStrategy::Service } else { DefaultStrategy::RunTask },
        capacity_provider: task.capacity_provider.as_deref(),
    };
    let placed = place(&mut hosts.state, &request, 1, seed).placed;
    let host = placed.first().and_then(|id| hosts.instances.iter().find(|host| host.id == *id));
    if let Some(host) = host {
        put_on(task, host);
    }
    host.is_some()
}
