//! Task definitions: families, revisions, one revision, and the editor.

pub mod families;
pub mod fits;
mod form;
pub mod register;
pub mod revision;
pub mod revisions;

pub use families::Families;
pub use register::Register;
pub use revision::RevisionPage;
pub use revisions::Revisions;
