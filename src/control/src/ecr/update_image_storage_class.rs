//! UpdateImageStorageClass (ECR API reference): an image goes into the archive, where it is kept and not served, or comes
//! back from it. Both happen at once.

use gantry_registry::{ImageError, ImageId};
use gantry_wire::ApiError;
use gantry_wire::shapes::ecr::{UpdateImageStorageClassRequest, UpdateImageStorageClassResponse};

use super::{failures, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers UpdateImageStorageClass.
///
/// # Errors
/// RepositoryNotFoundException, ImageNotFoundException; ImageStorageClassUpdateNotSupportedException for an image that
/// somebody uses or that an index names.
pub(super) async fn update_image_storage_class(
    call: Call,
    input: UpdateImageStorageClassRequest,
) -> Result<UpdateImageStorageClassResponse, Failure> {
    let name = resolve::repository(&call, input.registry_id.as_deref(), input.repository_name.as_deref())?;
    let id = resolve::image(input.image_id)?;
    let archived = resolve::required("targetStorageClass", input.target_storage_class)? == "ARCHIVE";
    let changed = call.control.registry.set_archived(&call.scope, &name, &id, archived).await;
    let image = changed.map_err(|error| match error {
        ImageError::InUse { .. } | ImageError::ReferencedByManifestList { .. } => {
            ApiError::new("ImageStorageClassUpdateNotSupportedException", error.to_string()).into()
        }
        error => failures::of_image(error, &call.scope, &name),
    })?;
    Ok(UpdateImageStorageClassResponse {
        registry_id: view::registry_id(&call),
        repository_name: Some(name.to_string()),
        image_id: Some(view::image_id(&ImageId { digest: Some(image.digest), tag: id.tag })),
        image_status: Some(view::image_status(image.archived_at.is_some())),
    })
}
