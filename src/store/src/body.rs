//! Nouns to and from the JSON `body` column of their row.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;

/// The noun as its row keeps it.
pub(crate) fn encode<T: Serialize>(what: &'static str, noun: &T) -> Result<String, StoreError> {
    serde_json::to_string(noun).map_err(|source| StoreError::Encode { what, source })
}

/// The noun that a row keeps.
pub(crate) fn decode<T: DeserializeOwned>(what: &'static str, body: &str) -> Result<T, StoreError> {
    serde_json::from_str(body).map_err(|source| StoreError::Decode { what, source })
}

/// The noun of a row that may be missing.
pub(crate) fn decode_optional<T: DeserializeOwned>(
    what: &'static str,
    body: Option<String>,
) -> Result<Option<T>, StoreError> {
    body.map(|body| decode(what, &body)).transpose()
}

/// The nouns of all rows, in their order.
pub(crate) fn decode_all<T: DeserializeOwned>(what: &'static str, bodies: &[String]) -> Result<Vec<T>, StoreError> {
    bodies.iter().map(|body| decode(what, body)).collect()
}
