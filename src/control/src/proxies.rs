//! The proxies that carry what load balancers are for: what they are told, and what they say.
//!
//! A proxy asks for [`Traffic`] and is answered when that is another than it knows ([`told`]); it says how its targets
//! stand whenever that changes, and every few seconds ([`hear`]). Several may serve the same load balancers: a target is as
//! healthy as the one finds it that finds it worst, and is gone when none has anything under way to it. A proxy that is
//! silent for a while counts no more.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use gantry_model::UnixMillis;
use gantry_model::event::EventKind;
use gantry_model::load_balancing::{
    GroupCounts, Report, ServedCertificate, Target, TargetKey, TargetReport, TargetState, Traffic,
};
use gantry_model::principal::PrincipalKind;
use gantry_store::{certificate, load_balancer, target_group};
use gantry_wire::{ApiError, Service, Stamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::sync::broadcast::error::RecvError;

use crate::context::Control;
use crate::ecs::targets;
use crate::elasticloadbalancing::record;
use crate::error::Failure;
use crate::{front, ids};

/// Where a proxy asks what holds.
pub const TRAFFIC_PATH: &str = "/_gantry/proxy/traffic";
/// Where it says how everything stands.
pub const REPORT_PATH: &str = "/_gantry/proxy/report";

/// How long an asker waits for something new.
const PATIENCE: Duration = Duration::from_secs(20);
/// A proxy that says nothing for so long counts no more, in seconds.
const SILENCE_S: i64 = 30;
/// The largest report that is read.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// What a proxy is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// Another one when anything is different that a proxy acts on.
    pub version: String,
    pub traffic: Traffic,
}

/// What a proxy says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Said {
    /// Its name, which is its own for as long as it runs.
    pub proxy: String,
    pub report: Report,
}

/// What proxies said last.
#[derive(Debug, Default)]
pub struct Proxies(Mutex<BTreeMap<String, Heard>>);

#[derive(Debug)]
struct Heard {
    at: UnixMillis,
    report: Report,
}

impl Proxies {
    /// What each proxy that counts at `now` has carried.
    #[must_use]
    pub fn counts(&self, now: UnixMillis) -> BTreeMap<String, Vec<GroupCounts>> {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counting = heard.iter().filter(|(_, heard)| now.millis_since(heard.at) <= SILENCE_S * 1000);
        counting.map(|(proxy, heard)| (proxy.clone(), heard.report.groups.clone())).collect()
    }

    /// The reports of those who count at `now`, with that of `said`.
    fn hear(&self, said: Said, now: UnixMillis) -> Vec<Report> {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.insert(said.proxy, Heard { at: now, report: said.report });
        heard.retain(|_, heard| now.millis_since(heard.at) <= SILENCE_S * 1000);
        heard.values().map(|heard| heard.report.clone()).collect()
    }
}

/// The proxies' doors.
pub fn router(control: Arc<Control>) -> Router {
    Router::new().route(TRAFFIC_PATH, get(answer_traffic)).route(REPORT_PATH, post(answer_report)).with_state(control)
}

async fn answer_traffic(State(control): State<Arc<Control>>, request: Request) -> Response {
    let known = request.uri().query().and_then(|query| query.strip_prefix("version=")).unwrap_or_default().to_owned();
    let (parts, _) = request.into_parts();
    let told = match admit(&control, &parts, b"").await {
        Ok(()) => wait_for_other(&control, &known).await.map_err(ApiError::from),
        Err(error) => Err(error),
    };
    told.map_or_else(|error| refuse(&control, &error), |told| Json(told).into_response())
}

async fn answer_report(State(control): State<Arc<Control>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let done = async {
        let unreadable = |error: String| ApiError::serialization(format!("The report does not read: {error}"));
        let body = to_bytes(body, MOST_BYTES).await.map_err(|error| unreadable(error.to_string()))?;
        admit(&control, &parts, &body).await?;
        let said = serde_json::from_slice(&body).map_err(|error| unreadable(error.to_string()))?;
        hear(&control, said).await.map_err(ApiError::from)
    };
    done.await.map_or_else(|error| refuse(&control, &error), |()| Json(serde_json::json!({})).into_response())
}

/// Lets proxies and administrators in.
async fn admit(control: &Arc<Control>, parts: &http::request::Parts, body: &[u8]) -> Result<(), ApiError> {
    let caller = front::authenticate(control, parts, body).await?;
    let service = Service::ElasticLoadBalancing.signing_name();
    if caller.service != service {
        return Err(gantry_wire::sigv4::SigError::WrongService(service).into());
    }
    match caller.principal.kind {
        PrincipalKind::Admin | PrincipalKind::Proxy => Ok(()),
        PrincipalKind::Agent => Err(ApiError::access_denied(&caller.principal.arn, "elasticloadbalancing:Serve", "*")),
    }
}

fn refuse(control: &Arc<Control>, error: &ApiError) -> Response {
    let request_id = ids::uuid().unwrap_or_default();
    tracing::debug!(code = error.code, message = error.message, internal = error.internal, "a proxy was refused");
    let stamp = Stamp { request_id: &request_id, now: control.now() };
    gantry_wire::json::failure(error, stamp).map(Body::from)
}

/// What holds, as soon as it is another than the version that is known, or after a while in any case.
async fn wait_for_other(control: &Arc<Control>, known: &str) -> Result<Told, Failure> {
    let mut events = control.store.subscribe();
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let told = told(control).await?;
        if told.version != known {
            return Ok(told);
        }
        loop {
            let event = tokio::select! {
                event = events.recv() => event,
                () = tokio::time::sleep_until(deadline) => return Ok(told),
            };
            match event {
                Ok(event) if !matches!(event.kind, EventKind::LoadBalancer | EventKind::TargetGroup) => {}
                Ok(_) | Err(RecvError::Lagged(_)) => break,
                Err(RecvError::Closed) => return Ok(told),
            }
        }
    }
}

/// What holds.
///
/// # Errors
/// The store's.
pub async fn told(control: &Arc<Control>) -> Result<Told, Failure> {
    let mut reader = control.store.read().await?;
    let listeners = load_balancer::all_listeners(&mut reader).await?;
    let mut certificates = Vec::new();
    let is_served = |arn: &str| listeners.iter().any(|listener| listener.certificates.iter().any(|own| own == arn));
    for certificate in certificate::all(&mut reader).await? {
        let arn = certificate.arn();
        if !is_served(&arn) {
            continue;
        }
        let Some(key) = certificate::key(&mut reader, &*control.store.vault()?, &arn).await? else { continue };
        let chain = [Some(certificate.certificate), certificate.chain].into_iter().flatten().collect::<Vec<_>>();
        certificates.push(ServedCertificate { arn, names: certificate.names, chain: chain.join("\n"), key });
    }
    let traffic = Traffic {
        load_balancers: load_balancer::all(&mut reader).await?,
        listeners,
        rules: load_balancer::all_rules(&mut reader).await?,
        target_groups: target_group::all(&mut reader).await?,
        targets: target_group::all_targets(&mut reader).await?,
        certificates,
    };
    Ok(Told { version: version(&traffic)?, traffic })
}

/// A digest of what proxies act on: not of what they said themselves.
fn version(traffic: &Traffic) -> Result<String, ApiError> {
    let mut told = traffic.clone();
    for target in &mut told.targets {
        (target.state, target.reason, target.description) = (TargetState::Initial, None, None);
    }
    for listener in &mut told.listeners {
        listener.failure = None;
    }
    let text = serde_json::to_vec(&told).map_err(|error| ApiError::server(error.to_string()))?;
    Ok(hex::encode(Sha256::digest(text)))
}

/// Notes what a proxy says.
///
/// # Errors
/// The store's.
pub async fn hear(control: &Arc<Control>, said: Said) -> Result<(), Failure> {
    let reports = control.proxies.hear(said, control.now());
    let mut reader = control.store.read().await?;
    let present = target_group::all_targets(&mut reader).await?;
    let listeners = load_balancer::all_listeners(&mut reader).await?;
    drop(reader);
    let verdicts = verdicts(&reports);
    for target in present {
        let Some(verdict) = verdicts.get(&target.key) else { continue };
        if target.draining_since.is_some() {
            if verdict.drained {
                control.store.write(move |tx| Box::pin(async move { targets::gone(tx, &target).await })).await?;
            }
            continue;
        }
        let is_news = |target: &Target| {
            target.state != verdict.state
                || (verdict.state != TargetState::Initial && target.description != verdict.description)
        };
        if is_news(&target) {
            let key = target.key.clone();
            let verdict = verdict.clone();
            control.store.write(move |tx| Box::pin(async move { note(tx, &key, verdict).await })).await?;
        }
    }
    for mut listener in listeners {
        let failures = reports.iter().flat_map(|report| &report.listeners);
        let failure = failures.filter(|failure| failure.arn == listener.arn).map(|f| f.failure.clone()).next();
        if failure != listener.failure {
            listener.failure = failure;
            control.store.write(move |tx| Box::pin(async move { note_listener(tx, &listener).await })).await?;
        }
    }
    Ok(())
}

async fn note(tx: &mut gantry_store::Tx, key: &TargetKey, verdict: Verdict) -> Result<(), Failure> {
    // It may have gone, or be let go, meanwhile.
    let found = target_group::target(tx, key).await?.filter(|target| target.draining_since.is_none());
    let Some(mut target) = found else { return Ok(()) };
    (target.state, target.reason, target.description) = (verdict.state, verdict.reason, verdict.description);
    targets::stands(tx, target).await
}

async fn note_listener(
    tx: &mut gantry_store::Tx,
    noted: &gantry_model::load_balancing::Listener,
) -> Result<(), Failure> {
    let Some(mut listener) = load_balancer::listener(tx, &noted.arn).await? else { return Ok(()) };
    listener.failure.clone_from(&noted.failure);
    Ok(record::put_listener(tx, &listener).await?)
}

/// What all proxies together find of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Verdict {
    state: TargetState,
    reason: Option<String>,
    description: Option<String>,
    drained: bool,
}

fn verdicts(reports: &[Report]) -> BTreeMap<TargetKey, Verdict> {
    let mut verdicts: BTreeMap<TargetKey, Verdict> = BTreeMap::new();
    for target in reports.iter().flat_map(|report| &report.targets) {
        let TargetReport { key, state, reason, description, drained } = target.clone();
        let found = Verdict { state, reason, description, drained };
        match verdicts.get_mut(&key) {
            None => drop(verdicts.insert(key, found)),
            Some(verdict) => {
                let drained = verdict.drained && found.drained;
                if found.state < verdict.state {
                    *verdict = found;
                }
                verdict.drained = drained;
            }
        }
    }
    verdicts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(state: TargetState, drained: bool) -> Report {
        let key = TargetKey { group: "g".into(), id: "i-1".into(), port: 80 };
        let description = Some(state.as_str().to_owned());
        let target = TargetReport { key, state, reason: None, description, drained };
        Report { targets: vec![target], ..Report::default() }
    }

    #[test]
    fn a_target_is_as_healthy_as_the_proxy_finds_it_that_finds_it_worst() {
        use TargetState::{Healthy, Initial, Unhealthy};
        for (states, expected) in [
            (vec![Healthy, Healthy], Healthy),
            (vec![Healthy, Initial], Initial),
            (vec![Initial, Unhealthy, Healthy], Unhealthy),
        ] {
            let reports: Vec<Report> = states.iter().map(|state| report(*state, false)).collect();
            let verdict = verdicts(&reports).into_values().next().unwrap();
            assert_eq!((verdict.state, verdict.description.as_deref()), (expected, Some(expected.as_str())));
        }
    }

    #[test]
    fn a_target_is_drained_when_every_proxy_says_so() {
        for (drained, expected) in [(vec![true, true], true), (vec![true, false], false)] {
            let reports: Vec<Report> = drained.iter().map(|&d| report(TargetState::Healthy, d)).collect();
            assert_eq!(verdicts(&reports).into_values().next().unwrap().drained, expected);
        }
    }
}
