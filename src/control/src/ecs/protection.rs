//! Scale-in protection of tasks, as GetTaskProtection and UpdateTaskProtection name and answer it.

use gantry_model::task::{DesiredStatus, Task};
use gantry_model::{Arn, ClusterName, Scope, UnixMillis};
use gantry_store::Conn;
use gantry_wire::shapes::ecs::{Failure as WireFailure, ProtectedTask};

use crate::ecs::{resolve, view};
use crate::error::Failure;

/// The running tasks of services that `named` means in `cluster`, and for each of the others why it is none: `MISSING`,
/// or `TASK_NOT_VALID` for one that no service keeps (ECS developer guide, "Task scale-in protection").
///
/// # Errors
/// The store's.
pub async fn of_services(
    conn: &mut Conn,
    scope: &Scope,
    cluster: &ClusterName,
    named: &[String],
) -> Result<(Vec<Task>, Vec<WireFailure>), Failure> {
    let (mut tasks, mut failures) = (Vec::new(), Vec::new());
    for text in named {
        let Some(id) = resolve::task_id(scope, cluster, text) else {
            failures.push(view::missing(text.clone()));
            continue;
        };
        let arn = Arn::task(scope, cluster, &id).to_string();
        let found = gantry_store::task::get(conn, scope, &id).await?.filter(|task| task.cluster == *cluster);
        match found.filter(|task| task.desired_status == DesiredStatus::Running) {
            None => failures.push(view::missing(arn)),
            Some(task) if task.service.is_none() => failures.push(WireFailure {
                arn: Some(arn),
                reason: Some("TASK_NOT_VALID".to_owned()),
                detail: Some("The task is not of a service.".to_owned()),
            }),
            Some(task) => tasks.push(task),
        }
    }
    Ok((tasks, failures))
}

/// The protection of a task as the API answers it.
#[must_use]
pub fn view(task: &Task, now: UnixMillis) -> ProtectedTask {
    let until = task.protected_until.filter(|_| task.is_protected(now));
    ProtectedTask {
        task_arn: Some(Arn::task(&task.scope, &task.cluster, &task.id).to_string()),
        protection_enabled: Some(until.is_some()),
        expiration_date: until.map(Into::into),
    }
}
