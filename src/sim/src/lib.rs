//! A whole cluster in memory from a seed: real decisions, made-up hosts, virtual time.
//!
//! The scheduler's decisions are carried out by fake agents that start, fail and stop tasks after delays, so that hours of
//! a cluster's life take milliseconds and the same seed lives the same life. Every single decision is held against
//! [`gantry_scheduler::check`]; the first broken promise ends the simulation with [`Broken`].
//!
//! - [`Simulation`]: the cluster and its clock.
//! - [`script::run`]: a text of commands, answered by a transcript.
//! - [`storm::live`]: a random life, for tests over many seeds.

mod agent;
mod build;
mod chance;
mod cluster;
pub mod script;
pub mod storm;
#[cfg(test)]
mod tests;

pub use agent::Behaviour;
pub use build::{HostSpec, ServiceSpec};
pub use cluster::{Broken, Simulation};
