//! The scale control: a number that is changed in place. With WebAssembly a change waits five seconds, in which it can be
//! taken back; without, it is a plain form.

use std::time::Duration;

use leptos::prelude::*;

use crate::api::services::{ScaleService, ServiceDetail};
use crate::components::{Card, CommandLine, FieldError, Icon, IconMark, ScaleFigure, ScaleFigures, Stack, error_of};
use crate::state::State;

/// How long a change can be taken back, in seconds.
const GRACE: u32 = 5;

/// A change that waits, and its form's action. Create it outside of what a refresh draws anew.
#[derive(Clone, Copy)]
pub(super) struct Scaling {
    waiting: RwSignal<Option<Waiting>>,
    /// The number in the field while somebody is in it: a refresh must not change it under their fingers.
    held: RwSignal<Option<u32>>,
    action: ServerAction<ScaleService>,
}

impl Default for Scaling {
    fn default() -> Self {
        Self { waiting: RwSignal::new(None), held: RwSignal::new(None), action: ServerAction::new() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Waiting {
    cluster: String,
    service: String,
    desired: u32,
    seconds_left: u32,
    /// Counts the changes, so that the clock of an earlier one knows that it is out of date.
    turn: u32,
}

impl Scaling {
    /// Starts, or starts anew, the time in which the change can be taken back.
    fn change_to(self, cluster: &str, service: &str, desired: u32) {
        let turn = self.waiting.with_untracked(|waiting| waiting.as_ref().map_or(0, |w| w.turn + 1));
        let (cluster, service) = (cluster.to_owned(), service.to_owned());
        self.waiting.set(Some(Waiting { cluster, service, desired, seconds_left: GRACE, turn }));
        self.tick_later(turn);
    }

    fn tick_later(self, turn: u32) {
        set_timeout(move || self.tick(turn), Duration::from_secs(1));
    }

    fn tick(self, turn: u32) {
        // Nothing is left when the page was left.
        let Some(Some(mut waiting)) = self.waiting.try_get_untracked() else { return };
        if waiting.turn != turn {
            return;
        }
        waiting.seconds_left -= 1;
        if waiting.seconds_left == 0 {
            return self.apply();
        }
        self.waiting.set(Some(waiting));
        self.tick_later(turn);
    }

    fn apply(self) {
        if let Some(Waiting { cluster, service, desired, .. }) = self.waiting.get_untracked() {
            self.held.update(|held| *held = held.map(|_| desired));
            self.waiting.set(None);
            self.action.dispatch(ScaleService { cluster, service, desired: desired.to_string() });
        }
    }

    /// The form's own button: a change that waits is sent at once, in place of what the form would send.
    fn submit(self, click: &leptos::ev::MouseEvent) {
        if self.waiting.with_untracked(Option::is_some) {
            click.prevent_default();
            self.apply();
        }
    }

    fn undo(self) {
        self.waiting.set(None);
    }
}

/// The card.
pub(super) fn scale(service: &ServiceDetail, scaling: Scaling) -> AnyView {
    let summary = service.summary.clone();
    let (cluster, name, desired) = (summary.cluster.clone(), summary.name.clone(), summary.desired);
    let shown = move || {
        let waiting = scaling.waiting.with(|waiting| waiting.as_ref().map(|w| w.desired));
        waiting.or(scaling.held.get()).unwrap_or(desired)
    };
    let change = {
        let (cluster, name) = (cluster.clone(), name.clone());
        move |desired: u32| scaling.change_to(&cluster, &name, desired)
    };
    let command = {
        let (cluster, name) = (cluster.clone(), name.clone());
        move || {
            let command =
                format!("aws ecs update-service --cluster {cluster} --service {name} --desired-count {}", shown());
            view! { <CommandLine command /> }
        }
    };
    let figures = vec![
        ScaleFigure { count: summary.running, state: State::Running, word: "running" },
        ScaleFigure { count: summary.pending, state: State::Pending, word: "pending" },
    ];
    view! {
        <Card title="Scale" foot=command.into_any()>
            <div class="card-body">
                <ActionForm action=scaling.action attr:class="scale" attr:data-pending=move || scaling.waiting.with(Option::is_some).then_some("")>
                    <input type="hidden" name="cluster" value=cluster />
                    <input type="hidden" name="service" value=name />
                    <div class="scale-row">
                        <div class="stacked">
                            <label class="caps" for="desired">"Desired"</label>
                            <div class="row">
                                {stepper(shown, change, scaling.held)}
                                <button class="button" type="submit" on:click=move |click| scaling.submit(&click)>"Apply"</button>
                            </div>
                        </div>
                        <ScaleFigures figures />
                        <div class="push"><Stack counts=summary.counts() large=true /></div>
                    </div>
                    {move || scaling.waiting.get().map(|waiting| countdown(desired, &waiting, scaling))}
                    <FieldError error=error_of(scaling.action) />
                </ActionForm>
            </div>
        </Card>
    }
    .into_any()
}

fn stepper(
    shown: impl Fn() -> u32 + Copy + Send + Sync + 'static,
    change: impl Fn(u32) + Clone + Send + Sync + 'static,
    held: RwSignal<Option<u32>>,
) -> impl IntoView {
    let (fewer, more, typed) = (change.clone(), change.clone(), change);
    view! {
        <div class="scale-stepper">
            <button type="button" aria-label="One fewer" on:click=move |_| fewer(shown().saturating_sub(1))>
                <IconMark icon=Icon::Minus />
            </button>
            <input
                id="desired"
                name="desired"
                inputmode="numeric"
                autocomplete="off"
                required
                value=shown().to_string()
                prop:value=move || shown().to_string()
                on:focus=move |_| held.set(Some(untrack(shown)))
                on:blur=move |_| held.set(None)
                on:input:target=move |event| {
                    if let Ok(desired) = event.target().value().trim().parse() {
                        typed(desired);
                    }
                }
            />
            <button type="button" aria-label="One more" on:click=move |_| more(shown().saturating_add(1))>
                <IconMark icon=Icon::Plus />
            </button>
        </div>
    }
}

fn countdown(desired: u32, waiting: &Waiting, scaling: Scaling) -> AnyView {
    const CIRCUMFERENCE: u32 = 44;
    let offset = CIRCUMFERENCE * (GRACE - waiting.seconds_left) / GRACE;
    let (to, left) = (waiting.desired, format!("\u{a0}in {}\u{a0}s", waiting.seconds_left));
    view! {
        <div class="scale-pending" role="status">
            <svg class="scale-countdown" viewBox="0 0 18 18" aria-hidden="true">
                <circle cx="9" cy="9" r="7" />
                <circle cx="9" cy="9" r="7" stroke-dasharray=CIRCUMFERENCE.to_string() stroke-dashoffset=offset.to_string() />
            </svg>
            <span>"Desired "<b>{format!("{desired} → {to}")}</b><span aria-hidden="true">{left}</span></span>
            <span class="push row">
                <button type="button" class="button" data-size="small" on:click=move |_| scaling.undo()>
                    <IconMark icon=Icon::Undo />"Undo"
                </button>
                <button type="button" class="button" data-kind="primary" data-size="small" on:click=move |_| scaling.apply()>
                    "Apply now"
                </button>
            </span>
        </div>
    }
    .into_any()
}
