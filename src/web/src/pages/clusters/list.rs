//! All clusters.

use gantry_model::event::EventKind;
use leptos::prelude::*;

use crate::api::overview::{ClusterOverview, load_overview};
use crate::components::{
    CapacityInline, Card, CommandLine, EmptyState, Fresh, Icon, IconMark, PageHead, PageTitle, Stack, StateWord, Table,
    panel,
};
use crate::format::query_value;
use crate::live::refresh_on;

const CONCERNS: &[EventKind] = &[EventKind::Cluster, EventKind::ContainerInstance, EventKind::Service, EventKind::Task];

/// The page.
#[component]
pub fn Clusters() -> impl IntoView {
    let overview = Resource::new(|| (), |()| load_overview());
    refresh_on(CONCERNS, Signal::stored(None), move || overview.refetch());
    let fresh = Fresh::default();
    let create = view! { <a class="button" data-kind="primary" href="/create-cluster"><IconMark icon=Icon::Plus />"Create cluster"</a> };
    view! {
        <PageTitle text="Clusters" />
        <PageHead heading="Clusters" actions=create.into_any() />
        {panel(overview, "Clusters", move |overview| view! { <ClusterTable clusters=overview.clusters fresh /> })}
    }
}

/// The clusters in a table, or how to make the first.
#[component]
pub fn ClusterTable(
    clusters: Vec<ClusterOverview>,
    /// What the rows looked like before; create it in the page.
    fresh: Fresh,
) -> impl IntoView {
    let foot = view! { <CommandLine command="aws ecs list-clusters" /> }.into_any();
    if clusters.is_empty() {
        return view! {
            <Card title="Clusters" foot>
                <EmptyState
                    title="No clusters yet"
                    text="A cluster is a name under which services and tasks run. Tasks can run in it at once; hosts may join."
                    command="aws ecs create-cluster --cluster-name prod"
                    action=view! { <a class="button" data-kind="primary" href="/create-cluster">"Create cluster"</a> }.into_any()
                />
            </Card>
        }
        .into_any();
    }
    let note = clusters.len().to_string();
    let rows: Vec<_> = clusters.into_iter().map(move |cluster| row(cluster, fresh)).collect();
    let columns =
        &["Cluster", "State", "Tasks", ">Running", ">Services", ">Hosts", "-CPU reserved", "-Memory reserved"];
    view! { <Card title="Clusters" note foot><Table label="Clusters" columns>{rows}</Table></Card> }.into_any()
}

fn row(overview: ClusterOverview, fresh: Fresh) -> impl IntoView {
    let flash = fresh.of(&overview.cluster.name, &(&overview.cluster, overview.desired, overview.failed));
    let (state, word) = overview.health();
    let counts = overview.counts();
    let cluster = overview.cluster;
    let href = format!("/clusters/{}", query_value(&cluster.name));
    view! {
        <tr data-fresh=flash>
            <td><a class="object" href=href>{cluster.name}</a></td>
            <td data-label="State"><StateWord state word /></td>
            <td data-label="Tasks" data-wide=""><Stack counts /></td>
            <td class="end num value" data-label="Running">{cluster.running}</td>
            <td class="end num" data-label="Services">{cluster.services}</td>
            <td class="end num" data-label="Hosts">{format!("{} of {}", overview.hosts_connected, cluster.instances)}</td>
            <td data-label="CPU reserved" data-span="3" data-low=""><CapacityInline of=overview.cpu label="CPU reserved" /></td>
            <td data-label="Memory reserved" data-span="3" data-low=""><CapacityInline of=overview.memory label="Memory reserved" /></td>
        </tr>
    }
}
