//! What holds of each container.

use std::collections::BTreeSet;

use gantry_model::secret::reference::SecretReference;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{ContainerDefinition, HealthCheck, LinuxParameters, LogConfiguration, TaskDefinition};

use super::ports;

/// The least memory that Docker gives a container, in MiB.
const LEAST_MEMORY: i32 = 6;
/// The log drivers that ECS knows; which of them a host has is its own matter.
const LOG_DRIVERS: [&str; 8] =
    ["json-file", "syslog", "journald", "gelf", "fluentd", "awslogs", "splunk", "awsfirelens"];

/// Checks all containers of `definition`, whose sizes are normalised already.
///
/// # Errors
/// ClientException.
pub(super) fn check_all(containers: &[ContainerDefinition], definition: &TaskDefinition) -> Result<(), ApiError> {
    let mut names = BTreeSet::new();
    for container in containers {
        let name = check_name(container)?;
        if !names.insert(name) {
            return Err(ApiError::client(format!("Container names must be unique: '{name}' is used twice.")));
        }
        check_memory(name, container, definition.memory.is_some())?;
        check_numbers(name, container)?;
        ports::check(name, container, definition.network_mode.as_deref())?;
        check_network(name, container, definition.network_mode.as_deref())?;
        check_lists(name, container)?;
        check_credentials(name, container)?;
        if let Some(check) = &container.health_check {
            check_health(name, check)?;
        }
        if let Some(parameters) = &container.linux_parameters {
            check_linux(name, parameters)?;
        }
    }
    ports::check_names(containers)
}

fn check_name(container: &ContainerDefinition) -> Result<&str, ApiError> {
    let name = container.name.as_deref().unwrap_or_default();
    if name.is_empty() {
        return Err(ApiError::client("Container.name should not be null or empty."));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.len() > 255 || !name.chars().all(allowed) {
        return Err(ApiError::client(format!(
            "Invalid container name '{name}': up to 255 letters, numbers, hyphens and underscores are allowed."
        )));
    }
    let image = container.image.as_deref().unwrap_or_default();
    if image.is_empty() {
        return Err(ApiError::client("Container.image should not be null or empty."));
    }
    let reference = image.split_once('@').map_or(image, |(reference, _)| reference);
    if reference.len() > 255 || image.contains(char::is_whitespace) {
        return Err(ApiError::client(format!(
            "Invalid image of container '{name}': it has up to 255 characters and no blanks."
        )));
    }
    Ok(name)
}

fn check_credentials(name: &str, container: &ContainerDefinition) -> Result<(), ApiError> {
    match &container.repository_credentials {
        Some(credentials) if credentials.credentials_parameter.as_deref().unwrap_or_default().is_empty() => {
            Err(setting(name, "'repositoryCredentials.credentialsParameter' should not be null or empty."))
        }
        _ => Ok(()),
    }
}

fn setting(name: &str, text: &str) -> ApiError {
    ApiError::client(format!("Invalid setting for container '{name}'. {text}"))
}

fn check_memory(name: &str, container: &ContainerDefinition, task_has_memory: bool) -> Result<(), ApiError> {
    let hard = container.memory.filter(|&m| m != 0);
    let soft = container.memory_reservation.filter(|&m| m != 0);
    if hard.is_none() && soft.is_none() && !task_has_memory {
        return Err(ApiError::container_without_memory(name));
    }
    for (member, value) in [("memory", hard), ("memoryReservation", soft)] {
        if value.is_some_and(|m| m < LEAST_MEMORY) {
            return Err(setting(name, &format!("'{member}' must be at least {LEAST_MEMORY} MiB.")));
        }
    }
    match (hard, soft) {
        (Some(hard), Some(soft)) if soft > hard => {
            Err(setting(name, "'memory' must be greater than 'memoryReservation'."))
        }
        _ => Ok(()),
    }
}

fn check_numbers(name: &str, container: &ContainerDefinition) -> Result<(), ApiError> {
    if container.cpu.is_some_and(|cpu| !(0..=262_144).contains(&cpu)) {
        return Err(setting(name, "'cpu' must be between 0 and 262144 units."));
    }
    for (member, value) in [("startTimeout", container.start_timeout), ("stopTimeout", container.stop_timeout)] {
        if value.is_some_and(|s| s < 0) {
            return Err(setting(name, &format!("'{member}' must not be negative.")));
        }
    }
    if let Some(policy) = &container.restart_policy {
        if policy.ignored_exit_codes.as_ref().is_some_and(|codes| codes.len() > 50) {
            return Err(setting(name, "restartPolicy: at most 50 ignoredExitCodes are allowed."));
        }
        if policy.restart_attempt_period.is_some_and(|s| !(60..=1800).contains(&s)) {
            return Err(setting(name, "restartPolicy: restartAttemptPeriod must be between 60 and 1800 seconds."));
        }
    }
    Ok(())
}

/// What only a network of the bridge's kind has.
fn check_network(name: &str, container: &ContainerDefinition, mode: Option<&str>) -> Result<(), ApiError> {
    let given = [
        ("links", container.links.as_ref().is_some_and(|l| !l.is_empty()), &["bridge"][..]),
        ("hostname", container.hostname.is_some(), &["bridge", "none"][..]),
        ("extraHosts", container.extra_hosts.as_ref().is_some_and(|h| !h.is_empty()), &["bridge", "host", "none"][..]),
    ];
    let mode = mode.unwrap_or("bridge");
    match given.iter().find(|(_, given, modes)| *given && !modes.contains(&mode)) {
        Some((member, ..)) => Err(setting(name, &format!("'{member}' is not supported when networkMode={mode}."))),
        None => Ok(()),
    }
}

/// Secrets, those of the log driver among them, name something; and no environment variable has two values.
fn check_secrets(name: &str, container: &ContainerDefinition) -> Result<(), ApiError> {
    let of_log = container.log_configuration.as_ref().and_then(|log| log.secret_options.as_ref());
    for secret in container.secrets.iter().chain(of_log).flatten() {
        let (own, from) =
            (secret.name.as_deref().unwrap_or_default(), secret.value_from.as_deref().unwrap_or_default());
        if own.is_empty() || from.is_empty() {
            return Err(setting(name, "A secret must have a name and a valueFrom."));
        }
        SecretReference::parse(from)
            .map_err(|error| setting(name, &format!("The valueFrom of secret '{own}': {error}.")))?;
    }
    let environment = container.environment.iter().flatten().filter_map(|variable| variable.name.as_deref());
    let mut names: BTreeSet<&str> = environment.collect();
    for own in container.secrets.iter().flatten().filter_map(|secret| secret.name.as_deref()) {
        if !names.insert(own) {
            return Err(setting(
                name,
                &format!(
                    "The secret name must be unique and not shared with any new or existing environment variables set on the \
                     container: '{own}'."
                ),
            ));
        }
    }
    Ok(())
}

fn check_lists(name: &str, container: &ContainerDefinition) -> Result<(), ApiError> {
    check_secrets(name, container)?;
    if container.environment.iter().flatten().any(|e| e.name.as_deref().unwrap_or_default().is_empty()) {
        return Err(setting(name, "An environment variable must have a name."));
    }
    if container.environment_files.as_ref().is_some_and(|files| files.len() > 10) {
        return Err(setting(name, "At most 10 environmentFiles are allowed."));
    }
    for ulimit in container.ulimits.iter().flatten() {
        if let (Some(soft), Some(hard)) = (ulimit.soft_limit, ulimit.hard_limit)
            && soft > hard
            && hard != -1
        {
            return Err(setting(name, "ulimits: a softLimit must not exceed its hardLimit."));
        }
    }
    for requirement in container.resource_requirements.iter().flatten() {
        let whole = requirement.value.as_deref().and_then(|v| v.parse::<u32>().ok()).is_some_and(|n| n > 0);
        match requirement.r#type.as_deref() {
            Some("GPU") if whole => {}
            Some("GPU") => {
                return Err(setting(name, "resourceRequirements: a GPU requirement needs a whole number above 0."));
            }
            other => {
                let other = other.unwrap_or_default();
                return Err(setting(name, &format!("resourceRequirements: {other} is not available; GPU is.")));
            }
        }
    }
    container.log_configuration.as_ref().map_or(Ok(()), |log| check_log(name, log))
}

fn check_log(name: &str, log: &LogConfiguration) -> Result<(), ApiError> {
    let has = |option: &&str| {
        log.options.as_ref().and_then(|options| options.get(*option)).is_some_and(|value| !value.is_empty())
    };
    match log.log_driver.as_deref() {
        Some("awslogs") => match ["awslogs-group", "awslogs-region"].iter().find(|option| !has(option)) {
            Some(missing) => {
                Err(setting(name, &format!("logConfiguration: the awslogs driver requires option {missing}.")))
            }
            None => Ok(()),
        },
        Some(driver) if !LOG_DRIVERS.contains(&driver) => {
            Err(setting(name, &format!("logConfiguration: unknown logDriver '{driver}'.")))
        }
        _ => Ok(()),
    }
}

fn check_health(name: &str, check: &HealthCheck) -> Result<(), ApiError> {
    let command = check.command.as_deref().unwrap_or_default();
    match command.first().map(String::as_str) {
        Some("CMD" | "CMD-SHELL") if command.len() > 1 => {}
        Some("NONE") if command.len() == 1 => {}
        _ => {
            return Err(setting(
                name,
                "healthCheck: the command must begin with CMD or CMD-SHELL and name what to run.",
            ));
        }
    }
    let ranges = [
        ("interval", check.interval, 5..=300),
        ("timeout", check.timeout, 2..=60),
        ("retries", check.retries, 1..=10),
        ("startPeriod", check.start_period, 0..=300),
    ];
    match ranges.into_iter().find(|(_, value, range)| value.is_some_and(|v| !range.contains(&v))) {
        Some((member, _, range)) => {
            Err(setting(name, &format!("healthCheck: {member} must be between {} and {}.", range.start(), range.end())))
        }
        None => Ok(()),
    }
}

fn check_linux(name: &str, parameters: &LinuxParameters) -> Result<(), ApiError> {
    if parameters.swappiness.is_some_and(|s| !(0..=100).contains(&s)) {
        return Err(setting(name, "linuxParameters: swappiness must be between 0 and 100."));
    }
    if parameters.max_swap.is_some_and(|s| s < 0) || parameters.shared_memory_size.is_some_and(|s| s < 0) {
        return Err(setting(name, "linuxParameters: maxSwap and sharedMemorySize must not be negative."));
    }
    for tmpfs in parameters.tmpfs.iter().flatten() {
        if !tmpfs.container_path.as_deref().unwrap_or_default().starts_with('/') || tmpfs.size.unwrap_or(0) <= 0 {
            return Err(setting(name, "linuxParameters: a tmpfs needs an absolute containerPath and a size above 0."));
        }
    }
    if parameters.devices.iter().flatten().any(|d| d.host_path.as_deref().unwrap_or_default().is_empty()) {
        return Err(setting(name, "linuxParameters: a device needs a hostPath."));
    }
    Ok(())
}
