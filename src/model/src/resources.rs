//! What a host has and a task needs: cpu units, memory, ports.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// An amount of cpu and memory. 1,024 cpu units are one vCPU; memory is in MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resources {
    pub cpu: u32,
    pub memory_mib: u32,
}

impl Resources {
    /// Whether `need` fits into this amount.
    #[must_use]
    pub fn fits(self, need: Self) -> bool {
        need.cpu <= self.cpu && need.memory_mib <= self.memory_mib
    }

    /// This amount and `other` together; saturating.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { cpu: self.cpu.saturating_add(other.cpu), memory_mib: self.memory_mib.saturating_add(other.memory_mib) }
    }

    /// This amount less `other`, never below zero.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self { cpu: self.cpu.saturating_sub(other.cpu), memory_mib: self.memory_mib.saturating_sub(other.memory_mib) }
    }
}

/// What a task reserves on the host that it is placed on (ECS developer guide, "Task placement").
///
/// Ports are the *fixed* host ports alone; the engine chooses dynamic ones when the task starts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Requirements {
    #[serde(flatten)]
    pub resources: Resources,
    pub tcp_ports: BTreeSet<u16>,
    pub udp_ports: BTreeSet<u16>,
    /// GPUs asked for by `resourceRequirements`.
    pub gpus: u32,
    /// Attribute names that the instance must carry, whatever their value.
    pub attributes: BTreeSet<String>,
}
