//! The registry: OCI Distribution 1.1 over HTTP, and the logic that the ECR operations share with it.
//!
//! [`Registry`] holds the rows ([`gantry_store::Store`]) and the bytes ([`gantry_store::blob::BlobStore`]); [`router`]
//! serves it under `/v2/…`. What the ECR API needs is on [`Registry`] too, by file:
//! - `repository.rs`: [`Registry::create_repository`], [`Registry::repository`], [`Registry::repositories`],
//!   [`Registry::update_repository`], [`Registry::delete_repository`] with [`RepositoryError`];
//! - `push.rs`: [`Registry::put_manifest`] with [`PutManifest`], [`PutManifestError`];
//! - `image.rs`: [`Registry::image`], [`Registry::images`], [`Registry::manifest`], [`Registry::delete_image`] by
//!   [`ImageId`], with [`ImageError`];
//! - `layer.rs`: [`Registry::check_layers`], [`Registry::initiate_layer_upload`], [`Registry::upload_layer_part`],
//!   [`Registry::complete_layer_upload`], [`Registry::layer_download_path`] with [`LayerError`];
//! - `referrers.rs`: [`Registry::referrers`];
//! - `registry_settings.rs`: [`Registry::registry_settings`], [`Registry::create_by_template`];
//! - `pull_through.rs`: [`Registry::import`], repositories that are caches of another registry's;
//! - `replication.rs`: [`Registry::replications`], [`Registry::replicate_once`], [`Registry::start_backfill`], copies in
//!   other registries;
//! - `scan.rs`: [`Registry::start_scan`], [`Registry::scanned`], [`Registry::scan_once`]; `advisories.rs`:
//!   [`Registry::load_advisories`];
//! - `token.rs`: [`Tokens::issue`], the password of `docker login`;
//! - `lifecycle.rs`: [`Registry::due`], [`Registry::apply_lifecycle_policies`]; `in_use.rs`: which images are spared;
//! - `scrub.rs`: [`Registry::scrub_once`], which reads the blobs again and puts damaged ones aside;
//! - `collect.rs`: [`Registry::collect_once`], the online garbage collection, called by a loop.
//!
//! Invariants:
//! - a blob or manifest is acknowledged only when it is on disk; a blob is visible only when whole and verified, and only
//!   in the repositories that it was pushed to or mounted into;
//! - a manifest is kept and served byte for byte;
//! - bad input is answered with a 4xx that names what is wrong;
//! - collection takes nothing that a manifest names or a client was promised.
//!
//! What it deliberately does not do: know SQL, or parse AWS requests.

mod access;
mod advisories;
mod collect;
mod http;
mod image;
mod in_use;
mod kept;
mod layer;
mod lifecycle;
mod manifest;
mod pull_through;
mod push;
mod referrers;
mod registry;
mod registry_settings;
mod replication;
mod repository;
mod scan;
mod scrub;
mod token;
mod upload;
mod upstream;

pub use access::{Denied, authorise};
pub use advisories::AdvisoryError;
pub use collect::Collected;
pub use gantry_scanner::Finding;
pub use gantry_store::image::Reference;
pub use gantry_store::image::referrers::Referrer;
pub use gantry_store::upload::UploadId;
pub use http::router;
pub use image::{ImageError, ImageId, Origin, StoredManifest};
pub use layer::{Layer, LayerError, PART_SIZE};
pub use lifecycle::Due;
pub use manifest::ManifestError;
pub use pull_through::PullThroughError;
pub use push::{MAX_MANIFEST_BYTES, PutManifest, PutManifestError, PutManifestOutcome};
pub use registry::{Registry, Settings};
pub use replication::{BackfillError, BackfillResult, Replica, ReplicaConfig, ReplicaError};
pub use repository::{RepositoryError, RepositoryNotFound};
pub use scan::{ScanError, Scanned};
pub use scrub::Scrubbed;
pub use token::{IssuedToken, TokenError, Tokens};
pub use upload::UploadError;
pub use upstream::UpstreamError;
