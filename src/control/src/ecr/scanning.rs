//! What the operations on scanning share: the registry's rules, and scans as they are told.

use gantry_model::registry_settings::{ScanFrequency, ScanType, ScanningRule};
use gantry_model::scan::ImageScan;
use gantry_registry::ScanError;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecr::{
    ImageScanFindingsSummary, ImageScanStatus, RegistryScanningConfiguration, RegistryScanningRule,
    ScanningRepositoryFilter,
};

use super::failures;
use crate::context::Call;
use crate::error::Failure;

/// Reads the type and the rules of PutRegistryScanningConfiguration.
///
/// # Errors
/// InvalidParameterException for a frequency that goes not with the type.
pub(super) fn rules(
    scan_type: Option<&str>,
    given: Vec<RegistryScanningRule>,
) -> Result<(ScanType, Vec<ScanningRule>), ApiError> {
    let scan_type = if scan_type == Some("ENHANCED") { ScanType::Enhanced } else { ScanType::Basic };
    let rules = given.into_iter().map(|given| rule(scan_type, given)).collect::<Result<_, _>>()?;
    Ok((scan_type, rules))
}

fn rule(scan_type: ScanType, given: RegistryScanningRule) -> Result<ScanningRule, ApiError> {
    let frequency = match (given.scan_frequency.as_deref(), scan_type) {
        (Some("SCAN_ON_PUSH"), _) => ScanFrequency::ScanOnPush,
        (Some("MANUAL"), _) => ScanFrequency::Manual,
        (Some("CONTINUOUS_SCAN"), ScanType::Enhanced) => ScanFrequency::ContinuousScan,
        _ => {
            let rule = "Scan frequency must be SCAN_ON_PUSH or MANUAL for the scan type BASIC";
            return Err(ApiError::constraint("rules.scanFrequency", rule));
        }
    };
    let filters = given.repository_filters.unwrap_or_default().into_iter().filter_map(|filter| filter.filter);
    Ok(ScanningRule { frequency, filters: filters.collect() })
}

/// The registry's configuration as it is told.
pub(super) fn configuration(scan_type: ScanType, rules: &[ScanningRule]) -> RegistryScanningConfiguration {
    let rule = |rule: &ScanningRule| RegistryScanningRule {
        scan_frequency: Some(rule.frequency.as_str().to_owned()),
        repository_filters: Some(rule.filters.iter().map(|text| filter(text)).collect()),
    };
    RegistryScanningConfiguration {
        scan_type: Some(scan_type.as_str().to_owned()),
        rules: Some(rules.iter().map(rule).collect()),
    }
}

/// A filter as it is told.
pub(super) fn filter(text: &str) -> ScanningRepositoryFilter {
    ScanningRepositoryFilter { filter: Some(text.to_owned()), filter_type: Some("WILDCARD".to_owned()) }
}

/// The status of a scan.
pub(super) fn status(scan: &ImageScan) -> ImageScanStatus {
    ImageScanStatus { status: Some(scan.status.as_str().to_owned()), description: scan.description.clone() }
}

/// What a scan found, in numbers; nothing while it is not done.
pub(super) fn summary(scan: &ImageScan) -> Option<ImageScanFindingsSummary> {
    scan.database_at.map(|database_at| ImageScanFindingsSummary {
        image_scan_completed_at: scan.completed_at.map(Into::into),
        vulnerability_source_updated_at: Some(database_at.into()),
        finding_severity_counts: Some(scan.severity_counts.clone()),
    })
}

/// The error of a scan that was not begun.
pub(super) fn refused(error: ScanError, call: &Call, name: &gantry_model::RepositoryName) -> Failure {
    let message = error.to_string();
    match error {
        ScanError::Image(error) => failures::of_image(error, &call.scope, name),
        ScanError::Store(error) => error.into(),
        ScanError::Unsupported(_) | ScanError::Unreadable(_) => {
            ApiError::new("UnsupportedImageTypeException", message).into()
        }
        ScanError::Archived => ApiError::new("ImageArchivedException", message).into(),
        ScanError::Quota => ApiError::limit_exceeded(message).into(),
    }
}
