//! An image that is open: its layers from the bottom up, what it says of itself, where it runs.

use leptos::prelude::*;

use crate::api::images::{DeleteImage, ImageContent, LayerOfImage, PlatformImage, short_digest};
use crate::api::repositories::RepositorySummary;
use crate::components::{
    Card, CodeBlock, ConfirmDialog, CopyButton, DialogButton, Fact, Facts, FieldError, Table, done, error_of,
};
use crate::format::{bytes, count, date_and_clock, query_value};

/// The card.
pub(super) fn image_card(
    repository: &RepositorySummary,
    image: &ImageContent,
    delete: ServerAction<DeleteImage>,
) -> AnyView {
    let tools = delete_button(&repository.name, image, delete);
    let content = if image.platforms.is_empty() { layers(&image.layers) } else { platforms(&repository.name, image) };
    let facts = facts(image, &repository.uri);
    view! {
        <Card title=format!("Image {}", image.summary.name()) note=image.summary.kind() tools>
            <div class="card-body"><div class="image-split">{content} {facts}</div></div>
        </Card>
    }
    .into_any()
}

fn delete_button(repository: &str, image: &ImageContent, delete: ServerAction<DeleteImage>) -> AnyView {
    let (repository, digest) = (repository.to_owned(), image.summary.digest.clone());
    let question = format!("Delete image {}?", image.summary.name());
    let mut consequence = match image.summary.tags.len() {
        0 => "It has no tag.".to_owned(),
        _ => format!("Its tags go with it: {}.", image.summary.tags.join(", ")),
    };
    if !image.running_in.is_empty() {
        consequence.push_str(" It runs now: tasks that start later cannot pull it.");
    }
    view! {
        <DialogButton opens="delete-image" kind="danger" size="small">"Delete image"</DialogButton>
        <ConfirmDialog id="delete-image" question consequence done=done(delete)>
            <ActionForm action=delete attr:class="dialog-form">
                <input type="hidden" name="repository" value=repository />
                <input type="hidden" name="digest" value=digest />
                <button class="button" data-kind="danger" type="submit">"Delete"</button>
                <FieldError error=error_of(delete) />
            </ActionForm>
        </ConfirmDialog>
    }
    .into_any()
}

fn layers(layers: &[LayerOfImage]) -> AnyView {
    let total: i64 = layers.iter().map(|layer| layer.size).sum();
    let largest = layers.iter().map(|layer| layer.size).max().unwrap_or(0);
    let words = format!("{}, {}", count(i64::try_from(layers.len()).unwrap_or(0), "layer"), bytes(total));
    let rows: Vec<_> = layers.iter().map(|layer| layer_row(layer, largest)).collect();
    view! {
        <section class="stacked">
            <h3 class="caps">{words}</h3>
            <ol class="layers">{rows}</ol>
        </section>
    }
    .into_any()
}

#[expect(clippy::cast_precision_loss, reason = "sizes of layers are far below 2^52 bytes")]
fn layer_row(layer: &LayerOfImage, largest: i64) -> AnyView {
    let part = if largest > 0 { layer.size as f64 / largest as f64 * 100.0 } else { 0.0 };
    let short = short_digest(&layer.digest);
    let name = if layer.made_by.is_empty() { "made outside of a build".to_owned() } else { layer.made_by.clone() };
    let title = format!("{} {}", layer.digest, layer.made_by);
    view! {
        <li class="layer" title=title>
            <span class="layer-name mono">{name}</span>
            <span class="muted mono">{short}</span>
            <span class="value num">{bytes(layer.size)}</span>
            <span class="layer-bar" aria-hidden="true"><i style=format!("--part:{part:.1}%")></i></span>
        </li>
    }
    .into_any()
}

fn platforms(repository: &str, image: &ImageContent) -> AnyView {
    let rows: Vec<_> = image.platforms.iter().map(|platform| platform_row(repository, platform)).collect();
    view! { <Table label="Platforms" columns=&["Platform", "Digest", ">Manifest"]>{rows}</Table> }.into_any()
}

fn platform_row(repository: &str, image: &PlatformImage) -> AnyView {
    let href = format!("/repositories/{}?image={}", query_value(repository), query_value(&image.digest));
    let (platform, digest) = (image.platform.clone(), short_digest(&image.digest));
    view! {
        <tr>
            <td><a class="object" href=href>{platform}</a></td>
            <td class="mono" data-label="Digest">{digest}</td>
            <td class="end num" data-label="Manifest">{bytes(image.size)}</td>
        </tr>
    }
    .into_any()
}

fn facts(image: &ImageContent, uri: &str) -> AnyView {
    let digest = image.summary.digest.clone();
    let pushed = image.summary.pushed_at.map(|at| view! { <Fact label="Pushed">{date_and_clock(at)}</Fact> });
    let size = bytes(image.summary.size);
    let told: Vec<_> = image
        .facts
        .iter()
        .cloned()
        .map(|(label, value)| view! { <Fact label><span class="mono">{value}</span></Fact> })
        .collect();
    let running = running_in(image);
    let pull = format!("docker pull {uri}@{digest}");
    view! {
        <div class="stacked">
            <Facts>
                <Fact label="Digest">
                    <span class="mono">{digest.clone()}</span>
                    <CopyButton text=digest label="Copy digest" />
                </Fact>
                <Fact label="Size">{size}</Fact>
                {pushed}
                {told}
                <Fact label="Running in">{running}</Fact>
            </Facts>
            <CodeBlock code=pull label="Pull by digest" />
        </div>
    }
    .into_any()
}

fn running_in(image: &ImageContent) -> AnyView {
    if image.running_in.is_empty() {
        return "–".into_any();
    }
    let links = image.running_in.iter().map(|(cluster, group)| {
        let (href, words) = match group.strip_prefix("service:") {
            Some(service) => (format!("/clusters/{cluster}/services/{service}"), format!("{cluster} / {service}")),
            None => (format!("/clusters/{cluster}/tasks"), format!("{cluster} / {group}")),
        };
        view! { <a class="link" href=href>{words}</a> }
    });
    view! { <span class="row" data-wrap="">{links.collect_view()}</span> }.into_any()
}
