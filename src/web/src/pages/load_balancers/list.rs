//! All load balancers.

use gantry_model::event::EventKind;
use leptos::prelude::*;

use super::{health_of, state_of};
use crate::api::load_balancers::{LoadBalancerSummary, list_load_balancers};
use crate::components::{Card, CommandLine, EmptyState, Icon, IconMark, PageHead, PageTitle, StateWord, Table, panel};
use crate::live::refresh_on;

/// The page.
#[component]
pub fn LoadBalancers() -> impl IntoView {
    let balancers = Resource::new(|| (), |()| list_load_balancers());
    refresh_on(&[EventKind::LoadBalancer, EventKind::TargetGroup], Signal::stored(None), move || balancers.refetch());
    let create = view! {
        <a class="button" data-kind="primary" href="/create-load-balancer">
            <IconMark icon=Icon::Plus />"Create load balancer"
        </a>
    };
    view! {
        <PageTitle text="Load balancers" />
        <PageHead heading="Load balancers" actions=create.into_any() />
        {panel(balancers, "Load balancers", shown)}
    }
}

fn shown(balancers: Vec<LoadBalancerSummary>) -> AnyView {
    let foot = view! { <CommandLine command="aws elbv2 describe-load-balancers" /> }.into_any();
    if balancers.is_empty() {
        let text = "A load balancer listens on a port and sends what comes to the healthy tasks of services.";
        return view! { <Card title="Load balancers" foot><EmptyState title="No load balancers yet" text /></Card> }
            .into_any();
    }
    let note = balancers.len().to_string();
    let rows: Vec<_> = balancers.into_iter().map(row).collect();
    view! {
        <Card title="Load balancers" note foot>
            <Table label="Load balancers" columns=&["Name", "State", "Listens on", "Target groups"]>{rows}</Table>
        </Card>
    }
    .into_any()
}

fn row(balancer: LoadBalancerSummary) -> AnyView {
    let href = super::href(&balancer.name);
    let (state, word) = state_of(&balancer);
    let listeners: Vec<String> =
        balancer.listeners.iter().map(|listener| format!("{} :{}", listener.protocol, listener.port)).collect();
    let groups: Vec<_> = balancer
        .groups
        .iter()
        .map(|group| {
            let (state, word) = health_of(group);
            view! { <div><StateWord state word=format!("{}, {word}", group.name) /></div> }
        })
        .collect();
    view! {
        <tr>
            <td><a class="object" href=href><b>{balancer.name}</b></a></td>
            <td data-label="State"><StateWord state word=word /></td>
            <td class="mono" data-label="Listens on">{listeners.join(", ")}</td>
            <td class="fill" data-label="Target groups" data-span="3">{groups}</td>
        </tr>
    }
    .into_any()
}
