//! One task: its life, its containers, where it runs, stopping it and running it again.

use gantry_model::event::EventKind;
use leptos::prelude::*;

use super::containers::{all_details, containers};
use super::life::{life, why};
use super::logs::{last_lines, lines_of};
use crate::api::tasks::{StopTask, TaskDetail, describe_task};
use crate::components::{
    Card, CodeBlock, CommandLine, ConfirmDialog, DialogButton, Fact, Facts, Field, FieldError, Icon, IconMark,
    PageHead, PageTitle, StatePill, done, error_of, page,
};
use crate::format::{cpu_units, mebibytes, query_value, short_id};
use crate::live::refresh_on;
use crate::pages::param;

/// One task.
#[component]
pub fn TaskPage() -> impl IntoView {
    let (cluster, id) = (param("cluster"), param("task"));
    let task = Resource::new(move || (cluster.get(), id.get()), |(cluster, id)| describe_task(cluster, id));
    refresh_on(&[EventKind::Task], Signal::derive(move || Some(cluster.get())), move || task.refetch());
    let stop = ServerAction::<StopTask>::new();
    let lines = last_lines(cluster, id);
    view! {
        <PageTitle text=Signal::derive(move || format!("Task {} · {}", short_id(&id.get()), cluster.get())) />
        {page(task, "Task", move |task| {
            view! {
                {head(&task, stop)}
                {why(&task)}
                {life(&task)}
                <div class="split">
                    <div class="column">{containers(&task)} {lines_of(lines)} {all_details(&task)}</div>
                    <div class="column">{placement(&task)} {commands(&task)}</div>
                </div>
            }
        })}
    }
}

fn head(task: &TaskDetail, stop: ServerAction<StopTask>) -> AnyView {
    let summary = &task.summary;
    let (state, word) = summary.health();
    let word = match summary.exit_code().filter(|_| summary.last_status == "STOPPED") {
        Some(code) => format!("{word}, exit {code}"),
        None => word,
    };
    let service = summary.service.clone().map(|name| {
        let href = format!("/clusters/{}/services/{name}", summary.cluster);
        view! { <span>"service "<a class="link" href=href>{name}</a></span> }
    });
    let definition = summary.task_definition.clone();
    let definition_href = format!("/task-definitions/{}", definition.replace(':', "/"));
    let facts = view! {
        {service}
        <span>"revision "<a class="link" href=definition_href>{definition}</a></span>
        <span>{format!("{} launch type", summary.launch_type)}</span>
        <span class="mono muted">{summary.id.clone()}</span>
    };
    let again = format!(
        "/clusters/{}/run-task?task_definition={}",
        query_value(&summary.cluster),
        query_value(&summary.task_definition)
    );
    let running = summary.desired_status != "STOPPED";
    let actions = view! {
        {running.then(|| stop_button(task, stop))}
        <a class="button" href=again><IconMark icon=Icon::Undo />"Run again"</a>
    };
    view! {
        <PageHead
            heading=short_id(&summary.id)
            mono=true
            beside=view! { <StatePill state word /> }.into_any()
            facts=facts.into_any()
            actions=actions.into_any()
        />
    }
    .into_any()
}

fn stop_button(task: &TaskDetail, stop: ServerAction<StopTask>) -> AnyView {
    let consequence = match &task.summary.service {
        Some(service) => format!("The service {service} starts another in its place."),
        None => "Its containers get their stop signal, and are killed when their stop timeout is over.".to_owned(),
    };
    let (cluster, id) = (task.summary.cluster.clone(), task.summary.id.clone());
    view! {
        <DialogButton opens="stop" kind="danger"><IconMark icon=Icon::Stop />"Stop"</DialogButton>
        <ConfirmDialog id="stop" question=format!("Stop task {}?", short_id(&id)) consequence done=done(stop)>
            <ActionForm action=stop attr:class="dialog-form">
                <input type="hidden" name="cluster" value=cluster />
                <input type="hidden" name="task" value=id />
                <Field name="reason" label="Reason, for whoever looks later" />
                <button class="button" data-kind="danger" type="submit">"Stop task"</button>
                <FieldError error=error_of(stop) />
            </ActionForm>
        </ConfirmDialog>
    }
    .into_any()
}

fn placement(task: &TaskDetail) -> AnyView {
    let summary = &task.summary;
    let host = summary.instance.clone().map(|id| {
        let href = format!("/clusters/{}/instances/{id}", summary.cluster);
        view! { <Fact label="Host"><a class="link mono" href=href>{short_id(&id)}</a></Fact> }
    });
    let waits = summary.instance.is_none() && summary.launch_type == "EC2" && summary.last_status == "PROVISIONING";
    let wait = waits.then(|| {
        let provider = task.capacity_provider.clone().unwrap_or_default();
        view! { <Fact label="Host">"waits for room in the pool of "<span class="mono">{provider}</span></Fact> }
    });
    let text = |label: &'static str, value: Option<String>| {
        value.filter(|value| !value.is_empty()).map(|value| view! { <Fact label>{value}</Fact> })
    };
    let pairs = |pairs: &[(String, String)]| -> Vec<_> {
        let pairs = pairs.iter().cloned();
        pairs.map(|(label, value)| view! { <Fact label><span class="mono">{value}</span></Fact> }).collect()
    };
    let facts = (
        host,
        wait,
        text("Capacity provider", task.capacity_provider.clone()),
        text("Zone", summary.availability_zone.clone()),
        text("Task CPU", task.cpu.map(cpu_units)),
        text("Task memory", task.memory_mib.map(mebibytes)),
        text("Network", Some(task.network_mode.clone())),
        pairs(&task.network),
        text("Group", Some(task.group.clone())),
        text("Started by", task.started_by.clone()),
        pairs(&task.tags),
    );
    view! {
        <Card title="Placement"><div class="card-body"><Facts>{facts}</Facts></div></Card>
    }
    .into_any()
}

fn commands(task: &TaskDetail) -> AnyView {
    let (cluster, id) = (&task.summary.cluster, &task.summary.id);
    let launch = if task.summary.launch_type == "FARGATE" { " --launch-type FARGATE" } else { "" };
    let run =
        format!("aws ecs run-task --cluster {cluster} --task-definition {}{launch}", task.summary.task_definition);
    let describe = format!("aws ecs describe-tasks --cluster {cluster} --tasks {id}");
    let stop = format!("aws ecs stop-task --cluster {cluster} --task {id}");
    let foot = view! { <CommandLine command=describe /> }.into_any();
    view! {
        <Card title="The same from a shell" foot>
            <div class="card-body">
                <CodeBlock code=run label="Run another" />
                <CodeBlock code=stop label="Stop this one" />
            </div>
        </Card>
    }
    .into_any()
}
