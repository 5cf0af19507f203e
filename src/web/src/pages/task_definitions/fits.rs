//! Where a task of the draft would fit now: while somebody types, without asking the server again.

use gantry_model::event::EventKind;
use leptos::prelude::*;
use serde_json::Value;

use crate::api::fitting::{Fit, Needs, fit, list_all_hosts};
use crate::api::instances::InstanceSummary;
use crate::components::{Capacity, CapacityInline, StateWord, Table, panel};
use crate::format::{cpu_units, mebibytes};
use crate::live::refresh_on;

/// Hosts that are shown; the sentence above counts all.
const MOST_ROWS: usize = 12;

/// The card.
#[component]
pub fn Fits(
    /// The draft; nothing while it is no definition.
    definition: Memo<Option<Value>>,
) -> impl IntoView {
    let hosts = Resource::new(|| (), |()| list_all_hosts());
    refresh_on(&[EventKind::ContainerInstance, EventKind::Task], Signal::stored(None), move || hosts.refetch());
    let needs = Memo::new(move |_| definition.with(|found| found.as_ref().map(Needs::of)));
    view! {
        <section class="card" aria-label="Where it fits">
            <header class="card-head">
                <h2>"Where it fits"</h2>
                <span class="push muted">{move || needs.get().map(|needs| takes(&needs))}</span>
            </header>
            {panel(hosts, "Where it fits", move |hosts| {
                move || match needs.get() {
                    None => view! { <div class="card-body"><p class="muted">"As soon as the JSON is valid."</p></div> }.into_any(),
                    Some(needs) => shown(&needs, hosts.clone()),
                }
            })}
        </section>
    }
}

fn takes(needs: &Needs) -> String {
    format!("{} and {} a task", mebibytes(needs.memory), cpu_units(needs.cpu))
}

fn shown(needs: &Needs, hosts: Vec<InstanceSummary>) -> AnyView {
    if !needs.on_hosts {
        return view! { <div class="card-body"><p>"On Fargate: it needs no host of a cluster."</p></div> }.into_any();
    }
    let all = hosts.len();
    if all == 0 {
        return view! { <div class="card-body"><p>"No cluster has a host yet."</p></div> }.into_any();
    }
    let mut judged: Vec<(InstanceSummary, Fit)> =
        hosts.into_iter().map(|host| (host.clone(), fit(needs, &host))).collect();
    judged.sort_by(|(a, fit_a), (b, fit_b)| (fit_b.more, &a.cluster, &a.id).cmp(&(fit_a.more, &b.cluster, &b.id)));
    let taken_by = judged.iter().filter(|(_, fit)| fit.more > 0).count();
    let rows: Vec<_> = judged.into_iter().take(MOST_ROWS).map(|(host, fit)| row(needs, &host, fit)).collect();
    view! {
        <p class="fits-answer" aria-live="polite">{format!("Fits on {taken_by} of {all} {}", if all == 1 { "host" } else { "hosts" })}</p>
        <Table label="Where it fits" columns=&["Host", "Cluster", "Memory after one more", "Takes"]>{rows}</Table>
    }
    .into_any()
}

fn row(needs: &Needs, host: &InstanceSummary, fit: Fit) -> AnyView {
    let takes_one = fit.more > 0;
    let before = host.memory_reserved();
    #[expect(clippy::cast_precision_loss, reason = "MiB of a host are far below 2^52")]
    let used = if takes_one { before.used + needs.memory as f64 } else { before.used };
    let after = Capacity { used, ..before };
    view! {
        <tr>
            <td><a class="object mono" href=host.href()>{host.name()}</a></td>
            <td data-label="Cluster">{host.cluster.clone()}</td>
            <td data-label="Memory after one more" data-span="3"><CapacityInline of=after label="Memory reserved" /></td>
            <td data-label="Takes"><StateWord state=fit.state word=fit.word /></td>
        </tr>
    }
    .into_any()
}
