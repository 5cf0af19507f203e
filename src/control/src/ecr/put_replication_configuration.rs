//! PutReplicationConfiguration (ECR API reference). What is pushed from now on is copied; StartReplicationBackfill copies the
//! rest.

use gantry_wire::shapes::ecr::{PutReplicationConfigurationRequest, PutReplicationConfigurationResponse};

use super::{replication, resolve};
use crate::context::Call;
use crate::error::Failure;

/// Answers PutReplicationConfiguration; the rules take the place of those before.
///
/// # Errors
/// InvalidParameterException; ValidationException for a destination that there is no way to.
pub(super) async fn put_replication_configuration(
    call: Call,
    input: PutReplicationConfigurationRequest,
) -> Result<PutReplicationConfigurationResponse, Failure> {
    let given = resolve::required("replicationConfiguration", input.replication_configuration)?;
    let rules = replication::rules(&call, given)?;
    let told = replication::configuration(&rules);
    call.control
        .registry
        .update_registry_settings(&call.scope, move |registry| {
            registry.replication = rules;
            Ok::<_, Failure>(())
        })
        .await?;
    Ok(PutReplicationConfigurationResponse { replication_configuration: Some(told) })
}
