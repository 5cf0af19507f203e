//! DescribeImageScanFindings (ECR API reference): the worst first, page by page.

use gantry_model::registry_settings::ScanType;
use gantry_registry::{Finding, ImageId};
use gantry_wire::ApiError;
use gantry_wire::shapes::ecr::{
    Attribute, DescribeImageScanFindingsRequest, DescribeImageScanFindingsResponse, ImageScanFinding, ImageScanFindings,
};

use super::{enhanced_findings, failures, pages, resolve, scanning, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers DescribeImageScanFindings.
///
/// # Errors
/// RepositoryNotFoundException, ImageNotFoundException, ScanNotFoundException when the image was never scanned.
pub(super) async fn describe_image_scan_findings(
    call: Call,
    input: DescribeImageScanFindingsRequest,
) -> Result<DescribeImageScanFindingsResponse, Failure> {
    let name = resolve::repository(&call, input.registry_id.as_deref(), input.repository_name.as_deref())?;
    let id = resolve::image(input.image_id)?;
    let found = call.control.registry.scanned(&call.scope, &name, &id).await;
    let (image, scanned) = found.map_err(|error| failures::of_image(error, &call.scope, &name))?;
    let scanned = scanned.ok_or_else(|| not_found(&call, &id, name.as_str()))?;
    let id = ImageId { digest: Some(image.digest), tag: id.tag };
    let (page, next_token) = pages::by_place(&scanned.findings, input.next_token.as_deref(), input.max_results)?;
    let settings = call.control.registry.registry_settings(&call.scope).await?;
    let enhanced = (settings.scan_type == ScanType::Enhanced)
        .then(|| page.iter().map(|finding| enhanced_findings::enhanced(&call, &name, &scanned, finding)).collect());
    let findings = scanning::summary(&scanned.scan).map(|summary| ImageScanFindings {
        image_scan_completed_at: summary.image_scan_completed_at,
        vulnerability_source_updated_at: summary.vulnerability_source_updated_at,
        finding_severity_counts: summary.finding_severity_counts,
        findings: Some(page.iter().map(finding).collect()),
        enhanced_findings: enhanced,
    });
    Ok(DescribeImageScanFindingsResponse {
        registry_id: view::registry_id(&call),
        repository_name: Some(name.to_string()),
        image_id: Some(view::image_id(&id)),
        image_scan_status: Some(scanning::status(&scanned.scan)),
        image_scan_findings: findings,
        next_token,
    })
}

fn not_found(call: &Call, id: &ImageId, name: &str) -> ApiError {
    let text = |member: Option<String>| member.unwrap_or_else(|| "null".to_owned());
    let digest = text(id.digest.as_ref().map(ToString::to_string));
    let tag = text(id.tag.as_ref().map(ToString::to_string));
    ApiError::new(
        "ScanNotFoundException",
        format!(
            "Image scan does not exist for the image with '{{imageDigest:'{digest}', imageTag:'{tag}'}}' in the repository with name '{name}' in the registry with id '{}'",
            call.scope.account
        ),
    )
}

fn finding(finding: &Finding) -> ImageScanFinding {
    let attribute =
        |key: &str, value: Option<String>| Some(Attribute { key: Some(key.to_owned()), value: Some(value?) });
    let package = &finding.package;
    let attributes = [
        attribute("package_name", Some(package.name.clone())),
        attribute("package_version", Some(package.version.clone())),
        attribute("package_ecosystem", Some(package.ecosystem.clone())),
        attribute("package_path", Some(package.path.clone())),
        attribute("fixed_in_version", finding.fixed_version.clone()),
        attribute("CVSS_SCORE", finding.score.map(|score| score.to_string())),
        attribute("CVSS_VECTOR", finding.vector.clone()),
    ];
    ImageScanFinding {
        name: Some(finding.id.clone()),
        description: Some(finding.description.clone()).filter(|text| !text.is_empty()),
        uri: finding.url.clone(),
        severity: Some(finding.severity.as_str().to_owned()),
        attributes: Some(attributes.into_iter().flatten().collect()),
    }
}
