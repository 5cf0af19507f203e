//! One repository: its images, the one that is open (`?image=`), and the commands that push and pull.

use gantry_model::event::EventKind;
use leptos::prelude::*;

use super::image::{Actions, findings_word, image_card};
use super::lifecycle::Lifecycle;
use super::settings::Settings;
use crate::api::images::{ImageContent, ImageSummary, describe_image, short_digest};
use crate::api::repositories::{DeleteRepository, RepositoryDetail, RepositorySummary, describe_repository};
use crate::components::{
    Card, CodeBlock, CommandLine, ConfirmDialog, CopyButton, DialogButton, EmptyState, FieldError, Fresh, PageHead,
    PageTitle, Tab, Table, Tabs, done, error_of, page, panel,
};
use crate::error::ApiError;
use crate::format::{bytes, count, date_and_clock, query_value};
use crate::live::refresh_on;
use crate::pages::{param, query};

/// The page.
#[component]
pub fn RepositoryPage() -> impl IntoView {
    let name = param("repository");
    let open = query("image");
    let section = query("view");
    let repository = Resource::new(move || name.get(), describe_repository);
    let image = Resource::new(move || (name.get(), open.filled()), |(name, open)| opened(name, open));
    let refetch = move || {
        repository.refetch();
        image.refetch();
    };
    refresh_on(&[EventKind::Repository, EventKind::Image], Signal::stored(None), refetch);
    let delete = ServerAction::<DeleteRepository>::new();
    let actions = Actions::default();
    Effect::new(move || {
        actions.changes();
        refetch();
    });
    let fresh = Fresh::default();
    view! {
        <PageTitle text=Signal::derive(move || format!("Repository {}", name.get())) />
        {page(repository, "Repository", move |repository| {
            let section = section.get();
            let content = section.is_empty().then(|| {
                let of = repository.summary.clone();
                let image = panel(image, "Image", move |image| image.map(|image| image_card(&of, &image, actions)));
                view! {
                    <div class="split">
                        <div class="column">{images(&repository, open.filled().as_deref(), fresh)} {image}</div>
                        <div class="column">{commands(&repository)}</div>
                    </div>
                }
            });
            view! { {head(&repository.summary, delete)} {tabs(&repository.summary, &section)} {content} }
        })}
        // Beside what a push draws anew: nobody loses what they type.
        {move || match section.get().as_str() {
            "lifecycle" => view! { <Lifecycle repository=name.get() /> }.into_any(),
            "settings" => view! { <Settings repository=name.get() on_save=refetch /> }.into_any(),
            _ => ().into_any(),
        }}
    }
}

async fn opened(repository: String, digest: Option<String>) -> Result<Option<ImageContent>, ApiError> {
    match digest {
        None => Ok(None),
        Some(digest) => describe_image(repository, digest).await.map(Some),
    }
}

fn head(repository: &RepositorySummary, delete: ServerAction<DeleteRepository>) -> AnyView {
    let mutability = if repository.immutable { "tags immutable" } else { "tags mutable" };
    let pushed = repository.pushed_at.map(|at| view! { <span>{format!("pushed {}", date_and_clock(at))}</span> });
    let uri = repository.uri.clone();
    let facts = view! {
        <span>{count(repository.images, "image")}</span>
        <span>{bytes(repository.size)}</span>
        {pushed}
        <span class="mono">{uri.clone()}<CopyButton text=uri label="Copy address" /></span>
    };
    view! {
        <PageHead
            heading=repository.name.clone()
            beside=view! { <span class="chip">{mutability}</span> }.into_any()
            facts=facts.into_any()
            actions=delete_button(repository, delete)
        />
    }
    .into_any()
}

fn tabs(repository: &RepositorySummary, section: &str) -> AnyView {
    let base = format!("/repositories/{}", query_value(&repository.name));
    let tab = |title: &'static str, view: &'static str, count: Option<u32>| Tab {
        title,
        href: if view.is_empty() { base.clone() } else { format!("{base}?view={view}") },
        count,
        current: view == section,
    };
    let tabs = vec![
        tab("Images", "", Some(repository.images)),
        tab("Lifecycle", "lifecycle", None),
        tab("Settings", "settings", None),
    ];
    view! { <Tabs label=format!("Repository {}", repository.name) tabs /> }.into_any()
}

fn delete_button(repository: &RepositorySummary, delete: ServerAction<DeleteRepository>) -> AnyView {
    let name = repository.name.clone();
    let (consequence, force) = match repository.images {
        0 => ("It holds no images.".to_owned(), None),
        n => (format!("{} in it go with it. There is no way back.", count(n, "image")), Some("on")),
    };
    view! {
        <DialogButton opens="delete" kind="danger">"Delete"</DialogButton>
        <ConfirmDialog id="delete" question=format!("Delete repository {name}?") consequence done=done(delete)>
            <ActionForm action=delete attr:class="dialog-form">
                <input type="hidden" name="name" value=name />
                {force.map(|force| view! { <input type="hidden" name="force" value=force /> })}
                <button class="button" data-kind="danger" type="submit">"Delete repository"</button>
                <FieldError error=error_of(delete) />
            </ActionForm>
        </ConfirmDialog>
    }
    .into_any()
}

fn images(repository: &RepositoryDetail, open: Option<&str>, fresh: Fresh) -> AnyView {
    let name = &repository.summary.name;
    let command = format!("aws ecr describe-images --repository-name {name}");
    let foot = view! { <CommandLine command /> }.into_any();
    if repository.images.is_empty() {
        let text = "Push one: the commands stand beside.";
        return view! { <Card title="Images" foot><EmptyState title="No images yet" text /></Card> }.into_any();
    }
    let note = repository.images.len().to_string();
    let rows: Vec<_> = repository.images.iter().map(|image| row(name, image, open, fresh)).collect();
    let columns = &["Tag", "Digest", "Kind", ">Size", "Findings", ">Pushed", "->Last pull"];
    view! { <Card title="Images" note foot><Table label="Images" columns>{rows}</Table></Card> }.into_any()
}

fn row(repository: &str, image: &ImageSummary, open: Option<&str>, fresh: Fresh) -> AnyView {
    let flash = fresh.of(&image.digest, image);
    let href = format!("/repositories/{}?image={}", query_value(repository), query_value(&image.digest));
    let selected = (open == Some(image.digest.as_str())).then_some("true");
    let tags = if image.tags.is_empty() { "untagged".to_owned() } else { image.tags.join(", ") };
    let (digest, kind) = (short_digest(&image.digest), image.kind());
    let none = || "–".to_owned();
    let archived = image.archived.then(|| view! { <span class="chip">"archived"</span> });
    let findings = findings_word(image);
    view! {
        <tr data-fresh=flash aria-current=selected>
            <td><span class="row"><a class="object" href=href>{tags}</a>{archived}</span></td>
            <td class="mono" data-label="Digest">{digest}</td>
            <td data-label="Kind">{kind}</td>
            <td class="end num value" data-label="Size">{bytes(image.size)}</td>
            <td data-label="Findings" data-span="4">{findings}</td>
            <td class="end num muted" data-label="Pushed" data-span="4">{image.pushed_at.map_or_else(none, date_and_clock)}</td>
            <td class="end num muted" data-label="Last pull" data-low="" data-span="4">
                {image.pulled_at.map_or_else(none, date_and_clock)}
            </td>
        </tr>
    }
    .into_any()
}

fn commands(repository: &RepositoryDetail) -> AnyView {
    let uri = &repository.summary.uri;
    let host = uri.split('/').next().unwrap_or_default();
    let login = format!("aws ecr get-login-password | docker login --username AWS --password-stdin {host}");
    let push = format!("docker tag {}:latest {uri}:latest\ndocker push {uri}:latest", repository.summary.name);
    let newest = repository.images.iter().find_map(|image| image.tags.first());
    let pull = format!("docker pull {uri}:{}", newest.map_or("latest", String::as_str));
    view! {
        <Card title="Push">
            <div class="card-body">
                <CodeBlock code=login label="Sign in to the registry" />
                <CodeBlock code=push label="Tag and push" />
            </div>
        </Card>
        <Card title="Pull"><div class="card-body"><CodeBlock code=pull label="Pull the newest" /></div></Card>
    }
    .into_any()
}
