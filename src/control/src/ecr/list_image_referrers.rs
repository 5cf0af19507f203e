//! ListImageReferrers (ECR API reference): what was pushed for an image, such as signatures and SBOMs.

use gantry_model::{Digest, RepositoryName};
use gantry_registry::Referrer;
use gantry_wire::shapes::ecr::{ImageReferrer, ListImageReferrersRequest, ListImageReferrersResponse};
use gantry_wire::{ApiError, paginate};

use super::image_filter::ImageFilter;
use super::{failures, resolve, view};
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
    let filter = Asked {
        types: filter.artifact_types.unwrap_or_default(),
        status: ImageFilter::new(None, filter.artifact_status.as_deref()),
    };
    let max = input.max_results.and_then(|n| usize::try_from(n).ok()).unwrap_or(MOST);
    let after = input.next_token.as_deref().map(read_token).transpose()?;
    let mut found = referrers(&call, &name, &subject, &filter, after, max + 1).await?;
    let more = found.len() > max;
    found.truncate(max);
    let next_token = found.last().filter(|_| more).map(|last| paginate::encode(last.digest.as_str()));
    Ok(ListImageReferrersResponse { referrers: Some(found.into_iter().map(view).collect()), next_token })
}

/// Which referrers are asked for: those of one of the types, or of any when there is none, by storage status.
struct Asked {
    types: Vec<String>,
    status: ImageFilter,
}

impl Asked {
    fn shows(&self, referrer: &Referrer) -> bool {
        let is_of_type = |types: &[String]| {
            types.is_empty() || referrer.artifact_type.as_ref().is_some_and(|own| types.contains(own))
        };
        self.status.shows_status(referrer.is_archived) && is_of_type(&self.types)
    }
}

/// Up to `wanted` referrers that are asked for.
async fn referrers(
    call: &Call,
    name: &RepositoryName,
    subject: &Digest,
    asked: &Asked,
    mut after: Option<Digest>,
    wanted: usize,
) -> Result<Vec<Referrer>, Failure> {
    let mut found = Vec::new();
    loop {
        let some = call.control.registry.referrers(&call.scope, name, subject, None, after.as_ref(), CHUNK).await;
        let some = some.map_err(|error| failures::of_image(error, &call.scope, name))?;
        let Some(last) = some.last().filter(|_| found.len() < wanted) else { break };
        after = Some(last.digest.clone());
        found.extend(some.into_iter().filter(|referrer| asked.shows(referrer)));
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
        artifact_status: Some(view::image_status(referrer.is_archived)),
    }
}
