//! Services whose controller is not ECS: each of their task sets keeps its own number of tasks.
//!
//! A set is settled as if it were a service of its own whose only deployment has completed: the same rules keep its tasks
//! healthy, and nothing here moves tasks from one set to another, since that is what the controller is for (ECS API
//! reference, `TaskSet`).

use gantry_model::UnixMillis;
use gantry_model::service::{Deployment, RolloutState, Service, TaskSet, TaskSetStatus};
use gantry_model::task::Task;

use super::{Outcome, ServiceInput, lingers, reconcile};
use crate::message::Message;
use crate::state::ClusterState;

/// Decides what the task set number `index` of `input.service` does now; of the outcome's service only that set differs
/// from the input. A set that drains and has no task left is taken out.
///
/// `state` holds the hosts that may take the set's tasks, as for [`reconcile`].
pub fn reconcile_task_set(input: &ServiceInput<'_>, index: usize, state: &mut ClusterState) -> Outcome {
    let mut service = input.service.clone();
    let part = part(&service, &service.task_sets[index]);
    let set = &mut service.task_sets[index];
    let own: Vec<Task> = input.tasks.iter().filter(|t| t.deployment.as_ref() == Some(&set.id)).cloned().collect();
    let outcome = reconcile(&ServiceInput { service: &part, tasks: &own, ..*input }, state);
    take_back(set, &outcome.service, input.now);
    if set.status == TaskSetStatus::Draining && !own.iter().any(lingers) {
        service.task_sets.remove(index);
    }
    // Whether the service is steady is not for one set to say.
    let messages = outcome.messages.into_iter().filter(|m| *m != Message::SteadyState).collect();
    Outcome { service, messages, ..outcome }
}

/// `set` as a service of its own.
pub(super) fn part(service: &Service, set: &TaskSet) -> Service {
    let mut part = Service {
        desired_count: set.computed_desired_count(service.desired_count),
        task_definition: Some(set.task_definition.clone()),
        deployments: vec![Deployment {
            rollout_state: RolloutState::Completed,
            reached_running: true,
            ..Deployment::new(set.id.clone(), set.task_definition.clone(), set.workload.clone(), set.created_at)
        }],
        start_throttle: set.start_throttle,
        impediment: set.impediment.clone(),
        steady_since: set.steady_since,
        task_sets: Vec::new(),
        ..service.clone()
    };
    part.adopt(&set.workload);
    part
}

/// Writes what became of the part into its set.
pub(super) fn take_back(set: &mut TaskSet, part: &Service, now: UnixMillis) {
    if set.steady_since.is_some() != part.steady_since.is_some() {
        set.stability_at = now;
    }
    set.steady_since = part.steady_since;
    set.start_throttle = part.start_throttle;
    set.impediment.clone_from(&part.impediment);
}
