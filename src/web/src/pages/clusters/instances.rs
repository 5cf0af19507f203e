//! A cluster's hosts.

use gantry_model::event::EventKind;
use leptos::prelude::*;

use super::frame::ClusterFrame;
use crate::api::instances::{InstanceSummary, list_instances};
use crate::components::{CapacityInline, Card, CommandLine, EmptyState, Fresh, StateWord, Table, panel};
use crate::live::refresh_on;
use crate::pages::param;

/// The tab.
#[component]
pub fn ClusterInstances() -> impl IntoView {
    let cluster = param("cluster");
    let hosts = Resource::new(move || cluster.get(), list_instances);
    let here = Signal::derive(move || Some(cluster.get()));
    refresh_on(&[EventKind::ContainerInstance, EventKind::Task], here, move || hosts.refetch());
    let fresh = Fresh::default();
    view! {
        <ClusterFrame section="instances" />
        {panel(hosts, "Hosts", move |hosts| list(&cluster.get(), hosts, fresh))}
    }
}

fn list(cluster: &str, hosts: Vec<InstanceSummary>, fresh: Fresh) -> AnyView {
    let command = format!("aws ecs list-container-instances --cluster {cluster}");
    let foot = view! { <CommandLine command /> }.into_any();
    if hosts.is_empty() {
        let text = "Fargate tasks run in this cluster without any. A host joins when an agent with this cluster's name registers it.";
        return view! { <Card title="Hosts" foot><EmptyState title="No hosts" text /></Card> }.into_any();
    }
    let note = hosts.len().to_string();
    let rows: Vec<_> = hosts.into_iter().map(|host| row(host, fresh)).collect();
    let columns = &["Host", "State", "Zone", "-Type", ">Tasks", "CPU reserved", "Memory reserved", "-Agent"];
    view! { <Card title="Hosts" note foot><Table label="Hosts" columns>{rows}</Table></Card> }.into_any()
}

fn row(host: InstanceSummary, fresh: Fresh) -> AnyView {
    let flash = fresh.of(&host.id, &host);
    let (state, word) = host.health();
    let (href, name) = (host.href(), host.name());
    let (cpu, memory) = (host.cpu_reserved(), host.memory_reserved());
    let none = || "–".to_owned();
    view! {
        <tr data-fresh=flash>
            <td><a class="object mono" href=href>{name}</a></td>
            <td data-label="State"><StateWord state word /></td>
            <td data-label="Zone">{host.availability_zone.unwrap_or_else(none)}</td>
            <td data-label="Type" data-low="">{host.instance_type.unwrap_or_else(none)}</td>
            <td class="end num" data-label="Tasks">{host.running + host.pending}</td>
            <td data-label="CPU reserved" data-span="3"><CapacityInline of=cpu label="CPU reserved" /></td>
            <td data-label="Memory reserved" data-span="3"><CapacityInline of=memory label="Memory reserved" /></td>
            <td data-label="Agent" data-low="">{host.agent_version}</td>
        </tr>
    }
    .into_any()
}
