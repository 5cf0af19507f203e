//! Parameters: all of them, one, and a new one.

pub mod create;
pub mod list;
pub mod page;

pub use create::CreateParameter;
pub use list::Parameters;
pub use page::ParameterPage;

use crate::format::query_value;

/// The address of a parameter's page. Names have slashes, so they stand in the query.
#[must_use]
pub fn href(name: &str) -> String {
    format!("/parameters/parameter?name={}", query_value(name))
}
