//! Schedules: all of them, one, and a new one.

pub mod create;
pub mod list;
pub mod page;

pub use create::CreateSchedule;
pub use list::Schedules;
pub use page::SchedulePage;

use crate::format::query_value;

/// The address of a schedule's page.
#[must_use]
pub fn href(name: &str) -> String {
    format!("/schedules/{}", query_value(name))
}
