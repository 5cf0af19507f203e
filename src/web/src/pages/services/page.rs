//! One service: its head, its tabs (each with an address of its own), and what stands in them.

use gantry_model::event::EventKind;
use leptos::prelude::*;

use super::actions::{ServiceActions, actions};
use super::deployment::{course, deployments};
use super::logs::logs;
use super::record::{Record, failures, history, last_days};
use super::scale::{Scaling, scale};
use crate::api::Page;
use crate::api::service_record::load_service_record;
use crate::api::services::{ServiceDetail, describe_service};
use crate::api::task_list::{TaskFilter, TaskSummary, list_tasks};
use crate::components::{
    Card, CommandLine, EmptyState, EventFeed, Fact, Facts, Fresh, PageHead, PageTitle, StatePill, Tab, Tabs, TaskTable,
    not_here, page, panel,
};
use crate::error::{ApiError, ApiResult};
use crate::format::{count, date, query_value};
use crate::live::refresh_on;
use crate::pages::param;

/// How many events stand on the overview.
const NEWEST_EVENTS: usize = 10;

/// One service.
#[component]
pub fn ServicePage() -> impl IntoView {
    let (cluster, name, section) = (param("cluster"), param("service"), param("section"));
    let address = move || (cluster.get(), name.get());
    let service = Resource::new(address, |(cluster, name)| describe_service(cluster, name));
    let current = Resource::new(address, |(cluster, name)| tasks_of(cluster, name, false));
    let stopped = Resource::new(address, |(cluster, name)| tasks_of(cluster, name, true));
    let record = Resource::new(address, |(cluster, name)| load_service_record(cluster, name));
    let here = Signal::derive(move || Some(cluster.get()));
    let refetch = move || {
        service.refetch();
        current.refetch();
        stopped.refetch();
    };
    refresh_on(&[EventKind::Service, EventKind::ServiceMessage, EventKind::Task], here, refetch);
    // What a service has been through does not change with each of its tasks.
    refresh_on(&[EventKind::Service], here, move || record.refetch());
    let parts = Parts {
        current,
        stopped,
        record,
        scaling: Scaling::default(),
        actions: ServiceActions::default(),
        fresh: (Fresh::default(), Fresh::default()),
    };
    view! {
        <PageTitle text=Signal::derive(move || format!("Service {} · {}", name.get(), cluster.get())) />
        {page(service, "Service", move |service| whole(&service, &section.get(), parts))}
    }
}

/// What outlives a refresh of the service.
#[derive(Clone, Copy)]
struct Parts {
    current: Resource<ApiResult<Page<TaskSummary>>>,
    stopped: Resource<ApiResult<Page<TaskSummary>>>,
    record: Record,
    scaling: Scaling,
    actions: ServiceActions,
    fresh: (Fresh, Fresh),
}

async fn tasks_of(cluster: String, service: String, stopped: bool) -> ApiResult<Page<TaskSummary>> {
    list_tasks(TaskFilter { cluster, service: Some(service), instance: None, stopped }).await
}

fn whole(service: &ServiceDetail, section: &str, parts: Parts) -> AnyView {
    let content = match section {
        "" => overview(service, parts),
        "tasks" => tasks(service, parts),
        "deployments" => deployed(service, parts),
        "events" => events(service, usize::MAX),
        "logs" => logs(service),
        "configuration" => configuration(service),
        unknown => not_here("Service", ApiError::missing("page", unknown)).into_any(),
    };
    view! { {head(service, parts)} {tabs(service, section)} {content} }.into_any()
}

fn head(service: &ServiceDetail, parts: Parts) -> AnyView {
    let summary = &service.summary;
    let (state, word) = summary.health();
    let definition = summary.task_definition.clone();
    let definition_href = format!("/task-definitions/{}", definition.replace(':', "/"));
    let launch_type = (!summary.launch_type.is_empty()).then(|| {
        let words = format!("{} launch type", summary.launch_type);
        view! { <span>{words}</span> }
    });
    let created = service.created_at.map(|at| view! { <span>{format!("created {}", date(at))}</span> });
    let facts = view! {
        <span><b>{summary.running}</b>{format!("of {} running", summary.desired)}</span>
        <span><a class="link" href=definition_href>{definition}</a></span>
        {launch_type}
        {created}
    };
    view! {
        <PageHead
            heading=summary.name.clone()
            beside=view! { <StatePill state word /> }.into_any()
            facts=facts.into_any()
            actions=actions(service, parts.actions)
        />
    }
    .into_any()
}

fn tabs(service: &ServiceDetail, section: &str) -> AnyView {
    let base = format!("/clusters/{}/services/{}", service.summary.cluster, query_value(&service.summary.name));
    let tab = |title: &'static str, path: &'static str, count: Option<u32>| Tab {
        title,
        href: if path.is_empty() { base.clone() } else { format!("{base}/{path}") },
        count,
        current: path == section,
    };
    let tabs = vec![
        tab("Overview", "", None),
        tab("Tasks", "tasks", Some(service.summary.running + service.summary.pending)),
        tab("Deployments", "deployments", u32::try_from(service.deployments.len()).ok()),
        tab("Events", "events", None),
        tab("Logs", "logs", None),
        tab("Configuration", "configuration", None),
    ];
    view! { <Tabs label=format!("Service {}", service.summary.name) tabs /> }.into_any()
}

fn overview(service: &ServiceDetail, parts: Parts) -> AnyView {
    let is_open = service.summary.status == "ACTIVE";
    view! {
        <div class="split">
            <div class="column">
                {is_open.then(|| scale(service, parts.scaling))}
                {course(service, parts.actions.going_on)}
                {current_tasks(service, parts)}
            </div>
            <div class="column">{last_days(parts.record)} {events(service, NEWEST_EVENTS)}</div>
        </div>
    }
    .into_any()
}

fn deployed(service: &ServiceDetail, parts: Parts) -> AnyView {
    let (cluster, name) = (&service.summary.cluster, &service.summary.name);
    view! {
        <div class="column">
            {deployments(service, parts.actions.going_on)}
            {failures(parts.stopped)}
            {history(cluster, name, parts.record, parts.actions.stop)}
        </div>
    }
    .into_any()
}

fn tasks(service: &ServiceDetail, parts: Parts) -> AnyView {
    let stopped = panel(parts.stopped, "Stopped tasks", move |tasks| {
        let note = count(i64::try_from(tasks.items.len()).unwrap_or(0), "task");
        if tasks.items.is_empty() {
            let text = "Tasks stay in this list for an hour after they stopped.";
            return view! { <Card title="Stopped"><EmptyState title="None stopped lately" text /></Card> }.into_any();
        }
        view! {
            <Card title="Stopped" note>
                <TaskTable label="Stopped tasks" tasks=tasks.items fresh=parts.fresh.1 stopped=true />
            </Card>
        }
        .into_any()
    });
    view! { <div class="column">{current_tasks(service, parts)} {stopped}</div> }.into_any()
}

fn current_tasks(service: &ServiceDetail, parts: Parts) -> AnyView {
    let (cluster, name) = (service.summary.cluster.clone(), service.summary.name.clone());
    let wanted = service.summary.desired;
    panel(parts.current, "Tasks", move |tasks| {
        let command = format!("aws ecs list-tasks --cluster {cluster} --service-name {name}");
        let foot = view! { <CommandLine command /> }.into_any();
        let note = tasks.items.len().to_string();
        if tasks.items.is_empty() {
            let text = if wanted == 0 {
                "The service is scaled to 0."
            } else {
                "None runs at the moment; the events say why."
            };
            return view! { <Card title="Tasks" foot><EmptyState title="No tasks" text /></Card> }.into_any();
        }
        view! {
            <Card title="Tasks" note foot><TaskTable label="Tasks" tasks=tasks.items fresh=parts.fresh.0 /></Card>
        }
        .into_any()
    })
    .into_any()
}

fn events(service: &ServiceDetail, most: usize) -> AnyView {
    let lines: Vec<_> = service.events.iter().take(most).map(|event| event.line(false)).collect();
    let href = format!("/clusters/{}/services/{}/events", service.summary.cluster, query_value(&service.summary.name));
    let all = (most < service.events.len())
        .then(|| view! { <a class="button" data-kind="quiet" data-size="small" href=href>"All"</a> });
    let feed = if lines.is_empty() {
        view! { <EmptyState title="No events yet" text="What the service does is told here as it happens." /> }
            .into_any()
    } else {
        view! { <EventFeed events=lines /> }.into_any()
    };
    view! { <Card title="Events" tools=all.into_any()>{feed}</Card> }.into_any()
}

fn configuration(service: &ServiceDetail) -> AnyView {
    let (cluster, name) = (&service.summary.cluster, &service.summary.name);
    let deploys = format!("{}, {}", service.deploys(), service.breaker.in_words());
    let command = format!("aws ecs describe-services --cluster {cluster} --services {name}");
    let facts: Vec<_> =
        service.configuration.iter().cloned().map(|(label, value)| view! { <Fact label>{value}</Fact> }).collect();
    view! {
        <Card title="Configuration" foot=view! { <CommandLine command /> }.into_any()>
            <div class="card-body">
                <Facts>
                    <Fact label="Deployment">{deploys}</Fact>
                    {facts}
                </Facts>
            </div>
        </Card>
    }
    .into_any()
}
