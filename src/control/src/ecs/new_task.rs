//! Tasks as RunTask, StartTask and the service scheduler make them.

use gantry_model::container_instance::{Attribute, ContainerInstance};
use gantry_model::placement::{PlacementConstraint, PlacementStrategy};
use gantry_model::resources::Requirements;
use gantry_model::task::{Container, LaunchType, Task, TaskPlacement, TaskStatus};
use gantry_model::{ClusterName, DeploymentId, Scope, ServiceName, Tag, TaskDefinitionId, UnixMillis};
use gantry_wire::shapes::ecs::{ContainerDefinition, TaskDefinition, TaskOverride};
use serde_json::{Value, json};

use crate::error::Failure;
use crate::ids;

/// What all tasks of one request share.
pub struct TaskTemplate<'a> {
    pub scope: &'a Scope,
    pub cluster: &'a ClusterName,
    pub definition_id: &'a TaskDefinitionId,
    pub definition: &'a TaskDefinition,
    pub requirements: &'a Requirements,
    pub overrides: &'a TaskOverride,
    pub launch_type: LaunchType,
    pub capacity_provider: Option<&'a str>,
    pub platform_version: Option<&'a str>,
    pub group: &'a str,
    pub started_by: Option<&'a str>,
    pub service: Option<(&'a ServiceName, &'a DeploymentId)>,
    pub network_configuration: Option<&'a Value>,
    pub enable_execute_command: bool,
    /// The constraints, those of the definition too, and the strategy that a host is chosen by.
    pub constraints: &'a [PlacementConstraint],
    pub strategy: &'a [PlacementStrategy],
    pub tags: &'a [Tag],
}

impl TaskTemplate<'_> {
    /// A new task on `host`, wanted RUNNING; its version is 0 until it is written.
    ///
    /// # Errors
    /// ServerException when the system gives no randomness.
    pub fn on(&self, host: &ContainerInstance, now: UnixMillis) -> Result<Task, Failure> {
        let mut task = self.waiting(now)?;
        put_on(&mut task, host);
        Ok(task)
    }

    /// A new task that waits for a host, wanted RUNNING; its version is 0 until it is written.
    ///
    /// # Errors
    /// ServerException when the system gives no randomness.
    pub fn waiting(&self, now: UnixMillis) -> Result<Task, Failure> {
        let awsvpc = self.definition.network_mode.as_deref() == Some("awsvpc");
        Ok(Task {
            service: self.service.map(|(name, _)| name.clone()),
            deployment: self.service.map(|(_, deployment)| deployment.clone()),
            started_by: self.started_by.map(str::to_owned),
            launch_type: self.launch_type,
            capacity_provider: self.capacity_provider.map(str::to_owned),
            last_status: TaskStatus::Provisioning,
            requirements: self.requirements.clone(),
            cpu: self.size(self.overrides.cpu.as_ref(), self.definition.cpu.as_ref(), self.requirements.resources.cpu),
            memory: self.size(
                self.overrides.memory.as_ref(),
                self.definition.memory.as_ref(),
                self.requirements.resources.memory_mib,
            ),
            containers: self.containers()?,
            overrides: overrides_as_answered(self.definition, self.overrides)?,
            network_configuration: self.network_configuration.cloned(),
            attachments: if awsvpc { vec![interface(self.network_configuration)?] } else { Vec::new() },
            platform_version: self.platform_version.map(str::to_owned),
            enable_execute_command: self.enable_execute_command,
            placement: Some(TaskPlacement { constraints: self.constraints.to_vec(), strategy: self.strategy.to_vec() }),
            tags: self.tags.to_vec(),
            ..Task::new(
                self.scope.clone(),
                self.cluster.clone(),
                ids::task_id()?,
                self.definition_id.clone(),
                self.group.to_owned(),
                now,
            )
        })
    }

    fn size(&self, over: Option<&String>, own: Option<&String>, sum: u32) -> Option<String> {
        Some(over.or(own).cloned().unwrap_or_else(|| sum.to_string()))
    }

    fn containers(&self) -> Result<Vec<Container>, Failure> {
        self.definition.container_definitions.iter().flatten().map(|c| self.container(c)).collect()
    }

    fn container(&self, definition: &ContainerDefinition) -> Result<Container, Failure> {
        let over = self.overrides.container_overrides.iter().flatten().find(|o| o.name == definition.name);
        let number = |over: Option<i32>, own: Option<i32>| over.or(own).map(|n| n.to_string());
        Ok(Container {
            essential: definition.essential.unwrap_or(true),
            has_health_check: definition.health_check.is_some(),
            cpu: Some(number(over.and_then(|o| o.cpu), definition.cpu).unwrap_or_else(|| "0".to_owned())),
            memory: number(over.and_then(|o| o.memory), definition.memory),
            memory_reservation: number(over.and_then(|o| o.memory_reservation), definition.memory_reservation),
            ..Container::new(
                definition.name.clone().unwrap_or_default(),
                ids::uuid()?,
                definition.image.clone().unwrap_or_default(),
            )
        })
    }
}

/// Puts a task that waits on `host`. An awsvpc task stays PROVISIONING, for it gets its address first; any other is PENDING
/// at once.
pub fn put_on(task: &mut Task, host: &ContainerInstance) {
    task.instance = Some(host.id.clone());
    task.attributes = architecture(host);
    task.availability_zone = host.availability_zone().map(str::to_owned);
    task.placement = None;
    if task.attachments.is_empty() {
        task.advance(TaskStatus::Pending);
    }
}

/// `overrides` as the API answers it: one entry a container, also for those that nothing overrides.
fn overrides_as_answered(definition: &TaskDefinition, overrides: &TaskOverride) -> Result<Value, Failure> {
    let encode = |e: serde_json::Error| gantry_wire::ApiError::server(format!("the overrides do not encode: {e}"));
    let mut answer = serde_json::to_value(overrides).map_err(encode)?;
    let entries: Vec<Value> = definition
        .container_definitions
        .iter()
        .flatten()
        .map(|c| match overrides.container_overrides.iter().flatten().find(|o| o.name == c.name) {
            Some(over) => serde_json::to_value(over).map_err(encode),
            None => Ok(json!({ "name": c.name })),
        })
        .collect::<Result<_, _>>()?;
    if let Some(members) = answer.as_object_mut() {
        members.insert("containerOverrides".to_owned(), Value::Array(entries));
        members.entry("inferenceAcceleratorOverrides").or_insert_with(|| json!([]));
    }
    Ok(answer)
}

/// The network interface that an awsvpc task will get; its address is told by the agent.
fn interface(network_configuration: Option<&Value>) -> Result<Value, Failure> {
    let subnet = network_configuration
        .and_then(|n| n.pointer("/awsvpcConfiguration/subnets/0"))
        .and_then(Value::as_str)
        .unwrap_or_default();
    Ok(json!({
        "id": ids::uuid()?,
        "type": "ElasticNetworkInterface",
        "status": "PRECREATED",
        "details": [{ "name": "subnetId", "value": subnet }],
    }))
}

fn architecture(host: &ContainerInstance) -> Vec<Attribute> {
    const ARCHITECTURE: &str = "ecs.cpu-architecture";
    host.attributes.iter().filter(|a| a.name == ARCHITECTURE).cloned().collect()
}
