//! DescribeServiceRevisions (ECS API reference): what each deployment of a service was made from.

use gantry_wire::shapes::ecs::{DescribeServiceRevisionsRequest, DescribeServiceRevisionsResponse};

use crate::context::Call;
use crate::ecs::service_history::{self, Kind, Recorded};
use crate::ecs::{launch, view};
use crate::error::Failure;

/// Answers DescribeServiceRevisions, in the order in which the revisions are named.
///
/// # Errors
/// InvalidParameterException for none or more than twenty, or for a text that is not the ARN of a service revision.
pub async fn describe_service_revisions(
    call: Call,
    input: DescribeServiceRevisionsRequest,
) -> Result<DescribeServiceRevisionsResponse, Failure> {
    let mut reader = call.control.store.read().await?;
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for arn in service_history::named("serviceRevisionArns", input.service_revision_arns)? {
        match service_history::find(&mut reader, &call.scope, Kind::Revision, &arn).await? {
            None => failures.push(view::missing(arn)),
            Some(Recorded { deployment, tasks, .. }) => {
                let id = &deployment.task_definition;
                let model = gantry_store::task_definition::get(&mut reader, &call.scope, id).await?;
                let definition = model.as_ref().map(launch::document).transpose()?;
                found.push(view::service_deployment::revision(&deployment, definition.as_ref(), &tasks)?);
            }
        }
    }
    Ok(DescribeServiceRevisionsResponse { service_revisions: Some(found), failures: Some(failures) })
}
