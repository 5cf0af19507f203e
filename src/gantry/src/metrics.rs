//! `GET /metrics`: the state of the control plane in Prometheus's text format.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use gantry_control::Control;
use gantry_control::error::chain;
use gantry_model::load_balancing::GroupCounts;
use gantry_store::{StoreError, container_instance, event, service, task};

/// Answers the metrics, read from the store at this moment.
pub(crate) async fn metrics(State(control): State<Arc<Control>>) -> Response {
    match render(&control).await {
        Ok(text) => ([("content-type", "text/plain; version=0.0.4")], text).into_response(),
        Err(error) => {
            tracing::error!("the metrics could not be read: {}", chain(&error));
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

async fn render(control: &Control) -> Result<String, StoreError> {
    let mut reader = control.store.read().await?;
    let mut tasks: BTreeMap<&str, usize> = BTreeMap::new();
    for task in task::unstopped(&mut reader).await? {
        *tasks.entry(task.last_status.as_str()).or_default() += 1;
    }
    let instances = container_instance::all(&mut reader).await?;
    let connected = instances.iter().filter(|i| i.agent_connected).count();
    let services = service::unfinished(&mut reader).await?.len();
    let oldest = event::oldest(&mut reader).await?.unwrap_or(0);
    let mut text = String::new();
    let mut write = |kind: &str, name: &str, help: &str, samples: &[(String, String)]| {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in samples {
            let _ = writeln!(text, "{name}{labels} {value}");
        }
    };
    carried(control, &mut write);
    let mut family = |name: &str, help: &str, samples: &[(String, String)]| write("gauge", name, help, samples);
    let damaged = gantry_store::blob::rows::damaged(&mut reader).await?;
    let plain = |value: usize| [(String::new(), value.to_string())];
    family("gantry_services", "Services that are ACTIVE or DRAINING.", &plain(services));
    family("gantry_container_instances", "Registered container instances.", &plain(instances.len()));
    family("gantry_agents_connected", "Container instances whose agent is connected.", &plain(connected));
    let by_status: Vec<_> =
        tasks.iter().map(|(status, n)| (format!("{{last_status=\"{status}\"}}"), n.to_string())).collect();
    family("gantry_tasks", "Tasks that are not STOPPED, by last status.", &by_status);
    family(
        "gantry_registry_damaged_blobs",
        "Layers that were found damaged and not pushed again.",
        &[(String::new(), damaged.to_string())],
    );
    family("gantry_event_seq", "Sequence of the last event.", &[(String::new(), control.store.last_seq().to_string())]);
    family("gantry_event_oldest_seq", "Sequence of the oldest kept event.", &[(String::new(), oldest.to_string())]);
    Ok(text)
}

/// What the proxies carried. They count from their own beginnings, so each is by itself.
fn carried(control: &Control, write: &mut impl FnMut(&str, &str, &str, &[(String, String)])) {
    let counts = control.proxies.counts(control.now());
    let proxies = [(String::new(), counts.len().to_string())];
    write("gauge", "gantry_proxies", "Proxies that were heard of lately.", &proxies);
    let samples = |of: fn(&GroupCounts) -> u64| -> Vec<(String, String)> {
        let all = counts.iter().flat_map(|(proxy, groups)| groups.iter().map(move |group| (proxy, group)));
        let label = |proxy: &str, arn: &str| {
            let name = arn.split('/').nth(1).unwrap_or_default();
            format!("{{proxy=\"{proxy}\",target_group=\"{name}\"}}")
        };
        all.map(|(proxy, group)| (label(proxy, &group.group), of(group).to_string())).collect()
    };
    let requests = samples(|group| group.requests);
    write("counter", "gantry_target_group_requests_total", "Requests and connections for a target group.", &requests);
    let errors = samples(|group| group.errors);
    write("counter", "gantry_target_group_errors_total", "Those of them that no target answered.", &errors);
}
