//! Where managed scaling keeps what it knows of a pool.

use gantry_model::capacity_provider::PoolScaling;
use gantry_model::{ClusterName, Scope};
use gantry_store::{Conn, Tx};
use gantry_wire::ApiError;

use crate::error::Failure;

/// The pool that a capacity provider has in a cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PoolKey {
    pub scope: Scope,
    pub cluster: ClusterName,
    pub provider: String,
}

impl PoolKey {
    fn name(&self) -> String {
        let Self { scope, cluster, provider } = self;
        format!("pool/{}/{}/{cluster}/{provider}", scope.account.as_str(), scope.region.as_str())
    }
}

/// What is known of the pool; nothing at first.
///
/// # Errors
/// The store's; ServerException when what is stored does not read.
pub async fn get(conn: &mut Conn, key: &PoolKey) -> Result<PoolScaling, Failure> {
    let Some(text) = gantry_store::kv::get(conn, &key.name()).await? else { return Ok(PoolScaling::default()) };
    let read = serde_json::from_str(&text);
    Ok(read.map_err(|e| ApiError::server(format!("what is known of the pool {} does not read: {e}", key.provider)))?)
}

/// Writes what is known of the pool.
///
/// # Errors
/// The store's.
pub async fn put(tx: &mut Tx, key: &PoolKey, state: &PoolScaling) -> Result<(), Failure> {
    let text = serde_json::to_string(state)
        .map_err(|e| ApiError::server(format!("what is known of the pool {} does not encode: {e}", key.provider)))?;
    Ok(gantry_store::kv::put(tx, &key.name(), &text).await?)
}

/// Forgets the pool: the cluster does not have the provider any more.
///
/// # Errors
/// The store's.
pub async fn forget(tx: &mut Tx, key: &PoolKey) -> Result<(), Failure> {
    Ok(gantry_store::kv::delete(tx, &key.name()).await?)
}
