//! Secrets: all of them, one, and a new one.

pub mod create;
pub mod list;
pub mod page;
pub(crate) mod used_by;

pub use create::CreateSecret;
pub use list::Secrets;
pub use page::SecretPage;

use crate::format::query_value;

/// The address of a secret's page. Names have slashes, so they stand in the query.
#[must_use]
pub fn href(name: &str) -> String {
    format!("/secrets/secret?name={}", query_value(name))
}
