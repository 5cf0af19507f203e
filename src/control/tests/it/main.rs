//! The API's operations, through the front and on a real store: successes and every refusal that the API models.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod account_settings;
mod agent;
mod attributes;
mod capacity_providers;
mod clusters;
mod container_instances;
mod events;
mod front;
mod health;
mod load_balancers;
mod logs;
mod managed_scaling;
mod parameters;
mod protection;
mod registry_walk;
mod rules;
mod secrets;
mod service_history;
mod services;
mod staged_deployments;
mod tags;
mod task_definitions;
mod task_sets;
mod tasks;
mod wire_snapshots;

use gantry_testkit::Refusal;
use serde_json::Value;

/// The code of a refusal.
fn code(result: Result<Value, Refusal>) -> String {
    match result {
        Ok(answer) => panic!("not refused: {answer}"),
        Err((code, _)) => code,
    }
}

/// Code and message of a refusal.
fn refusal(result: Result<Value, Refusal>) -> (String, String) {
    result.expect_err("a refusal")
}

/// A refusal as tests write it.
fn refused(code: &str, message: &str) -> (String, String) {
    (code.to_owned(), message.to_owned())
}
