//! Log groups, their streams and the lines in them, and the patterns by which lines are sought.
//!
//! A group is a set of streams that are kept equally long; a stream is what one source wrote, such as a container. An
//! event is a line with the time at which it was written (CloudWatch Logs user guide, "Log groups and log streams").

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{LogGroupName, LogStreamName};
use crate::{Scope, UnixMillis};

pub mod pattern;

/// How long lines may be kept, in days (CloudWatch Logs API reference, PutRetentionPolicy).
pub const RETENTIONS: [i32; 23] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653, 4018];

/// A log group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogGroup {
    pub scope: Scope,
    pub name: LogGroupName,
    pub created_at: UnixMillis,
    /// One of [`RETENTIONS`]; for ever without.
    #[serde(default)]
    pub retention_days: Option<i32>,
    /// Whether the group must not be deleted.
    #[serde(default)]
    pub deletion_protection: bool,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

impl LogGroup {
    /// The time before which lines have been kept long enough; none when they are kept for ever.
    #[must_use]
    pub fn kept_since(&self, now: UnixMillis) -> Option<UnixMillis> {
        const DAY_S: i64 = 24 * 60 * 60;
        self.retention_days.map(|days| now.plus_seconds(-i64::from(days) * DAY_S))
    }
}

/// A log stream, and what is known of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogStream {
    pub name: LogStreamName,
    pub created_at: UnixMillis,
    /// The time of the oldest line that was ever written.
    pub first_event_at: Option<UnixMillis>,
    /// The time of the newest line.
    pub last_event_at: Option<UnixMillis>,
    /// When the last lines arrived.
    pub last_ingested_at: Option<UnixMillis>,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEvent {
    pub at: UnixMillis,
    pub message: String,
}
