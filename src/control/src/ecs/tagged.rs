//! The resources of ECS that carry tags, looked up by ARN.

use gantry_model::capacity_provider::CapacityProvider;
use gantry_model::cluster::Cluster;
use gantry_model::container_instance::ContainerInstance;
use gantry_model::service::Service;
use gantry_model::task::Task;
use gantry_model::task_definition::TaskDefinition;
use gantry_model::{Arn, Resource, Scope, Tag};
use gantry_store::{Conn, Tx};
use gantry_wire::ApiError;

use crate::ecs::record;
use crate::error::Failure;

/// A resource with tags.
pub enum Tagged {
    CapacityProvider(CapacityProvider),
    Cluster(Box<Cluster>),
    Instance(Box<ContainerInstance>),
    Service(Box<Service>),
    Task(Box<Task>),
    TaskDefinition(Box<TaskDefinition>),
    /// A task set, at its position in its service.
    TaskSet(Box<Service>, usize),
}

impl Tagged {
    /// The resource that `text` names; `None` when it is not there.
    ///
    /// # Errors
    /// InvalidParameterException when `text` is not the ARN of something with tags.
    pub async fn load(conn: &mut Conn, scope: &Scope, text: &str) -> Result<Option<Self>, Failure> {
        let Arn { scope: of, resource } = text.parse::<Arn>().map_err(|_| not_an_arn(text))?;
        if of != *scope {
            return Ok(None);
        }
        Ok(match resource {
            Resource::Cluster(name) => {
                gantry_store::cluster::get(conn, scope, &name).await?.map(|c| Self::Cluster(Box::new(c)))
            }
            Resource::ContainerInstance(cluster, id) => gantry_store::container_instance::get(conn, &id)
                .await?
                .filter(|i| i.scope == *scope && i.cluster == cluster)
                .map(|i| Self::Instance(Box::new(i))),
            Resource::Service(cluster, name) => {
                gantry_store::service::get(conn, scope, &cluster, &name).await?.map(|s| Self::Service(Box::new(s)))
            }
            Resource::Task(cluster, id) => gantry_store::task::get(conn, scope, &id)
                .await?
                .filter(|t| t.cluster == cluster)
                .map(|t| Self::Task(Box::new(t))),
            Resource::TaskDefinition(id) => {
                gantry_store::task_definition::get(conn, scope, &id).await?.map(|d| Self::TaskDefinition(Box::new(d)))
            }
            Resource::CapacityProvider(name) => {
                gantry_store::capacity_provider::get(conn, scope, &name).await?.map(Self::CapacityProvider)
            }
            Resource::TaskSet(cluster, name, id) => {
                let service = gantry_store::service::get(conn, scope, &cluster, &name).await?;
                service.and_then(|service| {
                    let position = service.task_sets.iter().position(|set| set.id == id)?;
                    Some(Self::TaskSet(Box::new(service), position))
                })
            }
            _ => {
                return Err(ApiError::invalid_parameter(format!("{text} is not a resource that carries tags.")).into());
            }
        })
    }

    /// The tags.
    #[must_use]
    pub fn tags(&self) -> &[Tag] {
        match self {
            Self::CapacityProvider(provider) => &provider.tags,
            Self::Cluster(cluster) => &cluster.tags,
            Self::Instance(instance) => &instance.tags,
            Self::Service(service) => &service.tags,
            Self::Task(task) => &task.tags,
            Self::TaskDefinition(definition) => &definition.tags,
            Self::TaskSet(service, position) => &service.task_sets[*position].tags,
        }
    }

    /// Writes the resource with `tags` in the place of those it had.
    ///
    /// # Errors
    /// The store's.
    pub async fn write(&mut self, tx: &mut Tx, tags: Vec<Tag>) -> Result<(), Failure> {
        match self {
            Self::CapacityProvider(provider) => {
                provider.tags = tags;
                record::put_capacity_provider(tx, provider).await
            }
            Self::Cluster(cluster) => {
                cluster.tags = tags;
                record::put_cluster(tx, cluster).await
            }
            Self::Instance(instance) => {
                instance.tags = tags;
                record::put_instance(tx, instance).await
            }
            Self::Service(service) => {
                service.tags = tags;
                record::put_service(tx, service).await
            }
            Self::Task(task) => {
                task.tags = tags;
                record::put_task(tx, task).await
            }
            Self::TaskDefinition(definition) => {
                definition.tags = tags;
                record::put_task_definition(tx, definition).await
            }
            Self::TaskSet(service, position) => {
                service.task_sets[*position].tags = tags;
                record::put_service(tx, service).await
            }
        }
    }
}

/// The ARNs of before 2018 lack the cluster; tags never worked on them.
fn not_an_arn(text: &str) -> ApiError {
    let short = ["service", "task", "container-instance"].iter().any(|kind| {
        text.starts_with("arn:") && text.rsplit(':').next().is_some_and(|r| r.starts_with(&format!("{kind}/")))
    });
    if short {
        ApiError::invalid_parameter("Long arn format must be used for tagging operations")
    } else {
        ApiError::invalid_parameter(format!("Invalid ARN: resourceArn '{text}' is not an ARN of ECS."))
    }
}

/// The answer for a resource that is not there.
#[must_use]
pub fn not_found(text: &str) -> ApiError {
    match text.parse::<Arn>() {
        Ok(Arn { resource: Resource::Cluster(_), .. }) => ApiError::cluster_not_found(),
        Ok(Arn { resource: Resource::Service(..), .. }) => ApiError::service_not_found(),
        Ok(Arn { resource: Resource::TaskDefinition(_), .. }) => ApiError::task_definition_not_found(),
        _ => ApiError::resource_not_found(text),
    }
}
