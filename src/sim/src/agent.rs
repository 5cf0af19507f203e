//! What a fake agent does with a task: how long it takes, and how it goes wrong.
//!
//! Like ECS's agent it lets a task wait at PENDING until its host really has room, since the control plane gives a
//! stopping task's room away at once.

use gantry_model::resources::{Requirements, Resources};
use gantry_model::task::HealthStatus;

/// How the tasks of a definition behave. Times are in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behaviour {
    /// From being let in to RUNNING, or to failing before it.
    pub start_ms: i64,
    /// From being told to stop to STOPPED.
    pub stop_ms: i64,
    /// Up to this much is added to each start and stop, by the seed.
    pub jitter_ms: u32,
    /// Whether it stops instead of becoming RUNNING.
    pub fails: bool,
    /// How long after RUNNING it ends by itself.
    pub exits_after_ms: Option<i64>,
    /// How long after RUNNING its health check speaks, and what it says; without one there is no check.
    pub health: Option<(i64, HealthStatus)>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self { start_ms: 500, stop_ms: 200, jitter_ms: 0, fails: false, exits_after_ms: None, health: None }
    }
}

/// What the containers on a host really take up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Occupied {
    resources: Resources,
    gpus: u32,
    tcp: Vec<u16>,
    udp: Vec<u16>,
}

impl Occupied {
    /// Whether a task with `requirements` can start beside what is there on a host of `registered`.
    pub(crate) fn has_room(&self, registered: Resources, gpus: u32, requirements: &Requirements) -> bool {
        registered.fits(self.resources.plus(requirements.resources))
            && self.gpus + requirements.gpus <= gpus
            && !requirements.tcp_ports.iter().any(|port| self.tcp.contains(port))
            && !requirements.udp_ports.iter().any(|port| self.udp.contains(port))
    }

    pub(crate) fn add(&mut self, requirements: &Requirements) {
        self.resources = self.resources.plus(requirements.resources);
        self.gpus += requirements.gpus;
        self.tcp.extend(&requirements.tcp_ports);
        self.udp.extend(&requirements.udp_ports);
    }
}
