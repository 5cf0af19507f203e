//! Image signing. A signature needs a signer, such as AWS Signer, and this registry has none: it keeps signatures that
//! clients push as referrers. So there is no signing configuration, and no image has a signing status.

use gantry_registry::ImageId;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecr::{
    DeleteSigningConfigurationRequest, DeleteSigningConfigurationResponse, DescribeImageSigningStatusRequest,
    DescribeImageSigningStatusResponse, GetSigningConfigurationRequest, GetSigningConfigurationResponse,
    PutSigningConfigurationRequest, PutSigningConfigurationResponse,
};

use super::{failures, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers PutSigningConfiguration.
///
/// # Errors
/// ValidationException always.
pub(super) async fn put_signing_configuration(
    _: Call,
    _: PutSigningConfigurationRequest,
) -> Result<PutSigningConfigurationResponse, Failure> {
    Err(ApiError::validation(
        "No signer is configured: this registry keeps signatures that clients push, and makes none of its own",
    )
    .into())
}

/// Answers GetSigningConfiguration.
///
/// # Errors
/// SigningConfigurationNotFoundException always.
pub(super) async fn get_signing_configuration(
    call: Call,
    _: GetSigningConfigurationRequest,
) -> Result<GetSigningConfigurationResponse, Failure> {
    Err(not_found(&call).into())
}

/// Answers DeleteSigningConfiguration.
///
/// # Errors
/// SigningConfigurationNotFoundException always.
pub(super) async fn delete_signing_configuration(
    call: Call,
    _: DeleteSigningConfigurationRequest,
) -> Result<DeleteSigningConfigurationResponse, Failure> {
    Err(not_found(&call).into())
}

/// Answers DescribeImageSigningStatus: no status, since nothing signs.
///
/// # Errors
/// RepositoryNotFoundException, ImageNotFoundException.
pub(super) async fn describe_image_signing_status(
    call: Call,
    input: DescribeImageSigningStatusRequest,
) -> Result<DescribeImageSigningStatusResponse, Failure> {
    let name = resolve::repository(&call, input.registry_id.as_deref(), input.repository_name.as_deref())?;
    let id = resolve::image(input.image_id)?;
    let image = call.control.registry.image(&call.scope, &name, &id).await;
    let image = image.map_err(|error| failures::of_image(error, &call.scope, &name))?;
    Ok(DescribeImageSigningStatusResponse {
        repository_name: Some(name.to_string()),
        image_id: Some(view::image_id(&ImageId { digest: Some(image.digest), tag: id.tag })),
        registry_id: view::registry_id(&call),
        signing_statuses: Some(Vec::new()),
    })
}

fn not_found(call: &Call) -> ApiError {
    ApiError::new(
        "SigningConfigurationNotFoundException",
        format!("Signing configuration does not exist in the registry with id '{}'", call.scope.account),
    )
}
