//! Errors of Amazon ECS (model `ecs-2014-11-13`), in the words in which the service answers them where they are known.
//!
//! Which of `ClientException` and `InvalidParameterException` a fact has follows reports that quote the service.

use super::ApiError;

impl ApiError {
    /// The cluster that a request names is not there.
    #[must_use]
    pub fn cluster_not_found() -> Self {
        Self::new("ClusterNotFoundException", "Cluster not found.")
    }

    /// A cluster with services cannot be deleted.
    #[must_use]
    pub fn cluster_contains_services() -> Self {
        Self::new("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.")
    }

    /// A cluster with container instances cannot be deleted.
    #[must_use]
    pub fn cluster_contains_container_instances() -> Self {
        Self::new(
            "ClusterContainsContainerInstancesException",
            "The Cluster cannot be deleted while Container Instances are active or draining.",
        )
    }

    /// A cluster with tasks cannot be deleted.
    #[must_use]
    pub fn cluster_contains_tasks() -> Self {
        Self::new("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
    }

    /// The service that a request names is not there.
    #[must_use]
    pub fn service_not_found() -> Self {
        Self::new("ServiceNotFoundException", "Service not found.")
    }

    /// The service is being deleted or was. Clients match on the text.
    #[must_use]
    pub fn service_not_active() -> Self {
        Self::new("ServiceNotActiveException", "Service was not ACTIVE.")
    }

    /// A service of that name exists with other parameters.
    #[must_use]
    pub fn service_not_idempotent() -> Self {
        Self::invalid_parameter("Creation of service was not idempotent.")
    }

    /// A service of that name is still being deleted.
    #[must_use]
    pub fn service_still_draining() -> Self {
        Self::invalid_parameter("Unable to Start a service that is still Draining.")
    }

    /// A service that wants tasks is deleted without `force`.
    #[must_use]
    pub fn service_scaled_above_zero() -> Self {
        Self::invalid_parameter("The service cannot be stopped while it is scaled above 0.")
    }

    /// The family or revision that a request names is not there.
    #[must_use]
    pub fn task_definition_not_found() -> Self {
        Self::client("Unable to describe task definition.")
    }

    /// An INACTIVE revision is to be run.
    #[must_use]
    pub fn task_definition_inactive() -> Self {
        Self::client("TaskDefinition is inactive")
    }

    /// A revision is needed and a family was given.
    #[must_use]
    pub fn revision_missing() -> Self {
        Self::client("Revision is missing.")
    }

    /// A revision is needed and something else was given.
    #[must_use]
    pub fn revision_invalid(revision: &str) -> Self {
        Self::client(format!("Invalid revision number. Number: {revision}"))
    }

    /// A container has neither a hard nor a soft memory limit, and its task has none.
    #[must_use]
    pub fn container_without_memory(container: &str) -> Self {
        Self::client(format!(
            "Invalid setting for container '{container}'. At least one of 'memory' or 'memoryReservation' must be specified."
        ))
    }

    /// Task-level `cpu` and `memory` are not a pair that Fargate has.
    #[must_use]
    pub fn no_fargate_configuration() -> Self {
        Self::client("No Fargate configuration exists for given values.")
    }

    /// The task definition cannot run on the launch type.
    #[must_use]
    pub fn launch_type_not_supported(launch_type: &str) -> Self {
        Self::invalid_parameter(format!("Task definition does not support launch_type {launch_type}."))
    }

    /// A task in network mode awsvpc comes without `networkConfiguration`.
    #[must_use]
    pub fn network_configuration_missing() -> Self {
        Self::invalid_parameter("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    }

    /// The task that a request names is not there.
    #[must_use]
    pub fn task_not_found() -> Self {
        Self::invalid_parameter("The referenced task was not found.")
    }

    /// The container instance that a request names is not there.
    #[must_use]
    pub fn container_instance_not_found() -> Self {
        Self::invalid_parameter("The referenced container instance was not found.")
    }

    /// A container instance with tasks is deregistered without `force`.
    #[must_use]
    pub fn tasks_on_container_instance() -> Self {
        Self::invalid_parameter("Found running tasks on the instance.")
    }

    /// The resource that a tag or protection request names is not there.
    #[must_use]
    pub fn resource_not_found(arn: &str) -> Self {
        Self::new("ResourceNotFoundException", format!("The specified resource was not found: {arn}"))
    }

    /// The target of an attribute is not there.
    #[must_use]
    pub fn target_not_found(target: &str) -> Self {
        Self::new("TargetNotFoundException", format!("The specified target wasn't found: {target}"))
    }

    /// A `clientToken` was used before with other parameters; `resourceIds` says for what.
    #[must_use]
    pub fn conflict(resource_ids: Vec<String>) -> Self {
        Self::new("ConflictException", "The clientToken was used before with different parameters.")
            .with_member("resourceIds", resource_ids)
    }

    /// The operation or parameter is of AWS's own products or hardware.
    #[must_use]
    pub fn unsupported_feature(message: impl Into<String>) -> Self {
        Self::new("UnsupportedFeatureException", message)
    }

    /// The platform version does not exist.
    #[must_use]
    pub fn platform_unknown() -> Self {
        Self::new("PlatformUnknownException", "The specified platform version doesn't exist.")
    }

    /// A change of the same resource is still being made.
    #[must_use]
    pub fn update_in_progress(message: impl Into<String>) -> Self {
        Self::new("UpdateInProgressException", message)
    }
}
