//! The scaling loop: has the pools of capacity providers grow and shrink.
//!
//! What a pool should be is decided by `gantry_scheduler::scaling`. Hosts are made and ended by whoever answers at the URL
//! that stands in the place of the provider's Auto Scaling group: it is told how many hosts there should be and which of
//! them to end, and told again every minute until it is so. A host that goes is DRAINING from the moment that it was
//! chosen, is named once it is empty (at once without managed draining), and leaves the cluster when its agent falls
//! silent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use gantry_model::capacity_provider::{AskedCapacity, CapacityProvider, ManagedScaling, PoolScaling, is_fargate};
use gantry_model::container_instance::{ContainerInstance, InstanceStatus};
use gantry_model::resources::Requirements;
use gantry_model::service::SchedulingStrategy;
use gantry_model::{Arn, ClusterName, ContainerInstanceId, Resource, Scope, UnixMillis};
use gantry_scheduler::scaling::{Pool, Scaling, scale};
use gantry_store::{Conn, Tx};
use serde_json::{Value, json};

use crate::context::Control;
use crate::ecs::pool_scaling::{self, PoolKey};
use crate::ecs::{deregister_container_instance, record};
use crate::error::{Failure, chain};
use crate::webhooks::Post;

/// How often pools are looked at though nothing was said to have changed.
const EVERY: Duration = Duration::from_secs(10);
/// How long changes gather before pools are looked at, and a call that failed is not made again.
const PAUSE: Duration = Duration::from_secs(1);
const RETRY_S: i64 = 10;
/// How often a pool that is not yet as it was asked for is asked for again.
const AGAIN_S: i64 = 60;

/// Runs until it is dropped.
pub async fn run(control: Arc<Control>) {
    let mut failed = BTreeMap::new();
    loop {
        if let Err(failure) = round(&control, &mut failed).await {
            tracing::error!(loop_name = "scaling", "the pools could not be looked at: {}", chain(&failure));
        }
        tokio::time::sleep(PAUSE).await;
        tokio::select! {
            () = control.bus.pools.notified() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Looks at every pool and asks for what it should have. For tests.
///
/// # Errors
/// The store's.
pub async fn pass(control: &Arc<Control>) -> Result<(), Failure> {
    round(control, &mut BTreeMap::new()).await
}

/// As [`pass`]; `failed` says since when a pool could not be asked for.
async fn round(control: &Arc<Control>, failed: &mut BTreeMap<PoolKey, UnixMillis>) -> Result<(), Failure> {
    let mut asks = Vec::new();
    for key in scaled_pools(control).await? {
        asks.extend(look(control, key).await?);
    }
    let now = control.now();
    asks.retain(|ask: &Ask| failed.get(&ask.key).is_none_or(|at| now.millis_since(*at) >= RETRY_S * 1000));
    for (key, answer) in join_all(asks.into_iter().map(|ask| ask.make(control))).await {
        match answer {
            Ok(()) => drop(failed.remove(&key)),
            Err(why) => {
                tracing::warn!(
                    capacity_provider = key.provider, cluster = %key.cluster, "nobody took on what the pool needs: {why}"
                );
                failed.insert(key, now);
            }
        }
    }
    Ok(())
}

/// The pools that somebody can be asked to scale.
async fn scaled_pools(control: &Control) -> Result<Vec<PoolKey>, Failure> {
    let mut reader = control.store.read().await?;
    let mut pools = Vec::new();
    for cluster in gantry_store::cluster::all(&mut reader).await? {
        for name in cluster.capacity_providers.iter().filter(|name| !is_fargate(name)) {
            let provider = gantry_store::capacity_provider::get(&mut reader, &cluster.scope, name).await?;
            if provider.is_some_and(|provider| provider.scaling().is_some() && provider.scaling_url().is_some()) {
                let (scope, cluster) = (cluster.scope.clone(), cluster.name.clone());
                pools.push(PoolKey { scope, cluster, provider: name.clone() });
            }
        }
    }
    Ok(pools)
}

/// Brings one pool a step closer to what it should be. Answers what is to be asked for.
async fn look(control: &Arc<Control>, key: PoolKey) -> Result<Option<Ask>, Failure> {
    let now = control.now();
    {
        let mut reader = control.store.read().await?;
        let Some(world) = World::load(&mut reader, &key).await? else { return Ok(None) };
        let scaling = world.decide(now);
        if scaling.state == world.before && world.gone().next().is_none() {
            return Ok(world.ask(&scaling, now));
        }
    }
    let write = control.store.write(move |tx| {
        Box::pin(async move {
            let Some(world) = World::load(tx, &key).await? else { return Ok(None) };
            let scaling = world.decide(now);
            world.carry_out(tx, &scaling).await?;
            Ok::<_, Failure>(world.ask(&scaling, now))
        })
    });
    write.await
}

/// A pool with all that its next step depends on.
struct World {
    key: PoolKey,
    provider: CapacityProvider,
    scaling: ManagedScaling,
    url: String,
    /// Its hosts that are not INACTIVE.
    hosts: Vec<ContainerInstance>,
    /// How many tasks stand on each host, and how many of those that hold resources are not a daemon's.
    all_tasks: BTreeMap<ContainerInstanceId, u32>,
    tasks: BTreeMap<ContainerInstanceId, u32>,
    waiting: Vec<Requirements>,
    before: PoolScaling,
}

impl World {
    async fn load(conn: &mut Conn, key: &PoolKey) -> Result<Option<Self>, Failure> {
        let PoolKey { scope, cluster, provider: name } = key;
        let Some(provider) = gantry_store::capacity_provider::get(conn, scope, name).await? else { return Ok(None) };
        let (Some(scaling), Some(url)) = (provider.scaling(), provider.scaling_url().map(str::to_owned)) else {
            return Ok(None);
        };
        let mut hosts = gantry_store::container_instance::list(conn, scope, cluster).await?;
        hosts.retain(|host| host.capacity_provider() == Some(name));
        let daemons = daemons(conn, scope, cluster).await?;
        let (mut all_tasks, mut tasks) = (BTreeMap::new(), BTreeMap::new());
        for host in &hosts {
            for task in gantry_store::task::on_instance(conn, &host.id).await? {
                *all_tasks.entry(host.id.clone()).or_insert(0) += 1;
                if task.holds_resources() && !daemons.contains(&task.group) {
                    *tasks.entry(host.id.clone()).or_insert(0) += 1;
                }
            }
        }
        let mut waiting = gantry_store::task::waiting(conn).await?;
        waiting.retain(|t| t.scope == *scope && t.cluster == *cluster && t.capacity_provider.as_ref() == Some(name));
        let waiting = waiting.into_iter().map(|task| task.requirements).collect();
        let before = pool_scaling::get(conn, key).await?;
        let key = key.clone();
        Ok(Some(Self { key, provider, scaling, url, hosts, all_tasks, tasks, waiting, before }))
    }

    fn decide(&self, now: UnixMillis) -> Scaling {
        let waiting: Vec<&Requirements> = self.waiting.iter().collect();
        let Self { scaling, hosts, tasks, before, .. } = self;
        scale(&Pool { scaling: *scaling, hosts, tasks, waiting: &waiting, now }, before)
    }

    /// The hosts that were to be ended, and are.
    fn gone(&self) -> impl Iterator<Item = &ContainerInstance> {
        let told = self.before.asked.as_ref().map(|asked| &asked.terminate);
        let is_told = move |host: &&ContainerInstance| told.is_some_and(|told| told.contains(&host.id));
        self.hosts.iter().filter(is_told).filter(|host| !host.agent_connected)
    }

    /// Drains the hosts that leave, takes out those that are gone, and writes what is known of the pool.
    async fn carry_out(&self, tx: &mut Tx, scaling: &Scaling) -> Result<(), Failure> {
        for host in self.gone() {
            deregister_container_instance::leave(tx, &mut host.clone(), true).await?;
        }
        for host in self.hosts.iter().filter(|host| scaling.state.leaving.contains(&host.id)) {
            if host.status == InstanceStatus::Active {
                let mut host = ContainerInstance { status: InstanceStatus::Draining, ..host.clone() };
                record::put_instance(tx, &mut host).await?;
            }
        }
        if scaling.state.desired != self.before.desired {
            tracing::info!(
                capacity_provider = self.key.provider, cluster = %self.key.cluster, hosts = self.hosts.len(),
                desired = scaling.state.desired, reservation = scaling.reservation, "the pool should have another size"
            );
        }
        pool_scaling::put(tx, &self.key, &scaling.state).await
    }

    /// What to ask for: what was not asked for before, and again what has not come about.
    fn ask(&self, scaling: &Scaling, now: UnixMillis) -> Option<Ask> {
        let leaving = |host: &&ContainerInstance| scaling.state.leaving.contains(&host.id);
        let empty = |host: &&ContainerInstance| !self.all_tasks.contains_key(&host.id);
        let gone: BTreeSet<&ContainerInstanceId> = self.gone().map(|host| &host.id).collect();
        let ended = self.hosts.iter().filter(leaving).filter(|host| empty(host) || !self.provider.drains());
        let terminate: BTreeSet<ContainerInstanceId> =
            ended.map(|host| host.id.clone()).filter(|id| !gone.contains(id)).collect();
        let desired = scaling.state.desired;
        let staying = self.hosts.iter().filter(|host| !leaving(host)).count();
        let is_so = terminate.is_empty() && u32::try_from(staying) == Ok(desired);
        let is_due = match &self.before.asked {
            None => !is_so,
            Some(asked) if asked.desired != desired || !terminate.is_subset(&asked.terminate) => true,
            Some(asked) => !is_so && now.millis_since(asked.at) >= AGAIN_S * 1000,
        };
        is_due.then(|| Ask {
            key: self.key.clone(),
            url: self.url.clone(),
            body: self.body(scaling, &terminate),
            asked: AskedCapacity { at: now, desired, terminate },
        })
    }

    /// What whoever makes and ends hosts is told.
    fn body(&self, scaling: &Scaling, terminate: &BTreeSet<ContainerInstanceId>) -> Value {
        let PoolKey { scope, cluster, provider } = &self.key;
        let instances: Vec<Value> = self.hosts.iter().map(|host| self.host(host)).collect();
        let ended = self.hosts.iter().filter(|host| terminate.contains(&host.id));
        json!({
            "capacityProvider": provider,
            "capacityProviderArn": Arn::new(scope, Resource::CapacityProvider(provider.clone())).to_string(),
            "clusterArn": Arn::cluster(scope, cluster).to_string(),
            "capacityProviderReservation": scaling.reservation,
            "desiredCapacity": scaling.state.desired,
            "instances": instances,
            "terminate": ended.map(|host| host.ec2_instance_id.as_str()).collect::<Vec<_>>(),
        })
    }

    fn host(&self, host: &ContainerInstance) -> Value {
        let tasks = self.tasks.get(&host.id).copied().unwrap_or(0);
        json!({
            "containerInstanceArn": Arn::container_instance(&host.scope, &host.cluster, &host.id).to_string(),
            "ec2InstanceId": host.ec2_instance_id,
            "status": host.status,
            "agentConnected": host.agent_connected,
            "tasks": tasks,
            "protectedFromScaleIn": self.provider.managed_termination_protection && tasks > 0,
        })
    }
}

/// The groups of the cluster's daemon services.
async fn daemons(conn: &mut Conn, scope: &Scope, cluster: &ClusterName) -> Result<BTreeSet<String>, Failure> {
    let services = gantry_store::service::list(conn, scope, cluster).await?;
    let daemons = services.iter().filter(|service| service.scheduling_strategy == SchedulingStrategy::Daemon);
    Ok(daemons.map(|service| service.group()).collect())
}

/// A pool to ask for.
struct Ask {
    key: PoolKey,
    url: String,
    body: Value,
    asked: AskedCapacity,
}

impl Ask {
    /// Asks, and notes that it was taken on. Answers why it was not.
    async fn make(self, control: &Arc<Control>) -> (PoolKey, Result<(), String>) {
        let Self { key, url, body, asked } = self;
        if let Err(why) = control.webhooks.post(Post::of(url, &body)).await {
            return (key, Err(why));
        }
        let of = key.clone();
        let write = control.store.write(move |tx| {
            Box::pin(async move {
                let mut state = pool_scaling::get(tx, &of).await?;
                state.asked = Some(asked);
                pool_scaling::put(tx, &of, &state).await
            })
        });
        let written = write.await;
        (key, written.map_err(|failure: Failure| chain(&failure)))
    }
}
