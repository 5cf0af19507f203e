//! Repositories and images in the shapes of the API.

use std::net::IpAddr;

use gantry_model::image::{Image, Repository};
use gantry_model::scan::ImageScan;
use gantry_model::{Arn, Scope};
use gantry_registry::ImageId;
use gantry_wire::shapes::ecr::{
    EncryptionConfiguration, ImageDetail, ImageFailure, ImageIdentifier, ImageScanningConfiguration,
    ImageTagMutabilityExclusionFilter, Repository as RepositoryShape,
};

use serde_json::Value;

use super::failures::IdFailure;
use super::scanning;
use crate::context::Call;

/// The registry's id: the account.
pub(super) fn registry_id(call: &Call) -> Option<String> {
    Some(call.scope.account.to_string())
}

/// The registry's `host:port` for the request's region.
pub(super) fn registry_host(call: &Call) -> String {
    let config = &call.control.config;
    if call.scope.region == config.default_region {
        config.registry_host.clone()
    } else {
        host_naming(&call.scope, &config.registry_host)
    }
}

/// `host` with the account and region before it, as AWS's host names have them. An address cannot carry them, so
/// `localhost` takes its place.
fn host_naming(Scope { account, region }: &Scope, host: &str) -> String {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) => (name, format!(":{port}")),
        None => (host, String::new()),
    };
    let is_address = name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    let domain = if is_address { "localhost" } else { name };
    format!("{account}.dkr.ecr.{region}.{domain}{port}")
}

/// A repository.
pub(super) fn repository(call: &Call, repository: &Repository) -> RepositoryShape {
    RepositoryShape {
        repository_arn: Some(Arn::repository(&repository.scope, &repository.name).to_string()),
        registry_id: registry_id(call),
        repository_name: Some(repository.name.to_string()),
        repository_uri: Some(format!("{}/{}", registry_host(call), repository.name)),
        created_at: Some(repository.created_at.into()),
        image_tag_mutability: Some(repository.image_tag_mutability.as_str().to_owned()),
        image_tag_mutability_exclusion_filters: exclusion_filters(&repository.mutability_exclusion_filters),
        image_scanning_configuration: Some(scanning_configuration(repository)),
        encryption_configuration: Some(encryption_configuration(&repository.encryption_configuration)),
    }
}

/// The patterns of tags that the mutability leaves out; absent when it leaves out none.
pub(super) fn exclusion_filters(filters: &[String]) -> Option<Vec<ImageTagMutabilityExclusionFilter>> {
    let filter = |filter: &String| ImageTagMutabilityExclusionFilter {
        filter_type: Some("WILDCARD".to_owned()),
        filter: Some(filter.clone()),
    };
    (!filters.is_empty()).then(|| filters.iter().map(filter).collect())
}

/// Whether images are scanned when they are pushed.
pub(super) fn scanning_configuration(repository: &Repository) -> ImageScanningConfiguration {
    ImageScanningConfiguration { scan_on_push: Some(repository.scan_on_push) }
}

/// How bytes are encrypted, of the JSON that is kept.
pub(super) fn encryption_configuration(kept: &Value) -> EncryptionConfiguration {
    let member = |name: &str| kept.get(name)?.as_str().map(str::to_owned);
    EncryptionConfiguration { encryption_type: member("encryptionType"), kms_key: member("kmsKey") }
}

/// An image with everything that is known of it.
pub(super) fn image_detail(call: &Call, image: &Image, scan: Option<&ImageScan>) -> ImageDetail {
    ImageDetail {
        registry_id: registry_id(call),
        repository_name: Some(image.repository.to_string()),
        image_digest: Some(image.digest.to_string()),
        image_tags: (!image.tags.is_empty()).then(|| image.tags.iter().map(ToString::to_string).collect()),
        image_size_in_bytes: Some(image.size_bytes),
        image_pushed_at: Some(image.pushed_at.into()),
        image_manifest_media_type: Some(image.media_type.clone()),
        artifact_media_type: image.artifact_media_type.clone(),
        last_recorded_pull_time: image.last_pulled_at.map(Into::into),
        subject_manifest_digest: image.subject.as_ref().map(ToString::to_string),
        image_scan_status: scan.map(scanning::status),
        image_scan_findings_summary: scan.and_then(scanning::summary),
        image_status: Some(image_status(image.archived_at.is_some())),
        last_archived_at: image.archived_at.map(Into::into),
        last_activated_at: image.activated_at.map(Into::into),
    }
}

/// Whether an image is served or kept in the archive.
pub(super) fn image_status(is_archived: bool) -> String {
    if is_archived { "ARCHIVED".to_owned() } else { "ACTIVE".to_owned() }
}

/// An image's id.
pub(super) fn image_id(id: &ImageId) -> ImageIdentifier {
    ImageIdentifier {
        image_digest: id.digest.as_ref().map(ToString::to_string),
        image_tag: id.tag.as_ref().map(ToString::to_string),
    }
}

/// The failure of one id of a batch; the id is as it was asked.
pub(super) fn image_failure(asked: ImageIdentifier, failure: IdFailure) -> ImageFailure {
    ImageFailure {
        image_id: Some(asked),
        failure_code: Some(failure.code.to_owned()),
        failure_reason: Some(failure.reason),
    }
}

#[cfg(test)]
mod tests {
    use gantry_model::{AccountId, Region};

    use super::*;

    #[test]
    fn a_host_name_carries_account_and_region() {
        let scope =
            Scope { account: AccountId::parse("000000000000").unwrap(), region: Region::parse("eu-west-1").unwrap() };
        for (host, domain) in [
            ("registry.test:5000", "registry.test:5000"),
            ("registry.test", "registry.test"),
            ("127.0.0.1:8080", "localhost:8080"),
            ("[::1]:8080", "localhost:8080"),
        ] {
            assert_eq!(host_naming(&scope, host), format!("000000000000.dkr.ecr.eu-west-1.{domain}"), "{host}");
        }
    }
}
