//! Amazon Resource Names of the things that Gantry keeps.
//!
//! ARNs are put together and taken apart here and nowhere else. Long forms only (ECS developer guide, "Amazon Resource
//! Names and IDs").

use std::fmt;
use std::str::FromStr;

use crate::ids::{
    AccountId, ClusterName, ContainerInstanceId, DeploymentId, InvalidName, Region, RepositoryName, Scope, ServiceName,
    TaskDefinitionId, TaskId,
};

/// What an ARN names inside its account and region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    Cluster(ClusterName),
    ContainerInstance(ClusterName, ContainerInstanceId),
    Service(ClusterName, ServiceName),
    Task(ClusterName, TaskId),
    /// A container of a task; the last part is the container's UUID.
    Container(ClusterName, TaskId, String),
    TaskDefinition(TaskDefinitionId),
    CapacityProvider(String),
    /// A service deployment; the last part is its id.
    ServiceDeployment(ClusterName, ServiceName, String),
    /// A service revision; the last part is its id.
    ServiceRevision(ClusterName, ServiceName, String),
    /// A task set; its id is its deployment's.
    TaskSet(ClusterName, ServiceName, DeploymentId),
    Repository(RepositoryName),
}

/// An Amazon Resource Name, partition `aws`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn {
    pub scope: Scope,
    pub resource: Resource,
}

impl Arn {
    /// The ARN of `resource` in `scope`.
    #[must_use]
    pub fn new(scope: &Scope, resource: Resource) -> Self {
        Self { scope: scope.clone(), resource }
    }

    /// The ARN of a cluster.
    #[must_use]
    pub fn cluster(scope: &Scope, cluster: &ClusterName) -> Self {
        Self::new(scope, Resource::Cluster(cluster.clone()))
    }

    /// The ARN of a task.
    #[must_use]
    pub fn task(scope: &Scope, cluster: &ClusterName, task: &TaskId) -> Self {
        Self::new(scope, Resource::Task(cluster.clone(), task.clone()))
    }

    /// The ARN of a service.
    #[must_use]
    pub fn service(scope: &Scope, cluster: &ClusterName, service: &ServiceName) -> Self {
        Self::new(scope, Resource::Service(cluster.clone(), service.clone()))
    }

    /// The ARN of a container instance.
    #[must_use]
    pub fn container_instance(scope: &Scope, cluster: &ClusterName, instance: &ContainerInstanceId) -> Self {
        Self::new(scope, Resource::ContainerInstance(cluster.clone(), instance.clone()))
    }

    /// The ARN of a task definition.
    #[must_use]
    pub fn task_definition(scope: &Scope, id: &TaskDefinitionId) -> Self {
        Self::new(scope, Resource::TaskDefinition(id.clone()))
    }

    /// The ARN of a repository.
    #[must_use]
    pub fn repository(scope: &Scope, name: &RepositoryName) -> Self {
        Self::new(scope, Resource::Repository(name.clone()))
    }
}

impl Resource {
    fn service_prefix(&self) -> &'static str {
        match self {
            Self::Repository(_) => "ecr",
            _ => "ecs",
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster(cluster) => write!(f, "cluster/{cluster}"),
            Self::ContainerInstance(cluster, id) => write!(f, "container-instance/{cluster}/{id}"),
            Self::Service(cluster, name) => write!(f, "service/{cluster}/{name}"),
            Self::Task(cluster, id) => write!(f, "task/{cluster}/{id}"),
            Self::Container(cluster, task, id) => write!(f, "container/{cluster}/{task}/{id}"),
            Self::TaskDefinition(id) => write!(f, "task-definition/{id}"),
            Self::CapacityProvider(name) => write!(f, "capacity-provider/{name}"),
            Self::ServiceDeployment(cluster, service, id) => write!(f, "service-deployment/{cluster}/{service}/{id}"),
            Self::ServiceRevision(cluster, service, id) => write!(f, "service-revision/{cluster}/{service}/{id}"),
            Self::TaskSet(cluster, service, id) => write!(f, "task-set/{cluster}/{service}/{id}"),
            Self::Repository(name) => write!(f, "repository/{name}"),
        }
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Scope { account, region } = &self.scope;
        write!(f, "arn:aws:{}:{region}:{account}:{}", self.resource.service_prefix(), self.resource)
    }
}

const INVALID: InvalidName = InvalidName { kind: "ARN", rule: "be arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE" };

impl FromStr for Arn {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next().ok_or(INVALID);
        if next()? != "arn" || !next()?.starts_with("aws") {
            return Err(INVALID);
        }
        let service = next()?;
        let scope = Scope { region: Region::parse(next()?)?, account: AccountId::parse(next()?)? };
        let (kind, rest) = next()?.split_once('/').ok_or(INVALID)?;
        let resource = match service {
            "ecr" if kind == "repository" => Resource::Repository(RepositoryName::parse(rest)?),
            "ecs" => ecs_resource(kind, rest)?,
            _ => return Err(INVALID),
        };
        Ok(Self { scope, resource })
    }
}

fn ecs_resource(kind: &str, rest: &str) -> Result<Resource, InvalidName> {
    let parts: Vec<&str> = rest.split('/').collect();
    match (kind, parts.as_slice()) {
        ("cluster", [cluster]) => Ok(Resource::Cluster(ClusterName::parse(*cluster)?)),
        ("container-instance", [cluster, id]) => {
            Ok(Resource::ContainerInstance(ClusterName::parse(*cluster)?, ContainerInstanceId::parse(*id)?))
        }
        ("service", [cluster, name]) => {
            Ok(Resource::Service(ClusterName::parse(*cluster)?, ServiceName::parse(*name)?))
        }
        ("task", [cluster, id]) => Ok(Resource::Task(ClusterName::parse(*cluster)?, TaskId::parse(*id)?)),
        ("container", [cluster, task, id]) => {
            Ok(Resource::Container(ClusterName::parse(*cluster)?, TaskId::parse(*task)?, (*id).to_owned()))
        }
        ("task-definition", [id]) => Ok(Resource::TaskDefinition(id.parse()?)),
        ("capacity-provider", [name]) => Ok(Resource::CapacityProvider((*name).to_owned())),
        ("service-deployment", [cluster, service, id]) => Ok(Resource::ServiceDeployment(
            ClusterName::parse(*cluster)?,
            ServiceName::parse(*service)?,
            (*id).to_owned(),
        )),
        ("service-revision", [cluster, service, id]) => Ok(Resource::ServiceRevision(
            ClusterName::parse(*cluster)?,
            ServiceName::parse(*service)?,
            (*id).to_owned(),
        )),
        ("task-set", [cluster, service, prefix, id]) => Ok(Resource::TaskSet(
            ClusterName::parse(*cluster)?,
            ServiceName::parse(*service)?,
            DeploymentId::parse(format!("{prefix}/{id}"))?,
        )),
        _ => Err(INVALID),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_read_back_as_they_are_written() {
        let id = "0123456789abcdef0123456789abcdef";
        for text in [
            "arn:aws:ecs:us-east-1:000000000000:cluster/default".to_owned(),
            format!("arn:aws:ecs:us-east-1:000000000000:container-instance/default/{id}"),
            "arn:aws:ecs:us-east-1:000000000000:service/default/web".to_owned(),
            format!("arn:aws:ecs:us-east-1:000000000000:task/default/{id}"),
            format!("arn:aws:ecs:us-east-1:000000000000:container/default/{id}/0d1f-2"),
            "arn:aws:ecs:us-east-1:000000000000:task-definition/web:7".to_owned(),
            "arn:aws:ecs:us-east-1:000000000000:service-deployment/default/web/abc".to_owned(),
            "arn:aws:ecs:us-east-1:000000000000:service-revision/default/web/12".to_owned(),
            "arn:aws:ecs:us-east-1:000000000000:task-set/default/web/ecs-svc/12".to_owned(),
            "arn:aws:ecr:us-east-1:000000000000:repository/team/app".to_owned(),
        ] {
            assert_eq!(text.parse::<Arn>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_text_is_not_an_arn() {
        for text in ["", "arn", "default", "arn:aws:s3:::bucket/x", "arn:aws:ecs:us-east-1:000000000000:cluster"] {
            assert!(text.parse::<Arn>().is_err(), "{text}");
        }
    }
}
