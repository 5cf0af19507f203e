//! The loops: each compares what is desired with what is observed, and can be killed at any instruction and started
//! again. What they decide comes from pure functions; what they write is one transaction a service or task.

pub mod agents;
pub mod delivery;
pub mod health;
pub mod hooks;
pub mod housekeeping;
pub mod log_packing;
pub mod provisioning;
pub mod replication;
pub mod scaling;
pub mod scanning;
pub mod schedules;
pub mod services;
pub mod targets;

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::context::Control;

/// Starts every loop; they run until the set is dropped.
#[must_use]
pub fn start(control: &Arc<Control>) -> JoinSet<()> {
    let mut set = JoinSet::new();
    let bus = Arc::clone(control);
    set.spawn(async move { bus.bus.run(&bus.store).await });
    set.spawn(services::run(Arc::clone(control)));
    set.spawn(health::run(Arc::clone(control)));
    set.spawn(hooks::run(Arc::clone(control)));
    set.spawn(provisioning::run(Arc::clone(control)));
    set.spawn(scaling::run(Arc::clone(control)));
    set.spawn(replication::run(Arc::clone(control)));
    set.spawn(scanning::run(Arc::clone(control)));
    set.spawn(schedules::run(Arc::clone(control)));
    set.spawn(agents::run(Arc::clone(control)));
    set.spawn(targets::run(Arc::clone(control)));
    set.spawn(log_packing::run(Arc::clone(control)));
    set.spawn(housekeeping::run(Arc::clone(control)));
    if let Some(webhooks) = &control.config.event_webhooks {
        for url in &webhooks.urls {
            set.spawn(delivery::run(Arc::clone(control), url.clone(), webhooks.key.clone()));
        }
    }
    set
}
