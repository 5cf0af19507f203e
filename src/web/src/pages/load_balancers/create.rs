//! Creating a load balancer with a listener and a target group: what a first service needs.

use leptos::prelude::*;

use crate::api::load_balancers::CreateLoadBalancer as CreateLoadBalancerCall;
use crate::components::{Card, CommandLine, Field, FieldError, PageHead, PageTitle, SelectField, error_of};

/// The page.
#[component]
pub fn CreateLoadBalancer() -> impl IntoView {
    let action = ServerAction::<CreateLoadBalancerCall>::new();
    let kinds =
        [("instance", "Ports of hosts: tasks in bridge or host mode"), ("ip", "Addresses: tasks in awsvpc mode")];
    let kinds = kinds.map(|(value, words)| (value.to_owned(), words.to_owned())).to_vec();
    let command = view! { <CommandLine command="aws elbv2 create-load-balancer --name NAME" /> };
    view! {
        <PageTitle text="Create load balancer" />
        <PageHead heading="Create load balancer" />
        <ActionForm action attr:class="column narrow">
            <Card title="Where it listens" foot=command.into_any()>
                <div class="card-body form-part">
                    <Field
                        name="name"
                        label="Name"
                        required=true
                        autocomplete="off"
                        hint="Up to 32 letters, digits and hyphens. Its target group has the same name."
                    />
                    <Field
                        name="port"
                        label="Port"
                        value="80"
                        required=true
                        inputmode="numeric"
                        hint="HTTP, on every host with a proxy. Rules, HTTPS and other protocols: see the command."
                    />
                </div>
            </Card>
            <Card title="Whom it sends to">
                <div class="card-body form-part">
                    <SelectField name="target_type" label="Targets" options=kinds />
                    <div class="form-grid" data-columns="2">
                        <Field
                            name="target_port"
                            label="Port of targets"
                            value="80"
                            required=true
                            inputmode="numeric"
                            hint="A service registers the ports that its tasks really have."
                        />
                        <Field
                            name="health_path"
                            label="Path of health checks"
                            value="/"
                            required=true
                            autocomplete="off"
                            hint="A target is healthy while it answers 200."
                        />
                    </div>
                </div>
            </Card>
            <FieldError error=error_of(action) />
            <div class="row">
                <button class="button" data-kind="primary" type="submit">"Create load balancer"</button>
                <a class="button" data-kind="quiet" href="/load-balancers">"Cancel"</a>
            </div>
        </ActionForm>
    }
}
