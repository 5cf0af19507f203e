//! Which secrets and parameters the containers of a task definition name, and so which of them an agent may read.
//!
//! An agent reads what the tasks on its own hosts are started with and nothing else: a host that falls into wrong hands
//! gives away the secrets of its tasks, and those it had anyway.

use std::collections::BTreeSet;

use gantry_model::TaskDefinitionId;
use gantry_model::principal::PrincipalKind;
use gantry_model::secret::reference::SecretReference;
use gantry_model::task::TaskStatus;
use gantry_store::Conn;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{ContainerDefinition, TaskDefinition};

use crate::context::Call;
use crate::ecs::launch;
use crate::error::Failure;

/// All that the containers of a task definition name: in their environment, for their log drivers, and to pull their
/// images.
pub fn of(definition: &TaskDefinition) -> Vec<SecretReference> {
    let containers = definition.container_definitions.iter().flatten();
    containers.flat_map(of_container).filter_map(|text| SecretReference::parse(text).ok()).collect()
}

fn of_container(container: &ContainerDefinition) -> impl Iterator<Item = &str> {
    let log = container.log_configuration.as_ref().and_then(|log| log.secret_options.as_ref());
    let secrets = container.secrets.iter().chain(log).flatten().filter_map(|secret| secret.value_from.as_deref());
    let registry = container.repository_credentials.as_ref().and_then(|c| c.credentials_parameter.as_deref());
    secrets.chain(registry)
}

/// Checks that the caller may read the secret or parameter that it calls `id`.
///
/// # Errors
/// AccessDeniedException to an agent whose hosts have no task that names it.
pub async fn check(conn: &mut Conn, call: &Call, action: &str, id: &str) -> Result<(), Failure> {
    if call.principal.kind == PrincipalKind::Admin || is_named_by_a_task(conn, call, id).await? {
        return Ok(());
    }
    Err(ApiError::access_denied(&call.principal.arn, action, id).into())
}

async fn is_named_by_a_task(conn: &mut Conn, call: &Call, id: &str) -> Result<bool, Failure> {
    let mut seen: BTreeSet<(String, TaskDefinitionId)> = BTreeSet::new();
    for instance in crate::authorise::instances_of(conn, &call.principal).await? {
        for task in gantry_store::task::on_instance(conn, &instance).await? {
            let region = task.scope.region.to_string();
            if task.last_status == TaskStatus::Stopped || !seen.insert((region.clone(), task.task_definition.clone())) {
                continue;
            }
            let found = gantry_store::task_definition::get(conn, &task.scope, &task.task_definition).await?;
            let Some(definition) = found else { continue };
            let document = launch::document(&definition)?;
            if of(&document).iter().any(|named| named.names(id, call.scope.region.as_str(), &region)) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
