//! Creating a secret.

use leptos::prelude::*;

use crate::api::secrets::CreateSecret as CreateSecretCall;
use crate::components::{Card, CommandLine, Field, FieldError, PageHead, PageTitle, TextArea, error_of};

/// The page.
#[component]
pub fn CreateSecret() -> impl IntoView {
    let action = ServerAction::<CreateSecretCall>::new();
    let command = view! { <CommandLine command="aws secretsmanager create-secret --name NAME --secret-string file://value.json" /> };
    view! {
        <PageTitle text="Create secret" />
        <PageHead heading="Create secret" />
        <ActionForm action attr:class="column narrow">
            <Card title="Secret" foot=command.into_any()>
                <div class="card-body form-part">
                    <Field
                        name="name"
                        label="Name"
                        required=true
                        autocomplete="off"
                        hint="Letters, digits and / _ + = . @ -, such as shop/database."
                    />
                    <Field name="description" label="Description" autocomplete="off" />
                    <TextArea
                        name="value"
                        label="Value"
                        rows=6
                        hint="Text, or a JSON object whose members containers are given one by one. It is not shown again."
                    />
                </div>
            </Card>
            <FieldError error=error_of(action) />
            <div class="row">
                <button class="button" data-kind="primary" type="submit">"Create secret"</button>
                <a class="button" data-kind="quiet" href="/secrets">"Cancel"</a>
            </div>
        </ActionForm>
    }
}
