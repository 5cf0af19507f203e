//! Why an operation or a loop's step did not happen.

use gantry_store::StoreError;
pub use gantry_store::chain;
use gantry_wire::ApiError;

/// What ends an operation early: an answer that the API models, or the store.
///
/// Operations return this, so that `?` takes both; the front turns it into the [`ApiError`] that it sends.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{0}")]
    Api(ApiError),
    #[error("the store failed")]
    Store(#[source] StoreError),
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Api(error) => error,
            Failure::Store(error) => Self::server(chain(&error)),
        }
    }
}
