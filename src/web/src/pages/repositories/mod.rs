//! Repositories and their images.

pub mod create;
mod image;
pub mod lifecycle;
pub mod list;
pub mod page;
pub mod settings;

pub use create::CreateRepository;
pub use list::Repositories;
pub use page::RepositoryPage;
