//! The rows of the control plane and the registry, the event log, and the blobs.
//!
//! Two doors lead to the rows. [`Store::read`] gives a snapshot that nobody's write disturbs. [`Store::write`] gives a
//! closure to the one writer task (`writer.rs`), which gathers whatever is waiting into one durable transaction, answers
//! after the commit, and then publishes the events that were appended with the rows. So what was acknowledged is on
//! disk, and whoever follows [`Store::subscribe`] sees every change once, in order.
//!
//! Beside them one module a noun holds its queries, all functions over a [`Conn`] (reads) or a [`Tx`] (writes, which are
//! also reads). One query text is meant to serve SQLite and PostgreSQL; `migrations/` has a folder for each.
//!
//! What it deliberately does not do: decide anything. Only this crate knows SQL.

pub mod access_key;
pub mod advisory;
pub mod backup;
pub mod blob;
pub mod board;
mod body;
pub mod capacity_provider;
pub mod certificate;
pub mod client_token;
pub mod cluster;
pub mod container_instance;
pub mod crypto;
mod error;
pub mod event;
pub mod image;
pub mod image_scan;
pub mod join_token;
pub mod kv;
pub mod load_balancer;
pub mod log_chunk;
pub mod log_group;
pub mod log_stream;
mod migrate;
pub mod notification;
pub mod parameter;
pub mod registry_settings;
pub mod replication;
pub mod replication_backfill;
pub mod repository;
pub mod rule;
pub mod secret;
pub mod service;
pub mod service_deployment;
pub mod service_health;
pub mod session;
pub mod sign_in_token;
mod store;
pub mod target_group;
pub mod task;
pub mod task_definition;
pub mod upload;
pub mod vault;
mod writer;

pub use error::{StoreError, chain};
pub use futures_util::future::BoxFuture;
pub use store::{Clock, Reader, Store};
pub use writer::Tx;

/// A connection that queries run on.
pub type Conn = sqlx::SqliteConnection;
