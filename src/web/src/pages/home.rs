//! The overview: its heading is the answer, what fails comes first.

use gantry_model::event::EventKind;
use leptos::prelude::*;

use crate::api::overview::{Attention, ClusterOverview, FirstSteps, Overview, load_overview};
use crate::api::service_list::ServiceSummary;
use crate::components::{
    Card, CodeBlock, DeployBar, EmptyState, EventFeed, Fresh, Icon, IconMark, PageHead, PageTitle, Shape, StateWord,
    page,
};
use crate::format::count;
use crate::live::refresh_on;
use crate::pages::clusters::list::ClusterTable;
use crate::state::State;

const CONCERNS: &[EventKind] =
    &[EventKind::Cluster, EventKind::ContainerInstance, EventKind::Service, EventKind::ServiceMessage, EventKind::Task];

/// The page.
#[component]
pub fn Home() -> impl IntoView {
    let overview = Resource::new(|| (), |()| load_overview());
    refresh_on(CONCERNS, Signal::stored(None), move || overview.refetch());
    let fresh = Fresh::default();
    view! {
        <PageTitle text="Overview" />
        {page(overview, "Overview", move |overview| view! { <Content overview fresh /> })}
    }
}

#[component]
fn Content(overview: Overview, fresh: Fresh) -> impl IntoView {
    let Overview { clusters, attention, rollouts, events, first_steps: steps } = overview;
    let heading = answer(&clusters, attention.len());
    let facts = totals(&clusters).into_any();
    let create = view! { <a class="button" data-kind="primary" href="/create-cluster"><IconMark icon=Icon::Plus />"Create cluster"</a> };
    let lines = events.iter().map(|event| event.line(true)).collect::<Vec<_>>();
    view! {
        <PageHead heading facts actions=create.into_any() />
        <div class="split">
            <div class="column">
                {steps.map(|steps| first_steps(&steps))}
                {(!attention.is_empty()).then(|| view! { <NeedsAttention attention /> })}
                <ClusterTable clusters fresh />
                {(!rollouts.is_empty()).then(|| view! { <Rollouts rollouts /> })}
            </div>
            <div class="column">
                <Card title="Events" tools=view! { <a class="button" data-kind="quiet" data-size="small" href="/events">"All events"</a> }.into_any()>
                    {if lines.is_empty() {
                        view! { <EmptyState title="No events yet" text="What services do is told here as it happens." /> }.into_any()
                    } else {
                        view! { <EventFeed events=lines /> }.into_any()
                    }}
                </Card>
            </div>
        </div>
    }
}

/// The way to the first service: what is there already, and the command for what is not.
fn first_steps(steps: &FirstSteps) -> AnyView {
    let host = &steps.registry_host;
    let push = format!(
        "aws ecr get-login-password | docker login --username AWS --password-stdin {host}\n\
         aws ecr create-repository --repository-name hello\n\
         docker tag hello {host}/hello:1 && docker push {host}/hello:1"
    );
    let define = format!(
        "aws ecs register-task-definition --family hello --container-definitions \\\n  \
         '[{{\"name\":\"app\",\"image\":\"{host}/hello:1\",\"memory\":64}}]'"
    );
    let run = "aws ecs create-service --service-name hello --task-definition hello --desired-count 2".to_owned();
    let steps = [
        (steps.host, "Join a host", "gantry join-token create".to_owned()),
        (steps.image, "Push an image", push),
        (steps.definition, "Register a task definition", define),
        (false, "Run a service", run),
    ];
    let steps: Vec<_> = steps
        .into_iter()
        .map(|(done, title, command)| {
            let (state, word) = if done { (State::Running, "Done") } else { (State::Pending, "To do") };
            let command = (!done).then(|| view! { <CodeBlock code=command label=title /> });
            view! { <li class="stacked"><span class="row"><b>{title}</b><StateWord state word /></span>{command}</li> }
        })
        .collect();
    view! { <Card title="The way to the first service"><ol class="card-body first-steps">{steps}</ol></Card> }
        .into_any()
}

/// The heading: how things stand, in a sentence.
fn answer(clusters: &[ClusterOverview], trouble: usize) -> String {
    const NUMBERS: [&str; 10] = ["", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"];
    match trouble {
        0 if clusters.is_empty() => "Nothing runs yet".to_owned(),
        0 => "All services are steady".to_owned(),
        1 => "One service needs a look".to_owned(),
        n => {
            let number = NUMBERS.get(n).map_or_else(|| n.to_string(), ToString::to_string);
            format!("{number} services need a look")
        }
    }
}

fn totals(clusters: &[ClusterOverview]) -> impl IntoView + use<> {
    let running: u32 = clusters.iter().map(|c| c.cluster.running).sum();
    let pending: u32 = clusters.iter().map(|c| c.cluster.pending).sum();
    let failed: u32 = clusters.iter().map(|c| c.failed).sum();
    view! {
        <span><StateWord state=State::Running word=format!("{running} running") /></span>
        {(pending > 0).then(|| view! { <span><StateWord state=State::Pending word=format!("{pending} pending") /></span> })}
        {(failed > 0).then(|| view! {
            <span><StateWord state=State::Failed word=format!("{} failed", count(failed, "service")) /></span>
        })}
    }
}

#[component]
fn NeedsAttention(attention: Vec<Attention>) -> impl IntoView {
    let note = attention.len().to_string();
    let rows: Vec<_> = attention
        .into_iter()
        .map(|Attention { service, why }| {
            let (state, word) = service.health();
            let href = service.href();
            view! {
                <li class="attention-row">
                    <div class="attention-name">
                        <Shape state />
                        <a class="object" href=href.clone()>{service.name}</a>
                        <span class="visually-hidden">{word}</span>
                        <span class="muted">{service.cluster}</span>
                    </div>
                    <p>{why}</p>
                    <div class="row"><a class="button" data-size="small" href=href>"Open"</a></div>
                </li>
            }
        })
        .collect();
    view! { <Card title="Needs attention" note tone="failed"><ul class="attention">{rows}</ul></Card> }
}

#[component]
fn Rollouts(rollouts: Vec<ServiceSummary>) -> impl IntoView {
    let note = rollouts.len().to_string();
    let rows: Vec<_> = rollouts
        .into_iter()
        .map(|service| {
            let (running, pending) = service.new_tasks;
            let label = format!("{running} of {} on {}", service.desired, service.task_definition);
            let parts =
                vec![(State::Running, running), (State::Pending, pending), (State::Draining, service.old_tasks)];
            let from = service.replaces.clone().unwrap_or_default();
            view! {
                <li class="rollout">
                    <span class="row">
                        <a class="object" href=service.href()>{service.name.clone()}</a>
                        <span class="muted truncate">{format!("{from} → {}", service.task_definition)}</span>
                    </span>
                    <DeployBar parts total=service.desired label />
                    <span class="rollout-note">
                        <StateWord state=State::Pending word=format!("{running} of {}", service.desired) />
                    </span>
                </li>
            }
        })
        .collect();
    view! { <Card title="Rollouts" note><ul class="rollouts">{rows}</ul></Card> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heading_is_the_answer() {
        assert_eq!(answer(&[], 0), "Nothing runs yet");
        assert_eq!(answer(&[], 1), "One service needs a look");
        assert_eq!(answer(&[], 2), "Two services need a look");
        assert_eq!(answer(&[], 12), "12 services need a look");
    }
}
