//! DescribeServiceDeployments (ECS API reference).

use gantry_wire::shapes::ecs::{DescribeServiceDeploymentsRequest, DescribeServiceDeploymentsResponse};

use crate::context::Call;
use crate::ecs::service_history::{self, Kind};
use crate::ecs::view;
use crate::error::Failure;

/// Answers DescribeServiceDeployments, in the order in which the deployments are named.
///
/// # Errors
/// InvalidParameterException for none or more than twenty, or for a text that is not the ARN of a service deployment.
pub async fn describe_service_deployments(
    call: Call,
    input: DescribeServiceDeploymentsRequest,
) -> Result<DescribeServiceDeploymentsResponse, Failure> {
    let mut reader = call.control.store.read().await?;
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for arn in service_history::named("serviceDeploymentArns", input.service_deployment_arns)? {
        match service_history::find(&mut reader, &call.scope, Kind::Deployment, &arn).await? {
            Some(recorded) => found.push(view::service_deployment::deployment(&recorded)),
            None => failures.push(view::missing(arn)),
        }
    }
    Ok(DescribeServiceDeploymentsResponse { service_deployments: Some(found), failures: Some(failures) })
}
