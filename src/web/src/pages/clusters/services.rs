//! A cluster's services, those that need a look first, beside its capacity and its newest events.

use gantry_model::event::EventKind;
use leptos::prelude::*;

use super::capacity::zones;
use super::frame::ClusterFrame;
use crate::api::cluster_events::list_cluster_events;
use crate::api::instances::list_instances;
use crate::api::service_list::{ServiceSummary, list_services};
use crate::components::{Card, CommandLine, EmptyState, EventFeed, Fresh, Stack, StateWord, Table, panel};
use crate::format::{count, date_and_clock, query_value};
use crate::live::refresh_on;
use crate::pages::{param, query};

/// How many events stand beside the services.
const NEWEST_EVENTS: u32 = 10;

/// The tab; `?q=` filters by name.
#[component]
pub fn ClusterServices() -> impl IntoView {
    let cluster = param("cluster");
    let wanted = query("q");
    let services = Resource::new(move || cluster.get(), list_services);
    let hosts = Resource::new(move || cluster.get(), list_instances);
    let events = Resource::new(move || cluster.get(), |cluster| list_cluster_events(cluster, NEWEST_EVENTS));
    let here = Signal::derive(move || Some(cluster.get()));
    refresh_on(&[EventKind::Service, EventKind::Task], here, move || services.refetch());
    refresh_on(&[EventKind::ContainerInstance, EventKind::Task], here, move || hosts.refetch());
    refresh_on(&[EventKind::ServiceMessage], here, move || events.refetch());
    let fresh = Fresh::default();
    view! {
        <ClusterFrame section="" />
        <div class="split">
            <div class="column">
                {panel(services, "Services", move |services| list(&cluster.get(), services, &wanted.get(), fresh))}
            </div>
            <div class="column">
                {panel(hosts, "Capacity", move |hosts| {
                    view! { <Card title="Capacity by zone" note="reserved by tasks">{zones(&hosts)}</Card> }
                })}
                {panel(events, "Events", move |events| {
                    let lines: Vec<_> = events.iter().map(|event| event.line(true)).collect();
                    let href = format!("/clusters/{}/events", query_value(&cluster.get()));
                    let all = view! { <a class="button" data-kind="quiet" data-size="small" href=href>"All"</a> };
                    let feed = if lines.is_empty() {
                        view! { <EmptyState title="No events yet" text="What services do is told here as it happens." /> }.into_any()
                    } else {
                        view! { <EventFeed events=lines /> }.into_any()
                    };
                    view! { <Card title="Events" tools=all.into_any()>{feed}</Card> }
                })}
            </div>
        </div>
    }
}

fn list(cluster: &str, services: Vec<ServiceSummary>, wanted: &str, fresh: Fresh) -> AnyView {
    let foot = view! { <CommandLine command=format!("aws ecs list-services --cluster {cluster}") /> }.into_any();
    if services.is_empty() {
        let href = format!("/clusters/{}/create-service", query_value(cluster));
        let command = format!(
            "aws ecs create-service --cluster {cluster} --service-name web --task-definition web --desired-count 2"
        );
        let action = view! { <a class="button" data-kind="primary" href=href>"Create service"</a> }.into_any();
        let text = "A service keeps a number of tasks running and rolls them over to new revisions.";
        return view! {
            <Card title="Services" foot><EmptyState title="No services yet" text command action /></Card>
        }
        .into_any();
    }
    let shown: Vec<_> = services.into_iter().filter(|service| service.name.contains(wanted)).collect();
    let note = count(i64::try_from(shown.len()).unwrap_or(0), "service");
    let search = search(&format!("/clusters/{}", query_value(cluster)), "Filter services", wanted);
    let rows: Vec<_> = shown.into_iter().map(|service| row(service, fresh)).collect();
    let columns = &["Service", "State", "Tasks", ">Running", "Task definition", "-Launch type", "->Changed"];
    view! {
        <Card title="Services" note tools=search foot>
            <Table label="Services" columns>{rows}</Table>
        </Card>
    }
    .into_any()
}

/// A form that filters the page at `action` by its `?q=`.
pub(super) fn search(action: &str, label: &'static str, wanted: &str) -> AnyView {
    view! {
        <form class="row" method="get" action=action.to_owned() role="search">
            <label class="visually-hidden" for="q">{label}</label>
            <input class="input" id="q" name="q" type="search" placeholder=label value=wanted.to_owned() />
            <button class="button" type="submit">"Filter"</button>
        </form>
    }
    .into_any()
}

fn row(service: ServiceSummary, fresh: Fresh) -> AnyView {
    let flash = fresh.of(&service.name, &service);
    let (state, word) = service.health();
    let counts = service.counts();
    let href = service.href();
    let definition = match &service.replaces {
        Some(from) if *from != service.task_definition => {
            let old = from.split_once(':').map_or(from.as_str(), |(_, revision)| revision);
            format!("{} ← {old}", service.task_definition)
        }
        _ => service.task_definition.clone(),
    };
    let definition_href = format!("/task-definitions/{}", service.task_definition.replace(':', "/"));
    view! {
        <tr data-fresh=flash>
            <td><a class="object" href=href>{service.name}</a></td>
            <td data-label="State"><StateWord state word /></td>
            <td data-label="Tasks" data-wide=""><Stack counts /></td>
            <td class="end num value" data-label="Running">{format!("{} of {}", service.running, service.desired)}</td>
            <td data-label="Task definition"><a class="object" href=definition_href>{definition}</a></td>
            <td data-label="Launch type" data-low="">{service.launch_type}</td>
            <td class="end num muted" data-label="Changed" data-low="" data-span="4">
                {service.changed_at.map_or_else(|| "–".to_owned(), date_and_clock)}
            </td>
        </tr>
    }
    .into_any()
}
