//! Schedules: the rules that run tasks, when they are due, and what came of it.

#![expect(clippy::too_many_arguments, reason = "a form without WebAssembly posts flat fields")]

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::ApiError;

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleSummary {
    pub name: String,
    /// `rate(…)` or `cron(…)`.
    pub expression: String,
    pub enabled: bool,
    pub description: Option<String>,
    /// In milliseconds since 1970, like every time here.
    pub next_at: Option<i64>,
    pub last: Option<ScheduleRun>,
}

/// A rule with its targets and its runs, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleDetail {
    pub summary: ScheduleSummary,
    pub targets: Vec<ScheduleTarget>,
    pub runs: Vec<ScheduleRun>,
    /// Whether times that were missed are left out.
    pub skips_missed: bool,
}

/// What a rule runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleTarget {
    pub id: String,
    pub cluster: String,
    /// Family and perhaps revision.
    pub task_definition: String,
    pub count: i64,
    /// Whether containers are told something else than what the definition says.
    pub overridden: bool,
}

/// One time at which a target was due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleRun {
    pub target: String,
    pub due_at: i64,
    pub outcome: ScheduleOutcome,
    pub reason: Option<String>,
    /// Clusters and ids of the tasks that were started.
    pub tasks: Vec<(String, String)>,
}

/// What came of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScheduleOutcome {
    Started,
    /// Nothing yet; it is tried again.
    Trying,
    GivenUp,
}

/// All rules, by name.
///
/// # Errors
/// What ListRules answers.
#[server(prefix = "/ui/api", endpoint = "list-schedules")]
pub async fn list_schedules() -> Result<Vec<ScheduleSummary>, ApiError> {
    read::schedules().await
}

/// A rule.
///
/// # Errors
/// `NotFound` when there is none of that name.
#[server(prefix = "/ui/api", endpoint = "describe-schedule")]
pub async fn describe_schedule(name: String) -> Result<ScheduleDetail, ApiError> {
    read::schedule(&name).await
}

/// Makes a rule with a target and goes to its page.
///
/// # Errors
/// What PutRule and PutTargets answer.
#[server(prefix = "/ui/api", endpoint = "create-schedule")]
pub async fn create_schedule(
    name: String,
    expression: String,
    description: String,
    cluster: String,
    task_definition: String,
    count: String,
    launch_type: String,
    missed: String,
) -> Result<(), ApiError> {
    let name = name.trim();
    let count: i64 = count.parse().map_err(|_| ApiError::refused("InvalidRequest", "How many is a number"))?;
    read::refuse_present(name).await?;
    let target = read::target(&cluster, &task_definition, count, &launch_type)?;
    // It is not due before it has a target: it is enabled last.
    let mut rule = serde_json::json!({
        "Name": name,
        "ScheduleExpression": expression,
        "Description": description,
        "State": "DISABLED",
        "Tags": [{ "Key": "gantry.missed-runs", "Value": missed }],
    });
    crate::sdk::events_json("PutRule", &rule).await?;
    let targets = serde_json::json!({ "Rule": name, "Targets": [target] });
    if let Err(error) = crate::sdk::events_json("PutTargets", &targets).await {
        crate::sdk::events_json("DeleteRule", &serde_json::json!({ "Name": name })).await?;
        return Err(error);
    }
    rule["State"] = "ENABLED".into();
    crate::sdk::events_json("PutRule", &rule).await?;
    leptos_axum::redirect(&crate::pages::schedules::href(name));
    Ok(())
}

/// Gives a rule another schedule.
///
/// # Errors
/// What PutRule answers.
#[server(prefix = "/ui/api", endpoint = "change-schedule")]
pub async fn change_schedule(name: String, expression: String) -> Result<(), ApiError> {
    let described = crate::sdk::events_json("DescribeRule", &serde_json::json!({ "Name": name })).await?;
    let mut rule = serde_json::json!({ "Name": name, "ScheduleExpression": expression });
    for member in ["Description", "RoleArn", "State"] {
        if let Some(value) = described.get(member) {
            rule[member] = value.clone();
        }
    }
    crate::sdk::events_json("PutRule", &rule).await.map(drop)
}

/// Enables or disables a rule.
///
/// # Errors
/// What EnableRule and DisableRule answer.
#[server(prefix = "/ui/api", endpoint = "enable-schedule")]
pub async fn enable_schedule(name: String, enabled: bool) -> Result<(), ApiError> {
    let operation = if enabled { "EnableRule" } else { "DisableRule" };
    crate::sdk::events_json(operation, &serde_json::json!({ "Name": name })).await.map(drop)
}

/// Deletes a rule with its targets and goes to the list.
///
/// # Errors
/// What RemoveTargets and DeleteRule answer.
#[server(prefix = "/ui/api", endpoint = "delete-schedule")]
pub async fn delete_schedule(name: String) -> Result<(), ApiError> {
    let ids: Vec<String> = read::targets(&name).await?.into_iter().map(|target| target.id).collect();
    if !ids.is_empty() {
        crate::sdk::events_json("RemoveTargets", &serde_json::json!({ "Rule": name, "Ids": ids })).await?;
    }
    crate::sdk::events_json("DeleteRule", &serde_json::json!({ "Name": name })).await?;
    leptos_axum::redirect("/schedules");
    Ok(())
}

#[cfg(feature = "ssr")]
pub(crate) mod read {
    use gantry_model::rule::RuleRun;
    use gantry_model::{Arn, ClusterName, Region, Resource, RuleName, Scope};
    use serde_json::{Value, json};

    use super::{ScheduleDetail, ScheduleOutcome, ScheduleRun, ScheduleSummary, ScheduleTarget};
    use crate::error::ApiError;
    use crate::format::last_part;
    use crate::sdk::{events_json, items, text, web_context};
    use crate::server::RuleState;

    /// Runs that a page shows.
    const RUNS: i64 = 20;

    pub(crate) async fn schedules() -> Result<Vec<ScheduleSummary>, ApiError> {
        let mut schedules = Vec::new();
        let mut input = json!({});
        loop {
            let answer = events_json("ListRules", &input).await?;
            for rule in items(&answer, "Rules") {
                let state = state(&text(rule, "Name"), 1).await?;
                schedules.push(summary(rule, &state));
            }
            match answer.get("NextToken") {
                Some(token) => input["NextToken"] = token.clone(),
                None => return Ok(schedules),
            }
        }
    }

    pub(super) async fn schedule(name: &str) -> Result<ScheduleDetail, ApiError> {
        let rule = events_json("DescribeRule", &json!({ "Name": name })).await.map_err(|e| missing(e, name))?;
        let tags = events_json("ListTagsForResource", &json!({ "ResourceARN": text(&rule, "Arn") })).await?;
        let skips = |tag: &Value| text(tag, "Key") == gantry_model::rule::MISSED_RUNS && text(tag, "Value") == "skip";
        let state = state(name, RUNS).await?;
        Ok(ScheduleDetail {
            summary: summary(&rule, &state),
            targets: targets(name).await?,
            runs: state.runs.iter().map(run).collect(),
            skips_missed: items(&tags, "Tags").any(skips),
        })
    }

    fn missing(error: ApiError, name: &str) -> ApiError {
        if error.is_not_found() || error.code() == "ValidationException" {
            return ApiError::missing("schedule", name);
        }
        error
    }

    /// A form that makes a rule must not replace one.
    pub(super) async fn refuse_present(name: &str) -> Result<(), ApiError> {
        match events_json("DescribeRule", &json!({ "Name": name })).await {
            Ok(_) => Err(ApiError::refused("InvalidRequest", "There is a schedule of that name")),
            Err(error) if error.is_not_found() => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub(super) fn target(cluster: &str, definition: &str, count: i64, launch_type: &str) -> Result<Value, ApiError> {
        let context = web_context()?;
        let invalid = |error: gantry_model::InvalidName| ApiError::refused("InvalidRequest", error.to_string());
        let scope = Scope {
            account: gantry_model::AccountId::parse(context.account).map_err(invalid)?,
            region: Region::parse(context.region).map_err(invalid)?,
        };
        let arn = Arn::cluster(&scope, &ClusterName::parse(cluster).map_err(invalid)?);
        Ok(json!({
            "Id": "task",
            "Arn": arn.to_string(),
            "EcsParameters": { "TaskDefinitionArn": definition.trim(), "TaskCount": count, "LaunchType": launch_type },
        }))
    }

    pub(super) async fn targets(name: &str) -> Result<Vec<ScheduleTarget>, ApiError> {
        let answer = events_json("ListTargetsByRule", &json!({ "Rule": name })).await?;
        let target = |target: &Value| {
            let parameters = target.get("EcsParameters").cloned().unwrap_or_default();
            ScheduleTarget {
                id: text(target, "Id"),
                cluster: last_part(&text(target, "Arn")).to_owned(),
                task_definition: last_part(&text(&parameters, "TaskDefinitionArn")).to_owned(),
                count: parameters.get("TaskCount").and_then(Value::as_i64).unwrap_or(1),
                overridden: target.get("Input").is_some(),
            }
        };
        Ok(items(&answer, "Targets").map(target).collect())
    }

    async fn state(name: &str, runs: i64) -> Result<RuleState, ApiError> {
        let Ok(name) = RuleName::parse(name) else { return Ok(RuleState::default()) };
        let state = web_context()?.schedules.state(&name, runs).await;
        state.map_err(|message| {
            tracing::error!("the runs of the rule {name} were not read: {message}");
            ApiError::NoAnswer { message: "The runs of the schedule could not be read".to_owned() }
        })
    }

    fn summary(rule: &Value, state: &RuleState) -> ScheduleSummary {
        ScheduleSummary {
            name: text(rule, "Name"),
            expression: text(rule, "ScheduleExpression"),
            enabled: text(rule, "State") == "ENABLED",
            description: Some(text(rule, "Description")).filter(|text| !text.is_empty()),
            next_at: state.next_at.map(|at| at.0),
            last: state.runs.first().map(run),
        }
    }

    fn run(run: &RuleRun) -> ScheduleRun {
        let outcome = match (run.finished_at, run.tasks.is_empty()) {
            (None, _) => ScheduleOutcome::Trying,
            (Some(_), false) => ScheduleOutcome::Started,
            (Some(_), true) => ScheduleOutcome::GivenUp,
        };
        let task = |arn: &String| match arn.parse::<Arn>().ok()?.resource {
            Resource::Task(cluster, id) => Some((cluster.to_string(), id.to_string())),
            _ => None,
        };
        ScheduleRun {
            target: run.target.clone(),
            due_at: run.due_at.0,
            outcome,
            reason: run.reason.clone(),
            tasks: run.tasks.iter().filter_map(task).collect(),
        }
    }
}
