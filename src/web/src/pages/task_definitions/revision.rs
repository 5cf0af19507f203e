//! One revision: what it holds, where it is in use, and how it differs from another (`?against=`).

use gantry_model::event::EventKind;
use leptos::prelude::*;

use super::revisions::users;
use crate::api::task_definitions::{
    ContainerOfRevision, DeregisterTaskDefinition, Revision, describe_revision, task_definition_json,
};
use crate::components::{
    Card, CodeBlock, CommandLine, ConfirmDialog, DialogButton, DiffView, Fact, Facts, FieldError, PageHead, PageTitle,
    StatePill, Table, done, page, panel,
};
use crate::error::ApiError;
use crate::format::{cpu_units, date_and_clock, last_part, mebibytes};
use crate::live::refresh_on;
use crate::pages::{param, query};
use crate::state::State;
use crate::task_definition_json::{changes, parse};

/// One revision.
#[component]
pub fn RevisionPage() -> impl IntoView {
    let (family, number) = (param("family"), param("revision"));
    let against = query("against");
    let revision =
        Resource::new(move || (family.get(), number.get()), |(family, number)| describe_revision(family, number));
    let other =
        Resource::new(move || (family.get(), against.filled()), |(family, against)| other_json(family, against));
    refresh_on(&[EventKind::TaskDefinition, EventKind::Service], Signal::derive(|| None), move || revision.refetch());
    let deregister = ServerAction::<DeregisterTaskDefinition>::new();
    view! {
        <PageTitle text=Signal::derive(move || format!("{}:{}", family.get(), number.get())) />
        {page(revision, "Task definition", move |revision| whole(revision, other, deregister))}
    }
}

async fn other_json(family: String, against: Option<String>) -> Result<Option<(String, String)>, ApiError> {
    match against {
        None => Ok(None),
        Some(against) => task_definition_json(format!("{family}:{against}")).await.map(Some),
    }
}

type Other = Resource<Result<Option<(String, String)>, ApiError>>;

fn whole(revision: Revision, other: Other, deregister: ServerAction<DeregisterTaskDefinition>) -> AnyView {
    let name = format!("{}:{}", revision.family, revision.revision);
    let active = revision.status == "ACTIVE";
    let (state, word) = if active { (State::Running, "Active") } else { (State::Stopped, "Inactive") };
    let registered = revision.registered_at.map(|at| view! { <span>"registered "{date_and_clock(at)}</span> });
    let by = revision.registered_by.clone().map(|by| view! { <span>"by "{last_part(&by).to_owned()}</span> });
    let deregister = active.then(|| deregister_button(&revision, deregister));
    let actions = view! {
        <a class="button" data-kind="primary" href=format!("/register-task-definition?from={name}")>"New revision"</a>
        {deregister}
    };
    let (containers, comparison, facts) = (containers(&revision), comparison(&revision, other), facts(&revision));
    view! {
        <PageHead
            heading=name.clone()
            beside=view! { <StatePill state word /> }.into_any()
            facts=view! { {registered}{by} }.into_any()
            actions=actions.into_any()
        />
        <div class="split">
            <div class="column">
                {containers}
                {comparison}
                <Card title="JSON" foot=view! {
                    <CommandLine command=format!("aws ecs describe-task-definition --task-definition {name}") />
                }.into_any()>
                    <div class="card-body"><CodeBlock code=revision.json label="Task definition as JSON" /></div>
                </Card>
            </div>
            <div class="column">{facts}</div>
        </div>
    }
    .into_any()
}

fn deregister_button(revision: &Revision, action: ServerAction<DeregisterTaskDefinition>) -> AnyView {
    let name = format!("{}:{}", revision.family, revision.revision);
    let consequence = match revision.used_by.len() {
        0 => "No service uses it. Tasks that run go on; new ones cannot be made of it.".to_owned(),
        n => format!(
            "{} it: they keep their tasks and can still scale, but nothing new can deploy it.",
            if n == 1 { "1 service uses".to_owned() } else { format!("{n} services use") }
        ),
    };
    let (family, revision) = (revision.family.clone(), revision.revision.to_string());
    view! {
        <DialogButton opens="deregister">"Deregister"</DialogButton>
        <ConfirmDialog id="deregister" question=format!("Deregister {name}?") consequence done=done(action)>
            <ActionForm action>
                <input type="hidden" name="family" value=family />
                <input type="hidden" name="revision" value=revision />
                <button class="button" data-kind="danger" type="submit">"Deregister"</button>
                <FieldError error=Signal::derive(move || action.value().get().and_then(Result::err)) />
            </ActionForm>
        </ConfirmDialog>
    }
    .into_any()
}

fn containers(revision: &Revision) -> AnyView {
    let note = revision.containers.len().to_string();
    let rows: Vec<_> = revision.containers.iter().cloned().map(container).collect();
    view! {
        <Card title="Containers" note>
            <Table label="Containers" columns=&["Name", "Image", "Essential", ">CPU units", ">Memory", "Ports", "-Depends on"]>
                {rows}
            </Table>
        </Card>
    }
    .into_any()
}

fn container(container: ContainerOfRevision) -> impl IntoView {
    let memory = match (container.memory_mib, container.memory_reservation_mib) {
        (Some(hard), Some(soft)) => format!("{} (soft {})", mebibytes(hard), mebibytes(soft)),
        (Some(hard), None) => mebibytes(hard),
        (None, Some(soft)) => format!("soft {}", mebibytes(soft)),
        (None, None) => "–".to_owned(),
    };
    let none = || "–".to_owned();
    let list = |items: Vec<String>| if items.is_empty() { none() } else { items.join(", ") };
    view! {
        <tr>
            <td><b>{container.name}</b></td>
            <td class="mono" data-label="Image" data-wide="">{container.image}</td>
            <td data-label="Essential">{if container.essential { "yes" } else { "no" }}</td>
            <td class="end" data-label="CPU units">{container.cpu}</td>
            <td class="end" data-label="Memory">{memory}</td>
            <td data-label="Ports">{list(container.ports)}</td>
            <td data-label="Depends on" data-low="">{list(container.depends_on)}</td>
        </tr>
    }
}

fn comparison(revision: &Revision, other: Other) -> Option<AnyView> {
    let own = revision.json.clone();
    let (family, number) = (revision.family.clone(), revision.revision);
    let choices: Vec<_> = revision.revisions.iter().copied().filter(|r| *r != number).collect();
    let options: Vec<_> = choices.iter().map(|r| view! { <option value=r.to_string()>{*r}</option> }).collect();
    let form = (!choices.is_empty()).then(|| {
        view! {
            <form class="row" method="get" action=format!("/task-definitions/{family}/{number}")>
                <label class="visually-hidden" for="against">"Compare with revision"</label>
                <select class="select" id="against" name="against">{options}</select>
                <button class="button" type="submit">"Compare"</button>
            </form>
        }
        .into_any()
    });
    form.map(|form| {
        view! {
            <Card title="Compare" tools=form>
                <div class="card-body">
                    {panel(other, "Comparison", move |other| difference(other, &own))}
                </div>
            </Card>
        }
        .into_any()
    })
}

fn difference(other: Option<(String, String)>, own: &str) -> AnyView {
    let Some((name, json)) = other else {
        return view! { <p class="muted">"Choose a revision to see what changed by meaning."</p> }.into_any();
    };
    match (parse(&json), parse(own)) {
        (Ok(before), Ok(after)) => {
            let found = changes(&before, &after);
            if found.is_empty() {
                return view! { <p class="muted">{format!("No difference to {name}.")}</p> }.into_any();
            }
            view! { <p class="muted">{format!("From {name} to this revision:")}</p><DiffView changes=found /> }
                .into_any()
        }
        (Err(message), _) | (_, Err(message)) => view! { <p class="field-error">{message}</p> }.into_any(),
    }
}

fn facts(revision: &Revision) -> AnyView {
    let cpu = revision.cpu.map_or_else(|| "by container".to_owned(), cpu_units);
    let memory = revision.memory_mib.map_or_else(|| "by container".to_owned(), mebibytes);
    let runs_on = revision.compatibilities.join(", ");
    let needs: Vec<_> =
        revision.requires_attributes.iter().map(|name| view! { <li class="mono">{name.clone()}</li> }).collect();
    let network = revision.network_mode.clone();
    let used_by = users(revision.used_by.clone());
    view! {
        <Card title="Facts">
            <div class="card-body">
                <Facts>
                    <Fact label="Network">{network}</Fact>
                    <Fact label="Task CPU">{cpu}</Fact>
                    <Fact label="Task memory">{memory}</Fact>
                    <Fact label="Runs on">{runs_on}</Fact>
                    <Fact label="In use by">{used_by}</Fact>
                </Facts>
            </div>
        </Card>
        <Card title="Required of a host">
            <div class="card-body"><ul class="plain-list">{needs}</ul></div>
        </Card>
    }
    .into_any()
}
