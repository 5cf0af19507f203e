//! Decides where tasks go and what services do next. Pure: (state, now, seed) → decisions.
//!
//! There is no clock, no I/O, no async, no logging and no randomness here: time and seed are arguments, and the same
//! state gives the same answer in whatever order its parts are listed. The caller loads the state, calls one function
//! and writes what it answers in one transaction.
//!
//! - [`state::ClusterState`]: the hosts, what remains free of them, and which groups run where.
//! - [`place::place`]: chooses hosts for tasks by constraints and strategies, and reserves them.
//! - [`mod@explain`]: why a host cannot take a task, host by host.
//! - [`reconcile::reconcile`]: compares a service with its tasks and answers what to start and stop.
//! - [`capacity`]: which capacity provider the next task goes to.
//! - [`scaling`]: how many hosts the pool of a capacity provider should have.
//! - [`expression`]: the cluster query language.
//! - [`check`]: an independent checker of what the others answer; it shares no code with them.
//!
//! Source: ECS developer guide, "Amazon ECS task placement" and "Service scheduler concepts". Where AWS publishes no
//! rule, the module that needed one states the choice made here.

pub mod capacity;
pub mod check;
pub mod explain;
pub mod expression;
#[cfg(test)]
mod fixtures;
pub mod message;
pub mod place;
mod random;
pub mod reconcile;
pub mod scaling;
pub mod schedule;
pub mod state;

pub use explain::{WhyNot, explain};
pub use expression::{Expression, ParseError};
pub use message::Message;
pub use place::{DefaultStrategy, Failure, Placement, PlacementRequest, Reason, closest, place};
pub use reconcile::{
    Definition, Outcome, ServiceInput, Start, Stop, breaker_threshold, note_health, note_running, note_stopped,
    reconcile, reconcile_task_set, start_deployment, stop_and_roll_back, stop_deployment,
};
pub use state::{ClusterState, Remaining};
