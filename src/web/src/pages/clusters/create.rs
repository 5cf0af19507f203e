//! Creating a cluster.

use leptos::prelude::*;

use crate::api::clusters::CreateCluster as CreateClusterCall;
use crate::components::{Card, CommandLine, Field, FieldError, PageHead, PageTitle, error_of};

/// The page.
#[component]
pub fn CreateCluster() -> impl IntoView {
    let action = ServerAction::<CreateClusterCall>::new();
    let command = view! { <CommandLine command="aws ecs create-cluster --cluster-name NAME" /> }.into_any();
    view! {
        <PageTitle text="Create cluster" />
        <PageHead
            heading="Create cluster"
            facts=view! { <span>"Fargate tasks run in it at once; hosts may join later."</span> }.into_any()
        />
        <ActionForm action attr:class="column narrow">
            <Card title="Cluster" foot=command>
                <div class="card-body">
                    <Field
                        name="name"
                        label="Name"
                        required=true
                        hint="Letters, digits, hyphens and underscores, at most 255. It stays as it is."
                    />
                </div>
            </Card>
            <FieldError error=error_of(action) />
            <div class="row">
                <button class="button" data-kind="primary" type="submit">"Create cluster"</button>
                <a class="button" data-kind="quiet" href="/clusters">"Cancel"</a>
            </div>
        </ActionForm>
    }
}
