//! What can go wrong between a noun and the disk, with what was being done in each variant.

use std::path::PathBuf;
use std::sync::Arc;

use gantry_model::InvalidName;

use crate::vault::VaultError;

/// A failure of the store. None of them leaves half a write behind.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database's file could not be created or protected.
    #[error("cannot prepare the database file {}", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// SQLite could not open the database.
    #[error("cannot open the database {}", path.display())]
    Open {
        path: PathBuf,
        #[source]
        source: sqlx::Error,
    },
    /// A setting that durability rests on did not take.
    #[error("the database's {pragma} is {found} and must be {expected}")]
    Pragma { pragma: &'static str, expected: &'static str, found: String },
    /// The database was written by a later release.
    #[error(
        "the database has schema {found}, this release knows up to {known}: start the release that wrote it, or a later one"
    )]
    SchemaTooNew { found: i64, known: i64 },
    /// A migration that was run is not the one that this release carries.
    #[error("migration {version} ({name}) was run in another form: the database belongs to a different build")]
    MigrationChanged { version: i64, name: String },
    /// A migration failed; the database is as it was before it.
    #[error("migration {version} ({name}) failed")]
    Migration {
        version: i64,
        name: &'static str,
        #[source]
        source: sqlx::Error,
    },
    /// A statement failed.
    #[error("cannot {what}")]
    Query {
        what: &'static str,
        #[source]
        source: sqlx::Error,
    },
    /// The transaction that carried the write could not be begun or committed, and was rolled back.
    #[error("cannot {what}: the write was rolled back")]
    Transaction {
        what: &'static str,
        #[source]
        source: Arc<sqlx::Error>,
    },
    /// A value cannot be sealed or opened: its key is not at hand, or it is not what was sealed.
    #[error("cannot {what}")]
    Vault {
        what: &'static str,
        #[source]
        source: VaultError,
    },
    /// A noun could not be put into its row.
    #[error("cannot write the {what} as JSON")]
    Encode {
        what: &'static str,
        #[source]
        source: serde_json::Error,
    },
    /// A row does not hold what this release reads.
    #[error("cannot read the stored {what}")]
    Decode {
        what: &'static str,
        #[source]
        source: serde_json::Error,
    },
    /// A stored name does not have the form of its kind.
    #[error("the stored {what} is malformed")]
    Malformed {
        what: &'static str,
        #[source]
        source: InvalidName,
    },
    /// What a row keeps in a form of its own is not in that form.
    #[error("the {what} {id} is damaged")]
    Damaged { what: &'static str, id: i64 },
    /// Somebody else wrote the thing since it was read: read it again.
    #[error("the {what} was changed by another writer since version {version} was read")]
    Conflict { what: String, version: i64 },
    /// The write panicked; it was rolled back, its neighbours were not.
    #[error("the write panicked and was rolled back")]
    Panicked,
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Wraps a failed statement, saying what it was to do: `.map_err(StoreError::query("read the cluster"))`.
    pub(crate) fn query(what: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self::Query { what, source }
    }

    /// Wraps a value that was not sealed or opened, saying what was to be done.
    pub(crate) fn vault(what: &'static str) -> impl FnOnce(VaultError) -> Self {
        move |source| Self::Vault { what, source }
    }

    /// Whether the write lost against another writer and may be tried again from a fresh read.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }
}

/// An error with all its causes, for the log.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
