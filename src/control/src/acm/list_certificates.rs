//! ListCertificates (ACM API reference): by ARN.

use gantry_model::load_balancing::Certificate;
use gantry_store::certificate;
use gantry_wire::shapes::acm::{CertificateSummary, ListCertificatesRequest, ListCertificatesResponse};
use gantry_wire::{ApiError, paginate};

use super::describe_certificate::status;
use super::resolve;
use crate::context::Call;
use crate::error::Failure;

const DEFAULT_PAGE: i32 = 1000;

/// Answers ListCertificates.
///
/// # Errors
/// InvalidArgsException for a token that is none; ValidationException for filters, which are not built.
pub(super) async fn list_certificates(
    call: Call,
    input: ListCertificatesRequest,
) -> Result<ListCertificatesResponse, Failure> {
    if input.includes.is_some() || input.sort_by.is_some() || input.sort_order.is_some() {
        return Err(ApiError::validation("Includes, SortBy and SortOrder are not supported.").into());
    }
    let mut reader = call.control.store.read().await?;
    let mut all = certificate::list(&mut reader, &call.scope).await?;
    if let Some(statuses) = input.certificate_statuses {
        all.retain(|found| statuses.iter().any(|wanted| wanted == status(found, call.now)));
    }
    let size = usize::try_from(input.max_items.unwrap_or(DEFAULT_PAGE)).unwrap_or(1);
    let (page, next_token) = paginate::page(all, Certificate::arn, input.next_token.as_deref(), size)
        .map_err(|_| ApiError::new("InvalidArgsException", "NextToken is not one that this operation returned."))?;
    let mut summaries = Vec::new();
    for found in page {
        let users = resolve::users(&mut reader, &found.arn()).await?;
        summaries.push(CertificateSummary {
            certificate_arn: Some(found.arn()),
            domain_name: found.names.first().cloned(),
            subject_alternative_name_summaries: Some(found.names.clone()),
            has_additional_subject_alternative_names: Some(false),
            status: Some(status(&found, call.now).to_owned()),
            r#type: Some("IMPORTED".to_owned()),
            key_algorithm: Some(found.key_algorithm.clone()),
            in_use: Some(!users.is_empty()),
            not_before: Some(found.not_before.into()),
            not_after: Some(found.not_after.into()),
            created_at: Some(found.created_at.into()),
            imported_at: Some(found.imported_at.into()),
            renewal_eligibility: Some("INELIGIBLE".to_owned()),
            ..CertificateSummary::default()
        });
    }
    Ok(ListCertificatesResponse { next_token, certificate_summary_list: Some(summaries) })
}
