//! Tasks: one, and running one.

mod containers;
mod life;
pub mod page;
pub mod run;

pub use page::TaskPage;
pub use run::RunTask;
