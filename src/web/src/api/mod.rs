//! Server functions, one file an area: session → SDK client signed in → the public API → a view type of this crate.
//!
//! View types are small, serialise with serde, and carry what pages show and nothing else. The SDK's types stay on the
//! server. A server function's address is `/ui/api/` and its `endpoint`, which never changes with a build.

pub mod board_view;
pub mod boards;
pub mod cluster_events;
pub mod clusters;
pub mod fitting;
pub mod image_tags;
pub mod images;
pub mod instances;
pub mod lifecycle;
pub mod load_balancers;
pub mod logs;
#[cfg(feature = "ssr")]
pub(crate) mod network;
pub mod overview;
pub mod parameters;
pub mod pools;
pub mod repositories;
pub mod schedules;
pub mod search;
pub mod secrets;
pub mod service_list;
pub mod service_record;
pub mod services;
pub mod session;
pub mod staged;
pub mod task_definitions;
pub mod task_list;
pub mod tasks;
pub mod topology;

use serde::{Deserialize, Serialize};

/// The first part of a list that may be longer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Whether the list goes on after the last item.
    pub more: bool,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { items: Vec::new(), more: false }
    }
}

#[cfg(feature = "ssr")]
pub(crate) mod convert {
    //! From the SDK's values to the view's.

    /// A count of the API; a negative one cannot be and reads as none.
    pub(crate) fn count(n: i32) -> u32 {
        u32::try_from(n).unwrap_or(0)
    }

    /// A time in milliseconds since 1970.
    pub(crate) fn millis(at: Option<&aws_smithy_types::DateTime>) -> Option<i64> {
        at.and_then(|at| at.to_millis().ok())
    }

    /// The text, or nothing.
    pub(crate) fn text(value: Option<&str>) -> String {
        value.unwrap_or_default().to_owned()
    }
}
