//! The control plane: the operations of the API and the loops that make the world match what they wrote.
//!
//! One folder a service, one file an operation. A request goes one way: [`front`] (signature, decoding, validation) →
//! [`operations`] (which one) → the operation (load, decide by `gantry-model` and `gantry-scheduler`, write rows and
//! events in one transaction) → answer. A loop goes one way too: load, call a pure function, write, and let the events
//! wake whoever must act next.
//!
//! What it deliberately does not do: know SQL (`gantry-store`), know JSON member names (`gantry-wire`), decide where a
//! task goes (`gantry-scheduler`).

pub mod acm;
pub mod acs;
pub mod authorise;
pub mod bus;
pub mod context;
pub mod ecr;
pub mod ecs;
pub mod elasticloadbalancing;
pub mod error;
pub mod events;
pub mod front;
pub mod ids;
pub mod logs;
pub mod loops;
pub mod named_secrets;
pub mod operations;
pub mod proxies;
pub mod secret_rollout;
pub mod secretsmanager;
pub mod ssm;
pub mod sts;
pub mod webhooks;

pub use context::{Call, Clock, Control, ControlConfig};
pub use error::Failure;
