//! The palette: anything by its name, from the keyboard. Without scripts its trigger leads to the search page.

use std::time::Duration;

use leptos::ev::{Event, KeyboardEvent, MouseEvent};
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_navigate};

use crate::api::search::{Found, FoundKind, always, search};
use crate::components::{Icon, IconMark};
use crate::visitor;

/// The palette's id.
pub(super) const PALETTE: &str = "palette";

/// Letters that come in this time are looked for together.
const SETTLE: Duration = Duration::from_millis(80);
/// A page has its title so long after the address changed.
const TITLED: Duration = Duration::from_millis(800);

/// What opens the palette.
#[component]
pub(super) fn PaletteTrigger() -> impl IntoView {
    let open = move |event: MouseEvent| {
        if visitor::open_popover(PALETTE) {
            event.prevent_default();
        }
    };
    view! {
        <a class="search-trigger" href="/search" aria-label="Search or run" on:click=open>
            <IconMark icon=Icon::Search /><span>"Search or run…"</span><kbd class="kbd">"Ctrl"</kbd><kbd class="kbd">"K"</kbd>
        </a>
    }
}

/// The palette itself. It stands once in the frame.
#[component]
pub(super) fn Palette() -> impl IntoView {
    remember_visits();
    let typed = RwSignal::new(String::new());
    let found = RwSignal::new(Vec::<Found>::new());
    let chosen = RwSignal::new(0_usize);
    let look = Action::new(move |query: &String| {
        let query = query.clone();
        async move {
            let answer = search(query.clone()).await.unwrap_or_default();
            // An answer to what is no longer asked for comes too late.
            if typed.try_get_untracked().as_ref() == Some(&query) {
                found.try_set(answer);
                chosen.try_set(0);
            }
        }
    });
    let begin = move || {
        typed.set(String::new());
        chosen.set(0);
        found.set(recent_first());
    };
    let on_input = move |event| {
        let query: String = event_target_value(&event);
        typed.set(query.clone());
        if query.trim().is_empty() {
            found.set(recent_first());
            return;
        }
        let later = move || {
            if typed.try_get_untracked().as_ref() == Some(&query) {
                look.dispatch(query.clone());
            }
        };
        set_timeout(later, SETTLE);
    };
    let navigate = use_navigate();
    let go = move |href: &str| {
        visitor::close_popover(PALETTE);
        navigate(href, leptos_router::NavigateOptions::default());
    };
    let on_key = {
        let go = go.clone();
        move |event: KeyboardEvent| {
            let many = found.with(Vec::len);
            match event.key().as_str() {
                "ArrowDown" if many > 0 => chosen.update(|chosen| *chosen = (*chosen + 1) % many),
                "ArrowUp" if many > 0 => chosen.update(|chosen| *chosen = (*chosen + many - 1) % many),
                "Enter" => {
                    if let Some(found) = found.with(|all| all.get(chosen.get_untracked()).cloned()) {
                        go(&found.href);
                    }
                }
                _ => return,
            }
            event.prevent_default();
        }
    };
    let active = move || found.with(|all| (!all.is_empty()).then(|| option_id(chosen.get())));
    let options = move || {
        let go = go.clone();
        found.get().into_iter().enumerate().map(move |(i, found)| option(i, found, chosen, go.clone())).collect_view()
    };
    view! {
        <dialog class="palette" id=PALETTE popover="auto" aria-label="Search or run" on:beforetoggle=move |_: Event| begin()>
            <label class="palette-input">
                <IconMark icon=Icon::Search />
                <input
                    type="text"
                    autocomplete="off"
                    autofocus=true
                    spellcheck="false"
                    role="combobox"
                    aria-label="Search or run"
                    aria-expanded="true"
                    aria-controls="palette-options"
                    aria-activedescendant=active
                    placeholder="A name, or what to do"
                    prop:value=typed
                    on:input=on_input
                    on:keydown=on_key
                />
                <kbd class="kbd">"esc"</kbd>
            </label>
            <ul class="palette-list" id="palette-options" role="listbox" aria-label="Found">{options}</ul>
            <div class="palette-foot">
                <span><kbd class="kbd">"↑"</kbd><kbd class="kbd">"↓"</kbd>" move"</span>
                <span><kbd class="kbd">"↵"</kbd>" open"</span>
                <span><kbd class="kbd">"?"</kbd>" all keys"</span>
            </div>
        </dialog>
    }
}

fn option_id(i: usize) -> String {
    format!("palette-option-{i}")
}

fn option(i: usize, found: Found, chosen: RwSignal<usize>, go: impl Fn(&str) + 'static) -> impl IntoView {
    let selected = move || if chosen.get() == i { "true" } else { "false" };
    let href = found.href.clone();
    view! {
        <li
            class="palette-option"
            id=option_id(i)
            role="option"
            aria-selected=selected
            on:pointermove=move |_| chosen.set(i)
            on:click=move |_| go(&href)
        >
            <IconMark icon=found.kind.icon() /><span>{found.title}</span><span class="muted">{found.about}</span>
        </li>
    }
}

/// What is offered before anything is typed: where the visitor was of late, then what is always there.
fn recent_first() -> Vec<Found> {
    let recent = visitor::recent().into_iter().map(|(title, href)| Found {
        title,
        kind: FoundKind::Page,
        about: "recent".to_owned(),
        href,
    });
    let mut all: Vec<Found> = recent.collect();
    let known = all.iter().map(|found| found.href.clone()).collect::<Vec<_>>();
    all.extend(always().into_iter().filter(|found| !known.contains(&found.href)));
    all.truncate(crate::api::search::MOST_FOUND);
    all
}

/// Remembers the pages that the visitor was at, in the visitor's own browser.
fn remember_visits() {
    let path = use_location().pathname;
    Effect::new(move || {
        let path = path.get();
        set_timeout(move || visitor::remember_visit(&path), TITLED);
    });
}
