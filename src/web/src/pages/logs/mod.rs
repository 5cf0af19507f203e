//! Logs: the groups, and the lines of one.

pub mod groups;
pub mod lines;

pub use groups::LogGroups;
pub use lines::{LogGroupPage, href};
