//! How everything stands, as a proxy says it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use gantry_model::load_balancing::{GroupCounts, ListenerReport, Report, TargetReport};

use crate::table::{Group, Table};

/// The report of what `table` holds, with the listeners that do not work.
pub(crate) fn of(table: &Table, listeners: Vec<ListenerReport>) -> Report {
    let mut targets: Vec<TargetReport> = table
        .backends()
        .map(|backend| {
            let (reason, description) = backend.trouble().unzip();
            TargetReport {
                key: backend.key.clone(),
                state: backend.state(),
                reason: reason.map(str::to_owned),
                description,
                drained: backend.is_drained(),
            }
        })
        .collect();
    targets.sort_by(|a, b| a.key.cmp(&b.key));
    let counts = |(arn, group): (&String, &Arc<Group>)| GroupCounts {
        group: arn.clone(),
        requests: group.counts.requests.load(Ordering::Relaxed),
        errors: group.counts.errors.load(Ordering::Relaxed),
    };
    let mut groups: Vec<GroupCounts> = table.groups.iter().map(counts).collect();
    groups.sort_by(|a, b| a.group.cmp(&b.group));
    let broken =
        table.broken.iter().map(|(arn, failure)| ListenerReport { arn: arn.clone(), failure: failure.clone() });
    Report { targets, listeners: broken.chain(listeners).collect(), groups }
}
