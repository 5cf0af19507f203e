//! Lists of tasks as `ListTasks` asks for them: any of nine criteria together.
//!
//! Each text ends in the same conditions, of which those without a value hold for every row. What differs is the first
//! condition, put there for the index that narrows most.

use gantry_model::task::{DesiredStatus, LaunchType};
use gantry_model::{ClusterName, ContainerInstanceId, DeploymentId, Family, Scope, ServiceName, TaskId, UnixMillis};

use crate::{Conn, StoreError};

/// What a task must be to be listed; `None` stands for anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskFilter {
    pub cluster: Option<ClusterName>,
    pub instance: Option<ContainerInstanceId>,
    pub family: Option<Family>,
    pub service: Option<ServiceName>,
    pub deployment: Option<DeploymentId>,
    pub started_by: Option<String>,
    pub desired_status: Option<DesiredStatus>,
    pub launch_type: Option<LaunchType>,
    /// Leaves out those that were STOPPED before.
    pub stopped_since: Option<UnixMillis>,
}

/// The text whose narrowing condition is `$first`.
macro_rules! text {
    ($first:literal) => {
        concat!(
            "SELECT id FROM task WHERE account = $1 AND region = $2 AND ",
            $first,
            " AND ($3 IS NULL OR cluster = $3) AND ($4 IS NULL OR instance = $4) AND ($5 IS NULL OR family = $5)
              AND ($6 IS NULL OR service = $6) AND ($7 IS NULL OR deployment = $7)
              AND ($8 IS NULL OR started_by = $8) AND ($9 IS NULL OR desired_status = $9)
              AND ($10 IS NULL OR launch_type = $10)
              AND ($11 IS NULL OR stopped_at IS NULL OR stopped_at >= $11) ORDER BY id"
        )
    };
}

impl TaskFilter {
    fn text(&self) -> &'static str {
        match self {
            Self { instance: Some(_), .. } => text!("instance = $4"),
            Self { cluster: None, .. } => text!("TRUE"),
            Self { service: Some(_), .. } => text!("cluster = $3 AND service = $6"),
            Self { started_by: Some(_), .. } => text!("cluster = $3 AND started_by = $8"),
            Self { family: Some(_), .. } => text!("cluster = $3 AND family = $5"),
            Self { desired_status: Some(_), .. } => text!("cluster = $3 AND desired_status = $9"),
            _ => text!("cluster = $3"),
        }
    }
}

/// The ids of the tasks of `scope` that `filter` lets through, in their order.
///
/// # Errors
/// When the database cannot be read.
pub async fn filter(conn: &mut Conn, scope: &Scope, filter: &TaskFilter) -> Result<Vec<TaskId>, StoreError> {
    let rows: Vec<String> = sqlx::query_scalar(filter.text())
        .bind(scope.account.as_str())
        .bind(scope.region.as_str())
        .bind(filter.cluster.as_ref().map(ClusterName::as_str))
        .bind(filter.instance.as_ref().map(ContainerInstanceId::as_str))
        .bind(filter.family.as_ref().map(Family::as_str))
        .bind(filter.service.as_ref().map(ServiceName::as_str))
        .bind(filter.deployment.as_ref().map(DeploymentId::as_str))
        .bind(filter.started_by.as_deref())
        .bind(filter.desired_status.map(DesiredStatus::as_str))
        .bind(filter.launch_type.map(LaunchType::as_str))
        .bind(filter.stopped_since.map(|at| at.0))
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("list the tasks"))?;
    rows.into_iter().map(super::read_id).collect()
}
