//! Changes by meaning: what was added, removed or changed, one row each.

use leptos::prelude::*;

/// What happened to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    Add,
    Remove,
    Change,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub kind: ChangeKind,
    /// The name of the value, such as `memory`.
    pub path: String,
    /// Whose it is, such as `container app`.
    pub of: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// The list of differences.
#[component]
pub fn DiffView(
    /// What differs.
    changes: Vec<Change>,
) -> impl IntoView {
    let rows: Vec<_> = changes.into_iter().map(row).collect();
    view! { <ul class="diff">{rows}</ul> }
}

fn row(change: Change) -> impl IntoView {
    let (op, sign, word) = match change.kind {
        ChangeKind::Add => ("add", "+", "Added"),
        ChangeKind::Remove => ("remove", "−", "Removed"),
        ChangeKind::Change => ("change", "~", "Changed"),
    };
    view! {
        <li class="diff-row" data-op=op>
            <span class="diff-sign"><span aria-hidden="true">{sign}</span><span class="visually-hidden">{word}</span></span>
            <span class="diff-path">{change.path}" "<small>{change.of}</small></span>
            <span>
                {change.before.map(|text| view! { <del>{text}</del> })}
                " "
                {change.after.map(|text| view! { <ins>{text}</ins> })}
            </span>
        </li>
    }
}
