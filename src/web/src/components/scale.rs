//! Pieces of the scale control: the figures beside the stepper.

use leptos::prelude::*;

use super::Shape;
use crate::state::State;

/// One figure with its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScaleFigure {
    pub count: u32,
    pub state: State,
    pub word: &'static str,
}

/// Running, pending, draining beside the stepper.
#[component]
pub fn ScaleFigures(
    /// The figures.
    figures: Vec<ScaleFigure>,
) -> impl IntoView {
    let figures: Vec<_> = figures
        .into_iter()
        .map(|figure| {
            view! {
                <div class="scale-figure">
                    <b>{figure.count}</b>
                    <span><Shape state=figure.state />{figure.word}</span>
                </div>
            }
        })
        .collect();
    view! { <div class="scale-figures">{figures}</div> }
}
