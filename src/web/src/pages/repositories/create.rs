//! Creating a repository.

use leptos::prelude::*;

use crate::api::repositories::CreateRepository as CreateRepositoryCall;
use crate::components::{Card, CommandLine, Field, FieldError, PageHead, PageTitle, SelectField, error_of};

/// The page.
#[component]
pub fn CreateRepository() -> impl IntoView {
    let action = ServerAction::<CreateRepositoryCall>::new();
    let command = view! { <CommandLine command="aws ecr create-repository --repository-name NAME" /> }.into_any();
    let mutability =
        [("MUTABLE", "Mutable: a push may move a tag"), ("IMMUTABLE", "Immutable: a tag stays with its image")];
    let mutability = mutability.map(|(value, words)| (value.to_owned(), words.to_owned())).to_vec();
    view! {
        <PageTitle text="Create repository" />
        <PageHead heading="Create repository" />
        <ActionForm action attr:class="column narrow">
            <Card title="Repository" foot=command>
                <div class="card-body form-part">
                    <Field
                        name="name"
                        label="Name"
                        required=true
                        hint="Small letters and digits, with slashes, dots, hyphens or underscores between, such as team/api."
                    />
                    <SelectField name="mutability" label="Tags" options=mutability />
                </div>
            </Card>
            <FieldError error=error_of(action) />
            <div class="row">
                <button class="button" data-kind="primary" type="submit">"Create repository"</button>
                <a class="button" data-kind="quiet" href="/repositories">"Cancel"</a>
            </div>
        </ActionForm>
    }
}
