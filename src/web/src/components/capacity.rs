//! How much of a thing is taken: a bar, with its figure beside or above it.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// From this part on, the bar shows the rest in the colour of a warning.
const NEARLY_FULL: f64 = 88.0;

/// An amount out of a whole, in the same unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Capacity {
    pub used: f64,
    pub total: f64,
}

impl Capacity {
    /// Used percent, 0 to 100; 0 of nothing is 0.
    #[must_use]
    pub fn percent(self) -> f64 {
        if self.total > 0.0 { (self.used / self.total * 100.0).clamp(0.0, 100.0) } else { 0.0 }
    }
}

/// Only the bar; the caller says its name and figure.
#[component]
pub fn CapacityBar(
    /// What it shows.
    of: Capacity,
    /// The name that a reader hears; without one the bar is decoration beside its figure.
    #[prop(optional, into)]
    label: Option<String>,
) -> impl IntoView {
    let percent = of.percent();
    let used = percent.min(NEARLY_FULL);
    let over = percent - used;
    let role = label.is_some().then_some("img");
    let hidden = label.is_none().then_some("true");
    view! {
        <span class="capacity-bar" role=role aria-label=label aria-hidden=hidden>
            <i data-part="used" style=format!("--part:{used:.1}%")></i>
            {(over > 0.0).then(|| view! { <i data-part="over" style=format!("--part:{over:.1}%")></i> })}
        </span>
    }
}

/// A bar in a table cell, with its percent.
#[component]
pub fn CapacityInline(
    /// What it shows.
    of: Capacity,
    /// The name that a reader hears.
    #[prop(into)]
    label: String,
) -> impl IntoView {
    if of.total <= 0.0 {
        return view! { <span class="muted">"–"</span> }.into_any();
    }
    view! {
        <span class="capacity" data-inline="">
            <CapacityBar of label />
            <span class="capacity-value">{format!("{:.0}\u{a0}%", of.percent())}</span>
        </span>
    }
    .into_any()
}
