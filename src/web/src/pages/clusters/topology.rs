//! The yard: zones, hosts, and on each host its tasks as wide as what they take. `?by=cpu` measures processors,
//! `?view=table` is the same as a table, `?q=` highlights a service, `?zone=` opens a zone of a large cluster.

use gantry_model::event::EventKind;
use leptos::prelude::*;

use super::frame::ClusterFrame;
use crate::api::topology::{Bay, Lane, Measure, Topology, Zone, load_topology};
use crate::components::{
    Capacity, CapacityInline, Card, EmptyState, Icon, IconMark, StatePill, StateWord, Table, panel,
};
use crate::format::{count, cpu_units, mebibytes, query_value, sentence};
use crate::live::refresh_on;
use crate::pages::{param, query};
use crate::state::State;

const CONCERNS: &[EventKind] = &[EventKind::ContainerInstance, EventKind::Task];

/// A block that takes less than this share of the widest lane has no room for its name across.
const NARROW: f64 = 0.09;
/// One that takes less than this has no room for it along.
const NAMELESS: f64 = 0.02;

/// What is asked for in the address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Asked {
    cluster: String,
    measure: Measure,
    table: bool,
    highlight: String,
    zone: String,
}

impl Asked {
    /// The address that asks for this.
    fn href(&self) -> String {
        let mut query = Vec::new();
        if self.measure == Measure::Cpu {
            query.push("by=cpu".to_owned());
        }
        if self.table {
            query.push("view=table".to_owned());
        }
        for (name, value) in [("q", &self.highlight), ("zone", &self.zone)] {
            if !value.is_empty() {
                query.push(format!("{name}={}", query_value(value)));
            }
        }
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        format!("/clusters/{}/topology{query}", query_value(&self.cluster))
    }

    fn with(&self, change: impl FnOnce(&mut Self)) -> String {
        let mut other = self.clone();
        change(&mut other);
        other.href()
    }

    /// An amount in the measure, in words.
    fn amount(&self, of: i64) -> String {
        match self.measure {
            Measure::Memory => mebibytes(of),
            Measure::Cpu => cpu_units(of),
        }
    }

    /// Whether the name is not what is highlighted.
    fn dims(&self, name: &str) -> bool {
        !self.highlight.is_empty() && !name.contains(&self.highlight)
    }
}

/// The tab.
#[component]
pub fn ClusterTopology() -> impl IntoView {
    let cluster = param("cluster");
    let (by, view, highlight, zone) = (query("by"), query("view"), query("q"), query("zone"));
    let asked = Memo::new(move |_| Asked {
        cluster: cluster.get(),
        measure: if by.get() == "cpu" { Measure::Cpu } else { Measure::Memory },
        table: view.get() == "table",
        highlight: highlight.get(),
        zone: zone.get(),
    });
    let source = move || {
        // A resource that loads while its page goes asks once more after that.
        asked.try_with(|asked| (asked.cluster.clone(), asked.measure, asked.zone.clone())).unwrap_or_default()
    };
    let yard = Resource::new(source, |(cluster, measure, zone)| load_topology(cluster, measure, zone));
    refresh_on(CONCERNS, Signal::derive(move || Some(cluster.get())), move || yard.refetch());
    view! {
        <ClusterFrame section="topology" />
        {panel(yard, "Topology", move |yard| shown(&yard, &asked.get()))}
    }
}

fn shown(yard: &Topology, asked: &Asked) -> AnyView {
    if yard.zones.is_empty() && yard.hostless.is_empty() && yard.waiting.is_empty() {
        let text = "Hosts stand here by zone, with their tasks as wide as what they take.";
        let command = "gantry join-token create --cluster NAME".replace("NAME", &asked.cluster);
        return view! { <Card title="Topology"><EmptyState title="No hosts and no tasks" text command /></Card> }
            .into_any();
    }
    let body = if asked.table { table(yard, asked) } else { zones(yard, asked) };
    view! { {bar(asked)} {body} {hostless(yard, asked)} {waiting(yard, asked)} }.into_any()
}

/// How it is shown: links and a plain form, so that each view has its address.
fn bar(asked: &Asked) -> AnyView {
    let current = |yes: bool| yes.then_some("page");
    let cpu = asked.measure == Measure::Cpu;
    let states = [State::Running, State::Pending, State::Draining, State::Failed, State::Unknown];
    let legend = states.map(|state| view! { <StateWord state word=sentence(state.as_str()) /> });
    let hidden = |name: &'static str, value: String| view! { <input type="hidden" name=name value=value /> };
    view! {
        <div class="topology-bar">
            <div class="filter-bar">
                <nav class="segmented" aria-label="Size by">
                    <a href=asked.with(|a| a.measure = Measure::Memory) aria-current=current(!cpu)>"Memory"</a>
                    <a href=asked.with(|a| a.measure = Measure::Cpu) aria-current=current(cpu)>"CPU"</a>
                </nav>
                <form class="row" method="get" action=format!("/clusters/{}/topology", query_value(&asked.cluster)) role="search">
                    {cpu.then(|| hidden("by", "cpu".to_owned()))}
                    {asked.table.then(|| hidden("view", "table".to_owned()))}
                    {(!asked.zone.is_empty()).then(|| hidden("zone", asked.zone.clone()))}
                    <label class="visually-hidden" for="q">"Highlight a service"</label>
                    <input class="input" id="q" name="q" type="search" placeholder="Highlight a service" value=asked.highlight.clone() />
                    <button class="button" type="submit">"Highlight"</button>
                </form>
            </div>
            <div class="legend" aria-hidden="true">{legend.into_iter().collect_view()}</div>
            <nav class="segmented" aria-label="View">
                <a href=asked.with(|a| a.table = false) aria-current=current(!asked.table)><IconMark icon=Icon::Cluster />"Yard"</a>
                <a href=asked.with(|a| a.table = true) aria-current=current(asked.table)><IconMark icon=Icon::Menu />"Table"</a>
            </nav>
        </div>
    }
    .into_any()
}

fn zones(yard: &Topology, asked: &Asked) -> AnyView {
    let zones: Vec<_> = yard.zones.iter().enumerate().map(|(i, found)| zone(i, found, yard.largest, asked)).collect();
    view! { <div class="yard">{zones}</div> }.into_any()
}

fn zone(i: usize, zone: &Zone, largest: i64, asked: &Asked) -> AnyView {
    let id = format!("zone-{i}");
    let labelled_by = id.clone();
    // A closed zone is as wide as the yard; its lane would dwarf every host.
    let scale = if zone.closed { zone.lanes.first().map_or(0, |lane| lane.total) } else { largest };
    let lanes: Vec<_> = zone.lanes.iter().map(|found| lane(found, scale, asked)).collect();
    let open = zone.closed.then(|| {
        let href = asked.with(|a| a.zone.clone_from(&zone.name));
        view! { <a class="link" href=href>"Show its hosts"</a> }
    });
    view! {
        <section class="zone" aria-labelledby=labelled_by>
            <header class="zone-head">
                <h2 class="mono" id=id>{zone.name.clone()}</h2>
                <span>{count(zone.hosts, "host")}</span>
                <span>{count(zone.tasks, "task")}</span>
                {open}
                <span class="push row" data-gap="wide">
                    <span>"CPU "<b>{percent(zone.cpu)}</b></span>
                    <span>"Memory "<b>{percent(zone.memory)}</b></span>
                </span>
            </header>
            <div class="zone-lanes" data-closed=zone.closed.then_some("")>{lanes}</div>
        </section>
    }
    .into_any()
}

fn percent(of: Capacity) -> String {
    format!("{:.0}\u{a0}%", of.percent())
}

fn lane(lane: &Lane, scale: i64, asked: &Asked) -> AnyView {
    let name = match lane.href.clone() {
        Some(href) => view! { <a class="object mono" href=href>{lane.name.clone()}</a> }.into_any(),
        None => view! { <span>"All hosts"</span> }.into_any(),
    };
    let (state, word) = (lane.state, lane.word.clone());
    let pill = (state != State::Running).then(|| view! { <StatePill state word /> });
    let used = asked.amount(lane.total - lane.free);
    let blocks: Vec<_> = lane.bays.iter().map(|found| bay(found, lane.total, scale, asked)).collect();
    let taken: i64 = lane.bays.iter().map(|bay| bay.size).sum();
    let free = lane.free.min(lane.total - taken);
    let part = share(free, lane.total);
    let free = (part > 0.0).then(|| {
        let words = format!("{} free", asked.amount(lane.free));
        let shown = (share(lane.free, scale) >= NARROW).then(|| words.clone());
        view! { <li style=format!("--part:{:.3}%", part * 100.0)><div class="bay-free" title=words>{shown}</div></li> }
    });
    let rail = format!("--width:{:.2}%;--ticks:{}", share(lane.total, scale) * 100.0, ticks(lane.total, asked.measure));
    let label = format!("Tasks on {}", lane.name);
    view! {
        <section class="lane" aria-label=lane.name.clone()>
            <header class="lane-head">
                <h3>{name}</h3>
                {pill}
                <span class="muted">{count(lane.tasks, "task")}</span>
                <span class="push num"><b>{used}</b>" of "{asked.amount(lane.total)}</span>
            </header>
            <ul class="lane-rail" style=rail aria-label=label>{blocks}{free}</ul>
        </section>
    }
    .into_any()
}

#[expect(clippy::cast_precision_loss, reason = "units and MiB of a cluster are far below 2^52")]
fn share(part: i64, whole: i64) -> f64 {
    if whole > 0 { (part as f64 / whole as f64).clamp(0.0, 1.0) } else { 0.0 }
}

/// How many ticks the rail has: one every 4 GiB, or every processor.
fn ticks(total: i64, measure: Measure) -> String {
    let every = match measure {
        Measure::Memory => 4096,
        Measure::Cpu => 1024,
    };
    format!("{}.{:02}", total / every, total % every * 100 / every)
}

fn bay(bay: &Bay, total: i64, scale: i64, asked: &Asked) -> AnyView {
    let width = share(bay.size, scale);
    let (name, words) = (named(bay), in_words(bay, asked));
    let narrow = (width < NARROW).then_some("");
    let amount = (width >= NARROW).then(|| view! { <span>{asked.amount(bay.size)}</span> });
    let title = (width >= NAMELESS).then(|| view! { <b>{name}</b> });
    let dim = asked.dims(&bay.name).then_some("");
    view! {
        <li style=format!("--part:{:.3}%", share(bay.size, total) * 100.0)>
            <a
                class="bay"
                data-narrow=narrow
                data-dim=dim
                data-state=bay.state.as_str()
                href=bay.href.clone()
                title=words.clone()
                aria-label=words
            >
                {title}{amount}
            </a>
        </li>
    }
    .into_any()
}

fn named(bay: &Bay) -> String {
    if bay.tasks == 1 { bay.name.clone() } else { format!("{} ×{}", bay.name, bay.tasks) }
}

fn in_words(bay: &Bay, asked: &Asked) -> String {
    format!("{}, {}, {}", named(bay), asked.amount(bay.size), bay.state.as_str())
}

/// The yard as a table: the same hosts, the same figures, the same tasks.
fn table(yard: &Topology, asked: &Asked) -> AnyView {
    let rows: Vec<_> =
        yard.zones.iter().flat_map(|zone| zone.lanes.iter().map(|lane| row(&zone.name, lane, asked))).collect();
    let columns = &["Host", "Zone", "State", ">Tasks", "Reserved", ">Free", "Runs"];
    view! { <Card title="Hosts and their tasks"><Table label="Hosts and their tasks" columns>{rows}</Table></Card> }
        .into_any()
}

fn row(zone: &str, lane: &Lane, asked: &Asked) -> AnyView {
    let name = match lane.href.clone() {
        Some(href) => view! { <a class="object mono" href=href>{lane.name.clone()}</a> }.into_any(),
        None => {
            let href = asked.with(|a| a.zone = zone.to_owned());
            view! { <a class="object" href=href>"All hosts of the zone"</a> }.into_any()
        }
    };
    #[expect(clippy::cast_precision_loss, reason = "units and MiB of a cluster are far below 2^52")]
    let of = Capacity { used: (lane.total - lane.free) as f64, total: lane.total as f64 };
    let runs: Vec<_> = lane
        .bays
        .iter()
        .map(|bay| {
            let (words, dim) = (in_words(bay, asked), asked.dims(&bay.name).then_some(""));
            view! { <a class="link" data-dim=dim href=bay.href.clone() title=words>{named(bay)}</a>" " }
        })
        .collect();
    view! {
        <tr>
            <td>{name}</td>
            <td class="mono" data-label="Zone">{zone.to_owned()}</td>
            <td data-label="State"><StateWord state=lane.state word=lane.word.clone() /></td>
            <td class="end num" data-label="Tasks">{lane.tasks}</td>
            <td data-label="Reserved" data-span="3"><CapacityInline of label="Reserved" /></td>
            <td class="end num" data-label="Free">{asked.amount(lane.free)}</td>
            <td class="runs" data-label="Runs" data-wide="">{runs}</td>
        </tr>
    }
    .into_any()
}

/// Blocks that stand on no host, each of one size.
fn loose(bays: &[Bay], asked: &Asked) -> Vec<AnyView> {
    let block = |bay: &Bay| {
        let (name, words) = (named(bay), in_words(bay, asked));
        let dim = asked.dims(&bay.name).then_some("");
        let amount = asked.amount(bay.size);
        view! {
            <li>
                <a class="bay" data-dim=dim data-state=bay.state.as_str() href=bay.href.clone() title=words.clone() aria-label=words>
                    <b>{name}</b><span>{amount}</span>
                </a>
            </li>
        }
        .into_any()
    };
    bays.iter().map(block).collect()
}

fn hostless(yard: &Topology, asked: &Asked) -> Option<AnyView> {
    if yard.hostless.is_empty() {
        return None;
    }
    let blocks = loose(&yard.hostless, asked);
    Some(
        view! {
            <section class="zone" aria-labelledby="fargate">
                <header class="zone-head">
                    <h2 id="fargate">"Fargate"</h2><span>"tasks without a host of this cluster"</span>
                </header>
                <ul class="loose">{blocks}</ul>
            </section>
        }
        .into_any(),
    )
}

fn waiting(yard: &Topology, asked: &Asked) -> Option<AnyView> {
    if yard.waiting.is_empty() {
        return None;
    }
    let blocks = loose(&yard.waiting, asked);
    Some(
        view! {
            <section class="zone" aria-labelledby="waiting">
                <header class="zone-head">
                    <h2 id="waiting">"Waiting at the gate"</h2>
                    <span>"no host has taken them yet; the page of each says why, host by host"</span>
                </header>
                <ul class="loose">{blocks}</ul>
            </section>
        }
        .into_any(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_view_has_its_address() {
        let asked = Asked { cluster: "prod".to_owned(), ..Asked::default() };
        assert_eq!(asked.href(), "/clusters/prod/topology");
        let other = asked.with(|a| {
            a.measure = Measure::Cpu;
            a.table = true;
            a.highlight = "a b".to_owned();
            a.zone = "us-east-1a".to_owned();
        });
        assert_eq!(other, "/clusters/prod/topology?by=cpu&view=table&q=a%20b&zone=us-east-1a");
    }

    #[test]
    fn a_rail_has_a_tick_every_four_gibibytes_or_every_processor() {
        assert_eq!(ticks(16 * 1024, Measure::Memory), "4.00");
        assert_eq!(ticks(6 * 1024, Measure::Memory), "1.50");
        assert_eq!(ticks(2048, Measure::Cpu), "2.00");
    }
}
