//! Running a task: a form that works with and without WebAssembly.

use leptos::prelude::*;

use crate::api::task_definitions::{FamilySummary, list_families};
use crate::api::tasks::RunTask as RunTaskCall;
use crate::components::{
    Card, CommandLine, Field, FieldError, PageHead, PageTitle, SelectField, TextArea, error_of, page,
};
use crate::pages::services::create::{launch_types, network_card, suggestions};
use crate::pages::{param, query};

/// The page; `?task_definition=` fills in what is to run.
#[component]
pub fn RunTask() -> impl IntoView {
    let cluster = param("cluster");
    let definition = query("task_definition");
    let families = Resource::new(|| (), |()| list_families());
    let action = ServerAction::<RunTaskCall>::new();
    view! {
        <PageTitle text=Signal::derive(move || format!("Run a task · {}", cluster.get())) />
        {page(families, "Run a task", move |families| form(&cluster.get(), definition.get(), &families, action))}
    }
}

fn form(cluster: &str, definition: String, families: &[FamilySummary], action: ServerAction<RunTaskCall>) -> AnyView {
    let command = format!("aws ecs run-task --cluster {cluster} --task-definition FAMILY --count 1");
    let back = format!("/clusters/{cluster}/tasks");
    let (cluster, offered) = (cluster.to_owned(), suggestions(families));
    view! {
        <PageHead heading="Run a task" facts=view! { <span>"in cluster "{cluster.clone()}</span> }.into_any() />
        <ActionForm action attr:class="column narrow">
            <input type="hidden" name="cluster" value=cluster />
            <Card title="What runs">
                <div class="card-body form-part">
                    <Field
                        name="task_definition"
                        label="Task definition"
                        required=true
                        value=definition
                        suggestions=offered
                        hint="A family for its latest revision, or family:revision."
                    />
                    <div class="form-grid" data-columns="3">
                        <Field name="count" label="How many" value="1" required=true inputmode="numeric" hint="1 to 10." />
                        <SelectField name="launch_type" label="Launch type" options=launch_types() />
                        <Field name="group" label="Group" hint="Empty: the family." />
                    </div>
                </div>
            </Card>
            <Card title="Override" note="for this run only">
                <div class="card-body form-part">
                    <Field name="container" label="Container" hint="The one whose command or environment changes." />
                    <TextArea name="command" label="Command" hint="One word a line." />
                    <TextArea name="environment" label="Environment" hint="NAME=value, one a line." />
                </div>
            </Card>
            {network_card()}
            <FieldError error=error_of(action) />
            <div class="row">
                <button class="button" data-kind="primary" type="submit">"Run task"</button>
                <a class="button" data-kind="quiet" href=back>"Cancel"</a>
            </div>
            <Card title="The same from a shell" foot=view! { <CommandLine command /> }.into_any()>
                <div class="card-body"><p class="muted">"Every field of RunTask can be given there."</p></div>
            </Card>
        </ActionForm>
    }
    .into_any()
}
