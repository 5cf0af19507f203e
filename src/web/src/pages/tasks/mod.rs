//! Tasks: one, and running one.

mod containers;
mod life;
mod logs;
pub mod page;
pub mod run;

pub use page::TaskPage;
pub use run::RunTask;
