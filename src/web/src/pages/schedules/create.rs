//! Creating a schedule.

use leptos::prelude::*;

use crate::api::clusters::list_clusters;
use crate::api::schedules::CreateSchedule as CreateScheduleCall;
use crate::api::task_definitions::{FamilySummary, list_families};
use crate::components::{Card, CommandLine, Field, FieldError, PageHead, PageTitle, SelectField, error_of, page};
use crate::error::ApiError;
use crate::pages::services::create::{launch_types, suggestions};

/// What the form offers: clusters and families.
type Offered = (Vec<String>, Vec<FamilySummary>);

/// The page.
#[component]
pub fn CreateSchedule() -> impl IntoView {
    let action = ServerAction::<CreateScheduleCall>::new();
    let offered = Resource::new(|| (), |()| offered());
    view! {
        <PageTitle text="Create schedule" />
        {page(offered, "Create schedule", move |offered| form(offered, action))}
    }
}

async fn offered() -> Result<Offered, ApiError> {
    let clusters = list_clusters().await?.into_iter().map(|cluster| cluster.name).collect();
    Ok((clusters, list_families().await?))
}

fn form((clusters, families): Offered, action: ServerAction<CreateScheduleCall>) -> AnyView {
    let clusters: Vec<_> = clusters.into_iter().map(|name| (name.clone(), name)).collect();
    let families = suggestions(&families);
    let missed = [("once", "Run once, as soon as can be"), ("skip", "Leave it out")];
    let missed = missed.map(|(value, words)| (value.to_owned(), words.to_owned())).to_vec();
    let command = view! {
        <CommandLine command="aws events put-rule --name NAME --schedule-expression 'rate(1 hour)'" />
    };
    view! {
        <PageHead heading="Create schedule" />
        <ActionForm action attr:class="column narrow">
            <Card title="When" foot=command.into_any()>
                <div class="card-body form-part">
                    <Field name="name" label="Name" required=true autocomplete="off" hint="Letters, digits and . - _" />
                    <Field
                        name="expression"
                        label="Schedule"
                        required=true
                        autocomplete="off"
                        hint="rate(5 minutes), or cron(MINUTES HOURS DAY-OF-MONTH MONTH DAY-OF-WEEK YEAR) in UTC, such as cron(30 3 * * ? *)."
                    />
                    <SelectField name="missed" label="A time that was missed" options=missed />
                    <Field name="description" label="Description" autocomplete="off" />
                </div>
            </Card>
            <Card title="What runs">
                <div class="card-body form-part">
                    <SelectField name="cluster" label="Cluster" options=clusters selected="default" />
                    <Field
                        name="task_definition"
                        label="Task definition"
                        required=true
                        suggestions=families
                        hint="A family for its latest revision, or family:revision."
                    />
                    <div class="form-grid" data-columns="2">
                        <Field name="count" label="How many" value="1" required=true inputmode="numeric" hint="1 to 10." />
                        <SelectField name="launch_type" label="Launch type" options=launch_types() />
                    </div>
                </div>
            </Card>
            <FieldError error=error_of(action) />
            <div class="row">
                <button class="button" data-kind="primary" type="submit">"Create schedule"</button>
                <a class="button" data-kind="quiet" href="/schedules">"Cancel"</a>
            </div>
        </ActionForm>
    }
    .into_any()
}
