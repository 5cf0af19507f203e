//! Log groups, and the lines in them: the newest, older ones, and those that come.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::ApiError;
use crate::format::count;

impl LogGroupSummary {
    /// How long lines are kept, in words.
    #[must_use]
    pub fn kept(&self) -> String {
        self.retention_days.map_or_else(|| "ever".to_owned(), |days| count(days, "day"))
    }
}

/// Lines that are given at once to a page that is open.
pub const AT_ONCE: usize = 1000;

/// A log group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogGroupSummary {
    pub name: String,
    pub created_at: Option<i64>,
    /// For ever without.
    pub retention_days: Option<i64>,
    pub stored_bytes: i64,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    pub id: String,
    /// In milliseconds since 1970.
    pub at: i64,
    pub stream: String,
    pub message: String,
}

/// Whose lines are looked at, and which.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LogQuery {
    pub group: String,
    /// What the names of the streams begin with; all without.
    #[serde(default)]
    pub stream: String,
    /// A filter pattern; all lines without.
    #[serde(default)]
    pub pattern: String,
    /// How far back, in minutes; everything without.
    #[serde(default)]
    pub minutes: Option<i64>,
}

/// Lines in the order of time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPage {
    pub lines: Vec<LogLine>,
    /// Where older ones begin, when there may be some.
    pub older: Option<String>,
}

/// Where the lines of a container go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogSource {
    pub container: String,
    pub group: String,
    /// The stream of one task's container, or what the streams of all tasks begin with.
    pub stream: String,
}

/// The newest lines of one container of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerLines {
    pub source: LogSource,
    pub lines: Vec<LogLine>,
}

/// All log groups, by name.
///
/// # Errors
/// What DescribeLogGroups answers.
#[server(prefix = "/ui/api", endpoint = "list-log-groups")]
pub async fn list_log_groups() -> Result<Vec<LogGroupSummary>, ApiError> {
    read::groups().await
}

/// A log group.
///
/// # Errors
/// `NotFound` when there is none of that name.
#[server(prefix = "/ui/api", endpoint = "describe-log-group")]
pub async fn describe_log_group(name: String) -> Result<LogGroupSummary, ApiError> {
    read::group(&name).await
}

/// Sets for how many days a group keeps lines; for ever when `days` is empty.
///
/// # Errors
/// What PutRetentionPolicy and DeleteRetentionPolicy answer.
#[server(prefix = "/ui/api", endpoint = "keep-lines")]
pub async fn keep_lines(group: String, days: String) -> Result<(), ApiError> {
    let mut input = serde_json::json!({ "logGroupName": group });
    if days.is_empty() {
        crate::sdk::logs_json("DeleteRetentionPolicy", &input).await?;
        return Ok(());
    }
    let days: i64 = days.parse().map_err(|_| ApiError::refused("InvalidRequest", "Days are a number"))?;
    input["retentionInDays"] = days.into();
    crate::sdk::logs_json("PutRetentionPolicy", &input).await?;
    Ok(())
}

/// The newest lines, or those before `older`.
///
/// # Errors
/// `ResourceNotFoundException` for a group that is not there; `InvalidParameterException` for a pattern that cannot be
/// read.
#[server(prefix = "/ui/api", endpoint = "newest-lines")]
pub async fn newest_lines(query: LogQuery, older: Option<String>) -> Result<LogPage, ApiError> {
    read::newest(&query, older, read::PAGE).await
}

/// The lines from the time `since` on, in milliseconds since 1970.
///
/// # Errors
/// As [`newest_lines`].
#[server(prefix = "/ui/api", endpoint = "lines-since")]
pub async fn lines_since(query: LogQuery, since: i64) -> Result<Vec<LogLine>, ApiError> {
    read::since(&query, since).await
}

/// The last lines of each container of a task whose lines are kept.
///
/// # Errors
/// What DescribeTasks and DescribeTaskDefinition answer.
#[server(prefix = "/ui/api", endpoint = "task-lines")]
pub async fn task_lines(cluster: String, task: String) -> Result<Vec<ContainerLines>, ApiError> {
    read::of_task(&cluster, &task).await
}

/// Where the containers of a service write to.
///
/// # Errors
/// What DescribeTaskDefinition answers.
#[server(prefix = "/ui/api", endpoint = "log-sources")]
pub async fn log_sources(task_definition: String) -> Result<Vec<LogSource>, ApiError> {
    read::sources(&task_definition, None).await
}

#[cfg(feature = "ssr")]
pub(crate) mod read {
    use std::time::{SystemTime, UNIX_EPOCH};

    use serde_json::{Value, json};

    use super::{AT_ONCE, ContainerLines, LogGroupSummary, LogLine, LogPage, LogQuery, LogSource};
    use crate::error::ApiError;
    use crate::sdk::{ecs, items, logs_json, text};

    /// Lines of a page.
    pub(super) const PAGE: usize = 500;
    /// Lines of each container on a task's page.
    const LAST: usize = 20;
    /// How many pages of the API are asked for one of ours: a search may look through much and find little.
    const LOOKS: usize = 8;

    pub(super) async fn group(name: &str) -> Result<LogGroupSummary, ApiError> {
        let answer = logs_json("DescribeLogGroups", &json!({ "logGroupIdentifiers": [name] })).await?;
        items(&answer, "logGroups").next().map(summary).ok_or_else(|| ApiError::missing("log group", name))
    }

    fn summary(group: &Value) -> LogGroupSummary {
        LogGroupSummary {
            name: text(group, "logGroupName"),
            created_at: group.get("creationTime").and_then(Value::as_i64),
            retention_days: group.get("retentionInDays").and_then(Value::as_i64),
            stored_bytes: group.get("storedBytes").and_then(Value::as_i64).unwrap_or_default(),
        }
    }

    pub(crate) async fn groups() -> Result<Vec<LogGroupSummary>, ApiError> {
        let mut groups = Vec::new();
        let mut input = json!({});
        loop {
            let answer = logs_json("DescribeLogGroups", &input).await?;
            groups.extend(items(&answer, "logGroups").map(summary));
            match answer.get("nextToken") {
                Some(token) => input["nextToken"] = token.clone(),
                None => return Ok(groups),
            }
        }
    }

    pub(super) async fn newest(query: &LogQuery, older: Option<String>, most: usize) -> Result<LogPage, ApiError> {
        let mut input = search(query);
        input["startFromHead"] = json!(false);
        if let Some(minutes) = query.minutes {
            input["startTime"] = json!((now() - minutes * 60_000).max(0));
        }
        let (mut lines, mut token) = (Vec::new(), older);
        for _ in 0..LOOKS {
            input["limit"] = json!(most - lines.len());
            if let Some(token) = &token {
                input["nextToken"] = json!(token);
            }
            let answer = logs_json("FilterLogEvents", &input).await?;
            lines.extend(items(&answer, "events").map(line));
            token = answer.get("nextToken").and_then(Value::as_str).map(str::to_owned);
            if token.is_none() || lines.len() >= most {
                break;
            }
        }
        lines.reverse();
        Ok(LogPage { lines, older: token })
    }

    pub(super) async fn since(query: &LogQuery, since: i64) -> Result<Vec<LogLine>, ApiError> {
        let mut input = search(query);
        let oldest = query.minutes.map_or(0, |minutes| now() - minutes * 60_000);
        input["startTime"] = json!(since.max(oldest).max(0));
        input["limit"] = json!(AT_ONCE);
        let answer = logs_json("FilterLogEvents", &input).await?;
        Ok(items(&answer, "events").map(line).collect())
    }

    pub(super) async fn of_task(cluster: &str, task: &str) -> Result<Vec<ContainerLines>, ApiError> {
        let answer = ecs()?.describe_tasks().cluster(cluster).tasks(task).send().await?;
        let found = answer.tasks().first().ok_or_else(|| ApiError::missing("task", task))?;
        let mut all = Vec::new();
        for source in sources(found.task_definition_arn().unwrap_or_default(), Some(task)).await? {
            let query = LogQuery { group: source.group.clone(), stream: source.stream.clone(), ..LogQuery::default() };
            let lines = match newest(&query, None, LAST).await {
                Ok(page) => page.lines,
                // The group is made with the first container that asks for it.
                Err(error) if error.is_not_found() => Vec::new(),
                Err(error) => return Err(error),
            };
            all.push(ContainerLines { source, lines });
        }
        Ok(all)
    }

    /// Where the containers of a task definition write to: of all tasks, or of one.
    pub(super) async fn sources(definition: &str, task: Option<&str>) -> Result<Vec<LogSource>, ApiError> {
        let answer = ecs()?.describe_task_definition().task_definition(definition).send().await?;
        let containers = answer.task_definition().map(|d| d.container_definitions()).unwrap_or_default();
        let source = |container: &aws_sdk_ecs::types::ContainerDefinition| {
            let log = container.log_configuration()?;
            if log.log_driver().as_str() != "awslogs" {
                return None;
            }
            let option = |name: &str| log.options().and_then(|options| options.get(name)).cloned();
            let name = container.name().unwrap_or_default();
            let stream = format!("{}/{name}/{}", option("awslogs-stream-prefix")?, task.unwrap_or_default());
            Some(LogSource { container: name.to_owned(), group: option("awslogs-group")?, stream })
        };
        Ok(containers.iter().filter_map(source).collect())
    }

    fn search(query: &LogQuery) -> Value {
        let mut input = json!({ "logGroupName": query.group });
        if !query.stream.is_empty() {
            input["logStreamNamePrefix"] = json!(query.stream);
        }
        if !query.pattern.is_empty() {
            input["filterPattern"] = json!(query.pattern);
        }
        input
    }

    fn line(event: &Value) -> LogLine {
        LogLine {
            id: text(event, "eventId"),
            at: event.get("timestamp").and_then(Value::as_i64).unwrap_or_default(),
            stream: text(event, "logStreamName"),
            message: text(event, "message"),
        }
    }

    fn now() -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
}
