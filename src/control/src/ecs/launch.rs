//! What RunTask, StartTask, CreateService and UpdateService ask alike: where tasks run, in which network, under which
//! tags. Each function takes what the caller wrote and answers the value, or the error that names the parameter.

use gantry_model::capacity_provider::is_fargate;
use gantry_model::cluster::{CapacityProviderStrategyItem, Cluster};
use gantry_model::placement::{BinpackField, PlacementConstraint, PlacementStrategy};
use gantry_model::service::Service;
use gantry_model::tag::MAX_TAGS;
use gantry_model::task::LaunchType;
use gantry_model::task_definition::TaskDefinitionStatus;
use gantry_model::{ClusterName, Scope, Tag};
use gantry_scheduler::expression;
use gantry_store::Conn;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs as wire;
use serde_json::Value;

use crate::ecs::{capacity_providers, resolve};
use crate::error::Failure;

/// Capacity that a task or service asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capacity {
    /// That of the strategy's providers, when there is one.
    pub launch_type: LaunchType,
    /// Empty when a launch type was asked for.
    pub strategy: Vec<CapacityProviderStrategyItem>,
}

impl Capacity {
    /// The launch type that a service keeps and answers: none beside a strategy.
    #[must_use]
    pub fn own_launch_type(&self) -> Option<LaunchType> {
        self.strategy.is_empty().then_some(self.launch_type)
    }
}

/// The capacity meant by `launchType` and `capacityProviderStrategy`, which exclude each other; without either that of
/// the cluster's default strategy, and without one the cluster's own hosts.
///
/// # Errors
/// InvalidParameterException.
pub async fn capacity(
    conn: &mut Conn,
    cluster: &Cluster,
    launch_type: Option<&str>,
    strategy: &[wire::CapacityProviderStrategyItem],
) -> Result<Capacity, Failure> {
    if launch_type.is_some() && !strategy.is_empty() {
        let text = "Specify either launch type or capacity provider strategy, not both.";
        return Err(ApiError::invalid_parameter(text).into());
    }
    let strategy = match launch_type {
        None if strategy.is_empty() => cluster.default_capacity_provider_strategy.clone(),
        _ => capacity_providers::strategy(conn, cluster, strategy).await?,
    };
    let own = match launch_type {
        None => None,
        Some("EC2") => Some(LaunchType::Ec2),
        Some("FARGATE") => Some(LaunchType::Fargate),
        Some("EXTERNAL") => Some(LaunchType::External),
        Some(other) => {
            return Err(ApiError::invalid_parameter(format!("launchType {other} is not available.")).into());
        }
    };
    let launch_type = self::launch_type(own, &strategy);
    Ok(Capacity { launch_type, strategy })
}

/// The launch type of the tasks of a service or task set: its own, or that of its strategy's providers.
#[must_use]
pub fn launch_type(own: Option<LaunchType>, strategy: &[CapacityProviderStrategyItem]) -> LaunchType {
    own.unwrap_or_else(|| {
        let fargate = strategy.first().is_some_and(|item| is_fargate(&item.capacity_provider));
        if fargate { LaunchType::Fargate } else { LaunchType::Ec2 }
    })
}

/// The launch type of a service's tasks.
#[must_use]
pub fn launch_type_of(service: &Service) -> LaunchType {
    launch_type(service.launch_type, &service.capacity_provider_strategy)
}

/// A task definition that may be run, with its document read.
pub struct Runnable {
    pub model: gantry_model::task_definition::TaskDefinition,
    pub document: wire::TaskDefinition,
}

/// The ACTIVE task definition that `text` means.
///
/// # Errors
/// ClientException when there is none or it is not ACTIVE.
pub async fn runnable(conn: &mut Conn, scope: &Scope, text: &str) -> Result<Runnable, Failure> {
    let found = resolve::task_definition(conn, scope, text).await?;
    let model = found.ok_or_else(|| ApiError::client("TaskDefinition not found."))?;
    if model.status != TaskDefinitionStatus::Active {
        return Err(ApiError::client("TaskDefinition is inactive").into());
    }
    let document = document(&model)?;
    Ok(Runnable { model, document })
}

/// The document of a task definition as the wire's type.
///
/// # Errors
/// ServerException when what is stored is not one.
pub fn document(model: &gantry_model::task_definition::TaskDefinition) -> Result<wire::TaskDefinition, ApiError> {
    serde_json::from_value(model.document.clone())
        .map_err(|e| ApiError::server(format!("the document of task definition {} does not read: {e}", model.id)))
}

/// Checks that `definition` can run as `launch_type` in the network that the caller configured.
///
/// # Errors
/// InvalidParameterException.
pub fn check_network(
    definition: &wire::TaskDefinition,
    launch_type: LaunchType,
    network: Option<&wire::NetworkConfiguration>,
) -> Result<(), ApiError> {
    let awsvpc = definition.network_mode.as_deref() == Some("awsvpc");
    let configuration = network.and_then(|n| n.awsvpc_configuration.as_ref());
    if awsvpc && configuration.is_none() {
        return Err(ApiError::network_configuration_missing());
    }
    if launch_type == LaunchType::Fargate && !is_compatible(definition, "FARGATE") {
        return Err(ApiError::invalid_parameter("Task definition does not support launch_type FARGATE."));
    }
    match (awsvpc, configuration) {
        (true, Some(c)) if c.subnets.as_ref().is_none_or(Vec::is_empty) => {
            Err(ApiError::invalid_parameter("subnets can not be empty."))
        }
        (false, Some(_)) => Err(ApiError::invalid_parameter(
            "Network Configuration is not valid for the given networkMode of this task definition.",
        )),
        _ => Ok(()),
    }
}

fn is_compatible(definition: &wire::TaskDefinition, with: &str) -> bool {
    definition.compatibilities.iter().flatten().any(|c| c == with)
}

/// The platform version that a task of `launch_type` gets when the caller asks for `asked`.
///
/// # Errors
/// InvalidParameterException for a host of one's own, PlatformUnknownException for a version that Fargate never had.
pub fn platform_version(launch_type: LaunchType, asked: Option<&str>) -> Result<Option<String>, ApiError> {
    match (launch_type, asked) {
        (LaunchType::Fargate, None | Some("LATEST" | "1.4.0")) => Ok(Some("1.4.0".to_owned())),
        (LaunchType::Fargate, Some("1.3.0")) => Ok(Some("1.3.0".to_owned())),
        (LaunchType::Fargate, Some(other)) => Err(ApiError::new(
            "PlatformUnknownException",
            format!("The specified platform version {other} does not exist."),
        )),
        (_, None) => Ok(None),
        (_, Some(_)) => {
            Err(ApiError::invalid_parameter("The platform version must be null when specifying an EC2 launch type."))
        }
    }
}

/// The placement constraints of a request, expressions checked; at most ten.
///
/// # Errors
/// InvalidParameterException.
pub fn placement_constraints(given: &[wire::PlacementConstraint]) -> Result<Vec<PlacementConstraint>, ApiError> {
    if given.len() > 10 {
        return Err(ApiError::invalid_parameter("Too many placement constraints: at most 10 are allowed."));
    }
    given.iter().map(placement_constraint).collect()
}

fn placement_constraint(given: &wire::PlacementConstraint) -> Result<PlacementConstraint, ApiError> {
    match (given.r#type.as_deref(), given.expression.as_deref()) {
        (Some("distinctInstance"), None | Some("")) => Ok(PlacementConstraint::DistinctInstance),
        (Some("distinctInstance"), Some(_)) => {
            Err(ApiError::invalid_parameter("placementConstraints: distinctInstance takes no expression."))
        }
        (Some("memberOf"), Some(text)) => match expression::parse(text) {
            Ok(_) => Ok(PlacementConstraint::MemberOf { expression: text.to_owned() }),
            Err(e) => Err(ApiError::invalid_parameter(format!(
                "placementConstraints: the expression '{text}' is not valid: {e}"
            ))),
        },
        (Some("memberOf"), None) => {
            Err(ApiError::invalid_parameter("placementConstraints: memberOf needs an expression."))
        }
        (other, _) => Err(ApiError::invalid_parameter(format!(
            "placementConstraints: unknown type '{}'.",
            other.unwrap_or_default()
        ))),
    }
}

/// The placement strategies of a request; at most five.
///
/// # Errors
/// InvalidParameterException.
pub fn placement_strategy(given: &[wire::PlacementStrategy]) -> Result<Vec<PlacementStrategy>, ApiError> {
    if given.len() > 5 {
        return Err(ApiError::invalid_parameter("Too many placement strategies: at most 5 are allowed."));
    }
    given.iter().map(one_strategy).collect()
}

fn one_strategy(given: &wire::PlacementStrategy) -> Result<PlacementStrategy, ApiError> {
    let invalid = |text: &str| Err(ApiError::invalid_parameter(format!("placementStrategy: {text}")));
    match (given.r#type.as_deref(), given.field.as_deref()) {
        (Some("random"), None | Some("")) => Ok(PlacementStrategy::Random),
        (Some("random"), Some(_)) => invalid("random takes no field."),
        (Some("spread"), Some(field)) if is_spread_field(field) => {
            Ok(PlacementStrategy::Spread { field: field.to_owned() })
        }
        (Some("spread"), _) => invalid("spread needs the field instanceId, host or attribute:NAME."),
        (Some("binpack"), Some(field)) if field.eq_ignore_ascii_case("cpu") => {
            Ok(PlacementStrategy::Binpack { field: BinpackField::Cpu })
        }
        (Some("binpack"), Some(field)) if field.eq_ignore_ascii_case("memory") => {
            Ok(PlacementStrategy::Binpack { field: BinpackField::Memory })
        }
        (Some("binpack"), _) => invalid("binpack needs the field cpu or memory."),
        (other, _) => invalid(&format!("unknown type '{}'.", other.unwrap_or_default())),
    }
}

fn is_spread_field(field: &str) -> bool {
    matches!(field, "instanceId" | "host") || field.strip_prefix("attribute:").is_some_and(|name| !name.is_empty())
}

/// Tags that a caller gave, checked (API reference, `Tag`).
///
/// # Errors
/// InvalidParameterException.
pub fn tags(given: &[wire::Tag]) -> Result<Vec<Tag>, ApiError> {
    if given.len() > MAX_TAGS {
        return Err(ApiError::invalid_parameter("Too many tags: at most 50 are allowed."));
    }
    let mut tags: Vec<Tag> = Vec::with_capacity(given.len());
    for tag in given {
        let key = tag.key.clone().unwrap_or_default();
        let value = tag.value.clone().unwrap_or_default();
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            return Err(ApiError::invalid_parameter("tags: a key has 1 to 128 characters and a value up to 256."));
        }
        if gantry_model::tag::is_reserved(&key) {
            return Err(ApiError::invalid_parameter("tags: keys that start with aws: are reserved."));
        }
        if tags.iter().any(|t| t.key == key) {
            return Err(ApiError::invalid_parameter(format!("tags: the key '{key}' is given twice.")));
        }
        tags.push(Tag { key, value });
    }
    Ok(tags)
}

/// The tags of a task that is started by hand: those of the request, those of its definition when they are to be
/// propagated, and ECS's own when they are managed.
///
/// # Errors
/// InvalidParameterException.
pub fn task_tags(
    given: Option<&[wire::Tag]>,
    propagate: Option<&str>,
    managed: Option<bool>,
    of_definition: &[Tag],
    cluster: &ClusterName,
) -> Result<Vec<Tag>, ApiError> {
    let mut tags = tags(given.unwrap_or_default())?;
    match propagate {
        None | Some("NONE") => {}
        Some("TASK_DEFINITION") => inherit(&mut tags, of_definition),
        Some(other) => {
            return Err(ApiError::invalid_parameter(format!("propagateTags {other} is only for tasks of a service.")));
        }
    }
    if managed == Some(true) {
        tags.push(Tag { key: "aws:ecs:clusterName".to_owned(), value: cluster.to_string() });
    }
    Ok(tags)
}

/// Adds the tags of `from` whose keys `tags` does not have yet.
pub fn inherit(tags: &mut Vec<Tag>, from: &[Tag]) {
    for tag in from {
        if !tags.iter().any(|t| t.key == tag.key) {
            tags.push(tag.clone());
        }
    }
}

/// A part of the request as it is kept for the answers.
///
/// # Errors
/// ServerException when it does not encode.
pub fn kept<T: serde::Serialize>(part: &T) -> Result<Value, ApiError> {
    serde_json::to_value(part).map_err(|e| ApiError::server(format!("a part of the request does not encode: {e}")))
}
