//! What pages are built from. Components own looks: values in, events out; no server functions and no routing.
//!
//! A component's style is the block class of its name (`StatePill` is `.state-pill`), in `style/components/`.

pub mod capacity;
pub mod code;
pub mod days;
pub mod dialog;
pub mod diff;
pub mod empty;
pub mod events;
pub mod facts;
pub mod field;
pub mod icon;
pub mod log_lines;
pub mod message;
pub mod page;
pub mod panel;
pub mod scale;
pub mod severity;
pub mod stack;
pub mod state;
pub mod steps;
pub mod table;
pub mod tabs;
pub mod task_table;

pub use capacity::{Capacity, CapacityBar, CapacityInline};
pub use code::{CodeBlock, CommandLine, CopyButton};
pub use days::Days;
pub use dialog::{ConfirmDialog, DialogButton, done};
pub use diff::{Change, ChangeKind, DiffView};
pub use empty::{EmptyState, LoadingCard};
pub use events::{EventFeed, EventLine};
pub use facts::{Fact, Facts};
pub use field::{Field, FieldError, SelectField, TextArea, emptied, error_of, saved};
pub use icon::{BrandMark, Icon, IconMark, Shape};
pub use message::{Banner, ErrorPanel, Toast};
pub use page::{Card, PageHead, PageTitle};
pub use panel::{not_here, page, panel};
pub use scale::{ScaleFigure, ScaleFigures};
pub use severity::SeverityBar;
pub use stack::{Stack, StateCounts};
pub use state::{StatePill, StateWord};
pub use steps::{DeployBar, Step, StepMark, Steps};
pub use table::{Fresh, Table};
pub use tabs::{Tab, Tabs};
pub use task_table::TaskTable;
