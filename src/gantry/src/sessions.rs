//! The dashboard's sessions, as rows. The database keeps only a hash of a session's id.

use std::fmt;

use async_trait::async_trait;
use gantry_model::UnixMillis;
use gantry_store::{Store, StoreError, session};
use sha2::{Digest as _, Sha256};
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result, SessionStore};

/// Sessions in the store.
#[derive(Clone)]
pub(crate) struct StoredSessions(pub(crate) Store);

impl fmt::Debug for StoredSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredSessions")
    }
}

fn hash(id: &Id) -> String {
    hex::encode(Sha256::digest(id.to_string().as_bytes()))
}

fn backend(error: &StoreError) -> Error {
    Error::Backend(gantry_control::error::chain(error))
}

fn expiry(record: &Record) -> UnixMillis {
    UnixMillis(record.expiry_date.unix_timestamp().saturating_mul(1000))
}

#[async_trait]
impl SessionStore for StoredSessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        // 128 random bits: an id that is taken already does not come up.
        self.save(record).await
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let data = serde_json::to_vec(&record).map_err(|e| Error::Encode(e.to_string()))?;
        let (hash, expires) = (hash(&record.id), expiry(record));
        self.0
            .write(move |tx| Box::pin(async move { session::save(tx, &hash, &data, expires).await }))
            .await
            .map_err(|error| backend(&error))
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let now = UnixMillis(time::OffsetDateTime::now_utc().unix_timestamp().saturating_mul(1000));
        let mut reader = self.0.read().await.map_err(|error| backend(&error))?;
        let row = session::load(&mut reader, &hash(id), now).await.map_err(|error| backend(&error))?;
        row.map(|row| serde_json::from_slice(&row.data).map_err(|e| Error::Decode(e.to_string()))).transpose()
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let hash = hash(id);
        self.0
            .write(move |tx| Box::pin(async move { session::delete(tx, &hash).await }))
            .await
            .map_err(|error| backend(&error))
    }
}
