//! The AWS protocols, without state: shapes, constraints, errors, JSON 1.1, Query, signatures, paging, and the frames of
//! the ECS agent.
//!
//! Only this crate knows what AWS requests and answers look like as bytes. It does no I/O and reads no clock.
//!
//! - [`shapes`]: the structures of ECS, ECR and STS; [`schema`]: the tables about them; [`validate`]: the one validator;
//! - [`ApiError`]: every answer that is not a success.

pub mod error;
pub mod schema;
pub mod shapes;
pub mod validate;
pub mod value;

pub use error::ApiError;
pub use schema::{OperationModel, Service};
pub use validate::{Invalid, validate};
pub use value::{Blob, Timestamp};
