//! What is on the screen: the answer, the clock, a tile a service, and what else the board names.

use leptos::prelude::*;

use crate::api::board_view::{BoardView, FailureLine, RolloutLine, ServiceTile, ZoneLine};
use crate::components::{BrandMark, CapacityBar, Days, Stack, StateWord};
use crate::format::{clock, date_and_clock};
use crate::state::State;
use crate::visitor;

/// Tiles that are read from afar at once, alone and beside lists.
const TILES_A_TURN: (usize, usize) = (15, 10);
/// How long a kiosk shows one turn.
const TURN_S: i64 = 20;
/// After so many seconds without an answer, the screen says that it is stale.
const STALE_AFTER_S: i64 = 20;

/// The visitor's clock, and when the server last answered.
#[derive(Clone, Copy, Default)]
pub(super) struct Watch {
    /// `None` until the browser has taken over.
    now: RwSignal<Option<i64>>,
    since: RwSignal<i64>,
    heard_at: RwSignal<Option<i64>>,
    local_time: RwSignal<Option<String>>,
    stale_since: RwSignal<Option<String>>,
}

impl Watch {
    /// Looks at the clock.
    pub(super) fn look(self) {
        let now = visitor::now();
        if self.now.get_untracked().is_none() {
            self.since.set(now);
        }
        self.now.set(Some(now));
        self.local_time.set(visitor::local_time());
        let stale = untrack(|| self.age_s()).is_some_and(|age| age > STALE_AFTER_S);
        match (stale, self.stale_since.get_untracked()) {
            (true, None) => self.stale_since.set(visitor::local_time()),
            (false, Some(_)) => self.stale_since.set(None),
            _ => {}
        }
    }

    /// An answer has come.
    pub(super) fn heard(self) {
        self.heard_at.set(Some(visitor::now()));
    }

    fn age_s(self) -> Option<i64> {
        Some((self.now.get()? - self.heard_at.get()?).max(0) / 1000)
    }

    /// Seconds since the browser took over.
    fn running_s(self) -> Option<i64> {
        Some((self.now.get()? - self.since.get()).max(0) / 1000)
    }
}

/// The whole screen.
pub(super) fn wall(board: BoardView, kiosk: bool, watch: Watch) -> AnyView {
    let lists = lists(&board);
    let a_turn = if lists.is_some() { TILES_A_TURN.1 } else { TILES_A_TURN.0 };
    let turns = board.services.len().div_ceil(a_turn).max(1);
    let showing = move || turn(watch, turns).filter(|_| kiosk).map(|(turn, _)| turn);
    let columns = columns(if kiosk { board.services.len().min(a_turn) } else { board.services.len() });
    let named_clusters = board.services.iter().any(|tile| tile.cluster != board.services[0].cluster);
    let tiles: Vec<_> = board
        .services
        .into_iter()
        .enumerate()
        .map(|(i, service)| {
            let hidden = move || showing().is_some_and(|turn| turn != i / a_turn);
            tile(service, named_clusters, hidden)
        })
        .collect();
    let kiosk_mark = kiosk.then_some("");
    let stale = move || watch.stale_since.get().map(|_| "");
    let head = head(&board.title, &board.answer, &board.region, board.at, watch);
    view! {
        <main class="wall" id="main" data-kiosk=kiosk_mark data-stale=stale>
            {head}
            <div class="wall-grid" style=format!("--columns:{columns}")>{tiles}</div>
            {lists}
            {foot(board.zones, kiosk && turns > 1, turns, watch)}
        </main>
    }
    .into_any()
}

/// Which turn a kiosk shows, and for how many seconds more; nothing before the browser has taken over.
fn turn(watch: Watch, turns: usize) -> Option<(usize, i64)> {
    let seconds = watch.running_s()?;
    let turn = usize::try_from(seconds / TURN_S).unwrap_or(0) % turns;
    Some((turn, TURN_S - seconds % TURN_S))
}

/// So many columns that the tiles of a screen that is wider than high come out nearly square.
fn columns(tiles: usize) -> usize {
    match tiles {
        0..=3 => tiles.max(1),
        4 => 2,
        5..=6 | 9 => 3,
        7..=8 | 11..=12 => 4,
        _ => 5,
    }
}

fn head(title: &str, answer: &str, region: &str, at: i64, watch: Watch) -> AnyView {
    let about = format!("{title}, {region}");
    let of_server = clock(at)[..5].to_owned();
    let time = move || watch.local_time.get().unwrap_or_else(|| format!("{of_server} UTC"));
    let state = move || if watch.stale_since.get().is_some() { State::Unknown } else { State::Running };
    let read = date_and_clock(at);
    let age = move || match (watch.stale_since.get(), watch.age_s()) {
        (Some(since), _) => format!("Stale since {since}"),
        (None, Some(age)) => format!("Live, {age} s old"),
        (None, None) => format!("Read {read}"),
    };
    view! {
        <header class="wall-head">
            <BrandMark />
            <div><h1>{answer.to_owned()}</h1><p>{about}</p></div>
            <div class="wall-clock">
                <span class="wall-time">{time}</span>
                <span class="live" data-state=move || state().as_str()>{age}</span>
            </div>
        </header>
    }
    .into_any()
}

fn tile(service: ServiceTile, named_cluster: bool, hidden: impl Fn() -> bool + Send + Sync + 'static) -> AnyView {
    let cluster = named_cluster.then(|| view! { <small class="muted">{service.cluster}</small> });
    view! {
        <section class="wall-tile" data-state=service.state.as_str() hidden=hidden>
            <h2>{service.name}" "{cluster}</h2>
            <StateWord state=service.state word=service.word />
            <p class="wall-figure">{service.running}<small>" of "{service.desired}</small></p>
            <Stack counts=service.counts />
            <Days history=service.history />
        </section>
    }
    .into_any()
}

fn lists(board: &BoardView) -> Option<AnyView> {
    if board.rollouts.is_none() && board.failures.is_none() {
        return None;
    }
    let rollouts = board.rollouts.as_deref().map(rollouts);
    let failures = board.failures.as_deref().map(failures);
    Some(view! { <div class="wall-lists">{rollouts}{failures}</div> }.into_any())
}

fn rollouts(lines: &[RolloutLine]) -> AnyView {
    let rows: Vec<_> = lines
        .iter()
        .cloned()
        .map(|line| {
            let state = if line.running < line.desired { State::Pending } else { State::Running };
            let word = format!("{} of {}", line.running, line.desired);
            view! { <li><b>{line.service}</b><span>{line.from}" → "{line.to}</span><StateWord state word /></li> }
        })
        .collect();
    let none = rows.is_empty().then(|| view! { <p class="muted">"None runs"</p> });
    view! { <section class="wall-list"><h2>"Deployments"</h2><ul>{rows}</ul>{none}</section> }.into_any()
}

fn failures(lines: &[FailureLine]) -> AnyView {
    let rows: Vec<_> = lines
        .iter()
        .cloned()
        .map(|line| {
            view! { <li><span class="num muted">{date_and_clock(line.at)[5..16].to_owned()}</span><b>{line.service}</b><span>{line.sentence}</span></li> }
        })
        .collect();
    let none = rows.is_empty().then(|| view! { <p class="muted">"None of late"</p> });
    view! { <section class="wall-list"><h2>"Last failures"</h2><ul>{rows}</ul>{none}</section> }.into_any()
}

fn foot(zones: Vec<ZoneLine>, rotates: bool, turns: usize, watch: Watch) -> AnyView {
    let many = zones.iter().any(|zone| zone.cluster != zones[0].cluster);
    let zones: Vec<_> = zones
        .into_iter()
        .map(|zone| {
            let label = format!("Memory reserved in {}", zone.zone);
            let name = if many { format!("{} {}", zone.cluster, zone.zone) } else { zone.zone };
            view! {
                <div class="wall-zone">
                    <span class="mono">{name}</span><CapacityBar of=zone.memory label /><StateWord state=zone.state word=zone.word />
                </div>
            }
        })
        .collect();
    let next = move || {
        let (turn, left) = turn(watch, turns).filter(|_| rotates)?;
        Some(format!("{} of {turns}, next in {left} s", turn + 1))
    };
    if zones.is_empty() && !rotates {
        return ().into_any();
    }
    view! { <footer class="wall-foot">{zones}<span class="push">{next}</span></footer> }.into_any()
}
