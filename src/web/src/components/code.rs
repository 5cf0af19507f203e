//! Code to read and commands to copy.

use leptos::prelude::*;

use super::{Icon, IconMark};

/// Copies `text`; says so on the button. Hidden until WebAssembly runs would be wrong: it does nothing without, so the
/// text beside it can always be selected by hand.
#[component]
pub fn CopyButton(
    /// What is copied.
    #[prop(into)]
    text: String,
    /// What the button is called, such as "Copy command".
    #[prop(into)]
    label: String,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let name = move || if copied.get() { "Copied".to_owned() } else { label.clone() };
    let copy = move |_| {
        copy_to_clipboard(&text);
        copied.set(true);
        set_timeout(
            move || {
                copied.try_set(false);
            },
            std::time::Duration::from_secs(2),
        );
    };
    view! {
        <button type="button" class="button" data-kind="quiet" data-shape="square" data-size="small" aria-label=name on:click=copy>
            {move || view! { <IconMark icon=if copied.get() { Icon::Check } else { Icon::Copy } /> }}
        </button>
    }
}

#[cfg(feature = "hydrate")]
fn copy_to_clipboard(text: &str) {
    // The promise may be refused (no permission); the text stays selectable beside the button.
    let _promise = window().navigator().clipboard().write_text(text);
}

#[cfg(not(feature = "hydrate"))]
fn copy_to_clipboard(_: &str) {}

/// The `aws` or `docker` line that does the same as the page, for the foot of a card.
#[component]
pub fn CommandLine(
    /// The line.
    #[prop(into)]
    command: String,
) -> impl IntoView {
    view! {
        <span class="mono command-line">{command.clone()}</span>
        <span class="push"><CopyButton text=command label="Copy command" /></span>
    }
}

/// A block of code with a copy button.
#[component]
pub fn CodeBlock(
    /// The text.
    #[prop(into)]
    code: String,
    /// What a reader hears for the block.
    #[prop(into)]
    label: String,
) -> impl IntoView {
    view! {
        <div class="code">
            <pre tabindex="0" aria-label=label role="region"><code>{code.clone()}</code></pre>
            <CopyButton text=code label="Copy" />
        </div>
    }
}
