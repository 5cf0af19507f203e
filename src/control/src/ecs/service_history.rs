//! Service deployments and revisions by ARN, with the service that they are of.

use gantry_model::service::Service;
use gantry_model::service_deployment::ServiceDeployment;
use gantry_model::task::Task;
use gantry_model::{Arn, Resource, Scope};
use gantry_store::Conn;
use gantry_wire::ApiError;

use crate::error::Failure;

/// The most that one call may name.
pub const MOST: usize = 20;

/// A deployment with what it stands beside.
pub struct Recorded {
    pub deployment: ServiceDeployment,
    /// `None` when no service has its name any more.
    pub service: Option<Service>,
    /// The tasks of the service that are not STOPPED.
    pub tasks: Vec<Task>,
}

/// What an ARN of this history names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Deployment,
    Revision,
}

/// The deployment that `text`, the ARN of a `kind`, names; `None` when it is not there.
///
/// # Errors
/// InvalidParameterException when `text` is not such an ARN.
pub async fn find(conn: &mut Conn, scope: &Scope, kind: Kind, text: &str) -> Result<Option<Recorded>, Failure> {
    let (of, cluster, name, id) = match (kind, text.parse::<Arn>()) {
        (Kind::Deployment, Ok(Arn { scope, resource: Resource::ServiceDeployment(cluster, name, id) }))
        | (Kind::Revision, Ok(Arn { scope, resource: Resource::ServiceRevision(cluster, name, id) })) => {
            (scope, cluster, name, id)
        }
        _ => return Err(not_an_arn(kind, text).into()),
    };
    if of != *scope {
        return Ok(None);
    }
    let found = gantry_store::service_deployment::get(conn, scope, &cluster, &name, &id).await?;
    let Some(deployment) = found else { return Ok(None) };
    let service = gantry_store::service::get(conn, scope, &cluster, &name).await?;
    let tasks = gantry_store::task::of_service(conn, scope, &cluster, &name).await?;
    Ok(Some(Recorded { deployment, service, tasks }))
}

/// Answered by operations that act on a service deployment which is not there.
#[must_use]
pub fn deployment_not_found() -> ApiError {
    ApiError::new("ServiceDeploymentNotFoundException", "The specified service deployment wasn't found.")
}

fn not_an_arn(kind: Kind, text: &str) -> ApiError {
    let what = match kind {
        Kind::Deployment => "service deployment",
        Kind::Revision => "service revision",
    };
    ApiError::invalid_parameter(format!("Invalid ARN: '{text}' is not the ARN of a {what}."))
}

/// The ARNs of a request: one at least, `MOST` at most.
///
/// # Errors
/// InvalidParameterException.
pub fn named(member: &str, given: Option<Vec<String>>) -> Result<Vec<String>, ApiError> {
    let given = given.unwrap_or_default();
    match given.len() {
        1..=MOST => Ok(given),
        0 => Err(ApiError::invalid_parameter(format!("{member} cannot be empty."))),
        _ => Err(ApiError::invalid_parameter(format!("{member} must name at most {MOST}."))),
    }
}
