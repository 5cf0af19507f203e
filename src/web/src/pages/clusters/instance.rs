//! One host: what it is, what it has, what runs on it; draining and activating it.

use gantry_model::event::EventKind;
use leptos::prelude::*;

use crate::api::Page;
use crate::api::instances::{InstanceSummary, SetInstanceState, describe_instance};
use crate::api::task_list::{TaskFilter, TaskSummary, list_tasks};
use crate::components::{
    Capacity, CapacityBar, Card, CommandLine, ConfirmDialog, DialogButton, EmptyState, Fact, Facts, FieldError, Fresh,
    PageHead, PageTitle, StatePill, TaskTable, done, error_of, page, panel,
};
use crate::format::{count, cpu_units, date_and_clock, mebibytes, short_id};
use crate::live::refresh_on;
use crate::pages::param;

/// The page.
#[component]
pub fn InstancePage() -> impl IntoView {
    let (cluster, id) = (param("cluster"), param("instance"));
    let host = Resource::new(move || (cluster.get(), id.get()), |(cluster, id)| describe_instance(cluster, id));
    let filter = move || TaskFilter { cluster: cluster.get(), instance: Some(id.get()), ..TaskFilter::default() };
    let tasks = Resource::new(filter, list_tasks);
    let refetch = move || {
        host.refetch();
        tasks.refetch();
    };
    let here = Signal::derive(move || Some(cluster.get()));
    refresh_on(&[EventKind::ContainerInstance, EventKind::Task], here, refetch);
    let action = ServerAction::<SetInstanceState>::new();
    let fresh = Fresh::default();
    view! {
        <PageTitle text=Signal::derive(move || format!("Host {} · {}", short_id(&id.get()), cluster.get())) />
        {page(host, "Host", move |host| {
            let tasks = panel(tasks, "Tasks", move |tasks| running(tasks, fresh));
            view! {
                {head(&host, action)}
                <div class="split">
                    <div class="column">{resources(&host)} {tasks} {attributes(&host)}</div>
                    <div class="column">{facts(&host)}</div>
                </div>
            }
        })}
    }
}

fn head(host: &InstanceSummary, action: ServerAction<SetInstanceState>) -> AnyView {
    let (state, word) = host.health();
    let actions = match host.status.as_str() {
        "ACTIVE" => Some(drain(host, action)),
        "DRAINING" => Some(activate(host, action)),
        _ => None,
    };
    let zone = host.availability_zone.clone().map(|zone| view! { <span>{zone}</span> });
    let kind = host.instance_type.clone().map(|kind| view! { <span>{kind}</span> });
    let facts = view! { <span>{count(host.running + host.pending, "task")}</span> {zone} {kind} };
    view! {
        <PageHead
            heading=host.name()
            mono=true
            beside=view! { <StatePill state word /> }.into_any()
            facts=facts.into_any()
            actions=actions.into_any()
        />
    }
    .into_any()
}

fn address(host: &InstanceSummary, status: &'static str) -> impl IntoView + use<> {
    let (cluster, id) = (host.cluster.clone(), host.id.clone());
    view! {
        <input type="hidden" name="cluster" value=cluster />
        <input type="hidden" name="instance" value=id />
        <input type="hidden" name="status" value=status />
    }
}

fn drain(host: &InstanceSummary, action: ServerAction<SetInstanceState>) -> AnyView {
    let consequence = match host.running + host.pending {
        0 => "No new tasks are placed on it.".to_owned(),
        n => format!("No new tasks are placed on it. Services move their {} elsewhere.", count(n, "task")),
    };
    let address = address(host, "DRAINING");
    view! {
        <DialogButton opens="drain">"Drain"</DialogButton>
        <ConfirmDialog id="drain" question=format!("Drain host {}?", host.name()) consequence done=done(action)>
            <ActionForm action attr:class="dialog-form">
                {address}
                <button class="button" data-kind="primary" type="submit">"Drain host"</button>
                <FieldError error=error_of(action) />
            </ActionForm>
        </ConfirmDialog>
    }
    .into_any()
}

fn activate(host: &InstanceSummary, action: ServerAction<SetInstanceState>) -> AnyView {
    let address = address(host, "ACTIVE");
    view! {
        <ActionForm action>
            {address}
            <button class="button" data-kind="primary" type="submit">"Activate"</button>
            <FieldError error=error_of(action) />
        </ActionForm>
    }
    .into_any()
}

fn resources(host: &InstanceSummary) -> AnyView {
    let bar = |label: &'static str, of: Capacity, figure: String| {
        view! {
            <div class="capacity">
                <span class="capacity-label">{label}</span>
                <span class="capacity-value">{figure}</span>
                <CapacityBar of />
            </div>
        }
    };
    let cpu = format!("{} of {} free", cpu_units(host.cpu_free), cpu_units(host.cpu));
    let memory = format!("{} of {} free", mebibytes(host.memory_free), mebibytes(host.memory));
    let bars = (bar("CPU", host.cpu_reserved(), cpu), bar("Memory", host.memory_reserved(), memory));
    let ports = if host.ports.is_empty() { "–".to_owned() } else { host.ports.join(", ") };
    let status = if host.status == "DRAINING" { "ACTIVE" } else { "DRAINING" };
    let command = format!(
        "aws ecs update-container-instances-state --cluster {} --container-instances {} --status {status}",
        host.cluster, host.id
    );
    view! {
        <Card title="Resources" note="reserved by tasks" foot=view! { <CommandLine command /> }.into_any()>
            <div class="card-body">
                {bars}
                <Facts><Fact label="Ports taken"><span class="mono">{ports}</span></Fact></Facts>
            </div>
        </Card>
    }
    .into_any()
}

fn running(tasks: Page<TaskSummary>, fresh: Fresh) -> AnyView {
    if tasks.items.is_empty() {
        return view! { <Card title="Tasks"><EmptyState title="No tasks" text="Nothing runs on this host." /></Card> }
            .into_any();
    }
    let note = tasks.items.len().to_string();
    view! { <Card title="Tasks" note><TaskTable label="Tasks" tasks=tasks.items fresh /></Card> }.into_any()
}

fn attributes(host: &InstanceSummary) -> AnyView {
    let note = host.attributes.len().to_string();
    let rows: Vec<_> = host
        .attributes
        .iter()
        .cloned()
        .map(|(name, value)| view! { <Fact label=name><span class="mono">{value.unwrap_or_else(|| "–".to_owned())}</span></Fact> })
        .collect();
    view! {
        <Card title="Attributes" note>
            <details class="card-body"><summary>"Show what the scheduler knows of this host"</summary><Facts>{rows}</Facts></details>
        </Card>
    }
    .into_any()
}

fn facts(host: &InstanceSummary) -> AnyView {
    let agent = if host.agent_connected { "connected" } else { "silent" };
    let (version, docker) = (host.agent_version.clone(), host.docker_version.clone());
    let (cluster, arn) = (host.cluster.clone(), host.arn.clone());
    let cluster_href = format!("/clusters/{cluster}");
    let registered = host.registered_at.map_or_else(|| "–".to_owned(), date_and_clock);
    let tags: Vec<_> = host.tags.iter().cloned().map(|(key, value)| view! { <Fact label=key>{value}</Fact> }).collect();
    view! {
        <Card title="Facts">
            <div class="card-body">
                <Facts>
                    <Fact label="Cluster"><a class="link" href=cluster_href>{cluster}</a></Fact>
                    <Fact label="Agent">{format!("{version} {agent}")}</Fact>
                    <Fact label="Engine">{docker}</Fact>
                    <Fact label="Registered">{registered}</Fact>
                    <Fact label="ARN"><span class="mono">{arn}</span></Fact>
                    {tags}
                </Facts>
            </div>
        </Card>
    }
    .into_any()
}
