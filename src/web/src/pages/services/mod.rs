//! Services: one, and creating one.

mod actions;
pub mod create;
mod deployment;
mod logs;
pub mod page;
mod record;
mod scale;
mod staged;

pub use create::CreateService;
pub use page::ServicePage;
