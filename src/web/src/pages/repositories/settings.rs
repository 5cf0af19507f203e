//! What a repository does with pushes: whether tags may move, and whether each push is scanned.

use leptos::prelude::*;

use crate::api::repositories::{RepositorySummary, SetScanOnPush, SetTagMutability, describe_repository};
use crate::components::{Card, CommandLine, FieldError, SelectField, error_of, panel, saved};

/// The section of a repository's page.
#[component]
pub fn Settings(
    /// Whose settings they are.
    repository: String,
    /// What is done when one was saved.
    on_save: impl Fn() + Send + Sync + 'static,
) -> impl IntoView {
    let mutability = ServerAction::<SetTagMutability>::new();
    let scan = ServerAction::<SetScanOnPush>::new();
    let written = move || (mutability.version().get(), scan.version().get());
    let found = Resource::new(move || (repository.clone(), written()), |(name, _)| describe_repository(name));
    Effect::new(move || {
        written();
        on_save();
    });
    panel(found, "Settings", move |found| {
        view! { <div class="halves">{tags(&found.summary, mutability)} {scanning(&found.summary, scan)}</div> }
    })
}

fn tags(repository: &RepositorySummary, action: ServerAction<SetTagMutability>) -> AnyView {
    let name = repository.name.clone();
    let command = format!("aws ecr put-image-tag-mutability --repository-name {name} --image-tag-mutability IMMUTABLE");
    let options = vec![
        ("MUTABLE".to_owned(), "Mutable: a push may move a tag".to_owned()),
        ("IMMUTABLE".to_owned(), "Immutable: a tag stays with its image".to_owned()),
    ];
    let selected = if repository.immutable { "IMMUTABLE" } else { "MUTABLE" };
    view! {
        <Card title="Tags" foot=view! { <CommandLine command /> }.into_any()>
            <ActionForm action attr:class="card-body form-part">
                <input type="hidden" name="name" value=name />
                <SelectField name="mutability" label="A tag that is taken" options selected />
                <FieldError error=error_of(action) />
                <div class="row"><button class="button" data-kind="primary" type="submit">"Save tags"</button>{saved(action)}</div>
            </ActionForm>
        </Card>
    }
    .into_any()
}

fn scanning(repository: &RepositorySummary, action: ServerAction<SetScanOnPush>) -> AnyView {
    let (name, on) = (repository.name.clone(), repository.scan_on_push);
    let command = format!(
        "aws ecr put-image-scanning-configuration --repository-name {name} --image-scanning-configuration scanOnPush=true"
    );
    view! {
        <Card title="Scanning" foot=view! { <CommandLine command /> }.into_any()>
            <ActionForm action attr:class="card-body form-part">
                <input type="hidden" name="name" value=name />
                <label class="check"><input type="checkbox" name="scan" value="on" checked=on />"Scan each image when it is pushed"</label>
                <FieldError error=error_of(action) />
                <div class="row"><button class="button" type="submit">"Save scanning"</button>{saved(action)}</div>
            </ActionForm>
        </Card>
    }
    .into_any()
}
