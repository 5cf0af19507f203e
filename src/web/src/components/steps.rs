//! A course of steps (a deployment, a task's life) and the bar of one revision in it.

use leptos::prelude::*;

use crate::state::State;

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepMark {
    Done,
    Current,
    Bad,
    Ahead,
}

/// One step: its name and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub name: String,
    pub note: String,
    pub mark: StepMark,
}

/// The course.
#[component]
pub fn Steps(
    /// In order.
    steps: Vec<Step>,
) -> impl IntoView {
    let steps: Vec<_> = steps
        .into_iter()
        .map(|step| {
            let done = (step.mark == StepMark::Done).then_some("");
            let bad = (step.mark == StepMark::Bad).then_some("");
            let current = (step.mark == StepMark::Current).then_some("step");
            view! {
                <li class="step" data-done=done data-bad=bad aria-current=current>
                    <b>{step.name}</b>
                    <span>{step.note}</span>
                </li>
            }
        })
        .collect();
    view! { <ol class="steps">{steps}</ol> }
}

/// The parts of one revision's tasks, each a count with its state, out of `total`.
#[component]
pub fn DeployBar(
    /// Counts by state.
    parts: Vec<(State, u32)>,
    /// What the whole bar stands for.
    total: u32,
    /// What a reader hears.
    #[prop(into)]
    label: String,
) -> impl IntoView {
    let whole = f64::from(total.max(parts.iter().map(|(_, n)| n).sum()).max(1));
    let parts: Vec<_> = parts
        .into_iter()
        .filter(|(_, n)| *n > 0)
        .map(|(state, n)| {
            let part = f64::from(n) / whole * 100.0;
            view! { <i data-state=state.as_str() style=format!("--part:{part:.1}%")></i> }
        })
        .collect();
    view! { <span class="deploy-bar" role="img" aria-label=label>{parts}</span> }
}
