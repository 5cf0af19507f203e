//! DescribeSecret (Secrets Manager API reference): everything but the value.

use gantry_wire::shapes::secretsmanager::{DescribeSecretRequest, DescribeSecretResponse};

use super::list_secrets::versions_to_stages;
use super::{resolve, tags};
use crate::context::Call;
use crate::error::Failure;

/// Answers DescribeSecret, also of a secret that waits to be deleted.
///
/// # Errors
/// ResourceNotFoundException.
pub(super) async fn describe_secret(
    call: Call,
    input: DescribeSecretRequest,
) -> Result<DescribeSecretResponse, Failure> {
    let mut reader = call.control.store.read().await?;
    let secret = resolve::any(&mut reader, &call, &input.secret_id.unwrap_or_default()).await?.secret;
    Ok(DescribeSecretResponse {
        arn: Some(secret.arn()),
        name: Some(secret.name.to_string()),
        description: secret.description.clone(),
        last_changed_date: Some(secret.changed_at.into()),
        last_accessed_date: secret.accessed_on.map(Into::into),
        deleted_date: secret.deletion.map(|deletion| deletion.asked_at.into()),
        tags: Some(tags::shapes(&secret.tags)).filter(|tags| !tags.is_empty()),
        version_ids_to_stages: Some(versions_to_stages(&secret)).filter(|versions| !versions.is_empty()),
        created_date: Some(secret.created_at.into()),
        ..DescribeSecretResponse::default()
    })
}
