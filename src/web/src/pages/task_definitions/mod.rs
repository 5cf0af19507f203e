//! Task definitions: families, revisions, one revision, and the editor.

mod families;
mod register;
mod revision;
mod revisions;

pub use families::Families;
pub use register::Register;
pub use revision::RevisionPage;
pub use revisions::Revisions;
