//! The capacity providers of a cluster: whose hosts they are, how they grow, and what share of the tasks they get.

use gantry_model::capacity_provider::is_fargate;
use leptos::prelude::*;

use crate::api::pools::PoolSummary;
use crate::components::{Card, CommandLine, Table};

/// The card; none for a cluster without any.
pub(super) fn pools(cluster: &str, pools: &[PoolSummary]) -> Option<AnyView> {
    if pools.is_empty() {
        return None;
    }
    let names: Vec<&str> = pools.iter().map(|pool| pool.name.as_str()).collect();
    let command = format!("aws ecs describe-capacity-providers --capacity-providers {}", names.join(" "));
    let foot = view! { <CommandLine command /> }.into_any();
    let rows: Vec<_> = pools.iter().map(row).collect();
    let columns = &["Provider", ">Hosts", "Managed scaling", "Default share", "-Group"];
    let label = format!("Capacity providers of {cluster}");
    Some(view! { <Card title="Capacity providers" foot><Table label columns>{rows}</Table></Card> }.into_any())
}

fn row(pool: &PoolSummary) -> AnyView {
    let is_fargate = is_fargate(&pool.name);
    let scaling = match &pool.scaling {
        None if is_fargate => "Hosts that serve Fargate".to_owned(),
        None => "Off: tasks without room are refused".to_owned(),
        Some(scaling) => {
            let steps = format!("{} to {} at a time", scaling.least_step, scaling.greatest_step);
            format!("{} % in use, {steps}", scaling.target)
        }
    };
    let share = match pool.share {
        None => "–".to_owned(),
        Some((0, weight)) => format!("weight {weight}"),
        Some((base, weight)) => format!("first {base}, then weight {weight}"),
    };
    // Their hosts may be registered in another cluster.
    let hosts = if is_fargate { "–".to_owned() } else { pool.hosts.to_string() };
    let group = if pool.group.is_empty() { "–".to_owned() } else { pool.group.clone() };
    view! {
        <tr>
            <td class="mono">{pool.name.clone()}</td>
            <td class="end num value" data-label="Hosts">{hosts}</td>
            <td data-label="Managed scaling">{scaling}</td>
            <td data-label="Default share">{share}</td>
            <td class="mono fill" data-label="Group" data-low="" data-wide="">{group}</td>
        </tr>
    }
    .into_any()
}
