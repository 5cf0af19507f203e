//! Puts the model's nouns together from the few things that a simulation says about them.

use gantry_model::cluster::CapacityProviderStrategyItem;
use gantry_model::container_instance::{Attribute, ContainerInstance, InstanceStatus};
use gantry_model::placement::{PlacementConstraint, PlacementStrategy};
use gantry_model::resources::{Requirements, Resources};
use gantry_model::rollout::{LifecycleHook, Strategy};
use gantry_model::service::{
    CircuitBreaker, DeploymentConfiguration, EarlySuccess, HOST_REBALANCING, SchedulingStrategy, Service,
    ZONE_REBALANCING,
};
use gantry_model::task::{Container, Task};
use gantry_model::{
    AccountId, ClusterName, ContainerInstanceId, DeploymentId, InvalidName, Region, Scope, ServiceName, Tag,
    TaskDefinitionId, TaskId, UnixMillis,
};

/// A host to simulate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostSpec {
    pub registered: Resources,
    pub gpus: u32,
    /// Attributes and their values; `ecs.availability-zone` names the zone.
    pub attributes: Vec<(String, String)>,
}

/// A service to simulate.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceSpec {
    pub scheduling_strategy: SchedulingStrategy,
    pub desired_count: u32,
    pub minimum_healthy_percent: u32,
    pub maximum_percent: u32,
    pub circuit_breaker: Option<CircuitBreaker>,
    pub strategy: Strategy,
    pub bake_minutes: u32,
    pub lifecycle_hooks: Vec<LifecycleHook>,
    pub early_success: Option<EarlySuccess>,
    pub placement_constraints: Vec<PlacementConstraint>,
    pub placement_strategy: Vec<PlacementStrategy>,
    /// The capacity provider that the service's tasks count for; its pool grows, so that they wait for room in it.
    pub pool: Option<String>,
    /// Whether its tasks are moved between zones, and between the hosts of one.
    pub rebalances_zones: bool,
    pub rebalances_hosts: bool,
}

/// Account, region and cluster of every simulation.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) scope: Scope,
    pub(crate) cluster: ClusterName,
}

impl Place {
    pub(crate) fn new() -> Result<Self, InvalidName> {
        let scope = Scope { account: AccountId::parse("000000000000")?, region: Region::parse("us-east-1")? };
        Ok(Self { scope, cluster: ClusterName::parse("sim")? })
    }

    pub(crate) fn host(&self, number: u32, spec: &HostSpec, now: UnixMillis) -> Result<ContainerInstance, InvalidName> {
        let attribute = |(name, value): &(String, String)| Attribute { name: name.clone(), value: Some(value.clone()) };
        Ok(ContainerInstance {
            scope: self.scope.clone(),
            cluster: self.cluster.clone(),
            id: host_id(number)?,
            ec2_instance_id: format!("i-{number}"),
            status: InstanceStatus::Active,
            agent_connected: true,
            agent_connected_at: now,
            agent_version: "1.0.0".to_owned(),
            agent_hash: String::new(),
            docker_version: String::new(),
            registered: spec.registered,
            reserved_tcp_ports: [22].into(),
            reserved_udp_ports: [].into(),
            gpus: spec.gpus,
            attributes: spec.attributes.iter().map(attribute).collect(),
            tags: Vec::new(),
            registered_at: now,
            version: 1,
            serves_fargate: false,
        })
    }

    /// A service without a deployment.
    pub(crate) fn service(
        &self,
        name: ServiceName,
        definition: TaskDefinitionId,
        spec: ServiceSpec,
        now: UnixMillis,
    ) -> Service {
        let switch = |on: bool| if on { "enabled" } else { "disabled" }.to_owned();
        let zones = (ZONE_REBALANCING.to_owned(), switch(spec.rebalances_zones).to_uppercase().into());
        Service {
            extra: [zones].into_iter().collect(),
            tags: vec![Tag { key: HOST_REBALANCING.to_owned(), value: switch(spec.rebalances_hosts) }],
            scheduling_strategy: spec.scheduling_strategy,
            desired_count: spec.desired_count,
            task_definition: Some(definition),
            deployment_configuration: DeploymentConfiguration {
                circuit_breaker: spec.circuit_breaker,
                strategy: spec.strategy,
                bake_minutes: spec.bake_minutes,
                lifecycle_hooks: spec.lifecycle_hooks,
                early_success: spec.early_success.filter(|_| spec.strategy == Strategy::Rolling),
                ..DeploymentConfiguration::rolling(spec.minimum_healthy_percent, spec.maximum_percent)
            },
            placement_constraints: spec.placement_constraints,
            placement_strategy: spec.placement_strategy,
            capacity_provider_strategy: spec.pool.into_iter().map(whole).collect(),
            version: 1,
            ..Service::new(self.scope.clone(), self.cluster.clone(), name, now)
        }
    }

    /// A task that is placed and PENDING.
    pub(crate) fn task(&self, new: NewTask<'_>, now: UnixMillis) -> Task {
        Task {
            instance: new.instance,
            capacity_provider: new.capacity_provider,
            service: Some(new.service.name.clone()),
            deployment: Some(new.deployment.clone()),
            started_by: Some(new.deployment.to_string()),
            version: 1,
            requirements: new.requirements.clone(),
            containers: vec![container(new.has_health_check)],
            ..Task::new(self.scope.clone(), self.cluster.clone(), new.id, new.definition, new.service.group(), now)
        }
    }
}

/// What tells one new task from another.
pub(crate) struct NewTask<'a> {
    pub(crate) id: TaskId,
    pub(crate) definition: TaskDefinitionId,
    /// `None` when it waits for room in the pool of its capacity provider.
    pub(crate) instance: Option<ContainerInstanceId>,
    pub(crate) capacity_provider: Option<String>,
    pub(crate) service: &'a Service,
    pub(crate) deployment: DeploymentId,
    pub(crate) requirements: &'a Requirements,
    pub(crate) has_health_check: bool,
}

/// A strategy's item that all tasks go to.
fn whole(pool: String) -> CapacityProviderStrategyItem {
    CapacityProviderStrategyItem { capacity_provider: pool, weight: 1, base: 0 }
}

fn container(has_health_check: bool) -> Container {
    Container { has_health_check, ..Container::new("app".to_owned(), "app".to_owned(), "app".to_owned()) }
}

pub(crate) fn host_id(number: u32) -> Result<ContainerInstanceId, InvalidName> {
    ContainerInstanceId::parse(format!("{number:032x}"))
}

pub(crate) fn task_id(number: u32) -> Result<TaskId, InvalidName> {
    TaskId::parse(format!("{number:032x}"))
}

pub(crate) fn deployment_id(number: u32) -> Result<DeploymentId, InvalidName> {
    DeploymentId::parse(format!("ecs-svc/{number}"))
}
