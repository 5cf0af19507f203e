//! Load balancers: all of them, one, and a new one.

pub mod create;
pub mod list;
pub mod page;

pub use create::CreateLoadBalancer;
pub use list::LoadBalancers;
pub use page::LoadBalancerPage;

use crate::api::load_balancers::{LoadBalancerSummary, TargetGroupSummary};
use crate::format::query_value;
use crate::state::State;

/// The address of a load balancer's page.
#[must_use]
pub fn href(name: &str) -> String {
    format!("/load-balancers/{}", query_value(name))
}

/// How a load balancer stands.
fn state_of(balancer: &LoadBalancerSummary) -> (State, &'static str) {
    if balancer.impaired.is_some() {
        return (State::Failed, "Impaired");
    }
    let groups = &balancer.groups;
    let one_is_down = groups.iter().any(|group| !group.targets.is_empty() && group.healthy() == 0);
    let all_are_empty = !groups.is_empty() && groups.iter().all(|group| group.targets.is_empty());
    if one_is_down || all_are_empty { (State::Pending, "No healthy target") } else { (State::Running, "Active") }
}

/// How a group stands.
fn health_of(group: &TargetGroupSummary) -> (State, String) {
    let (healthy, all) = (group.healthy(), group.targets.len());
    let state = match (healthy, all) {
        (_, 0) => State::Stopped,
        (0, _) => State::Failed,
        (healthy, all) if healthy < all => State::Pending,
        _ => State::Running,
    };
    (state, if all == 0 { "no targets".to_owned() } else { format!("{healthy} of {all} healthy") })
}
