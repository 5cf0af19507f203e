//! ListImageReferrers (ECR API reference): what was pushed for an image, such as signatures and SBOMs.

use gantry_model::{Digest, RepositoryName};
use gantry_registry::Referrer;
use gantry_wire::shapes::ecr::{ImageReferrer, ListImageReferrersRequest, ListImageReferrersResponse};
use gantry_wire::{ApiError, paginate};

use super::{failures, resolve};
use crate::context::Call;
use crate::error::Failure;

/// Referrers that are read at once.
const CHUNK: usize = 100;
const MOST: usize = 50;

/// Answers ListImageReferrers, by digest.
///
/// # Errors
/// RepositoryNotFoundException, InvalidParameterException.
pub(super) async fn list_image_referrers(
    call: Call,
    input: ListImageReferrersRequest,
) -> Result<ListImageReferrersResponse, Failure> {
    let name = resolve::repository(&call, input.registry_id.as_deref(), input.repository_name.as_deref())?;
    let subject = resolve::required("subjectId", input.subject_id)?.image_digest.unwrap_or_default();
    let subject = resolve::digest("subjectId.imageDigest", &subject)?;
    let filter = input.filter.unwrap_or_default();
    let types = filter.artifact_types.unwrap_or_default();
    // Nothing is ever archived here.
    let is_shown = matches!(filter.artifact_status.as_deref(), None | Some("ACTIVE" | "ANY"));
    let max = input.max_results.and_then(|n| usize::try_from(n).ok()).unwrap_or(MOST);
    let after = input.next_token.as_deref().map(read_token).transpose()?;
    let wanted = if is_shown { max + 1 } else { 0 };
    let mut found = referrers(&call, &name, &subject, &types, after, wanted).await?;
    let more = found.len() > max;
    found.truncate(max);
    let next_token = found.last().filter(|_| more).map(|last| paginate::encode(last.digest.as_str()));
    Ok(ListImageReferrersResponse { referrers: Some(found.into_iter().map(view).collect()), next_token })
}

/// Up to `wanted` referrers of one of `types`, or of any when there is none.
async fn referrers(
    call: &Call,
    name: &RepositoryName,
    subject: &Digest,
    types: &[String],
    mut after: Option<Digest>,
    wanted: usize,
) -> Result<Vec<Referrer>, Failure> {
    let mut found = Vec::new();
    loop {
        let some = call.control.registry.referrers(&call.scope, name, subject, None, after.as_ref(), CHUNK).await;
        let some = some.map_err(|error| failures::of_image(error, &call.scope, name))?;
        let Some(last) = some.last().filter(|_| found.len() < wanted) else { break };
        after = Some(last.digest.clone());
        let is_asked = |referrer: &Referrer| {
            types.is_empty() || referrer.artifact_type.as_ref().is_some_and(|own| types.contains(own))
        };
        found.extend(some.into_iter().filter(is_asked));
    }
    found.truncate(wanted);
    Ok(found)
}

fn read_token(token: &str) -> Result<Digest, ApiError> {
    Digest::parse(paginate::decode(token)?).map_err(|_| ApiError::invalid_token())
}

fn view(referrer: Referrer) -> ImageReferrer {
    ImageReferrer {
        digest: Some(referrer.digest.to_string()),
        media_type: Some(referrer.media_type),
        artifact_type: referrer.artifact_type,
        size: Some(referrer.size),
        annotations: referrer.annotations.and_then(|text| serde_json::from_str(&text).ok()),
        artifact_status: Some("ACTIVE".to_owned()),
    }
}
