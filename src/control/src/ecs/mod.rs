//! Amazon ECS, one file an operation.

pub mod account_settings;
pub mod attributes;
pub mod capacity_providers;
pub mod cluster_input;
pub mod continue_service_deployment;
pub mod create_capacity_provider;
pub mod create_cluster;
pub mod create_service;
pub mod create_task_set;
pub mod definition;
pub mod delete_account_setting;
pub mod delete_attributes;
pub mod delete_capacity_provider;
pub mod delete_cluster;
pub mod delete_service;
pub mod delete_task_definitions;
pub mod delete_task_set;
pub mod deregister_container_instance;
pub mod deregister_task_definition;
pub mod describe_capacity_providers;
pub mod describe_clusters;
pub mod describe_container_instances;
pub mod describe_service_deployments;
pub mod describe_service_revisions;
pub mod describe_services;
pub mod describe_task_definition;
pub mod describe_task_sets;
pub mod describe_tasks;
pub mod discover_poll_endpoint;
pub mod get_task_protection;
pub mod hosts;
pub mod idempotency;
pub mod instances;
pub mod launch;
pub mod list_account_settings;
pub mod list_attributes;
pub mod list_clusters;
pub mod list_container_instances;
pub mod list_service_deployments;
pub mod list_services;
pub mod list_tags_for_resource;
pub mod list_task_definition_families;
pub mod list_task_definitions;
pub mod list_tasks;
pub mod load_balancers;
pub mod new_task;
pub mod notifications;
pub mod paging;
pub mod pool_scaling;
pub mod protection;
pub mod put_account_setting;
pub mod put_account_setting_default;
pub mod put_attributes;
pub mod put_cluster_capacity_providers;
pub mod record;
pub mod register_container_instance;
pub mod register_task_definition;
pub mod registration;
pub mod requirements;
pub mod resolve;
pub mod rollout_spec;
pub mod run_task;
pub mod service_history;
pub mod service_spec;
pub mod start_task;
pub mod state_change;
pub mod stop_service_deployment;
pub mod stop_task;
pub mod stopping;
pub mod submit_attachment_state_changes;
pub mod submit_container_state_change;
pub mod submit_task_state_change;
pub mod tag_resource;
pub mod tagged;
pub mod targets;
pub mod task_sets;
pub mod unsupported;
pub mod untag_resource;
pub mod update_capacity_provider;
pub mod update_cluster;
pub mod update_cluster_settings;
pub mod update_container_agent;
pub mod update_container_instances_state;
pub mod update_service;
pub mod update_service_primary_task_set;
pub mod update_task_protection;
pub mod update_task_set;
pub mod view;
pub mod zone_rebalancing;

use crate::operations::Operations;

/// Adds the operations of ECS.
pub fn register(operations: &mut Operations) {
    operations.add("ecs", "ContinueServiceDeployment", continue_service_deployment::continue_service_deployment);
    operations.add("ecs", "CreateCapacityProvider", create_capacity_provider::create_capacity_provider);
    operations.add("ecs", "CreateCluster", create_cluster::create_cluster);
    operations.add("ecs", "CreateService", create_service::create_service);
    operations.add("ecs", "CreateTaskSet", create_task_set::create_task_set);
    operations.add("ecs", "DeleteAccountSetting", delete_account_setting::delete_account_setting);
    operations.add("ecs", "DeleteAttributes", delete_attributes::delete_attributes);
    operations.add("ecs", "DeleteCapacityProvider", delete_capacity_provider::delete_capacity_provider);
    operations.add("ecs", "DeleteCluster", delete_cluster::delete_cluster);
    operations.add("ecs", "DeleteService", delete_service::delete_service);
    operations.add("ecs", "DeleteTaskDefinitions", delete_task_definitions::delete_task_definitions);
    operations.add("ecs", "DeleteTaskSet", delete_task_set::delete_task_set);
    operations.add("ecs", "DeregisterContainerInstance", deregister_container_instance::deregister_container_instance);
    operations.add("ecs", "DeregisterTaskDefinition", deregister_task_definition::deregister_task_definition);
    operations.add("ecs", "DescribeCapacityProviders", describe_capacity_providers::describe_capacity_providers);
    operations.add("ecs", "DescribeClusters", describe_clusters::describe_clusters);
    operations.add("ecs", "DescribeContainerInstances", describe_container_instances::describe_container_instances);
    operations.add("ecs", "DescribeServiceDeployments", describe_service_deployments::describe_service_deployments);
    operations.add("ecs", "DescribeServiceRevisions", describe_service_revisions::describe_service_revisions);
    operations.add("ecs", "DescribeServices", describe_services::describe_services);
    operations.add("ecs", "DescribeTaskDefinition", describe_task_definition::describe_task_definition);
    operations.add("ecs", "DescribeTaskSets", describe_task_sets::describe_task_sets);
    operations.add("ecs", "DescribeTasks", describe_tasks::describe_tasks);
    operations.add("ecs", "DiscoverPollEndpoint", discover_poll_endpoint::discover_poll_endpoint);
    operations.add("ecs", "GetTaskProtection", get_task_protection::get_task_protection);
    operations.add("ecs", "ListAccountSettings", list_account_settings::list_account_settings);
    operations.add("ecs", "ListAttributes", list_attributes::list_attributes);
    operations.add("ecs", "ListClusters", list_clusters::list_clusters);
    operations.add("ecs", "ListContainerInstances", list_container_instances::list_container_instances);
    operations.add("ecs", "ListServiceDeployments", list_service_deployments::list_service_deployments);
    operations.add("ecs", "ListServices", list_services::list_services);
    operations.add("ecs", "ListTagsForResource", list_tags_for_resource::list_tags_for_resource);
    operations.add("ecs", "ListTaskDefinitionFamilies", list_task_definition_families::list_task_definition_families);
    operations.add("ecs", "ListTaskDefinitions", list_task_definitions::list_task_definitions);
    operations.add("ecs", "ListTasks", list_tasks::list_tasks);
    operations.add("ecs", "PutAccountSetting", put_account_setting::put_account_setting);
    operations.add("ecs", "PutAccountSettingDefault", put_account_setting_default::put_account_setting_default);
    operations.add("ecs", "PutAttributes", put_attributes::put_attributes);
    operations.add(
        "ecs",
        "PutClusterCapacityProviders",
        put_cluster_capacity_providers::put_cluster_capacity_providers,
    );
    operations.add("ecs", "RegisterContainerInstance", register_container_instance::register_container_instance);
    operations.add("ecs", "RegisterTaskDefinition", register_task_definition::register_task_definition);
    operations.add("ecs", "RunTask", run_task::run_task);
    operations.add("ecs", "StartTask", start_task::start_task);
    operations.add("ecs", "StopServiceDeployment", stop_service_deployment::stop_service_deployment);
    operations.add("ecs", "StopTask", stop_task::stop_task);
    operations.add(
        "ecs",
        "SubmitAttachmentStateChanges",
        submit_attachment_state_changes::submit_attachment_state_changes,
    );
    operations.add("ecs", "SubmitContainerStateChange", submit_container_state_change::submit_container_state_change);
    operations.add("ecs", "SubmitTaskStateChange", submit_task_state_change::submit_task_state_change);
    operations.add("ecs", "TagResource", tag_resource::tag_resource);
    operations.add("ecs", "UntagResource", untag_resource::untag_resource);
    operations.add("ecs", "UpdateCapacityProvider", update_capacity_provider::update_capacity_provider);
    operations.add("ecs", "UpdateCluster", update_cluster::update_cluster);
    operations.add("ecs", "UpdateClusterSettings", update_cluster_settings::update_cluster_settings);
    operations.add("ecs", "UpdateContainerAgent", update_container_agent::update_container_agent);
    operations.add(
        "ecs",
        "UpdateContainerInstancesState",
        update_container_instances_state::update_container_instances_state,
    );
    operations.add("ecs", "UpdateService", update_service::update_service);
    operations.add(
        "ecs",
        "UpdateServicePrimaryTaskSet",
        update_service_primary_task_set::update_service_primary_task_set,
    );
    operations.add("ecs", "UpdateTaskProtection", update_task_protection::update_task_protection);
    operations.add("ecs", "UpdateTaskSet", update_task_set::update_task_set);
}
