//! Whether a caller may do what it asks.
//!
//! An administrator may do everything. An agent may do what keeps its own host working: the agent's operations of ECS,
//! the operations of ECR that pull images, those of CloudWatch Logs that ship lines, and those that read a secret. Beyond the name of the operation an agent is held to its own host: the
//! instance that it registered, the tasks on it, and the secrets that these name. Policies, when they come, take this place.

use gantry_model::cluster::Cluster;
use gantry_model::container_instance::ContainerInstance;
use gantry_model::principal::{Principal, PrincipalKind};
use gantry_model::task::Task;
use gantry_model::{Arn, ClusterName, ContainerInstanceId};
use gantry_store::{Conn, StoreError, Tx};
use gantry_wire::{ApiError, Service};

use crate::context::Call;
use crate::error::Failure;

/// The operations of ECS that an agent calls.
const AGENT_ECS: [&str; 10] = [
    "DeregisterContainerInstance",
    "DiscoverPollEndpoint",
    "GetTaskProtection",
    "ListTagsForResource",
    "RegisterContainerInstance",
    "SubmitAttachmentStateChanges",
    "SubmitContainerStateChange",
    "SubmitTaskStateChange",
    "UpdateContainerInstancesState",
    "UpdateTaskProtection",
];

/// The operations of ECR that pull images.
const AGENT_ECR: [&str; 4] =
    ["BatchCheckLayerAvailability", "BatchGetImage", "GetAuthorizationToken", "GetDownloadUrlForLayer"];

/// The operations of CloudWatch Logs that ship the lines of containers.
const AGENT_LOGS: [&str; 3] = ["CreateLogGroup", "CreateLogStream", "PutLogEvents"];

/// The operations that read what a container is given ([`crate::named_secrets`] says of which secrets).
const AGENT_SECRETS: [&str; 1] = ["GetSecretValue"];
const AGENT_PARAMETERS: [&str; 1] = ["GetParameter"];

/// Checks that `principal` may call `operation` of `service` at all.
///
/// # Errors
/// AccessDeniedException.
pub fn check(principal: &Principal, service: Service, operation: &str) -> Result<(), ApiError> {
    let allowed = match (principal.kind, service) {
        (PrincipalKind::Admin, _) | (PrincipalKind::Agent | PrincipalKind::Proxy, Service::Sts) => true,
        (PrincipalKind::Proxy, _) => false,
        (PrincipalKind::Agent, Service::Ecs) => AGENT_ECS.contains(&operation),
        (PrincipalKind::Agent, Service::Acm | Service::ElasticLoadBalancing | Service::Events) => false,
        (PrincipalKind::Agent, Service::Ecr) => AGENT_ECR.contains(&operation),
        (PrincipalKind::Agent, Service::Logs) => AGENT_LOGS.contains(&operation),
        (PrincipalKind::Agent, Service::SecretsManager) => AGENT_SECRETS.contains(&operation),
        (PrincipalKind::Agent, Service::Ssm) => AGENT_PARAMETERS.contains(&operation),
    };
    if allowed {
        return Ok(());
    }
    let action = format!("{}:{operation}", service.signing_name());
    Err(ApiError::access_denied(&principal.arn, &action, "*"))
}

/// Checks that `instance` is the caller's own, or that the caller may touch any.
///
/// # Errors
/// AccessDeniedException.
pub async fn own_instance(
    conn: &mut Conn,
    call: &Call,
    operation: &str,
    instance: &ContainerInstance,
) -> Result<(), Failure> {
    if owns(conn, &call.principal, &instance.id).await? {
        return Ok(());
    }
    let arn = Arn::container_instance(&instance.scope, &instance.cluster, &instance.id);
    Err(denied(call, operation, &arn).into())
}

/// Checks that `task` is on the caller's own host, or that the caller may touch any.
///
/// # Errors
/// AccessDeniedException.
pub async fn own_task(conn: &mut Conn, call: &Call, operation: &str, task: &Task) -> Result<(), Failure> {
    let own = match &task.instance {
        Some(instance) => owns(conn, &call.principal, instance).await?,
        None => call.principal.kind == PrincipalKind::Admin,
    };
    if own { Ok(()) } else { Err(denied(call, operation, &Arn::task(&task.scope, &task.cluster, &task.id)).into()) }
}

/// Lets an agent register hosts into `cluster` and no other.
///
/// # Errors
/// The store's.
pub async fn confine_agent(tx: &mut Tx, principal: &Principal, cluster: &ClusterName) -> Result<(), StoreError> {
    gantry_store::kv::put(tx, &cluster_key(principal), cluster.as_str()).await
}

/// Checks that the caller may register hosts into `cluster`.
///
/// # Errors
/// AccessDeniedException.
pub async fn own_cluster(conn: &mut Conn, call: &Call, cluster: &Cluster) -> Result<(), Failure> {
    match gantry_store::kv::get(conn, &cluster_key(&call.principal)).await? {
        Some(only) if only != cluster.name.as_str() => {
            let arn = Arn::cluster(&cluster.scope, &cluster.name);
            Err(denied(call, "RegisterContainerInstance", &arn).into())
        }
        _ => Ok(()),
    }
}

fn cluster_key(principal: &Principal) -> String {
    format!("agent-cluster/{}", principal.arn)
}

/// Whether `principal` registered the instance, or may touch any.
///
/// # Errors
/// The store's.
pub async fn owns(conn: &mut Conn, principal: &Principal, instance: &ContainerInstanceId) -> Result<bool, Failure> {
    if principal.kind == PrincipalKind::Admin {
        return Ok(true);
    }
    let owner = gantry_store::kv::get(conn, &owner_key(instance)).await?;
    Ok(owner.as_deref() == Some(principal.arn.as_str()))
}

/// The instances that `principal` registered.
///
/// # Errors
/// The store's.
pub async fn instances_of(conn: &mut Conn, principal: &Principal) -> Result<Vec<ContainerInstanceId>, Failure> {
    let names = gantry_store::kv::names_with(conn, OWNER, &principal.arn).await?;
    Ok(names.iter().filter_map(|name| ContainerInstanceId::parse(name.strip_prefix(OWNER)?).ok()).collect())
}

/// Notes that the caller, when it is an agent, registered the instance.
///
/// # Errors
/// The store's.
pub async fn take_instance(tx: &mut Tx, call: &Call, instance: &ContainerInstanceId) -> Result<(), Failure> {
    if call.principal.kind == PrincipalKind::Agent {
        gantry_store::kv::put(tx, &owner_key(instance), &call.principal.arn).await?;
    }
    Ok(())
}

/// What stands before an instance in the name of the setting that says who registered it.
const OWNER: &str = "agent-of/";

fn owner_key(instance: &ContainerInstanceId) -> String {
    format!("{OWNER}{instance}")
}

fn denied(call: &Call, operation: &str, resource: &Arn) -> ApiError {
    ApiError::access_denied(&call.principal.arn, &format!("ecs:{operation}"), &resource.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_model::AccountId;

    fn principal(kind: PrincipalKind) -> Principal {
        Principal {
            account: AccountId::parse("000000000000").unwrap(),
            arn: "arn:aws:iam::000000000000:user/x".to_owned(),
            kind,
        }
    }

    #[test]
    fn an_agent_may_call_the_agents_operations_and_pull_and_no_more() {
        let agent = principal(PrincipalKind::Agent);
        for (service, operation) in [
            (Service::Ecs, "SubmitTaskStateChange"),
            (Service::Ecr, "GetAuthorizationToken"),
            (Service::Logs, "PutLogEvents"),
            (Service::SecretsManager, "GetSecretValue"),
            (Service::Ssm, "GetParameter"),
            (Service::Sts, "GetCallerIdentity"),
        ] {
            assert!(check(&agent, service, operation).is_ok(), "{operation}");
        }
        for (service, operation) in [
            (Service::Ecs, "RunTask"),
            (Service::Ecs, "DescribeTasks"),
            (Service::Ecr, "PutImage"),
            (Service::Ecr, "DeleteRepository"),
            (Service::Logs, "FilterLogEvents"),
            (Service::Logs, "DeleteLogGroup"),
            (Service::SecretsManager, "ListSecrets"),
            (Service::SecretsManager, "PutSecretValue"),
            (Service::Ssm, "GetParametersByPath"),
        ] {
            let error = check(&agent, service, operation).unwrap_err();
            assert_eq!(error.code, "AccessDeniedException");
            let action = format!("{}:{operation}", service.signing_name());
            assert_eq!(
                error.message,
                format!("User: {} is not authorized to perform: {action} on resource: *", agent.arn)
            );
        }
    }

    #[test]
    fn an_administrator_may_call_everything() {
        for service in Service::ALL {
            for operation in service.model().operations {
                assert!(check(&principal(PrincipalKind::Admin), service, operation.name).is_ok());
            }
        }
    }
}
