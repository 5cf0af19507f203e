//! Creating a parameter.

use leptos::prelude::*;

use crate::api::parameters::CreateParameter as CreateParameterCall;
use crate::components::{Card, CommandLine, Field, FieldError, PageHead, PageTitle, SelectField, TextArea, error_of};

/// The page.
#[component]
pub fn CreateParameter() -> impl IntoView {
    let action = ServerAction::<CreateParameterCall>::new();
    let command = view! { <CommandLine command="aws ssm put-parameter --name NAME --type String --value VALUE" /> };
    let kinds = [
        ("String", "Text"),
        ("StringList", "List: values with commas between"),
        ("SecureString", "Secret: shown to nobody here"),
    ];
    let kinds = kinds.map(|(value, words)| (value.to_owned(), words.to_owned())).to_vec();
    view! {
        <PageTitle text="Create parameter" />
        <PageHead heading="Create parameter" />
        <ActionForm action attr:class="column narrow">
            <Card title="Parameter" foot=command.into_any()>
                <div class="card-body form-part">
                    <Field
                        name="name"
                        label="Name"
                        required=true
                        autocomplete="off"
                        hint="Letters, digits, dots, hyphens and underscores; with a slash before each level, such as /shop/database-url."
                    />
                    <SelectField name="kind" label="Type" options=kinds />
                    <Field name="description" label="Description" autocomplete="off" />
                    <TextArea name="value" label="Value" rows=3 hint="Up to 8 KiB." />
                </div>
            </Card>
            <FieldError error=error_of(action) />
            <div class="row">
                <button class="button" data-kind="primary" type="submit">"Create parameter"</button>
                <a class="button" data-kind="quiet" href="/parameters">"Cancel"</a>
            </div>
        </ActionForm>
    }
}
