//! Schedules: notes what rules are due, and runs what was noted.
//!
//! Two steps, each killed at any instruction without harm. A rule that is due gets a run for each of its targets and its next
//! time, in one transaction; a run starts its tasks and is marked as done, in another one: no time is lost, and none is run
//! twice. Of the times that were missed while nobody was here the last is run, unless the rule's tag says to skip them. A run
//! that starts nothing is tried again for as long as its target says, but no longer than until the target is due again.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use gantry_model::UnixMillis;
use gantry_model::principal::{Principal, PrincipalKind};
use gantry_model::rule::{Rule, RuleRun, RuleTarget};
use gantry_scheduler::schedule::Schedule;
use gantry_store::rule::{self, StoredRun};
use gantry_store::{StoreError, Tx};
use gantry_wire::ApiError;

use crate::context::{Call, Control};
use crate::ecs::run_task;
use crate::error::{Failure, chain};
use crate::events::{record, target};
use crate::ids;

const EVERY: Duration = Duration::from_secs(1);
/// Rules and runs that one look takes.
const AT_ONCE: i64 = 100;
/// A time that is noticed later than this was missed, in seconds.
const MISSED_AFTER_S: i64 = 60;
/// Runs that are kept of a rule, to be looked at.
const KEPT: i64 = 50;

/// Runs until it is dropped.
pub async fn run(control: Arc<Control>) {
    loop {
        if let Err(failure) = pass(&control).await {
            tracing::error!(loop_name = "schedules", "the rules were not looked at: {}", chain(&failure));
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// One look.
///
/// # Errors
/// The store's.
pub async fn pass(control: &Arc<Control>) -> Result<(), Failure> {
    let now = control.now();
    let mut reader = control.store.read().await?;
    let due = rule::due(&mut reader, now, AT_ONCE).await?;
    drop(reader);
    for stored in due {
        control.store.write(move |tx| note(tx, stored.id, now).boxed()).await?;
    }
    let mut reader = control.store.read().await?;
    let runs = rule::runs_to_try(&mut reader, now, AT_ONCE).await?;
    drop(reader);
    for stored in runs {
        attempt(control, stored, now).await?;
    }
    Ok(())
}

/// Notes that a rule is due, and when it will be again.
async fn note(tx: &mut Tx, id: i64, now: UnixMillis) -> Result<(), StoreError> {
    let Some(stored) = rule::by_id(tx, id).await? else { return Ok(()) };
    let mut rule = stored.rule;
    let Some(first) = rule.next_at.filter(|at| *at <= now) else { return Ok(()) };
    let Ok(schedule) = Schedule::parse(&rule.schedule) else {
        tracing::error!(
            rule = rule.arn(),
            schedule = rule.schedule,
            "the kept schedule does not read; it is never due"
        );
        rule.next_at = None;
        return record::put(tx, &rule).await;
    };
    let due_at = schedule.last(rule.anchor, first, now);
    let missed = now.millis_since(due_at) > MISSED_AFTER_S * 1000;
    if !(missed && rule.skips_missed()) {
        for target in &rule.targets {
            supersede(tx, id, target, now).await?;
            let run = RuleRun {
                target: target.id.clone(),
                due_at,
                attempts: 0,
                tasks: Vec::new(),
                reason: None,
                finished_at: None,
            };
            rule::add_run(tx, id, &run, now).await?;
        }
        rule::forget_runs(tx, id, KEPT).await?;
    }
    rule.next_at = schedule.next(rule.anchor, now);
    record::put(tx, &rule).await
}

/// Ends what is still being tried for a target that is due again: a cluster that was full for a day must not be given
/// everything of that day at once.
async fn supersede(tx: &mut Tx, id: i64, target: &RuleTarget, now: UnixMillis) -> Result<(), StoreError> {
    for mut stored in rule::runs(tx, id, KEPT).await? {
        if stored.run.target == target.id && stored.run.finished_at.is_none() {
            stored.run.finished_at = Some(now);
            let why = stored.run.reason.take().unwrap_or_else(|| "It was not tried.".to_owned());
            stored.run.reason = Some(format!("{why} It was due again and is not tried any more."));
            rule::change_run(tx, &stored, None).await?;
        }
    }
    Ok(())
}

/// Tries a run: its tasks and what is noted of them are one transaction.
async fn attempt(control: &Arc<Control>, stored: StoredRun, now: UnixMillis) -> Result<(), Failure> {
    let (seed, given, own) = (ids::seed()?, stored.clone(), Arc::clone(control));
    let tried = control.store.write(move |tx| Box::pin(async move { start(tx, &own, given, seed, now).await })).await;
    let refusal = match tried {
        Ok(()) => return Ok(()),
        Err(Failure::Store(error)) => return Err(error.into()),
        Err(Failure::Api(refusal)) => refusal,
    };
    control.store.write(move |tx| Box::pin(async move { failed(tx, stored, &refusal.message, now).await })).await
}

async fn start(
    tx: &mut Tx,
    control: &Arc<Control>,
    mut stored: StoredRun,
    seed: u64,
    now: UnixMillis,
) -> Result<(), Failure> {
    let Some((rule, target)) = of_run(tx, &stored).await? else {
        return Ok(gone(tx, stored, now).await?);
    };
    let request = target::request(&rule, &target)?;
    let call = Call {
        control: Arc::clone(control),
        principal: principal(&rule),
        scope: rule.scope.clone(),
        request_id: ids::uuid()?,
        now,
    };
    let answer = run_task::run(tx, &call, &request, seed).await?;
    let tasks: Vec<String> = answer.tasks.into_iter().flatten().filter_map(|task| task.task_arn).collect();
    if tasks.is_empty() {
        return Err(ApiError::client(unplaced(answer.failures.as_deref().unwrap_or_default())).into());
    }
    stored.run.attempts += 1;
    stored.run.tasks = tasks;
    stored.run.reason = None;
    stored.run.finished_at = Some(now);
    rule::change_run(tx, &stored, None).await?;
    record::tell(tx, &rule);
    Ok(())
}

/// The rule and target of a run, while there are such.
async fn of_run(tx: &mut Tx, stored: &StoredRun) -> Result<Option<(Rule, RuleTarget)>, StoreError> {
    let Some(found) = rule::by_id(tx, stored.rule).await? else { return Ok(None) };
    let target = found.rule.targets.iter().find(|target| target.id == stored.run.target).cloned();
    Ok(target.map(|target| (found.rule, target)))
}

async fn gone(tx: &mut Tx, mut stored: StoredRun, now: UnixMillis) -> Result<(), StoreError> {
    stored.run.finished_at = Some(now);
    stored.run.reason = Some("The target was removed.".to_owned());
    rule::change_run(tx, &stored, None).await
}

/// Whose tasks they are: those of the role that the rule names, or of nobody but the rule.
fn principal(rule: &Rule) -> Principal {
    let arn = rule.role_arn.clone().unwrap_or_else(|| rule.arn());
    Principal { account: rule.scope.account.clone(), arn, kind: PrincipalKind::Admin }
}

/// Why no task was placed, in one line.
fn unplaced(failures: &[gantry_wire::shapes::ecs::Failure]) -> String {
    let mut reasons: Vec<&str> = failures.iter().filter_map(|failure| failure.reason.as_deref()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    format!("No task could be placed: {}.", reasons.join(", "))
}

/// Notes that a run started nothing, and when it is tried again.
async fn failed(tx: &mut Tx, mut stored: StoredRun, why: &str, now: UnixMillis) -> Result<(), Failure> {
    let Some((rule, target)) = of_run(tx, &stored).await? else {
        return Ok(gone(tx, stored, now).await?);
    };
    stored.run.attempts += 1;
    stored.run.reason = Some(why.to_owned());
    let again = (!stored.run.is_spent(&target, now)).then(|| now.plus_seconds(stored.run.pause_s()));
    if again.is_none() {
        stored.run.finished_at = Some(now);
        tracing::warn!(rule = rule.arn(), due_at = stored.run.due_at.0, why, "a scheduled run was given up");
    }
    rule::change_run(tx, &stored, again).await?;
    record::tell(tx, &rule);
    Ok(())
}
