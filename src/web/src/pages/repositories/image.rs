//! An image that is open: its layers from the bottom up, what it says of itself, where it runs, what a scan found.

use leptos::prelude::*;

use crate::api::image_tags::{TagImage, UntagImage};
use crate::api::images::{
    DeleteImage, FindingOfImage, ImageContent, ImageSummary, LayerOfImage, PlatformImage, ScanImage, short_digest,
};
use crate::api::repositories::RepositorySummary;
use crate::components::{
    Card, CodeBlock, ConfirmDialog, CopyButton, DialogButton, Fact, Facts, FieldError, Icon, IconMark, SeverityBar,
    Table, done, error_of,
};
use crate::format::{bytes, count, date_and_clock, query_value};

/// What can be done to the image.
#[derive(Clone, Copy)]
pub(super) struct Actions {
    delete: ServerAction<DeleteImage>,
    scan: ServerAction<ScanImage>,
    tag: ServerAction<TagImage>,
    untag: ServerAction<UntagImage>,
}

impl Default for Actions {
    fn default() -> Self {
        Self {
            delete: ServerAction::new(),
            scan: ServerAction::new(),
            tag: ServerAction::new(),
            untag: ServerAction::new(),
        }
    }
}

impl Actions {
    /// Follows what changes an image without leaving its page.
    pub(super) fn changes(self) {
        self.tag.version().track();
        self.untag.version().track();
    }
}

/// The cards.
pub(super) fn image_card(repository: &RepositorySummary, image: &ImageContent, actions: Actions) -> AnyView {
    let tools = delete_button(&repository.name, image, actions.delete);
    let scan = scan_card(&repository.name, image, actions.scan);
    let content = if image.platforms.is_empty() { layers(&image.layers) } else { platforms(&repository.name, image) };
    let (facts, tags) = (facts(image, &repository.uri), tags(repository, image, actions));
    view! {
        <Card title=format!("Image {}", image.summary.name()) note=image.summary.kind() tools>
            <div class="card-body">{tags}<div class="image-split">{content} {facts}</div></div>
        </Card>
        {scan}
    }
    .into_any()
}

/// Its tags, each with its way out, and the form for another.
fn tags(repository: &RepositorySummary, image: &ImageContent, actions: Actions) -> AnyView {
    let (repository, digest) = (&repository.name, &image.summary.digest);
    let chips: Vec<_> = image.summary.tags.iter().map(|tag| tag_chip(repository, digest, tag, actions.untag)).collect();
    view! {
        <div class="row" data-wrap="" role="group" aria-label="Tags">
            {chips} {new_tag(repository.clone(), digest.clone(), actions.tag)}
        </div>
        <FieldError error=error_of(actions.tag) />
        <FieldError error=error_of(actions.untag) />
    }
    .into_any()
}

fn tag_chip(repository: &str, digest: &str, tag: &str, action: ServerAction<UntagImage>) -> AnyView {
    let (repository, digest, tag) = (repository.to_owned(), digest.to_owned(), tag.to_owned());
    let (label, word) = (format!("Take the tag {tag} away"), tag.clone());
    view! {
        <ActionForm action attr:class="chip tag-chip">
            <input type="hidden" name="repository" value=repository />
            <input type="hidden" name="digest" value=digest />
            <input type="hidden" name="tag" value=tag />
            {word}
            <button type="submit" class="tag-remove" aria-label=label><IconMark icon=Icon::Close /></button>
        </ActionForm>
    }
    .into_any()
}

fn new_tag(repository: String, digest: String, action: ServerAction<TagImage>) -> impl IntoView {
    view! {
        <ActionForm action attr:class="row">
            <input type="hidden" name="repository" value=repository />
            <input type="hidden" name="digest" value=digest />
            <label class="visually-hidden" for="tag">"Another tag"</label>
            <input class="input" id="tag" name="tag" placeholder="Another tag" required autocomplete="off" />
            <button class="button" data-size="small" type="submit">"Tag"</button>
        </ActionForm>
    }
}

/// The findings of an image in short: numbers, or why there are none.
pub(super) fn findings_word(image: &ImageSummary) -> AnyView {
    match &image.scan {
        None => view! { <span class="muted">"not scanned"</span> }.into_any(),
        Some(scan) => match scan.findings {
            Some(counts) => view! { <SeverityBar counts /> }.into_any(),
            None => view! { <span class="muted">{scan.words()}</span> }.into_any(),
        },
    }
}

/// What the last scan found; nothing of an index, whose images are scanned.
fn scan_card(repository: &str, image: &ImageContent, scan: ServerAction<ScanImage>) -> Option<AnyView> {
    if !image.platforms.is_empty() || image.summary.archived {
        return None;
    }
    let (repository, digest) = (repository.to_owned(), image.summary.digest.clone());
    let tools = view! {
        <ActionForm action=scan>
            <input type="hidden" name="repository" value=repository />
            <input type="hidden" name="digest" value=digest />
            <button class="button" data-size="small" type="submit">"Scan now"</button>
        </ActionForm>
    };
    let word = findings_word(&image.summary);
    let reason = image.summary.scan.as_ref().and_then(|scan| scan.reason.clone());
    let found = (!image.findings.is_empty()).then(|| {
        let rows: Vec<_> = image.findings.iter().map(finding_row).collect();
        view! { <Table label="Findings" columns=&["Finding", "Severity", "Package", "Installed", "Fixed in"]>{rows}</Table> }
    });
    Some(
        view! {
            <Card title="Findings" tools=tools.into_any()>
                <div class="card-body">
                    <p class="row" data-wrap="">{word} {reason}</p>
                    <FieldError error=error_of(scan) />
                </div>
                {found}
            </Card>
        }
        .into_any(),
    )
}

fn finding_row(finding: &FindingOfImage) -> AnyView {
    let id = finding.id.clone();
    let name = match finding.url.clone() {
        Some(href) => view! { <a class="object" href=href rel="noreferrer" target="_blank">{id}</a> }.into_any(),
        None => id.into_any(),
    };
    let (level, word) = (finding.severity.clone(), finding.severity.clone());
    let fixed = finding.fixed_in.clone().unwrap_or_else(|| "–".to_owned());
    view! {
        <tr title=finding.description.clone()>
            <td>{name}</td>
            <td data-label="Severity"><span class="severity-key" data-level=level>{word}</span></td>
            <td data-label="Package" class="mono">{finding.package.clone()}</td>
            <td data-label="Installed" class="mono">{finding.version.clone()}</td>
            <td data-label="Fixed in" class="mono">{fixed}</td>
        </tr>
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
