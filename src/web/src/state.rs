//! The six states that the dashboard draws, and how the API's statuses map to them.

use serde::{Deserialize, Serialize};

/// A state as shape, word and colour; style sheets know it as `data-state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum State {
    Running,
    Pending,
    Draining,
    Failed,
    Stopped,
    Unknown,
}

impl State {
    /// The value of the `data-state` attribute.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Pending => "pending",
            Self::Draining => "draining",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Unknown => "unknown",
        }
    }

    /// How far up a list the state stands that shows trouble first; 0 is the top.
    #[must_use]
    pub const fn urgency(self) -> u8 {
        match self {
            Self::Failed => 0,
            Self::Unknown => 1,
            Self::Pending => 2,
            Self::Draining => 3,
            Self::Running | Self::Stopped => 4,
        }
    }

    /// The state of a task by its `lastStatus`; `failed` when it stopped and its exit or stop code says so.
    #[must_use]
    pub fn of_task(last_status: &str, failed: bool) -> Self {
        match last_status {
            "RUNNING" => Self::Running,
            "PROVISIONING" | "PENDING" | "ACTIVATING" => Self::Pending,
            "DEACTIVATING" | "STOPPING" | "DEPROVISIONING" => Self::Draining,
            "STOPPED" if failed => Self::Failed,
            "STOPPED" | "DELETED" => Self::Stopped,
            _ => Self::Unknown,
        }
    }

    /// The state of a container instance.
    #[must_use]
    pub fn of_instance(status: &str, agent_connected: bool) -> Self {
        match (status, agent_connected) {
            ("ACTIVE", false) => Self::Unknown,
            ("ACTIVE", true) => Self::Running,
            ("DRAINING", _) => Self::Draining,
            ("REGISTERING", _) => Self::Pending,
            ("REGISTRATION_FAILED", _) => Self::Failed,
            ("INACTIVE" | "DEREGISTERING", _) => Self::Stopped,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_drawn_by_its_last_status() {
        for (status, failed, state) in [
            ("PROVISIONING", false, State::Pending),
            ("RUNNING", false, State::Running),
            ("STOPPING", false, State::Draining),
            ("STOPPED", false, State::Stopped),
            ("STOPPED", true, State::Failed),
            ("SOMETHING_NEW", false, State::Unknown),
        ] {
            assert_eq!(State::of_task(status, failed), state, "{status}");
        }
    }

    #[test]
    fn an_instance_whose_agent_is_silent_is_unknown() {
        assert_eq!(State::of_instance("ACTIVE", false), State::Unknown);
        assert_eq!(State::of_instance("DRAINING", false), State::Draining);
    }
}
