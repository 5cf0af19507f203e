//! Images of a repository: the list, one with its layers and configuration, deleting one.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::ApiError;

/// An image as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ImageSummary {
    pub digest: String,
    pub tags: Vec<String>,
    pub size: i64,
    pub pushed_at: Option<i64>,
    pub pulled_at: Option<i64>,
    pub media_type: String,
    /// Whether it is kept and not served.
    pub archived: bool,
    /// The last scan, if there was one.
    pub scan: Option<ScanSummary>,
}

/// A scan in short.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ScanSummary {
    /// As ECR writes it.
    pub status: String,
    /// Why, where the status needs a reason.
    pub reason: Option<String>,
    /// What was found, when it is done.
    pub findings: Option<SeverityCounts>,
}

impl ScanSummary {
    /// The status in words.
    #[must_use]
    pub fn words(&self) -> String {
        self.status.to_lowercase().replace('_', " ")
    }
}

/// How many findings of which severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SeverityCounts {
    pub critical: u32,
    pub high: u32,
    pub medium: u32,
    /// Low, informational and undefined ones.
    pub low: u32,
}

/// Something that is wrong with a package of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingOfImage {
    pub id: String,
    pub severity: String,
    pub url: Option<String>,
    pub description: String,
    pub package: String,
    pub version: String,
    pub fixed_in: Option<String>,
}

impl ImageSummary {
    /// What the media type is called in one word.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.media_type.as_str() {
            "application/vnd.oci.image.manifest.v1+json" => "OCI image",
            "application/vnd.oci.image.index.v1+json" => "OCI index",
            "application/vnd.docker.distribution.manifest.v2+json" => "Docker image",
            "application/vnd.docker.distribution.manifest.list.v2+json" => "Docker list",
            _ => "other",
        }
    }

    /// Its first tag, or the start of its digest.
    #[must_use]
    pub fn name(&self) -> String {
        self.tags.first().cloned().unwrap_or_else(|| short_digest(&self.digest))
    }
}

/// The first twelve digits of a digest.
#[must_use]
pub fn short_digest(digest: &str) -> String {
    digest.split_once(':').map_or(digest, |(_, hex)| hex).chars().take(12).collect()
}

/// One image, opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageContent {
    pub summary: ImageSummary,
    /// From the bottom up.
    pub layers: Vec<LayerOfImage>,
    /// What the image says of itself, as label and value.
    pub facts: Vec<(String, String)>,
    /// The images of an index.
    pub platforms: Vec<PlatformImage>,
    /// Where it runs now, as (cluster, service or task group).
    pub running_in: Vec<(String, String)>,
    /// What the last scan found, the worst first, a page at most.
    pub findings: Vec<FindingOfImage>,
}

/// A layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerOfImage {
    pub digest: String,
    pub size: i64,
    /// The command that made it, where the configuration tells.
    pub made_by: String,
}

/// An image of an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlatformImage {
    pub digest: String,
    /// `linux/arm64/v8`, or the type of an attachment.
    pub platform: String,
    pub size: i64,
}

/// One image with its layers and configuration.
///
/// # Errors
/// `ImageNotFoundException`, `RepositoryNotFoundException`.
#[server(prefix = "/ui/api", endpoint = "describe-image")]
pub async fn describe_image(repository: String, digest: String) -> Result<ImageContent, ApiError> {
    let ecr = crate::sdk::ecr()?;
    let summary = read::one(&ecr, &repository, &digest).await?;
    let manifest = match summary.archived {
        true => serde_json::Value::Null,
        false => read::manifest(&ecr, &repository, &digest).await?,
    };
    let findings = match &summary.scan {
        Some(scan) if scan.findings.is_some() => read::findings(&ecr, &repository, &digest).await?,
        _ => Vec::new(),
    };
    let config = match manifest.pointer("/config/digest").and_then(|digest| digest.as_str()) {
        Some(config) => read::json(&crate::sdk::blob(&repository, config).await?),
        None => serde_json::Value::Null,
    };
    Ok(ImageContent {
        summary,
        layers: read::layers(&manifest, &config),
        facts: read::facts(&config),
        platforms: read::platforms(&manifest),
        running_in: read::running_in(&digest).await?,
        findings,
    })
}

/// Asks for a scan of an image.
///
/// # Errors
/// What StartImageScan answers.
#[server(prefix = "/ui/api", endpoint = "scan-image")]
pub async fn scan_image(repository: String, digest: String) -> Result<(), ApiError> {
    let id = read::id(&digest);
    crate::sdk::ecr()?.start_image_scan().repository_name(&repository).image_id(id).send().await?;
    let (name, image) = (crate::format::query_value(&repository), crate::format::query_value(&digest));
    leptos_axum::redirect(&format!("/repositories/{name}?image={image}"));
    Ok(())
}

/// Deletes an image with all its tags and goes to its repository.
///
/// # Errors
/// What BatchDeleteImage answers, or reports in `failures`.
#[server(prefix = "/ui/api", endpoint = "delete-image")]
pub async fn delete_image(repository: String, digest: String) -> Result<(), ApiError> {
    let id = read::id(&digest);
    let answer = crate::sdk::ecr()?.batch_delete_image().repository_name(&repository).image_ids(id).send().await?;
    if let Some(failure) = answer.failures().first() {
        let code = failure.failure_code().map_or("Failure", |code| code.as_str());
        return Err(ApiError::refused(code, failure.failure_reason().unwrap_or("The image could not be deleted")));
    }
    leptos_axum::redirect(&format!("/repositories/{}", crate::format::query_value(&repository)));
    Ok(())
}

#[cfg(feature = "ssr")]
pub(crate) mod read {
    //! Reading images through the SDK, and their manifests and configurations as the OCI image specification has them.

    use std::collections::BTreeSet;

    use aws_sdk_ecr::Client;
    use aws_sdk_ecr::types::{
        DescribeImagesFilter, FindingSeverity, ImageDetail, ImageIdentifier, ImageScanFinding,
        ImageScanFindingsSummary, ImageStatus, ImageStatusFilter,
    };
    use serde_json::Value;

    use super::{FindingOfImage, ImageSummary, LayerOfImage, PlatformImage, ScanSummary, SeverityCounts};
    use crate::api::convert::{millis, text};
    use crate::error::ApiError;
    use crate::format::last_part;

    pub(super) fn id(digest: &str) -> ImageIdentifier {
        ImageIdentifier::builder().image_digest(digest).build()
    }

    /// All images of a repository, the newest first.
    pub(crate) async fn all(ecr: &Client, repository: &str) -> Result<Vec<ImageSummary>, ApiError> {
        let found: Vec<ImageDetail> = ecr
            .describe_images()
            .repository_name(repository)
            .filter(DescribeImagesFilter::builder().image_status(ImageStatusFilter::Any).build())
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await?;
        let mut images: Vec<_> = found.iter().map(summary).collect();
        images.sort_by_key(|image| std::cmp::Reverse((image.pushed_at, image.digest.clone())));
        Ok(images)
    }

    pub(super) async fn one(ecr: &Client, repository: &str, digest: &str) -> Result<ImageSummary, ApiError> {
        let answer = ecr
            .describe_images()
            .repository_name(repository)
            .image_ids(id(digest))
            .filter(DescribeImagesFilter::builder().image_status(ImageStatusFilter::Any).build())
            .send()
            .await?;
        answer.image_details().first().map(summary).ok_or_else(|| ApiError::missing("image", digest))
    }

    fn summary(image: &ImageDetail) -> ImageSummary {
        ImageSummary {
            digest: text(image.image_digest()),
            tags: image.image_tags().to_vec(),
            size: image.image_size_in_bytes().unwrap_or(0),
            pushed_at: millis(image.image_pushed_at()),
            pulled_at: millis(image.last_recorded_pull_time()),
            media_type: text(image.image_manifest_media_type()),
            archived: image.image_status() == Some(&ImageStatus::Archived),
            scan: scan(image),
        }
    }

    fn scan(image: &ImageDetail) -> Option<ScanSummary> {
        let scan = image.image_scan_status()?;
        let counts = image.image_scan_findings_summary().and_then(ImageScanFindingsSummary::finding_severity_counts);
        let findings = counts.map(|counts| {
            let of = |severities: &[FindingSeverity]| {
                let found = severities.iter().filter_map(|severity| counts.get(severity)).sum::<i32>();
                u32::try_from(found).unwrap_or(0)
            };
            SeverityCounts {
                critical: of(&[FindingSeverity::Critical]),
                high: of(&[FindingSeverity::High]),
                medium: of(&[FindingSeverity::Medium]),
                low: of(&[FindingSeverity::Low, FindingSeverity::Informational, FindingSeverity::Undefined]),
            }
        });
        let reason = scan.description().map(str::to_owned);
        Some(ScanSummary { status: text(scan.status().map(|status| status.as_str())), reason, findings })
    }

    pub(super) async fn findings(
        ecr: &Client,
        repository: &str,
        digest: &str,
    ) -> Result<Vec<FindingOfImage>, ApiError> {
        let answer = ecr.describe_image_scan_findings().repository_name(repository).image_id(id(digest)).send().await?;
        let found = answer.image_scan_findings().map(|found| found.findings()).unwrap_or_default();
        Ok(found.iter().map(finding).collect())
    }

    fn finding(finding: &ImageScanFinding) -> FindingOfImage {
        let attribute = |key: &str| {
            let attribute = finding.attributes().iter().find(|attribute| attribute.key() == key)?;
            attribute.value().map(str::to_owned)
        };
        FindingOfImage {
            id: text(finding.name()),
            severity: text(finding.severity().map(|severity| severity.as_str())).to_lowercase(),
            url: finding.uri().map(str::to_owned),
            description: text(finding.description()),
            package: attribute("package_name").unwrap_or_default(),
            version: attribute("package_version").unwrap_or_default(),
            fixed_in: attribute("fixed_in_version"),
        }
    }

    pub(super) async fn manifest(ecr: &Client, repository: &str, digest: &str) -> Result<Value, ApiError> {
        let answer = ecr.batch_get_image().repository_name(repository).image_ids(id(digest)).send().await?;
        let found = answer.images().first().ok_or_else(|| ApiError::missing("image", digest))?;
        Ok(json(found.image_manifest().unwrap_or_default().as_bytes()))
    }

    /// What reads as JSON; an artifact's configuration may be anything.
    pub(super) fn json(bytes: &[u8]) -> Value {
        serde_json::from_slice(bytes).unwrap_or_default()
    }

    fn items<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
        value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    fn string(value: &Value, pointer: &str) -> String {
        value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    fn size(value: &Value) -> i64 {
        value.get("size").and_then(Value::as_i64).unwrap_or(0)
    }

    /// The layers, each with the step of the history that made it: steps that made none are marked `empty_layer`.
    pub(super) fn layers(manifest: &Value, config: &Value) -> Vec<LayerOfImage> {
        let made = |step: &&Value| step.get("empty_layer").and_then(Value::as_bool) != Some(true);
        let mut steps = items(config, "/history").iter().filter(made).map(|step| string(step, "/created_by"));
        items(manifest, "/layers")
            .iter()
            .map(|layer| LayerOfImage {
                digest: string(layer, "/digest"),
                size: size(layer),
                made_by: steps.next().unwrap_or_default(),
            })
            .collect()
    }

    pub(super) fn platforms(manifest: &Value) -> Vec<PlatformImage> {
        let image = |child: &Value| PlatformImage {
            digest: string(child, "/digest"),
            platform: match platform(child.get("platform").unwrap_or(&Value::Null)) {
                none if none.is_empty() => string(child, "/artifactType"),
                platform => platform,
            },
            size: size(child),
        };
        items(manifest, "/manifests").iter().map(image).collect()
    }

    fn platform(of: &Value) -> String {
        let parts = ["/os", "/architecture", "/variant"].map(|part| string(of, part));
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
    }

    /// Label and value of what the configuration says; of the environment only the names.
    pub(super) fn facts(config: &Value) -> Vec<(String, String)> {
        let words = |pointer: &str| {
            let words = items(config, pointer).iter().filter_map(Value::as_str);
            words.collect::<Vec<_>>().join(" ")
        };
        let keys = |pointer: &str| {
            let members = config.pointer(pointer).and_then(Value::as_object);
            members.map(|members| members.keys().cloned().collect::<Vec<_>>().join(", ")).unwrap_or_default()
        };
        let names = items(config, "/config/Env").iter().filter_map(Value::as_str);
        let names: Vec<_> = names.map(|pair| pair.split('=').next().unwrap_or_default()).collect();
        let facts = [
            ("Platform", platform(config)),
            ("Built", string(config, "/created")),
            ("Entry point", words("/config/Entrypoint")),
            ("Command", words("/config/Cmd")),
            ("User", string(config, "/config/User")),
            ("Working folder", string(config, "/config/WorkingDir")),
            ("Ports", keys("/config/ExposedPorts")),
            ("Volumes", keys("/config/Volumes")),
            ("Environment", names.join(", ")),
            ("Labels", keys("/config/Labels")),
        ];
        let told = facts.into_iter().filter(|(_, value)| !value.is_empty());
        told.map(|(label, value)| (label.to_owned(), value)).collect()
    }

    /// The clusters and services (or task groups) whose containers run the image now.
    pub(super) async fn running_in(digest: &str) -> Result<Vec<(String, String)>, ApiError> {
        let ecs = crate::sdk::ecs()?;
        let clusters: Vec<String> =
            ecs.list_clusters().into_paginator().items().send().collect::<Result<_, _>>().await?;
        let mut found = BTreeSet::new();
        for cluster in clusters.iter().map(|arn| last_part(arn)) {
            let arns = crate::api::task_list::read::arns(&ecs, cluster).await?;
            for some in arns.chunks(100) {
                let answer = ecs.describe_tasks().cluster(cluster).set_tasks(Some(some.to_vec())).send().await?;
                let runs = answer
                    .tasks()
                    .iter()
                    .filter(|task| task.containers().iter().any(|c| c.image_digest() == Some(digest)));
                found.extend(runs.map(|task| (cluster.to_owned(), text(task.group()))));
            }
        }
        Ok(found.into_iter().collect())
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use serde_json::json;

        #[test]
        fn a_layer_is_told_by_the_step_that_made_it() {
            let manifest = json!({ "layers": [
                { "digest": "sha256:a", "size": 10 }, { "digest": "sha256:b", "size": 20 }, { "digest": "sha256:c", "size": 5 },
            ]});
            let config = json!({ "history": [
                { "created_by": "ADD base" },
                { "created_by": "ENV A=1", "empty_layer": true },
                { "created_by": "COPY app" },
            ]});
            let told: Vec<_> = layers(&manifest, &config).into_iter().map(|l| (l.digest, l.size, l.made_by)).collect();
            let expected = [("sha256:a", 10, "ADD base"), ("sha256:b", 20, "COPY app"), ("sha256:c", 5, "")];
            assert_eq!(told, expected.map(|(digest, size, by)| (digest.to_owned(), size, by.to_owned())));
        }

        #[test]
        fn an_index_is_told_by_its_platforms() {
            let index = json!({ "manifests": [
                { "digest": "sha256:a", "size": 1, "platform": { "os": "linux", "architecture": "arm64", "variant": "v8" } },
                { "digest": "sha256:b", "size": 2, "artifactType": "application/spdx+json" },
            ]});
            let told: Vec<_> = platforms(&index).into_iter().map(|p| p.platform).collect();
            assert_eq!(told, ["linux/arm64/v8", "application/spdx+json"]);
        }

        #[test]
        fn facts_tell_the_environment_by_name_only_and_leave_out_what_is_not_there() {
            let config = json!({ "os": "linux", "architecture": "amd64", "config": { "Env": ["TOKEN=secret"], "Cmd": ["/a", "b"] } });
            let expected = [("Platform", "linux/amd64"), ("Command", "/a b"), ("Environment", "TOKEN")];
            assert_eq!(facts(&config), expected.map(|(label, value)| (label.to_owned(), value.to_owned())));
        }
    }
}
