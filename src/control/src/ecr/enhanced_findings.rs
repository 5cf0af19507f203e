//! Findings in the shape of enhanced scanning, which Amazon Inspector writes (`EnhancedImageScanFinding`, ECR API reference).

use gantry_model::{Arn, RepositoryName};
use gantry_registry::{Finding, Scanned};
use gantry_wire::shapes::ecr::{
    AwsEcrContainerImageDetails, CvssScore, CvssScoreDetails, EnhancedImageScanFinding, PackageVulnerabilityDetails,
    Resource, ResourceDetails, ScoreDetails, VulnerablePackage,
};

use crate::context::Call;

/// Who the scores and advisories are by.
const SOURCE: &str = "OSV";

/// The finding of an image of the repository `name`.
pub(super) fn enhanced(
    call: &Call,
    name: &RepositoryName,
    scanned: &Scanned,
    finding: &Finding,
) -> EnhancedImageScanFinding {
    let observed = scanned.scan.completed_at.map(Into::into);
    EnhancedImageScanFinding {
        aws_account_id: Some(call.scope.account.to_string()),
        description: Some(finding.description.clone()).filter(|text| !text.is_empty()),
        finding_arn: None,
        first_observed_at: None,
        last_observed_at: observed,
        package_vulnerability_details: Some(details(finding)),
        remediation: None,
        resources: Some(vec![resource(call, name, scanned)]),
        score: finding.score,
        score_details: finding.score.map(|_| ScoreDetails { cvss: Some(score(finding)) }),
        severity: Some(finding.severity.as_str().to_owned()),
        status: Some("ACTIVE".to_owned()),
        title: Some(format!("{} - {}", finding.id, finding.package.name)),
        r#type: Some("PACKAGE_VULNERABILITY".to_owned()),
        updated_at: observed,
        fix_available: Some(if finding.fixed_version.is_some() { "YES" } else { "NO" }.to_owned()),
        exploit_available: None,
    }
}

fn details(finding: &Finding) -> PackageVulnerabilityDetails {
    let cvss = finding.vector.as_ref().map(|vector| CvssScore {
        base_score: finding.score,
        scoring_vector: Some(vector.clone()),
        source: Some(SOURCE.to_owned()),
        version: version(vector),
    });
    PackageVulnerabilityDetails {
        cvss: Some(cvss.into_iter().collect()),
        reference_urls: Some(finding.url.iter().cloned().collect()),
        related_vulnerabilities: Some(Vec::new()),
        source: Some(SOURCE.to_owned()),
        source_url: finding.url.clone(),
        vendor_created_at: None,
        vendor_severity: Some(finding.severity.as_str().to_owned()),
        vendor_updated_at: None,
        vulnerability_id: Some(finding.id.clone()),
        vulnerable_packages: Some(vec![VulnerablePackage {
            arch: finding.package.architecture.clone(),
            epoch: None,
            file_path: Some(finding.package.path.clone()),
            name: Some(finding.package.name.clone()),
            package_manager: Some(manager(&finding.package.ecosystem).to_owned()),
            release: None,
            source_layer_hash: None,
            version: Some(finding.package.version.clone()),
            fixed_in_version: finding.fixed_version.clone(),
        }]),
    }
}

/// The package manager by Inspector's name.
fn manager(ecosystem: &str) -> &'static str {
    match ecosystem {
        "PyPI" => "PYTHONPKG",
        "npm" => "NODEPKG",
        "Go" => "GOBINARY",
        "crates.io" => "CARGO",
        _ => "OS",
    }
}

/// The version of CVSS that a vector such as `CVSS:3.1/AV:N` is of.
fn version(vector: &str) -> Option<String> {
    Some(vector.strip_prefix("CVSS:")?.split('/').next()?.to_owned())
}

fn score(finding: &Finding) -> CvssScoreDetails {
    CvssScoreDetails {
        adjustments: None,
        score: finding.score,
        score_source: Some(SOURCE.to_owned()),
        scoring_vector: finding.vector.clone(),
        version: finding.vector.as_deref().and_then(version),
    }
}

fn resource(call: &Call, name: &RepositoryName, scanned: &Scanned) -> Resource {
    let image = &scanned.image;
    let details = AwsEcrContainerImageDetails {
        architecture: None,
        author: None,
        image_hash: Some(image.digest.to_string()),
        image_tags: Some(image.tags.iter().map(ToString::to_string).collect()),
        platform: None,
        pushed_at: Some(image.pushed_at.into()),
        last_in_use_at: None,
        in_use_count: None,
        registry: Some(call.scope.account.to_string()),
        repository_name: Some(name.to_string()),
    };
    Resource {
        details: Some(ResourceDetails { aws_ecr_container_image: Some(details) }),
        id: Some(format!("{}/{}", Arn::repository(&call.scope, name), image.digest)),
        tags: None,
        r#type: Some("AWS_ECR_CONTAINER_IMAGE".to_owned()),
    }
}
