//! The registry as its clients see it: requests to the router in process, the operations that the ECR API calls, and
//! the collector beside both.

#![expect(clippy::unwrap_used, reason = "what cannot be prepared fails the test")]

mod access;
mod archive;
mod blobs;
mod collection;
mod create_on_push;
mod ecr;
mod fixture;
mod lists;
mod manifests;
mod pull_through;
mod replication;
mod sbom;
mod scrub;
mod uploads;
