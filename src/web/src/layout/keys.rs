//! Single keys: `g` and a letter goes somewhere, `/` filters, `j` and `k` walk through rows, `?` shows them all. They can be
//! turned off (WCAG 2.2, 2.1.4 "Character Key Shortcuts"); Ctrl-K is no single key and stays.

use std::time::Duration;

use leptos::ev::{KeyboardEvent, keydown};
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

use super::palette::PALETTE;
use crate::visitor;

/// The id of the list of keys.
pub(super) const KEYS: &str = "keys";

/// How long a `g` waits for its letter.
const CHORD: Duration = Duration::from_millis(1500);

/// Where `g` and a letter goes.
const PLACES: [(&str, &str, &str); 6] = [
    ("h", "Overview", "/"),
    ("e", "Events", "/events"),
    ("c", "Clusters", "/clusters"),
    ("t", "Task definitions", "/task-definitions"),
    ("r", "Repositories", "/repositories"),
    ("b", "Status boards", "/boards"),
];

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Palette,
    Help,
    Filter,
    NextRow,
    PreviousRow,
    /// The first half of `g` and a letter.
    Chord,
    Go(&'static str),
}

/// What a key asks for, after a `g` or not. `command` is Ctrl or ⌘.
fn asked(key: &str, command: bool, after_g: bool) -> Option<Asked> {
    if command {
        return (key.eq_ignore_ascii_case("k")).then_some(Asked::Palette);
    }
    if after_g {
        return PLACES.iter().find(|(letter, ..)| *letter == key).map(|(_, _, href)| Asked::Go(href));
    }
    match key {
        "?" => Some(Asked::Help),
        "/" => Some(Asked::Filter),
        "j" => Some(Asked::NextRow),
        "k" => Some(Asked::PreviousRow),
        "g" => Some(Asked::Chord),
        _ => None,
    }
}

/// Listens to the keyboard for as long as the frame stands.
pub(super) fn listen_for_keys() {
    let navigate = use_navigate();
    let after_g = RwSignal::new(false);
    Effect::new(move || {
        let navigate = navigate.clone();
        let handle = window_event_listener(keydown, move |event: KeyboardEvent| {
            let command = event.ctrl_key() || event.meta_key();
            let single = !command && (event.alt_key() || visitor::is_typing(&event) || !visitor::single_keys());
            if single {
                return;
            }
            let Some(asked) = asked(&event.key(), command, after_g.get_untracked()) else { return };
            event.prevent_default();
            after_g.set(asked == Asked::Chord);
            match asked {
                Asked::Palette => {
                    visitor::open_popover(PALETTE);
                }
                Asked::Help => {
                    visitor::open_popover(KEYS);
                }
                Asked::Filter => visitor::focus_filter(),
                Asked::NextRow => visitor::focus_row(1),
                Asked::PreviousRow => visitor::focus_row(-1),
                Asked::Chord => {
                    let forget = move || {
                        after_g.try_set(false);
                    };
                    set_timeout(forget, CHORD);
                }
                Asked::Go(href) => navigate(href, leptos_router::NavigateOptions::default()),
            }
        });
        on_cleanup(move || handle.remove());
    });
}

/// The list of keys, and the switch that turns single ones off.
#[component]
pub(super) fn Keys() -> impl IntoView {
    let on = RwSignal::new(true);
    Effect::new(move || on.set(visitor::single_keys()));
    let switch = move |_| {
        on.update(|on| *on = !*on);
        visitor::set_single_keys(on.get_untracked());
    };
    let others = [
        (vec!["Ctrl", "K"], "Search or run"),
        (vec!["/"], "Filter this page"),
        (vec!["j"], "Next row"),
        (vec!["k"], "Previous row"),
        (vec!["?"], "These keys"),
    ];
    let places = PLACES.map(|(letter, title, _)| (vec!["g", letter], title));
    let rows: Vec<_> = others
        .into_iter()
        .chain(places)
        .map(|(keys, what)| {
            let keys: Vec<_> = keys.into_iter().map(|key| view! { <kbd class="kbd">{key}</kbd>" " }).collect();
            view! { <dt>{what}</dt><dd>{keys}</dd> }
        })
        .collect();
    view! {
        <dialog class="dialog" id=KEYS popover="auto" aria-labelledby="keys-title">
            <div class="dialog-body">
                <h2 id="keys-title">"Keys"</h2>
                <dl class="facts">{rows}</dl>
                <label class="check"><input type="checkbox" prop:checked=on on:change=switch />"Single keys"</label>
            </div>
            <div class="dialog-foot">
                <button type="button" class="button" popovertarget=KEYS popovertargetaction="hide">"Close"</button>
            </div>
        </dialog>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_ask_for_what_the_list_says() {
        for (key, command, after_g, expected) in [
            ("k", true, false, Some(Asked::Palette)),
            ("K", true, true, Some(Asked::Palette)),
            ("s", true, false, None),
            ("k", false, false, Some(Asked::PreviousRow)),
            ("g", false, false, Some(Asked::Chord)),
            ("c", false, true, Some(Asked::Go("/clusters"))),
            ("x", false, true, None),
            ("/", false, false, Some(Asked::Filter)),
            ("c", false, false, None),
        ] {
            assert_eq!(asked(key, command, after_g), expected, "{key}");
        }
    }
}
