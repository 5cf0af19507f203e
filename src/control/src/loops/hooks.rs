//! The hook loop: asks the targets of lifecycle hooks, and writes what they say.
//!
//! A target is posted what AWS gives a Lambda function, and answers as one (ECS developer guide, "Lifecycle hooks for
//! Amazon ECS service deployments"). An answer that is not understood is a failure. A call whose answer was lost to a
//! crash is made again, so that a target may be asked more than once.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gantry_model::rollout::{ALL, HookRun, HookStatus, HookTarget, Rollout};
use gantry_model::service::{Deployment, Service};
use gantry_model::{Arn, DeploymentId, Resource, UnixMillis};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::context::Control;
use crate::ecs::record;
use crate::ecs::view::service::percent;
use crate::ecs::view::service_deployment::arn_in;
use crate::error::{Failure, chain};
use crate::loops::services::{ServiceKey, all};
use crate::webhooks::Post;

/// How often the services whose hooks are open are looked at.
const EVERY: Duration = Duration::from_secs(1);
/// How often all are, whatever was said to have changed.
const SWEEP: Duration = Duration::from_secs(60);
/// When a target that is not done is asked again, unless it says.
const AGAIN_S: i64 = 30;
const LONGEST_DELAY_S: i64 = 3600;

/// Runs until it is dropped.
pub async fn run(control: Arc<Control>) {
    let asked = Arc::new(Mutex::new(BTreeSet::new()));
    let mut calls = JoinSet::new();
    // The services that have a hook whose target is not done.
    let mut open: BTreeSet<ServiceKey> = BTreeSet::new();
    let mut sweep = tokio::time::interval(SWEEP);
    loop {
        tokio::select! {
            _ = sweep.tick() => open.extend(all(&control).await),
            () = control.bus.deployments.notified() => open.extend(control.bus.take_deployments()),
            () = tokio::time::sleep(EVERY), if !open.is_empty() => {}
        }
        for key in std::mem::take(&mut open) {
            match of_service(&control, &key).await {
                Err(failure) => {
                    tracing::error!(
                        loop_name = "hooks", service = %key.name, "hooks could not be read: {}", chain(&failure)
                    );
                    open.insert(key);
                }
                Ok(None) => {}
                Ok(Some(due)) => {
                    open.insert(key);
                    for call in due {
                        // One call at a time: it is due until its answer is written.
                        if asked.lock().unwrap_or_else(PoisonError::into_inner).insert(call.id.clone()) {
                            calls.spawn(ask(call, Arc::clone(&control), Arc::clone(&asked)));
                        }
                    }
                }
            }
        }
        while calls.try_join_next().is_some() {}
    }
}

async fn ask(call: HookCall, control: Arc<Control>, asked: Arc<Mutex<BTreeSet<String>>>) {
    let id = call.id.clone();
    call.make(&control).await;
    asked.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
}

/// The calls that are due for a service; `None` when none of its hooks has a target to ask.
async fn of_service(control: &Control, key: &ServiceKey) -> Result<Option<Vec<HookCall>>, Failure> {
    let mut reader = control.store.read().await?;
    let found = gantry_store::service::get(&mut reader, &key.scope, &key.cluster, &key.name).await?;
    let is_open = |service: &&Service| open_hooks(service).next().is_some();
    Ok(found.as_ref().filter(is_open).map(|service| due_of(service, control.now())))
}

fn open_hooks(service: &Service) -> impl Iterator<Item = &HookRun> {
    let rollout = service.primary().and_then(|primary| primary.rollout.as_ref());
    let runs = rollout.into_iter().flat_map(|rollout| &rollout.hooks);
    runs.filter(|run| run.status == HookStatus::InProgress)
}

/// Makes every call that is due, one after the other. For tests.
///
/// # Errors
/// The store's.
pub async fn pass(control: &Arc<Control>) -> Result<(), Failure> {
    for key in all(control).await {
        for call in of_service(control, &key).await?.into_iter().flatten() {
            call.make(control).await;
        }
    }
    Ok(())
}

/// A target to ask.
struct HookCall {
    key: ServiceKey,
    deployment: DeploymentId,
    id: String,
    url: String,
    body: Value,
}

fn due_of(service: &Service, now: UnixMillis) -> Vec<HookCall> {
    let Some((primary, rollout)) = service.primary().and_then(|p| Some((p, p.rollout.as_ref()?))) else {
        return Vec::new();
    };
    let is_due = |run: &&HookRun| run.call_at.is_some_and(|at| at <= now);
    let call = |run: &HookRun| {
        let HookTarget::Webhook(url) = &run.hook.target else { return None };
        Some(HookCall {
            key: ServiceKey::of(service),
            deployment: primary.id.clone(),
            id: run.id.clone(),
            url: url.clone(),
            body: body(service, primary, rollout, run),
        })
    };
    open_hooks(service).filter(is_due).filter_map(call).collect()
}

/// What the target is given.
fn body(service: &Service, primary: &Deployment, rollout: &Rollout, run: &HookRun) -> Value {
    let arn = |deployment, resource| arn_in(service, deployment, resource);
    let target = arn(&primary.id, Resource::ServiceRevision);
    let weights = |green: u32| {
        let mut weights = serde_json::Map::new();
        weights.insert(target.clone(), json!(percent(green)));
        if let Some(blue) = service.deployments.iter().find(|d| d.id != primary.id).filter(|_| green < ALL) {
            weights.insert(arn(&blue.id, Resource::ServiceRevision), json!(percent(ALL - green)));
        }
        weights
    };
    json!({
        "executionId": run.id,
        "lifecycleStage": rollout.stage.as_str(),
        "resourceArn": arn(&primary.id, Resource::ServiceDeployment),
        "executionDetails": {
            "serviceArn": Arn::service(&service.scope, &service.cluster, &service.name).to_string(),
            "targetServiceRevisionArn": target,
            "testTrafficWeights": weights(rollout.test_permille),
            "productionTrafficWeights": weights(rollout.production_permille),
        },
        "hookDetails": run.details.as_ref().or(run.hook.details.as_ref()),
    })
}

/// What a target answers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    hook_status: String,
    call_back_delay: Option<i64>,
    hook_details: Option<Value>,
}

impl HookCall {
    async fn make(self, control: &Arc<Control>) {
        let answer = control.webhooks.post(Post::of(self.url.clone(), &self.body)).await;
        tracing::info!(hook = self.id, url = self.url, failed = answer.is_err(), "a lifecycle hook was asked");
        if let Err(failure) = self.write(control, answer).await {
            tracing::error!(loop_name = "hooks", "the answer of a hook could not be written: {}", chain(&failure));
        }
    }

    async fn write(self, control: &Arc<Control>, answer: Result<Vec<u8>, String>) -> Result<(), Failure> {
        let now = control.now();
        let write = control.store.write(move |tx| {
            Box::pin(async move {
                let ServiceKey { scope, cluster, name } = &self.key;
                let found = gantry_store::service::get(tx, scope, cluster, name).await?;
                let Some(mut service) = found else { return Ok(()) };
                let own = service.deployments.iter_mut().find(|d| d.id == self.deployment);
                let runs = own.and_then(|own| own.rollout.as_mut()).into_iter().flat_map(|r| &mut r.hooks);
                // One that has ended meanwhile, by its time say, is not asked any more.
                let run = runs.into_iter().find(|run| run.id == self.id && run.status == HookStatus::InProgress);
                let Some(run) = run else { return Ok(()) };
                note(run, &answer, now);
                record::put_service(tx, &mut service).await
            })
        });
        write.await
    }
}

/// Writes what came of a call into its hook.
fn note(run: &mut HookRun, answer: &Result<Vec<u8>, String>, now: UnixMillis) {
    let read = answer.as_ref().map_err(Clone::clone).and_then(|body| {
        serde_json::from_slice::<Answer>(body).map_err(|error| format!("its answer is not understood: {error}"))
    });
    match read {
        Ok(Answer { hook_status, call_back_delay, hook_details }) if hook_status == "IN_PROGRESS" => {
            let delay_s = call_back_delay.unwrap_or(AGAIN_S).clamp(1, LONGEST_DELAY_S);
            run.call_at = Some(now.plus_seconds(delay_s));
            run.details = hook_details.or_else(|| run.details.take());
        }
        Ok(Answer { hook_status, .. }) if hook_status == "SUCCEEDED" => {
            run.status = HookStatus::Succeeded;
            run.call_at = None;
        }
        Ok(Answer { hook_status, .. }) if hook_status == "FAILED" => fail(run, "it answered FAILED"),
        Ok(Answer { hook_status, .. }) => fail(run, &format!("it answered '{hook_status}'")),
        Err(why) => fail(run, &why),
    }
}

fn fail(run: &mut HookRun, why: &str) {
    let HookTarget::Webhook(url) = &run.hook.target else { return };
    run.reason = Some(format!("Lifecycle hook {url} failed: {why}."));
    run.status = HookStatus::Failed;
    run.call_at = None;
}
