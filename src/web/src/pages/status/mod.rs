//! A status board: read at four metres, without signing in, and honest about the age of what it shows.
//!
//! The screen asks again every five seconds, by plain requests: they pass every proxy, and an answer names a board's
//! tiles and nothing else. What it last heard stays on it, greyed, when the server is away.

mod wall;

use std::time::Duration;

use leptos::prelude::*;

use crate::api::board_view::{BoardView, load_board_view, load_build};
use crate::components::panel::set_status;
use crate::components::{BrandMark, PageTitle};
use crate::error::ApiError;
use crate::pages::{param, query};
use crate::visitor;
use wall::{Watch, wall};

const ASK_EVERY: Duration = Duration::from_secs(5);

/// Without scripts the browser asks for the page anew.
const WITHOUT_SCRIPTS: &str = r#"<meta http-equiv="refresh" content="15">"#;

/// The screen.
#[component]
pub fn StatusBoard() -> impl IntoView {
    let board = param("board");
    let (key, kiosk) = (query("key"), query("kiosk"));
    let view = Resource::new(move || (board.get(), key.filled()), |(board, key)| load_board_view(board, key));
    let watch = Watch::default();
    ask_again(view);
    follow_time(watch);
    follow_answers(view, watch);
    let last = StoredValue::new(None::<BoardView>);
    view! {
        <PageTitle text=Signal::derive(move || format!("Status {}", board.get())) />
        <noscript inner_html=WITHOUT_SCRIPTS></noscript>
        <Transition>
            {move || {
                let kiosk = kiosk.filled().is_some();
                Suspend::new(async move {
                    match (view.await, last.get_value()) {
                        (Ok(shown), _) => {
                            last.set_value(Some(shown.clone()));
                            wall(shown, kiosk, watch)
                        }
                        (Err(ApiError::NoAnswer { .. }), Some(shown)) => wall(shown, kiosk, watch),
                        (Err(error), _) => refused(&error),
                    }
                })
            }}
        </Transition>
    }
}

fn ask_again(view: Resource<Result<BoardView, ApiError>>) {
    Effect::new(move || {
        if let Ok(handle) = set_interval_with_handle(move || view.refetch(), ASK_EVERY) {
            on_cleanup(move || handle.clear());
        }
    });
}

fn follow_time(watch: Watch) {
    Effect::new(move || {
        watch.look();
        if let Ok(handle) = set_interval_with_handle(move || watch.look(), Duration::from_secs(1)) {
            on_cleanup(move || handle.clear());
        }
    });
}

/// Notes when an answer came, and loads the page anew when another build gives it. A screen may not be able to read the
/// answers of a newer build; that there is one it can.
fn follow_answers(view: Resource<Result<BoardView, ApiError>>, watch: Watch) {
    Effect::new(move || match view.get() {
        Some(Ok(shown)) => {
            watch.heard();
            reload_unless(&shown.build);
        }
        Some(Err(_)) => leptos::task::spawn_local(async {
            if let Ok(build) = load_build().await {
                reload_unless(&build);
            }
        }),
        None => {}
    });
}

fn reload_unless(build: &str) {
    if visitor::build().is_some_and(|own| own != build) {
        visitor::reload();
    }
}

/// What stands in the place of a board that is not to be shown.
fn refused(error: &ApiError) -> AnyView {
    set_status(match error {
        ApiError::Refused { .. } if error.is_not_found() => 404,
        ApiError::Refused { .. } | ApiError::SignedOut => 403,
        ApiError::NoAnswer { .. } => 503,
    });
    view! {
        <main class="wall" id="main">
            <header class="wall-head"><BrandMark /><div><h1>"Not to be shown"</h1><p>{error.to_string()}</p></div></header>
        </main>
    }
    .into_any()
}
