//! What all tabs of a cluster share: its head with what can be done to it, and the tabs.

use gantry_model::event::EventKind;
use leptos::prelude::*;

use crate::api::clusters::{ClusterSummary, DeleteCluster, describe_cluster};
use crate::api::overview::ClusterOverview;
use crate::components::{
    ConfirmDialog, DialogButton, FieldError, Icon, IconMark, PageHead, PageTitle, StatePill, Tab, Tabs, done, error_of,
    page,
};
use crate::format::{count, query_value};
use crate::live::refresh_on;
use crate::pages::param;

const CONCERNS: &[EventKind] = &[EventKind::Cluster, EventKind::ContainerInstance, EventKind::Service, EventKind::Task];

/// Head and tabs of the cluster in the page's address; `section` is the tab that is open, empty for the first.
#[component]
pub fn ClusterFrame(section: &'static str) -> impl IntoView {
    let name = param("cluster");
    let cluster = Resource::new(move || name.get(), describe_cluster);
    refresh_on(CONCERNS, Signal::derive(move || Some(name.get())), move || cluster.refetch());
    let delete = ServerAction::<DeleteCluster>::new();
    view! {
        <PageTitle text=Signal::derive(move || format!("Cluster {}", name.get())) />
        {page(cluster, "Cluster", move |cluster| view! { {head(&cluster, delete)} {tabs(&cluster.cluster, section)} })}
    }
}

fn head(overview: &ClusterOverview, delete: ServerAction<DeleteCluster>) -> AnyView {
    let (state, word) = overview.health();
    let cluster = &overview.cluster;
    let facts = view! {
        <span><b>{cluster.running}</b>"tasks running"</span>
        <span>{count(cluster.services, "service")}</span>
        <span>{count(cluster.instances, "host")}</span>
        <span class="mono muted">{cluster.arn.clone()}</span>
    };
    let active = cluster.status == "ACTIVE";
    view! {
        <PageHead
            heading=cluster.name.clone()
            beside=view! { <StatePill state word /> }.into_any()
            facts=facts.into_any()
            actions=active.then(|| actions(cluster, delete)).into_any()
        />
    }
    .into_any()
}

fn actions(cluster: &ClusterSummary, delete: ServerAction<DeleteCluster>) -> AnyView {
    let name = cluster.name.clone();
    let base = format!("/clusters/{}", query_value(&name));
    let consequence = if cluster.services + cluster.running + cluster.pending + cluster.instances == 0 {
        "It holds nothing. Its name can be used again."
    } else {
        "It still holds services, tasks or hosts: delete and deregister these first, or the API refuses."
    };
    view! {
        <DialogButton opens="delete" kind="danger">"Delete"</DialogButton>
        <a class="button" href=format!("{base}/run-task")><IconMark icon=Icon::Plus />"Run a task"</a>
        <a class="button" data-kind="primary" href=format!("{base}/create-service")>
            <IconMark icon=Icon::Plus />"Create service"
        </a>
        <ConfirmDialog id="delete" question=format!("Delete cluster {name}?") consequence done=done(delete)>
            <ActionForm action=delete attr:class="dialog-form">
                <input type="hidden" name="cluster" value=name />
                <button class="button" data-kind="danger" type="submit">"Delete cluster"</button>
                <FieldError error=error_of(delete) />
            </ActionForm>
        </ConfirmDialog>
    }
    .into_any()
}

fn tabs(cluster: &ClusterSummary, section: &'static str) -> AnyView {
    let base = format!("/clusters/{}", query_value(&cluster.name));
    let tab = |title: &'static str, path: &'static str, count: Option<u32>| Tab {
        title,
        href: if path.is_empty() { base.clone() } else { format!("{base}/{path}") },
        count,
        current: path == section,
    };
    let tabs = vec![
        tab("Services", "", Some(cluster.services)),
        tab("Tasks", "tasks", Some(cluster.running + cluster.pending)),
        tab("Hosts", "instances", Some(cluster.instances)),
        tab("Topology", "topology", None),
        tab("Capacity", "capacity", None),
        tab("Events", "events", None),
    ];
    view! { <Tabs label=format!("Cluster {}", cluster.name) tabs /> }.into_any()
}
