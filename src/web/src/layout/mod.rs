//! The frame of every page behind the sign-in: beam on top, leg on the left, bar at the bottom of phones.

pub mod breadcrumbs;
pub mod frame;
pub mod keys;
pub mod live_dot;
pub mod palette;
pub mod sidenav;
pub mod topbar;

pub use breadcrumbs::{Crumb, crumbs};
pub use frame::Frame;
pub use live_dot::LiveDot;
pub use topbar::ThemeToggle;
