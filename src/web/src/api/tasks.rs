//! One task: what is known of it, running one, stopping one.

#![expect(clippy::too_many_arguments, reason = "a form without WebAssembly posts flat fields")]

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::task_list::TaskSummary;
use crate::error::ApiError;

/// A task as its page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskDetail {
    pub summary: TaskSummary,
    pub arn: String,
    pub group: String,
    pub started_by: Option<String>,
    pub capacity_provider: Option<String>,
    /// Task-level cpu in units and memory in MiB.
    pub cpu: Option<i64>,
    pub memory_mib: Option<i64>,
    pub network_mode: String,
    /// What the network interface of an awsvpc task is, as label and value.
    pub network: Vec<(String, String)>,
    pub pull_started_at: Option<i64>,
    pub pull_stopped_at: Option<i64>,
    pub stopping_at: Option<i64>,
    pub containers: Vec<ContainerDetail>,
    pub tags: Vec<(String, String)>,
}

/// A container of a task: what it is, with what its definition asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerDetail {
    pub name: String,
    pub image: String,
    pub digest: Option<String>,
    pub last_status: String,
    pub health: String,
    pub exit_code: Option<i32>,
    pub reason: Option<String>,
    pub runtime_id: Option<String>,
    pub essential: bool,
    pub cpu: Option<i64>,
    pub memory_mib: Option<i64>,
    /// `8080/tcp on 127.0.0.1:32768`.
    pub ports: Vec<String>,
    pub entry_point: Vec<String>,
    pub command: Vec<String>,
    pub environment: Vec<Variable>,
    pub depends_on: Vec<String>,
    pub mounts: Vec<String>,
}

/// A variable of a container's environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variable {
    pub name: String,
    /// `None` for a secret: its value is not the dashboard's to know.
    pub value: Option<String>,
    /// "task definition", "override", "secret NAME".
    pub from: String,
}

/// One task.
///
/// # Errors
/// `NotFound` when the cluster has none of that id.
#[server(prefix = "/ui/api", endpoint = "describe-task")]
pub async fn describe_task(cluster: String, task: String) -> Result<TaskDetail, ApiError> {
    let ecs = crate::sdk::ecs()?;
    let tags = aws_sdk_ecs::types::TaskField::Tags;
    let answer = ecs.describe_tasks().cluster(&cluster).tasks(&task).include(tags).send().await?;
    let found = answer.tasks().first().ok_or_else(|| ApiError::missing("task", &task))?;
    let arn = found.task_definition_arn().unwrap_or_default();
    let definition = ecs.describe_task_definition().task_definition(arn).send().await?;
    Ok(read::detail(&cluster, found, definition.task_definition()))
}

/// Stops a task.
///
/// # Errors
/// What StopTask answers.
#[server(prefix = "/ui/api", endpoint = "stop-task")]
pub async fn stop_task(cluster: String, task: String, reason: String) -> Result<(), ApiError> {
    let reason = Some(reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    crate::sdk::ecs()?.stop_task().cluster(cluster).task(task).set_reason(reason).send().await?;
    Ok(())
}

/// Runs tasks from the fields of the form and goes to the task's page, or to the cluster's tasks when there are several.
///
/// # Errors
/// `InvalidParameterException` for a field that does not read; what RunTask answers; its first failure, in words, when
/// nothing was placed.
#[server(prefix = "/ui/api", endpoint = "run-task")]
pub async fn run_task(
    cluster: String,
    task_definition: String,
    count: String,
    launch_type: String,
    group: String,
    container: String,
    command: String,
    environment: String,
    subnets: String,
    security_groups: String,
) -> Result<(), ApiError> {
    let given = |field: String| Some(field.trim().to_owned()).filter(|field| !field.is_empty());
    let answer = crate::sdk::ecs()?
        .run_task()
        .cluster(&cluster)
        .task_definition(task_definition.trim())
        .count(read::number("Count", &count)?)
        .launch_type(launch_type.as_str().into())
        .set_group(given(group))
        .set_overrides(read::overrides(&container, &command, &environment)?)
        .set_network_configuration(super::network::configuration(&subnets, &security_groups)?)
        .send()
        .await?;
    let arns: Vec<&str> = answer.tasks().iter().filter_map(|task| task.task_arn()).collect();
    match (&arns[..], answer.failures().first()) {
        ([], Some(failure)) => return Err(read::not_placed(failure)),
        ([only], _) => leptos_axum::redirect(&format!("/clusters/{cluster}/tasks/{}", crate::format::last_part(only))),
        _ => leptos_axum::redirect(&format!("/clusters/{cluster}/tasks")),
    }
    Ok(())
}

/// Why RunTask placed nothing, in words (ECS developer guide, "API failure reasons").
#[must_use]
pub fn placement_failure(reason: &str) -> String {
    let words = match reason {
        "RESOURCE:MEMORY" => "No host has enough free memory.",
        "RESOURCE:CPU" => "No host has enough free CPU.",
        "RESOURCE:PORTS" => "Every host that would do has one of the ports taken.",
        "AGENT" => "The agent of the host that would do is not connected.",
        "ATTRIBUTE" => "No host has an attribute that the task definition requires.",
        "INACTIVE" => "The host that would do is not active.",
        "EMPTY CAPACITY PROVIDER" => "The capacity provider has no host.",
        other => return format!("The scheduler answered: {other}"),
    };
    words.to_owned()
}

#[cfg(feature = "ssr")]
mod read {
    use std::collections::BTreeMap;

    use aws_sdk_ecs::types::{
        Container, ContainerDefinition, ContainerOverride, Failure, KeyValuePair, Task, TaskDefinition, TaskOverride,
    };

    use super::{ContainerDetail, TaskDetail, Variable, placement_failure};
    use crate::api::convert::{millis, text};
    use crate::api::task_list::read::summary;
    use crate::error::ApiError;

    pub(super) fn number(field: &str, text: &str) -> Result<i32, ApiError> {
        let message = format!("{field} must be a whole number, not \u{201c}{}\u{201d}.", text.trim());
        text.trim().parse().map_err(|_| ApiError::refused("InvalidParameterException", message))
    }

    pub(super) fn not_placed(failure: &Failure) -> ApiError {
        let reason = failure.reason().unwrap_or("MISSING");
        ApiError::refused(reason, placement_failure(reason))
    }

    /// The overrides of one container: its command one word a line, its environment `NAME=value` a line.
    pub(super) fn overrides(
        container: &str,
        command: &str,
        environment: &str,
    ) -> Result<Option<TaskOverride>, ApiError> {
        let refused = |message: String| ApiError::refused("InvalidParameterException", message);
        let lines = |field: &str| -> Vec<String> {
            field.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()
        };
        let (command, variables, container) = (lines(command), lines(environment), container.trim());
        if command.is_empty() && variables.is_empty() {
            return Ok(None);
        }
        if container.is_empty() {
            return Err(refused("Say which container the command or environment is for.".to_owned()));
        }
        let mut over = ContainerOverride::builder().name(container);
        if !command.is_empty() {
            over = over.set_command(Some(command));
        }
        for line in variables {
            let Some((name, value)) = line.split_once('=') else {
                return Err(refused(format!("Environment: \u{201c}{line}\u{201d} is not NAME=value.")));
            };
            over = over.environment(KeyValuePair::builder().name(name.trim()).value(value).build());
        }
        Ok(Some(TaskOverride::builder().container_overrides(over.build()).build()))
    }

    pub(super) fn detail(cluster: &str, task: &Task, definition: Option<&TaskDefinition>) -> TaskDetail {
        let units = |value: Option<&str>| value.and_then(|text| text.parse().ok());
        let of = |name: &str| {
            definition.and_then(|d| d.container_definitions().iter().find(|found| found.name() == Some(name)))
        };
        let over = |name: &str| {
            task.overrides().and_then(|o| o.container_overrides().iter().find(|found| found.name() == Some(name)))
        };
        TaskDetail {
            summary: summary(cluster, task),
            arn: text(task.task_arn()),
            group: text(task.group()),
            started_by: task.started_by().map(str::to_owned),
            capacity_provider: task.capacity_provider_name().map(str::to_owned),
            cpu: units(task.cpu()),
            memory_mib: units(task.memory()),
            network_mode: definition
                .and_then(|d| d.network_mode())
                .map_or_else(|| "bridge".to_owned(), |mode| mode.as_str().to_owned()),
            network: network(task),
            pull_started_at: millis(task.pull_started_at()),
            pull_stopped_at: millis(task.pull_stopped_at()),
            stopping_at: millis(task.stopping_at()),
            containers: task
                .containers()
                .iter()
                .map(|found| {
                    let name = found.name().unwrap_or_default();
                    container(found, of(name), over(name))
                })
                .collect(),
            tags: task.tags().iter().map(|tag| (text(tag.key()), text(tag.value()))).collect(),
        }
    }

    /// The details of the task's network interface that people look for.
    fn network(task: &Task) -> Vec<(String, String)> {
        const LABELS: [(&str, &str); 4] = [
            ("privateIPv4Address", "Private address"),
            ("macAddress", "MAC address"),
            ("subnetId", "Subnet"),
            ("networkInterfaceId", "Network interface"),
        ];
        let details = || task.attachments().iter().flat_map(|attachment| attachment.details());
        LABELS
            .iter()
            .filter_map(|(name, label)| {
                let found = details().find(|detail| detail.name() == Some(name))?;
                Some(((*label).to_owned(), text(found.value())))
            })
            .collect()
    }

    fn container(
        found: &Container,
        definition: Option<&ContainerDefinition>,
        over: Option<&ContainerOverride>,
    ) -> ContainerDetail {
        let units = |value: Option<&str>| value.and_then(|text| text.parse().ok());
        let command = over.map(|o| o.command()).filter(|command| !command.is_empty());
        ContainerDetail {
            name: text(found.name()),
            image: text(found.image()),
            digest: found.image_digest().map(str::to_owned),
            last_status: text(found.last_status()),
            health: text(found.health_status().map(|h| h.as_str())),
            exit_code: found.exit_code(),
            reason: found.reason().map(str::to_owned),
            runtime_id: found.runtime_id().map(str::to_owned),
            essential: definition.and_then(|d| d.essential()).unwrap_or(true),
            cpu: units(found.cpu()).or_else(|| definition.map(|d| i64::from(d.cpu()))),
            memory_mib: units(found.memory()).or_else(|| definition.and_then(|d| d.memory()).map(i64::from)),
            ports: ports(found),
            entry_point: definition.map(|d| d.entry_point().to_vec()).unwrap_or_default(),
            command: command.or_else(|| definition.map(|d| d.command())).unwrap_or_default().to_vec(),
            environment: environment(definition, over),
            depends_on: definition.map(depends_on).unwrap_or_default(),
            mounts: definition.map(mounts).unwrap_or_default(),
        }
    }

    fn ports(container: &Container) -> Vec<String> {
        let bindings = container.network_bindings().iter();
        bindings
            .map(|binding| {
                let (port, host) = (binding.container_port().unwrap_or(0), binding.host_port().unwrap_or(0));
                let protocol = binding.protocol().map_or("tcp", |p| p.as_str());
                format!("{port}/{protocol} on {}:{host}", binding.bind_ip().unwrap_or("0.0.0.0"))
            })
            .collect()
    }

    /// The environment as the container sees it: overrides take the place of the definition's variables, and secrets that of
    /// both.
    fn environment(definition: Option<&ContainerDefinition>, over: Option<&ContainerOverride>) -> Vec<Variable> {
        let mut found: BTreeMap<String, Variable> = BTreeMap::new();
        let plain = |pairs: &[KeyValuePair], from: &str| -> Vec<Variable> {
            let variable = |pair: &KeyValuePair| Variable {
                name: text(pair.name()),
                value: Some(text(pair.value())),
                from: from.to_owned(),
            };
            pairs.iter().map(variable).collect()
        };
        let defined = definition.map(|d| plain(d.environment(), "task definition")).unwrap_or_default();
        let secrets = definition.map(|d| d.secrets()).unwrap_or_default().iter().map(|secret| Variable {
            name: secret.name().to_owned(),
            value: None,
            from: format!("secret {}", secret.value_from()),
        });
        let overridden = over.map(|o| plain(o.environment(), "override")).unwrap_or_default();
        for variable in defined.into_iter().chain(overridden).chain(secrets) {
            found.insert(variable.name.clone(), variable);
        }
        found.into_values().collect()
    }

    fn depends_on(definition: &ContainerDefinition) -> Vec<String> {
        let depends = definition.depends_on().iter();
        depends.map(|d| format!("{} is {}", d.container_name(), d.condition().as_str())).collect()
    }

    fn mounts(definition: &ContainerDefinition) -> Vec<String> {
        let mounts = definition.mount_points().iter();
        mounts
            .map(|mount| {
                let read_only = if mount.read_only() == Some(true) { ", read-only" } else { "" };
                format!("{} at {}{read_only}", text(mount.source_volume()), text(mount.container_path()))
            })
            .collect()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn overrides_are_one_word_and_one_variable_a_line() {
            let over = overrides("app", "sh\r\n-c\r\nexit 3\r\n", "A=1\nB=x=y\n").unwrap().unwrap();
            let app = &over.container_overrides()[0];
            assert_eq!(
                (app.name(), app.command()),
                (Some("app"), &["sh".to_owned(), "-c".into(), "exit 3".into()][..])
            );
            let values: Vec<_> = app.environment().iter().map(|pair| (pair.name(), pair.value())).collect();
            assert_eq!(values, [(Some("A"), Some("1")), (Some("B"), Some("x=y"))]);
        }

        #[test]
        fn overrides_that_do_not_read_are_refused_with_the_reason() {
            assert_eq!(overrides("app", "", " \n").unwrap(), None);
            for (container, command, environment, part) in
                [("", "sh", "", "which container"), ("app", "", "JUST A NAME", "NAME=value")]
            {
                let refused = overrides(container, command, environment).unwrap_err();
                assert!(refused.to_string().contains(part), "{refused}");
            }
        }

        #[test]
        fn the_environment_is_what_the_container_sees() {
            let pair = |name: &str, value: &str| KeyValuePair::builder().name(name).value(value).build();
            let definition =
                ContainerDefinition::builder().environment(pair("A", "1")).environment(pair("B", "2")).build();
            let over = ContainerOverride::builder().environment(pair("B", "3")).build();
            let seen: Vec<_> = environment(Some(&definition), Some(&over))
                .into_iter()
                .map(|v| (v.name, v.value.unwrap_or_default(), v.from))
                .collect();
            let expected = [("A", "1", "task definition"), ("B", "3", "override")];
            assert_eq!(seen, expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned())));
        }
    }
}
