//! What a cluster has and what is taken: by zone, and for each host.

use std::collections::BTreeMap;

use gantry_model::event::EventKind;
use leptos::prelude::*;

use super::frame::ClusterFrame;
use super::pools::pools;
use crate::api::instances::{InstanceSummary, list_instances, sum};
use crate::api::pools::list_pools;
use crate::components::{Capacity, CapacityBar, Card, EmptyState, Fresh, StateWord, Table, panel};
use crate::format::{count, cpu_units, mebibytes};
use crate::live::refresh_on;
use crate::pages::param;

/// The tab.
#[component]
pub fn ClusterCapacity() -> impl IntoView {
    let cluster = param("cluster");
    let hosts = Resource::new(move || cluster.get(), list_instances);
    let here = Signal::derive(move || Some(cluster.get()));
    refresh_on(&[EventKind::ContainerInstance, EventKind::Task], here, move || hosts.refetch());
    let providers = Resource::new(move || cluster.get(), list_pools);
    refresh_on(&[EventKind::CapacityProvider, EventKind::Cluster, EventKind::ContainerInstance], here, move || {
        providers.refetch();
    });
    let fresh = Fresh::default();
    view! {
        <ClusterFrame section="capacity" />
        {panel(hosts, "Capacity", move |hosts| {
            let zones = zones(&hosts);
            view! {
                <div class="column">
                    <Card title="By zone" note="reserved by tasks">{zones}</Card>
                    {free(hosts, fresh)}
                </div>
            }
        })}
        {panel(providers, "Capacity providers", move |found| pools(&cluster.get(), &found))}
    }
}

/// Each zone with the sums of its hosts.
pub(super) fn zones(hosts: &[InstanceSummary]) -> AnyView {
    if hosts.is_empty() {
        let text = "Fargate tasks run without any.";
        return view! { <EmptyState title="No hosts" text /> }.into_any();
    }
    let mut by_zone: BTreeMap<&str, Vec<&InstanceSummary>> = BTreeMap::new();
    for host in hosts {
        by_zone.entry(host.availability_zone.as_deref().unwrap_or("no zone")).or_default().push(host);
    }
    let zones: Vec<_> = by_zone.into_iter().map(|(zone, hosts)| summary(zone, &hosts)).collect();
    view! { <div class="zones-summary">{zones}</div> }.into_any()
}

fn summary(zone: &str, hosts: &[&InstanceSummary]) -> AnyView {
    let silent = hosts.iter().filter(|host| host.status == "ACTIVE" && !host.agent_connected).count();
    let draining = hosts.iter().filter(|host| host.status == "DRAINING").count();
    let mut note = vec![count(i64::try_from(hosts.len()).unwrap_or(0), "host")];
    note.extend((draining > 0).then(|| format!("{draining} draining")));
    note.extend((silent > 0).then(|| format!("{silent} silent")));
    let cpu = sum(hosts.iter().map(|host| host.cpu_reserved()));
    let memory = sum(hosts.iter().map(|host| host.memory_reserved()));
    let total = |of: fn(&InstanceSummary) -> (i64, i64)| {
        hosts.iter().map(|host| of(host)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1))
    };
    let (units, units_free) = total(|host| (host.cpu, host.cpu_free));
    let (mib, mib_free) = total(|host| (host.memory, host.memory_free));
    view! {
        <section class="zone-summary">
            <h3><span class="mono">{zone.to_owned()}</span><span class="muted">{note.join(", ")}</span></h3>
            {bar("CPU", cpu, format!("{} of {}", cpu_units(units - units_free), cpu_units(units)))}
            {bar("Memory", memory, format!("{} of {}", mebibytes(mib - mib_free), mebibytes(mib)))}
        </section>
    }
    .into_any()
}

fn bar(label: &'static str, of: Capacity, figure: String) -> AnyView {
    view! {
        <div class="capacity">
            <span class="capacity-label">{label}</span>
            <span class="capacity-value">{figure}</span>
            <CapacityBar of />
        </div>
    }
    .into_any()
}

/// What each host still has room for.
fn free(hosts: Vec<InstanceSummary>, fresh: Fresh) -> Option<AnyView> {
    if hosts.is_empty() {
        return None;
    }
    let rows: Vec<_> = hosts.into_iter().map(|host| row(&host, fresh)).collect();
    let columns = &["Host", "State", "Zone", ">Free CPU", ">of", ">Free memory", ">of", "-Ports taken"];
    Some(view! { <Card title="Still free"><Table label="Still free" columns>{rows}</Table></Card> }.into_any())
}

fn row(host: &InstanceSummary, fresh: Fresh) -> AnyView {
    let flash = fresh.of(&host.id, host);
    let (state, word) = host.health();
    let zone = host.availability_zone.clone().unwrap_or_else(|| "–".to_owned());
    let ports = if host.ports.is_empty() { "–".to_owned() } else { host.ports.join(", ") };
    view! {
        <tr data-fresh=flash>
            <td><a class="object mono" href=host.href()>{host.name()}</a></td>
            <td data-label="State"><StateWord state word /></td>
            <td data-label="Zone">{zone}</td>
            <td class="end num value" data-label="Free CPU">{cpu_units(host.cpu_free)}</td>
            <td class="end num muted" data-label="CPU">{cpu_units(host.cpu)}</td>
            <td class="end num value" data-label="Free memory">{mebibytes(host.memory_free)}</td>
            <td class="end num muted" data-label="Memory">{mebibytes(host.memory)}</td>
            <td class="mono fill" data-label="Ports taken" data-low="" data-wide="">{ports}</td>
        </tr>
    }
    .into_any()
}
