//! What of the host is promised to which task.
//!
//! The control plane frees a task's share when it orders the stop, and may place a successor at once; here the share is
//! free only when the containers have really stopped. So a task that does not fit yet waits, first come first served,
//! and one behind it that fits may go ahead: all that the control plane placed fits together, so nobody starves.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use gantry_model::resources::{Requirements, Resources};

/// The shares of one host. Tasks go by their ARN.
#[derive(Debug)]
pub struct Host {
    total: Resources,
    held: BTreeMap<String, Requirements>,
    waiting: VecDeque<(String, Requirements)>,
}

impl Host {
    /// A host with `total` to give.
    #[must_use]
    pub fn new(total: Resources) -> Self {
        Self { total, held: BTreeMap::new(), waiting: VecDeque::new() }
    }

    /// Puts a task at the end of the queue. A task that holds a share or waits already stays where it is.
    pub fn wait(&mut self, task: &str, need: Requirements) {
        if !self.held.contains_key(task) && !self.waiting.iter().any(|(t, _)| t == task) {
            self.waiting.push_back((task.to_owned(), need));
        }
    }

    /// Gives a task its share without asking whether there is room: its containers exist already.
    pub fn hold(&mut self, task: &str, need: Requirements) {
        self.waiting.retain(|(t, _)| t != task);
        self.held.insert(task.to_owned(), need);
    }

    /// Takes a task's share back, or takes it out of the queue.
    pub fn release(&mut self, task: &str) {
        self.held.remove(task);
        self.waiting.retain(|(t, _)| t != task);
    }

    /// Gives shares to the waiting tasks that fit now, and answers which.
    pub fn admit(&mut self) -> Vec<String> {
        let mut admitted = Vec::new();
        for (task, need) in std::mem::take(&mut self.waiting) {
            if self.has_room(&need) {
                self.held.insert(task.clone(), need);
                admitted.push(task);
            } else {
                self.waiting.push_back((task, need));
            }
        }
        admitted
    }

    /// Whether `need` is free. One that is larger than the whole host would wait for ever, so it is let through when
    /// nothing else is held and the engine may judge.
    fn has_room(&self, need: &Requirements) -> bool {
        let used = self.held.values().fold(Resources::default(), |sum, n| sum.plus(n.resources));
        let ports_free = |wanted: &BTreeSet<u16>, ports: fn(&Requirements) -> &BTreeSet<u16>| {
            self.held.values().all(|n| ports(n).is_disjoint(wanted))
        };
        let fits = used.plus(need.resources);
        (self.total.fits(fits) || self.held.is_empty())
            && ports_free(&need.tcp_ports, |n| &n.tcp_ports)
            && ports_free(&need.udp_ports, |n| &n.udp_ports)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(cpu: u32, memory_mib: u32, ports: &[u16]) -> Requirements {
        Requirements {
            resources: Resources { cpu, memory_mib },
            tcp_ports: ports.iter().copied().collect(),
            ..Requirements::default()
        }
    }

    fn host() -> Host {
        Host::new(Resources { cpu: 1024, memory_mib: 1000 })
    }

    #[test]
    fn a_task_waits_until_the_share_it_needs_is_released() {
        let mut host = host();
        host.wait("old", need(0, 800, &[]));
        assert_eq!(host.admit(), ["old"]);
        host.wait("new", need(0, 800, &[]));
        assert!(host.admit().is_empty());
        host.release("old");
        assert_eq!(host.admit(), ["new"]);
    }

    #[test]
    fn a_task_that_fits_goes_ahead_of_one_that_does_not() {
        let mut host = host();
        host.wait("held", need(0, 800, &[]));
        host.admit();
        host.wait("large", need(0, 500, &[]));
        host.wait("small", need(0, 64, &[]));
        assert_eq!(host.admit(), ["small"]);
    }

    #[test]
    fn the_first_to_come_is_the_first_served() {
        let mut host = host();
        for task in ["a", "b", "c"] {
            host.wait(task, need(512, 100, &[]));
        }
        assert_eq!(host.admit(), ["a", "b"]);
        host.release("b");
        assert_eq!(host.admit(), ["c"]);
    }

    #[test]
    fn a_fixed_port_is_held_by_one_task_at_a_time() {
        let mut host = host();
        host.wait("a", need(0, 1, &[80]));
        host.wait("b", need(0, 1, &[80, 81]));
        host.wait("c", need(0, 1, &[81]));
        assert_eq!(host.admit(), ["a", "c"]);
        host.release("a");
        assert!(host.admit().is_empty());
        host.release("c");
        assert_eq!(host.admit(), ["b"]);
    }

    #[test]
    fn a_task_larger_than_the_host_is_left_to_the_engine_once_the_host_is_empty() {
        let mut host = host();
        host.wait("a", need(0, 1, &[]));
        host.admit();
        host.wait("huge", need(0, 5000, &[]));
        assert!(host.admit().is_empty());
        host.release("a");
        assert_eq!(host.admit(), ["huge"]);
    }
}
