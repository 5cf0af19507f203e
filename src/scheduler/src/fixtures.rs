//! Builders for this crate's tests.

use gantry_model::container_instance::{AVAILABILITY_ZONE, Attribute, ContainerInstance, InstanceStatus};
use gantry_model::resources::{Requirements, Resources};
use gantry_model::service::{BreakerThreshold, CircuitBreaker, Service};
use gantry_model::task::{Container, DesiredStatus, HealthStatus, Task, TaskStatus};
use gantry_model::{
    AccountId, ClusterName, ContainerInstanceId, DeploymentId, Region, Scope, ServiceName, TaskDefinitionId, TaskId,
    UnixMillis,
};

use crate::place::{DefaultStrategy, PlacementRequest};

pub(crate) fn scope() -> Scope {
    Scope { account: AccountId::parse("000000000000").unwrap(), region: Region::parse("us-east-1").unwrap() }
}

pub(crate) fn cluster() -> ClusterName {
    ClusterName::parse("default").unwrap()
}

pub(crate) fn host_id(number: u32) -> ContainerInstanceId {
    ContainerInstanceId::parse(format!("{number:032x}")).unwrap()
}

pub(crate) fn task_id(number: u32) -> TaskId {
    TaskId::parse(format!("{number:032x}")).unwrap()
}

pub(crate) fn deployment_id(number: u32) -> DeploymentId {
    DeploymentId::parse(format!("ecs-svc/{number}")).unwrap()
}

pub(crate) fn definition(revision: u32) -> TaskDefinitionId {
    format!("web:{revision}").parse().unwrap()
}

pub(crate) fn requirements(cpu: u32, memory_mib: u32) -> Requirements {
    Requirements { resources: Resources { cpu, memory_mib }, ..Requirements::default() }
}

pub(crate) fn request<'a>(requirements: &'a Requirements, group: &'a str) -> PlacementRequest<'a> {
    PlacementRequest {
        requirements,
        group,
        constraints: &[],
        strategy: &[],
        default_strategy: DefaultStrategy::Service,
        capacity_provider: None,
    }
}

/// An ACTIVE, connected host of 4 vCPU and 8 GiB.
pub(crate) fn host(number: u32) -> ContainerInstance {
    ContainerInstance {
        scope: scope(),
        cluster: cluster(),
        id: host_id(number),
        ec2_instance_id: format!("i-{number}"),
        status: InstanceStatus::Active,
        agent_connected: true,
        agent_connected_at: UnixMillis(0),
        agent_version: "1.0.0".to_owned(),
        agent_hash: String::new(),
        docker_version: String::new(),
        registered: Resources { cpu: 4096, memory_mib: 8192 },
        reserved_tcp_ports: [].into(),
        reserved_udp_ports: [].into(),
        gpus: 0,
        attributes: Vec::new(),
        tags: Vec::new(),
        registered_at: UnixMillis(0),
        version: 1,
        serves_fargate: false,
    }
}

pub(crate) trait HostBuilder {
    fn with_resources(self, cpu: u32, memory_mib: u32) -> Self;
    fn with_attribute(self, name: &str, value: &str) -> Self;
    fn in_zone(self, zone: &str) -> Self;
}

impl HostBuilder for ContainerInstance {
    fn with_resources(mut self, cpu: u32, memory_mib: u32) -> Self {
        self.registered = Resources { cpu, memory_mib };
        self
    }

    fn with_attribute(mut self, name: &str, value: &str) -> Self {
        self.attributes.push(Attribute { name: name.to_owned(), value: Some(value.to_owned()) });
        self
    }

    fn in_zone(self, zone: &str) -> Self {
        self.with_attribute(AVAILABILITY_ZONE, zone)
    }
}

/// A task of the service `web`, deployment 1, RUNNING on host 1 since the epoch.
pub(crate) fn task(number: u32) -> Task {
    Task {
        instance: Some(host_id(1)),
        service: Some(ServiceName::parse("web").unwrap()),
        deployment: Some(deployment_id(1)),
        last_status: TaskStatus::Running,
        version: 1,
        requirements: requirements(256, 256),
        containers: vec![container()],
        started_at: Some(UnixMillis(0)),
        ..Task::new(scope(), cluster(), task_id(number), definition(1), "service:web".to_owned(), UnixMillis(0))
    }
}

fn container() -> Container {
    Container {
        last_status: TaskStatus::Running,
        ..Container::new("app".to_owned(), "0".to_owned(), "app:1".to_owned())
    }
}

pub(crate) trait TaskBuilder {
    fn on(self, host: u32) -> Self;
    fn of(self, deployment: u32) -> Self;
    fn pending(self) -> Self;
    fn told_to_stop(self) -> Self;
    fn running_since(self, at: i64) -> Self;
    fn with_health(self, health: HealthStatus) -> Self;
    fn protected_until(self, at: i64) -> Self;
}

impl TaskBuilder for Task {
    fn on(mut self, host: u32) -> Self {
        self.instance = Some(host_id(host));
        self
    }

    fn of(mut self, deployment: u32) -> Self {
        self.deployment = Some(deployment_id(deployment));
        self.task_definition = definition(deployment);
        self
    }

    fn pending(mut self) -> Self {
        self.last_status = TaskStatus::Pending;
        self.started_at = None;
        self
    }

    fn told_to_stop(mut self) -> Self {
        self.desired_status = DesiredStatus::Stopped;
        self
    }

    fn running_since(mut self, at: i64) -> Self {
        self.last_status = TaskStatus::Running;
        self.started_at = Some(UnixMillis(at));
        self
    }

    fn with_health(mut self, health: HealthStatus) -> Self {
        self.containers[0].has_health_check = true;
        self.containers[0].health = health;
        self.health = health;
        self
    }

    fn protected_until(mut self, at: i64) -> Self {
        self.protected_until = Some(UnixMillis(at));
        self
    }
}

/// An ACTIVE replica service `web` with no deployment yet.
pub(crate) fn service(desired_count: u32) -> Service {
    Service {
        desired_count,
        task_definition: Some(definition(1)),
        version: 1,
        ..Service::new(scope(), cluster(), ServiceName::parse("web").unwrap(), UnixMillis(0))
    }
}

pub(crate) fn breaker() -> CircuitBreaker {
    CircuitBreaker {
        enable: true,
        rollback: true,
        reset_on_healthy_task: true,
        threshold: BreakerThreshold::BoundedPercent(50),
    }
}
