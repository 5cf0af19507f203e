//! Creating a service: a form that works with and without WebAssembly.

use leptos::prelude::*;

use crate::api::load_balancers::list_target_groups;
use crate::api::services::CreateService as CreateServiceCall;
use crate::api::task_definitions::{FamilySummary, list_families};
use crate::components::{Card, CommandLine, Field, FieldError, PageHead, PageTitle, SelectField, error_of, page};
use crate::error::ApiError;
use crate::pages::{param, query};

/// The page; `?task_definition=` fills in what is to run.
#[component]
pub fn CreateService() -> impl IntoView {
    let cluster = param("cluster");
    let definition = query("task_definition");
    let offered = Resource::new(|| (), |()| offered());
    let action = ServerAction::<CreateServiceCall>::new();
    view! {
        <PageTitle text=Signal::derive(move || format!("Create service · {}", cluster.get())) />
        {page(offered, "Create service", move |offered| form(&cluster.get(), definition.get(), offered, action))}
    }
}

/// What the form offers: families, and target groups by ARN and name.
type Offered = (Vec<FamilySummary>, Vec<(String, String)>);

async fn offered() -> Result<Offered, ApiError> {
    Ok((list_families().await?, list_target_groups().await?))
}

/// Families and their latest revisions, as a field offers them.
pub(in crate::pages) fn suggestions(families: &[FamilySummary]) -> Vec<String> {
    let latest = families.iter().filter_map(|f| Some((f.name.clone(), f.latest?)));
    latest.flat_map(|(name, revision)| [format!("{name}:{revision}"), name]).collect()
}

/// The choices of `launchType`.
pub(in crate::pages) fn launch_types() -> Vec<(String, String)> {
    [("EC2", "EC2, on own hosts"), ("FARGATE", "Fargate")]
        .map(|(value, words)| (value.to_owned(), words.to_owned()))
        .to_vec()
}

fn form(
    cluster: &str,
    definition: String,
    (families, groups): Offered,
    action: ServerAction<CreateServiceCall>,
) -> AnyView {
    let breakers = [
        ("rolls-back", "Roll back when tasks fail to start"),
        ("stops", "Stop when tasks fail to start"),
        ("off", "Go on trying"),
    ];
    let breakers = breakers.map(|(value, words)| (value.to_owned(), words.to_owned())).to_vec();
    let command = format!(
        "aws ecs create-service --cluster {cluster} --service-name NAME --task-definition FAMILY --desired-count 2"
    );
    let back = format!("/clusters/{cluster}");
    let (cluster, offered) = (cluster.to_owned(), suggestions(&families));
    view! {
        <PageHead heading="Create service" facts=view! { <span>"in cluster "{cluster.clone()}</span> }.into_any() />
        <ActionForm action attr:class="column narrow">
            <input type="hidden" name="cluster" value=cluster />
            <Card title="What runs">
                <div class="card-body form-part">
                    <Field name="name" label="Service name" required=true hint="Letters, digits, hyphens and underscores." />
                    <Field
                        name="task_definition"
                        label="Task definition"
                        required=true
                        value=definition
                        suggestions=offered
                        hint="A family for its latest revision, or family:revision."
                    />
                    <div class="form-grid" data-columns="3">
                        <Field name="desired" label="Desired tasks" value="1" required=true inputmode="numeric" />
                        <SelectField name="launch_type" label="Launch type" options=launch_types() />
                    </div>
                </div>
            </Card>
            <Card title="How it is rolled over">
                <div class="card-body form-part">
                    <div class="form-grid" data-columns="3">
                        <Field name="minimum_percent" label="Minimum healthy" value="100" required=true inputmode="numeric" unit="%" />
                        <Field name="maximum_percent" label="Maximum" value="200" required=true inputmode="numeric" unit="%" />
                        <SelectField name="breaker" label="A failing deployment" options=breakers />
                    </div>
                </div>
            </Card>
            {network_card()}
            {traffic_card(groups)}
            <FieldError error=error_of(action) />
            <div class="row">
                <button class="button" data-kind="primary" type="submit">"Create service"</button>
                <a class="button" data-kind="quiet" href=back>"Cancel"</a>
            </div>
            <Card title="The same from a shell" foot=view! { <CommandLine command /> }.into_any()>
                <div class="card-body"><p class="muted">"Every field of CreateService can be given there."</p></div>
            </Card>
        </ActionForm>
    }
    .into_any()
}

/// What the service stands behind.
fn traffic_card(groups: Vec<(String, String)>) -> AnyView {
    let none = (String::new(), "None".to_owned());
    let options: Vec<_> = std::iter::once(none).chain(groups).collect();
    view! {
        <Card title="Traffic" note="from a load balancer">
            <div class="card-body form-part">
                <div class="form-grid" data-columns="3">
                    <SelectField name="target_group" label="Target group" options />
                    <Field name="container" label="Container" hint="That answers." />
                    <Field name="container_port" label="Container port" inputmode="numeric" />
                </div>
            </div>
        </Card>
    }
    .into_any()
}

/// Subnets and security groups.
pub(in crate::pages) fn network_card() -> AnyView {
    view! {
        <Card title="Network" note="for task definitions in awsvpc mode">
            <div class="card-body form-part">
                <Field name="subnets" label="Subnets" hint="Names, split by commas. Empty for bridge, host and none." />
                <Field name="security_groups" label="Security groups" />
            </div>
        </Card>
    }
    .into_any()
}
