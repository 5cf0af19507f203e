//! The AWS protocols, without state: shapes, constraints, errors, JSON 1.1, Query, signatures, paging, and the frames
//! of the ECS agent.
//!
//! Only this crate knows what AWS requests and answers look like as bytes. It does no I/O and reads no clock.
//!
//! - [`shapes`]: the structures of ECS, ECR and STS; [`schema`]: the tables about them; [`mod@validate`]: the one
//!   validator;
//! - [`ApiError`]: every answer that is not a success;
//! - [`json`], [`query`]: requests and answers of the two protocols; [`paginate`]: pages and their tokens;
//! - [`sigv4`]: signatures, checked and made;
//! - [`event_bridge`]: events for others;
//! - [`acs`], [`acs_task`], [`tcs`]: the frames between the control plane and an agent.

pub mod acs;
pub mod acs_task;
pub mod answer;
pub mod error;
pub mod event_bridge;
mod frame;
pub mod json;
pub mod paginate;
pub mod query;
pub mod schema;
pub mod shapes;
pub mod sigv4;
pub mod tcs;
pub mod validate;
pub mod value;

pub use answer::Stamp;
pub use error::ApiError;
pub use schema::{OperationModel, Service};
pub use validate::{Invalid, validate};
pub use value::{Blob, Timestamp};
