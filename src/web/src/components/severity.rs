//! How many findings of which severity, as a bar and as numbers.

use leptos::prelude::*;

use crate::api::images::SeverityCounts;

/// The bar: each severity takes its share, and none vanishes.
#[component]
pub fn SeverityBar(
    /// How many of each.
    counts: SeverityCounts,
) -> impl IntoView {
    let SeverityCounts { critical, high, medium, low } = counts;
    let words = format!("{critical} critical, {high} high, {medium} medium, {low} low");
    let parts = [("critical", critical), ("high", high), ("medium", medium), ("low", low)];
    let parts = parts.into_iter().filter(|(_, n)| *n > 0);
    let parts = parts.map(|(level, n)| view! { <i data-level=level style=format!("--n:{n}")></i> });
    view! {
        <span class="severity">
            <span class="severity-bar" role="img" aria-label=words>{parts.collect_view()}</span>
            <span class="num" aria-hidden="true">
                <span class="value">{critical}</span>
                {format!(" · {high} · {medium} · {low}")}
            </span>
        </span>
    }
}
