//! Taking a task up again: after the agent was away, or after events of the engine may have been missed.
//!
//! The engine is right about what exists and runs; the state is right about what was wanted. Nothing that runs is
//! started again or touched, and what ended meanwhile is reported as if it had just been seen.

use gantry_model::UnixMillis;

use super::{Action, Container, Event, Network, Phase, Task};

/// What the engine says of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// There is none.
    Missing,
    /// It was created and has never run.
    Created {
        docker_id: String,
    },
    Running {
        docker_id: String,
        network: Network,
    },
    Exited {
        docker_id: String,
        exit_code: Option<i64>,
        out_of_memory: bool,
    },
}

const VANISHED: &str = "ContainerVanishedError: Container was removed outside of the agent";

impl Task {
    /// Takes the task up after a restart of the agent. `found` answers what the engine has for each container.
    pub fn resume(&mut self, found: impl Fn(usize, &Container) -> Found, now: UnixMillis) -> Vec<Action> {
        let mut actions = Vec::new();
        for container in 0..self.containers.len() {
            let state = &mut self.containers[container];
            let found = found(container, state);
            state.phase = match state.phase {
                // Nothing is under way any more; what was will be asked for again.
                Phase::Pulling => Phase::New,
                Phase::Creating => Phase::Pulled,
                Phase::Starting if state.started_at.is_some() => Phase::Running,
                Phase::Starting => Phase::Created,
                Phase::Stopping => Phase::Running,
                other => other,
            };
            self.take_up(container, found, now, &mut actions);
        }
        self.advance(now, &mut actions);
        actions
    }

    /// An answer to a question that was asked while the agent ran. What is under way answers for itself.
    pub(super) fn observed(
        &mut self,
        container: usize,
        restarts: u32,
        found: Found,
        now: UnixMillis,
        actions: &mut Vec<Action>,
    ) {
        let state = &self.containers[container];
        if state.restarts == restarts && matches!(state.phase, Phase::Created | Phase::Running) {
            self.take_up(container, found, now, actions);
        }
    }

    fn take_up(&mut self, container: usize, found: Found, now: UnixMillis, actions: &mut Vec<Action>) {
        let state = &mut self.containers[container];
        match (state.phase, found) {
            (Phase::Stopped, _) => {}
            (Phase::Running, Found::Running { docker_id, network }) => {
                state.docker_id = Some(docker_id);
                state.take_network(network);
            }
            (Phase::Created, Found::Missing) => {
                state.phase = Phase::Pulled;
                state.docker_id = None;
            }
            (Phase::Running, Found::Missing) => {
                let reason = (!self.stopping).then(|| VANISHED.to_owned());
                self.end(container, None, reason, now);
            }
            // What has not been created yet is not missed.
            (_, Found::Missing) => {}
            (_, Found::Created { docker_id }) => {
                state.phase = Phase::Created;
                state.docker_id = Some(docker_id);
            }
            (_, Found::Running { docker_id, network }) => {
                state.docker_id = Some(docker_id);
                state.take_network(network);
                state.phase = Phase::Running;
                state.mark_started(now);
                self.settle(now);
            }
            (_, Found::Exited { docker_id, exit_code, out_of_memory }) => {
                state.docker_id = Some(docker_id);
                if state.phase != Phase::Running {
                    state.phase = Phase::Running;
                    state.mark_started(now);
                    self.settle(now);
                }
                self.apply(Event::Died { container, exit_code, out_of_memory }, now, actions);
            }
        }
    }
}
