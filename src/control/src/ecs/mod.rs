//! Amazon ECS, one file an operation.

pub mod create_service;
pub mod delete_service;
pub mod describe_services;
pub mod hosts;
pub mod idempotency;
pub mod launch;
pub mod list_services;
pub mod new_task;
pub mod record;
pub mod requirements;
pub mod resolve;
pub mod run_task;
pub mod service_spec;
pub mod start_task;
pub mod stop_task;
pub mod stopping;
pub mod unsupported;
pub mod update_service;
pub mod view;

use crate::operations::Operations;

/// Adds the operations of ECS.
pub fn register(operations: &mut Operations) {
    operations.add("ecs", "CreateService", create_service::create_service);
    operations.add("ecs", "DeleteService", delete_service::delete_service);
    operations.add("ecs", "DescribeServices", describe_services::describe_services);
    operations.add("ecs", "ListServices", list_services::list_services);
    operations.add("ecs", "RunTask", run_task::run_task);
    operations.add("ecs", "StartTask", start_task::start_task);
    operations.add("ecs", "StopTask", stop_task::stop_task);
    operations.add("ecs", "UpdateService", update_service::update_service);
}
