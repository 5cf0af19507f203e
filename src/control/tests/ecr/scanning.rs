//! Scans of images: what is in the layers, held against a folder of advisories.

use std::fs;

use gantry_control::loops::scanning;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{ACCOUNT, Ecr, digest_of, index_of};

const CONFIG: &str = r#"{"architecture":"amd64","os":"linux"}"#;

/// An archive of files, as a layer is.
fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        builder.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

/// A layer of Debian 12 with this version of openssl.
fn debian(openssl: &str) -> Vec<u8> {
    let status = format!("Package: libssl3\nStatus: install ok installed\nSource: openssl\nVersion: {openssl}\n");
    archive(&[("etc/os-release", "ID=debian\nVERSION_ID=12\n"), ("var/lib/dpkg/status", &status)])
}

fn advisory(id: &str, fixed: &str, severity: &str) -> String {
    json!({
        "id": format!("DEBIAN-{id}"), "upstream": [id], "details": "It breaks.",
        "references": [{ "type": "ADVISORY", "url": format!("https://security-tracker.debian.org/tracker/{id}") }],
        "database_specific": { "severity": severity },
        "affected": [{ "package": { "ecosystem": "Debian:12", "name": "openssl" },
            "ranges": [{ "type": "ECOSYSTEM", "events": [{ "introduced": "0" }, { "fixed": fixed }] }] }],
    })
    .to_string()
}

/// Pushes an image of one layer, with a config of the kind that runs; answers its manifest.
async fn push(ecr: &Ecr, layer: &[u8], tag: &str) -> String {
    let config = ecr.layer_once("app", CONFIG.as_bytes()).await;
    let layer_digest = ecr.layer_once("app", layer).await;
    let manifest = json!({
        "schemaVersion": 2, "mediaType": crate::OCI_MANIFEST,
        "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": CONFIG.len() },
        "layers": [{ "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": layer_digest, "size": layer.len() }],
    })
    .to_string();
    ecr.ok("PutImage", json!({ "repositoryName": "app", "imageManifest": manifest, "imageTag": tag })).await;
    manifest
}

fn of(tag: &str) -> Value {
    json!({ "repositoryName": "app", "imageId": { "imageTag": tag } })
}

async fn findings(ecr: &Ecr, tag: &str) -> Value {
    ecr.ok("DescribeImageScanFindings", of(tag)).await
}

fn status(described: &Value) -> &str {
    described["imageScanStatus"]["status"].as_str().unwrap()
}

/// A registry with a database of these advisories.
async fn with_database(advisories: &[String]) -> (Ecr, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    for (number, text) in advisories.iter().enumerate() {
        fs::write(folder.path().join(format!("{number}.json")), text).unwrap();
    }
    let ecr = Ecr::with_repository("app").await;
    ecr.gantry.control.registry.load_advisories(folder.path()).await.unwrap().unwrap();
    (ecr, folder)
}

#[tokio::test]
async fn an_image_is_scanned_against_the_database() {
    let both = [advisory("CVE-2024-1", "3.0.11-1", "LOW"), advisory("CVE-2024-2", "3.0.12-1", "CRITICAL")];
    let (ecr, _folder) = with_database(&both).await;
    push(&ecr, &debian("3.0.9-1"), "old").await;
    let started = ecr.ok("StartImageScan", of("old")).await;
    assert_eq!((status(&started), status(&findings(&ecr, "old").await)), ("IN_PROGRESS", "IN_PROGRESS"));
    scanning::pass(&ecr.gantry.control).await;
    let described = findings(&ecr, "old").await;
    assert_eq!(status(&described), "COMPLETE");
    let found = &described["imageScanFindings"];
    assert_eq!(found["findingSeverityCounts"], json!({ "CRITICAL": 1, "LOW": 1 }));
    let worst = &found["findings"][0];
    assert_eq!((&worst["name"], &worst["severity"]), (&json!("CVE-2024-2"), &json!("CRITICAL")));
    assert_eq!(worst["uri"], "https://security-tracker.debian.org/tracker/CVE-2024-2");
    for (key, value) in [("package_name", "libssl3"), ("package_version", "3.0.9-1"), ("fixed_in_version", "3.0.12-1")]
    {
        let attributes = worst["attributes"].as_array().unwrap();
        assert!(attributes.contains(&json!({ "key": key, "value": value })), "{key}: {worst}");
    }
    let mut page = of("old");
    page["maxResults"] = 1.into();
    let first = ecr.ok("DescribeImageScanFindings", page.clone()).await;
    page["nextToken"] = first["nextToken"].clone();
    let second = ecr.ok("DescribeImageScanFindings", page).await;
    assert_eq!(second["imageScanFindings"]["findings"][0]["name"], "CVE-2024-1");
    assert_eq!(second.get("nextToken"), None);
    let image = &ecr.ok("DescribeImages", json!({ "repositoryName": "app" })).await["imageDetails"][0];
    assert_eq!(image["imageScanStatus"]["status"], "COMPLETE");
    assert_eq!(image["imageScanFindingsSummary"]["findingSeverityCounts"]["CRITICAL"], 1);
}

#[tokio::test]
async fn a_new_database_judges_every_image_again() {
    let (ecr, folder) = with_database(&[advisory("CVE-2024-1", "3.0.11-1", "LOW")]).await;
    push(&ecr, &debian("3.0.11-1"), "v1").await;
    ecr.ok("StartImageScan", of("v1")).await;
    scanning::pass(&ecr.gantry.control).await;
    assert_eq!(findings(&ecr, "v1").await["imageScanFindings"]["findingSeverityCounts"], json!({}));
    fs::remove_file(folder.path().join("0.json")).unwrap();
    fs::write(folder.path().join("new.json"), advisory("CVE-2024-9", "3.0.13-1", "HIGH")).unwrap();
    fs::write(folder.path().join("broken.json"), "{").unwrap();
    let registry = &ecr.gantry.control.registry;
    assert_eq!(registry.load_advisories(folder.path()).await.unwrap(), Some(1));
    assert_eq!(registry.load_advisories(folder.path()).await.unwrap(), None, "nothing has changed");
    scanning::pass(&ecr.gantry.control).await;
    let found = findings(&ecr, "v1").await["imageScanFindings"].clone();
    assert_eq!(found["findingSeverityCounts"], json!({ "HIGH": 1 }));
}

#[tokio::test]
async fn what_cannot_be_judged_is_never_called_clean() {
    let ecr = Ecr::with_repository("app").await;
    push(&ecr, &debian("3.0.9-1"), "debian").await;
    push(&ecr, &archive(&[("bin/app", "x")]), "scratch").await;
    push(&ecr, b"no archive", "broken").await;
    for tag in ["debian", "scratch", "broken"] {
        ecr.ok("StartImageScan", of(tag)).await;
    }
    scanning::pass(&ecr.gantry.control).await;
    for (tag, expected, said) in [
        ("debian", "FINDINGS_UNAVAILABLE", "no vulnerability database is loaded"),
        ("scratch", "UNSUPPORTED_IMAGE", "nothing in the image says what is installed"),
        ("broken", "FAILED", "cannot be read"),
    ] {
        let described = findings(&ecr, tag).await;
        assert_eq!((status(&described), described.get("imageScanFindings")), (expected, None), "{tag}");
        assert!(described["imageScanStatus"]["description"].as_str().unwrap().contains(said), "{tag}: {described}");
    }
    // It can be tried again at once.
    ecr.ok("StartImageScan", of("debian")).await;
}

#[tokio::test]
async fn an_image_is_scanned_once_a_day_when_asked_and_only_an_image() {
    let (ecr, _folder) = with_database(&[advisory("CVE-2024-1", "3.0.11-1", "LOW")]).await;
    let manifest = push(&ecr, &debian("3.0.9-1"), "v1").await;
    let never = format!(
        "Image scan does not exist for the image with '{{imageDigest:'null', imageTag:'v1'}}' in the repository with name 'app' in the registry with id '{ACCOUNT}'"
    );
    ecr.refused_with("DescribeImageScanFindings", of("v1"), "ScanNotFoundException", &never).await;
    ecr.ok("StartImageScan", of("v1")).await;
    let quota = "The scan quota per image has been exceeded. Wait and try again.";
    ecr.refused_with("StartImageScan", of("v1"), "LimitExceededException", quota).await;
    scanning::pass(&ecr.gantry.control).await;
    ecr.refused("StartImageScan", of("v1"), "LimitExceededException").await;
    ecr.gantry.pass_seconds(24 * 60 * 60);
    ecr.ok("StartImageScan", of("v1")).await;
    let index = index_of(&[&manifest]);
    ecr.ok("PutImage", json!({ "repositoryName": "app", "imageManifest": index, "imageTag": "all" })).await;
    ecr.refused("StartImageScan", of("all"), "UnsupportedImageTypeException").await;
    ecr.refused("StartImageScan", of("none"), "ImageNotFoundException").await;
    push(&ecr, &debian("1"), "archived").await;
    let mut archive = of("archived");
    archive["targetStorageClass"] = "ARCHIVE".into();
    ecr.ok("UpdateImageStorageClass", archive).await;
    ecr.refused("StartImageScan", of("archived"), "ImageArchivedException").await;
}

#[tokio::test]
async fn images_are_scanned_on_push_where_the_repository_or_the_registry_says_so() {
    let (ecr, _folder) = with_database(&[advisory("CVE-2024-1", "3.0.11-1", "LOW")]).await;
    push(&ecr, &debian("1"), "manual").await;
    scanning::pass(&ecr.gantry.control).await;
    ecr.refused("DescribeImageScanFindings", of("manual"), "ScanNotFoundException").await;
    let filters = json!([{ "filter": "a*", "filterType": "WILDCARD" }]);
    let rules = json!([{ "scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": filters }]);
    let put = ecr.ok("PutRegistryScanningConfiguration", json!({ "scanType": "BASIC", "rules": rules })).await;
    assert_eq!(put["registryScanningConfiguration"]["rules"], rules);
    let got = ecr.ok("GetRegistryScanningConfiguration", json!({})).await;
    assert_eq!(got["scanningConfiguration"], json!({ "scanType": "BASIC", "rules": rules }));
    push(&ecr, &debian("2"), "pushed").await;
    scanning::pass(&ecr.gantry.control).await;
    assert_eq!(status(&findings(&ecr, "pushed").await), "COMPLETE");
    let names = json!({ "repositoryNames": ["app", "none"] });
    let batch = ecr.ok("BatchGetRepositoryScanningConfiguration", names).await;
    let app = &batch["scanningConfigurations"][0];
    assert_eq!((&app["scanFrequency"], &app["appliedScanFilters"]), (&json!("SCAN_ON_PUSH"), &filters));
    assert_eq!(batch["failures"][0]["failureCode"], "REPOSITORY_NOT_FOUND");

    ecr.ok("PutRegistryScanningConfiguration", json!({ "rules": [] })).await;
    let own = json!({ "repositoryName": "app", "imageScanningConfiguration": { "scanOnPush": true } });
    ecr.ok("PutImageScanningConfiguration", own).await;
    push(&ecr, &debian("4"), "own").await;
    scanning::pass(&ecr.gantry.control).await;
    assert_eq!(status(&findings(&ecr, "own").await), "COMPLETE");
    for (input, code) in [
        (
            json!({ "rules": [{ "scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": [] }] }),
            "InvalidParameterException",
        ),
        (json!({ "scanType": "THOROUGH" }), "InvalidParameterException"),
    ] {
        ecr.refused("PutRegistryScanningConfiguration", input, code).await;
    }
}

#[tokio::test]
async fn enhanced_scanning_tells_the_same_findings_in_the_shape_of_inspector() {
    let (ecr, _folder) = with_database(&[advisory("CVE-2024-1", "3.0.11-1", "HIGH")]).await;
    let filters = json!([{ "filter": "app", "filterType": "WILDCARD" }]);
    let rules = json!([{ "scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": filters }]);
    ecr.ok("PutRegistryScanningConfiguration", json!({ "scanType": "ENHANCED", "rules": rules })).await;
    let got = ecr.ok("GetRegistryScanningConfiguration", json!({})).await;
    assert_eq!(got["scanningConfiguration"], json!({ "scanType": "ENHANCED", "rules": rules }));
    let batch = ecr.ok("BatchGetRepositoryScanningConfiguration", json!({ "repositoryNames": ["app"] })).await;
    let app = &batch["scanningConfigurations"][0];
    assert_eq!((&app["scanFrequency"], &app["scanOnPush"]), (&json!("CONTINUOUS_SCAN"), &json!(false)));
    let manifest = push(&ecr, &debian("3.0.9-1"), "v1").await;
    scanning::pass(&ecr.gantry.control).await;
    let told = findings(&ecr, "v1").await;
    let finding = &told["imageScanFindings"]["enhancedFindings"][0];
    let package = &finding["packageVulnerabilityDetails"]["vulnerablePackages"][0];
    assert_eq!((&finding["title"], &finding["severity"]), (&json!("CVE-2024-1 - libssl3"), &json!("HIGH")));
    assert_eq!((&package["packageManager"], &package["fixedInVersion"]), (&json!("OS"), &json!("3.0.11-1")));
    let image = &finding["resources"][0]["details"]["awsEcrContainerImage"];
    assert_eq!((&image["imageHash"], &image["imageTags"]), (&json!(digest_of(manifest.as_bytes())), &json!(["v1"])));
}

#[tokio::test]
async fn a_scan_goes_with_its_image() {
    let (ecr, _folder) = with_database(&[advisory("CVE-2024-1", "3.0.11-1", "LOW")]).await;
    let manifest = push(&ecr, &debian("3.0.9-1"), "v1").await;
    ecr.ok("StartImageScan", of("v1")).await;
    ecr.ok("BatchDeleteImage", json!({ "repositoryName": "app", "imageIds": [{ "imageTag": "v1" }] })).await;
    scanning::pass(&ecr.gantry.control).await;
    ecr.ok("PutImage", json!({ "repositoryName": "app", "imageManifest": manifest, "imageTag": "v1" })).await;
    ecr.refused("DescribeImageScanFindings", of("v1"), "ScanNotFoundException").await;
}

#[tokio::test]
async fn a_scan_that_is_done_is_told_of() {
    let (ecr, _folder) = with_database(&[advisory("CVE-2024-1", "3.0.11-1", "LOW")]).await;
    ecr.gantry.control.store.notify();
    let manifest = push(&ecr, &debian("3.0.9-1"), "v1").await;
    ecr.ok("StartImageScan", of("v1")).await;
    scanning::pass(&ecr.gantry.control).await;
    let mut reader = ecr.gantry.control.store.read().await.unwrap();
    let told = gantry_store::notification::after(&mut reader, 0, 10).await.unwrap();
    let event = &told.last().unwrap().body;
    assert_eq!((&event["source"], &event["detail-type"]), (&json!("aws.ecr"), &json!("ECR Image Scan")));
    let detail = json!({
        "scan-status": "COMPLETE", "repository-name": "app", "finding-severity-counts": { "LOW": 1 },
        "image-digest": digest_of(manifest.as_bytes()), "image-tags": ["v1"],
    });
    assert_eq!(event["detail"], detail);
}
