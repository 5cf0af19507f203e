//! Scans of images for known vulnerabilities.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::time::UnixMillis;

/// How far a scan is (`ScanStatus` of the ECR API).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ScanStatus {
    InProgress,
    Complete,
    Failed,
    /// Nothing in it says what is installed.
    UnsupportedImage,
    /// There is no database to hold it against.
    FindingsUnavailable,
}

impl ScanStatus {
    /// The status as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Complete => "COMPLETE",
            Self::Failed => "FAILED",
            Self::UnsupportedImage => "UNSUPPORTED_IMAGE",
            Self::FindingsUnavailable => "FINDINGS_UNAVAILABLE",
        }
    }
}

/// The last scan of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageScan {
    pub status: ScanStatus,
    /// Why it is so, as a sentence.
    pub description: Option<String>,
    pub requested_at: UnixMillis,
    pub completed_at: Option<UnixMillis>,
    /// When the database was loaded that the findings are by.
    pub database_at: Option<UnixMillis>,
    /// How many findings of each severity there are.
    pub severity_counts: BTreeMap<String, i32>,
}

impl ImageScan {
    /// A scan that somebody asked for.
    #[must_use]
    pub fn requested(at: UnixMillis) -> Self {
        Self {
            status: ScanStatus::InProgress,
            description: None,
            requested_at: at,
            completed_at: None,
            database_at: None,
            severity_counts: BTreeMap::new(),
        }
    }
}
