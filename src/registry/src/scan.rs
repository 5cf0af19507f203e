//! Scans of images: asked for, done in the background, held against every new database.
//!
//! The layers are read once; the inventory is kept, so that a new database judges every image again without them. What is
//! here is never called clean for want of a database: the status then says that the findings are not available.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;

use gantry_model::image::Image;
use gantry_model::registry_settings::{RegistrySettings, ScanFrequency};
use gantry_model::scan::{ImageScan, ScanStatus};
use gantry_model::{Digest, RepositoryName, Scope, UnixMillis};
use gantry_scanner::{Advisory, Collector, Finding, Inventory, Package, findings};
use gantry_store::blob::BlobError;
use gantry_store::image::{self, Reference};
use gantry_store::image_scan::{self, ScanRow};
use gantry_store::repository::{self, RepositoryRow};
use gantry_store::{StoreError, Tx, advisory};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_util::io::{StreamReader, SyncIoBridge};

use crate::advisories::{self, Database};
use crate::image::{ImageError, ImageId};
use crate::manifest::{DOCKER_MANIFEST, OCI_MANIFEST};
use crate::registry::Registry;
use crate::repository::{append_scan_event, find};

/// An image can be scanned again after so long (ECR: "An image can be scanned once every 24 hours").
const SCAN_AGAIN_MILLIS: i64 = 24 * 3_600_000;
/// Scans of one pass.
const STEP: i64 = 20;
/// What the config of an image that runs is called. Other artifacts have nothing installed.
const CONFIGS: [&str; 2] =
    ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];

/// Why a scan was not begun.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    #[error(transparent)]
    Image(#[from] ImageError),
    #[error("Images of the media type {0} cannot be scanned")]
    Unsupported(String),
    #[error("The image is in the archive")]
    Archived,
    #[error("The scan quota per image has been exceeded. Wait and try again.")]
    Quota,
    #[error("The image cannot be looked into: {0}")]
    Unreadable(String),
    #[error("the registry's database failed")]
    Store(#[from] StoreError),
}

/// The last scan of an image, with what it found: the worst first.
#[derive(Debug, Clone, PartialEq)]
pub struct Scanned {
    pub image: Image,
    pub scan: ImageScan,
    pub findings: Vec<Finding>,
}

impl Registry {
    /// Asks for a scan of an image.
    ///
    /// # Errors
    /// [`ScanError`].
    pub async fn start_scan(
        &self,
        scope: &Scope,
        name: &RepositoryName,
        id: &ImageId,
    ) -> Result<(Image, ImageScan), ScanError> {
        let image = self.scannable(scope, name, id).await?;
        let (scope, name, digest) = (scope.clone(), name.clone(), image.digest.clone());
        let scan = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let row = find::<ImageError>(tx, &scope, &name).await?;
                    let before = image_scan::get(tx, row.id, &digest).await?.map(|row| row.scan);
                    let now = tx.now();
                    if before.is_some_and(|scan| is_too_soon(&scan, now)) {
                        return Err(ScanError::Quota);
                    }
                    Ok(image_scan::request(tx, row.id, &digest, now).await?)
                })
            })
            .await?;
        self.scans_wanted.notify_one();
        Ok((image, scan))
    }

    /// The last scan of an image; `None` when it was never scanned.
    ///
    /// # Errors
    /// [`ImageError`].
    pub async fn scanned(
        &self,
        scope: &Scope,
        name: &RepositoryName,
        id: &ImageId,
    ) -> Result<(Image, Option<Scanned>), ImageError> {
        let image = self.image(scope, name, id).await?;
        let mut reader = self.store.read().await?;
        let row = find::<ImageError>(&mut reader, scope, name).await?;
        let found = image_scan::get(&mut reader, row.id, &image.digest).await?;
        let Some(row) = found else { return Ok((image, None)) };
        let findings = decode("findings", row.findings.as_deref())?.unwrap_or_default();
        let scanned = Scanned { image: image.clone(), findings, scan: row.scan };
        Ok((image, Some(scanned)))
    }

    /// The last scans of these images of a repository.
    ///
    /// # Errors
    /// [`ImageError::RepositoryNotFound`].
    pub async fn scans(
        &self,
        scope: &Scope,
        name: &RepositoryName,
        digests: &[Digest],
    ) -> Result<HashMap<Digest, ImageScan>, ImageError> {
        let mut reader = self.store.read().await?;
        let row = find::<ImageError>(&mut reader, scope, name).await?;
        Ok(image_scan::of_images(&mut reader, row.id, digests).await?.into_iter().collect())
    }

    /// What is installed in an image: as its scan found it, or from its layers.
    ///
    /// # Errors
    /// [`ScanError`].
    pub async fn inventory_of(
        &self,
        scope: &Scope,
        name: &RepositoryName,
        id: &ImageId,
    ) -> Result<(Digest, Inventory), ScanError> {
        let image = self.scannable(scope, name, id).await?;
        let (row, scan) = {
            let mut reader = self.store.read().await?;
            let row = find::<ImageError>(&mut reader, scope, name).await?;
            let scan = image_scan::get(&mut reader, row.id, &image.digest).await?;
            (row, scan)
        };
        let kept = scan.and_then(|scan| scan.inventory);
        let inventory = match decode::<Inventory>("inventory", kept.as_deref())? {
            Some(inventory) => inventory,
            None => self.inventory(&row, &image.digest).await.map_err(ScanError::Unreadable)?,
        };
        Ok((image.digest, inventory))
    }

    /// The image, if it is one that can be scanned.
    async fn scannable(&self, scope: &Scope, name: &RepositoryName, id: &ImageId) -> Result<Image, ScanError> {
        let image = self.image(scope, name, id).await?;
        if !is_scannable(&image.media_type, image.artifact_media_type.as_deref()) {
            return Err(ScanError::Unsupported(image.media_type));
        }
        if image.archived_at.is_some() {
            return Err(ScanError::Archived);
        }
        Ok(image)
    }

    /// Returns when a scan was asked for since the last time.
    pub async fn scan_wanted(&self) {
        self.scans_wanted.notified().await;
    }

    /// Does some of the scans that are to be done. Answers how many; call it again until it is none.
    ///
    /// # Errors
    /// The store's. A scan that fails says so.
    pub async fn scan_once(&self) -> Result<usize, StoreError> {
        let (rows, database) = {
            let mut reader = self.store.read().await?;
            let database = advisories::current(&mut reader).await?;
            let generation = database.as_ref().map(|database| database.generation);
            (image_scan::to_do(&mut reader, generation, STEP).await?, database)
        };
        let count = rows.len();
        for row in rows {
            self.scan(row, database.as_ref()).await?;
        }
        Ok(count)
    }

    async fn scan(&self, mut row: ScanRow, database: Option<&Database>) -> Result<(), StoreError> {
        let of = {
            let mut reader = self.store.read().await?;
            repository::by_id(&mut reader, row.repository).await?
        };
        // Deleted meanwhile, and the scan with it.
        let Some(of) = of else { return Ok(()) };
        let was_asked_for = row.scan.status == ScanStatus::InProgress;
        let inventory = match decode::<Inventory>("inventory", row.inventory.as_deref())? {
            Some(inventory) => Ok(inventory),
            None => self.inventory(&of, &row.digest).await,
        };
        row.scan = match inventory {
            Ok(inventory) => {
                row.inventory = Some(encode("inventory", &inventory)?);
                self.judge(&mut row, &inventory, database).await?
            }
            Err(reason) => finished(&row.scan, ScanStatus::Failed, Some(reason), self.now()),
        };
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    // The image may have been deleted, or its scan asked for again.
                    let before = image_scan::get(tx, row.repository, &row.digest).await?;
                    if before.is_none_or(|before| before.scan.requested_at != row.scan.requested_at) {
                        return Ok(());
                    }
                    image_scan::put(tx, &row).await?;
                    if was_asked_for {
                        let tags = image::tags_of(tx, row.repository, &row.digest).await?;
                        append_scan_event(tx, &of.repository, &row.digest, &tags, &row.scan).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Holds an inventory against the database; notes what is found in the row.
    async fn judge(
        &self,
        row: &mut ScanRow,
        inventory: &Inventory,
        database: Option<&Database>,
    ) -> Result<ImageScan, StoreError> {
        let now = self.now();
        row.findings = None;
        row.generation = database.map(|database| database.generation);
        if inventory.packages.is_empty() {
            let reason = "nothing in the image says what is installed".to_owned();
            return Ok(finished(&row.scan, ScanStatus::UnsupportedImage, Some(reason), now));
        }
        let Some(database) = database else {
            let reason = "no vulnerability database is loaded (--vulnerability-database)".to_owned();
            return Ok(finished(&row.scan, ScanStatus::FindingsUnavailable, Some(reason), now));
        };
        let known = self.known(inventory, database).await?;
        let found =
            findings(inventory, |package| Ok::<_, StoreError>(known.get(&key(package)).cloned().unwrap_or_default()))?;
        let mut scan = finished(&row.scan, ScanStatus::Complete, None, now);
        scan.database_at = Some(database.loaded_at);
        for finding in &found {
            *scan.severity_counts.entry(finding.severity.as_str().to_owned()).or_default() += 1;
        }
        row.findings = Some(encode("findings", &found)?);
        Ok(scan)
    }

    /// The advisories about the packages of an inventory.
    async fn known(
        &self,
        inventory: &Inventory,
        database: &Database,
    ) -> Result<BTreeMap<(String, String), Vec<Advisory>>, StoreError> {
        let mut known = BTreeMap::new();
        let mut reader = self.store.read().await?;
        for package in &inventory.packages {
            let key = key(package);
            if known.contains_key(&key) {
                continue;
            }
            let bodies = advisory::of_package(&mut reader, database.generation, &key.0, &key.1).await?;
            let read = bodies.iter().map(|body| from_json("advisory", body)).collect::<Result<_, _>>()?;
            known.insert(key, read);
        }
        Ok(known)
    }

    /// Reads the layers of an image; the reason when that cannot be done.
    async fn inventory(&self, of: &RepositoryRow, digest: &Digest) -> Result<Inventory, String> {
        let layers = self.layers(of, digest).await?;
        let mut collector = Collector::default();
        for layer in layers {
            let reader = self.blobs.read(&layer).await.map_err(|error: BlobError| error.to_string())?;
            let reader = reader.ok_or_else(|| format!("the layer {layer} is not here"))?;
            let size = reader.size();
            let bytes = StreamReader::new(Box::pin(reader.stream(0, size)));
            let bytes = SyncIoBridge::new(bytes);
            let read = move || read_layer(collector, bytes);
            let (back, result) = tokio::task::spawn_blocking(read).await.map_err(|error| error.to_string())?;
            result.map_err(|error| format!("the layer {layer} cannot be read: {error}"))?;
            collector = back;
        }
        Ok(collector.inventory())
    }

    /// The layers of an image, the lowest first.
    async fn layers(&self, of: &RepositoryRow, digest: &Digest) -> Result<Vec<Digest>, String> {
        let reference = Reference::Digest(digest.clone());
        let manifest = self.served_manifest(&of.repository.scope, &of.repository.name, &reference).await;
        let (_, manifest) =
            manifest.map_err(|error| error.to_string())?.ok_or("the image is in the archive, or gone")?;
        let body: serde_json::Value = serde_json::from_slice(&manifest.bytes).map_err(|error| error.to_string())?;
        let layers = body.get("layers").and_then(serde_json::Value::as_array).into_iter().flatten();
        let digests = layers.map(|layer| Digest::parse(layer.get("digest")?.as_str()?).ok());
        digests.collect::<Option<Vec<_>>>().ok_or_else(|| "the manifest names a layer without a digest".to_owned())
    }
}

fn read_layer(mut collector: Collector, bytes: impl Read) -> (Collector, Result<(), gantry_scanner::LayerError>) {
    let result = collector.layer(bytes);
    (collector, result)
}

/// Asks for a scan of an image that was just pushed, if that is to be.
pub(crate) async fn request_on_push(
    tx: &mut Tx,
    settings: &RegistrySettings,
    of: &RepositoryRow,
    digest: &Digest,
    (media_type, artifact_type): (&str, Option<&str>),
) -> Result<bool, StoreError> {
    if !is_scannable(media_type, artifact_type) {
        return Ok(false);
    }
    let is_wanted =
        of.repository.scan_on_push || settings.scan_frequency(&of.repository.name).0 > ScanFrequency::Manual;
    if is_wanted {
        let now = tx.now();
        image_scan::request(tx, of.id, digest, now).await?;
    }
    Ok(is_wanted)
}

fn is_scannable(media_type: &str, config_type: Option<&str>) -> bool {
    matches!(media_type, OCI_MANIFEST | DOCKER_MANIFEST) && config_type.is_some_and(|kind| CONFIGS.contains(&kind))
}

fn is_too_soon(before: &ImageScan, now: UnixMillis) -> bool {
    let is_done = matches!(before.status, ScanStatus::Failed | ScanStatus::FindingsUnavailable);
    !is_done && now.millis_since(before.requested_at) < SCAN_AGAIN_MILLIS
}

fn finished(scan: &ImageScan, status: ScanStatus, description: Option<String>, now: UnixMillis) -> ImageScan {
    ImageScan { status, description, completed_at: Some(now), ..ImageScan::requested(scan.requested_at) }
}

fn key(package: &Package) -> (String, String) {
    (package.ecosystem.clone(), package.source.clone())
}

fn decode<T: DeserializeOwned>(what: &'static str, text: Option<&str>) -> Result<Option<T>, StoreError> {
    text.map(|text| from_json(what, text)).transpose()
}

fn from_json<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|source| StoreError::Decode { what, source })
}

fn encode<T: Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|source| StoreError::Encode { what, source })
}
