//! The lines of a service's event feed, typed, and the sentences that ECS makes of them.
//!
//! Source: ECS developer guide, "Amazon ECS service event messages". Each sentence starts with `(service NAME)`.

use gantry_model::{ContainerInstanceId, DeploymentId, ServiceName, TaskId};

use crate::place::Reason;

/// Something that a service says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    SteadyState,
    /// Tasks were started. The caller makes their ids and so this message; [`crate::reconcile()`] does not.
    Started {
        tasks: Vec<TaskId>,
    },
    /// Running tasks were told to stop.
    Stopped {
        tasks: Vec<TaskId>,
    },
    /// No instance could take a task; the closest one and what it lacked, unless there is no instance at all.
    Unplaceable {
        closest: Option<(ContainerInstanceId, Reason)>,
    },
    /// Tasks stop again and again before they run; starts are delayed.
    StartImpaired,
    /// The minimum and maximum percent allow neither a start nor a stop.
    DeploymentBlocked,
    /// More tasks are protected from scale-in than are wanted.
    ProtectedTasks {
        deployment: DeploymentId,
    },
    DeploymentCompleted {
        deployment: DeploymentId,
    },
    /// The circuit breaker opened.
    DeploymentFailed {
        deployment: DeploymentId,
    },
    /// Its tasks lie unevenly over zones (`AZ`) or hosts (`instance`), as many in each, and are being moved.
    Unbalanced {
        over: &'static str,
        lie: Vec<(String, u32)>,
    },
    /// They lie evenly again.
    Balanced {
        over: &'static str,
    },
    /// Its tasks became targets of a group.
    Registered {
        targets: usize,
        group: String,
    },
    /// Targets of a group are let go.
    Deregistered {
        targets: usize,
        group: String,
    },
    /// A target group finds a task's port unhealthy.
    UnhealthyTarget {
        port: u16,
        group: String,
        reason: String,
    },
    /// The circuit breaker goes back to `deployment`.
    RollingBack {
        deployment: DeploymentId,
    },
}

impl Message {
    /// The sentence as ECS writes it for `service`.
    #[must_use]
    pub fn render(&self, service: &ServiceName) -> String {
        let text = match self {
            Self::SteadyState => "has reached a steady state.".to_owned(),
            Self::Started { tasks } => format!("has started {} tasks: {}.", tasks.len(), list(tasks)),
            Self::Stopped { tasks } => format!("has stopped {} running tasks: {}.", tasks.len(), list(tasks)),
            Self::Unplaceable { closest } => unplaceable(closest.as_ref()),
            Self::StartImpaired => "is unable to consistently start tasks successfully.".to_owned(),
            Self::DeploymentBlocked => BLOCKED.to_owned(),
            Self::ProtectedTasks { deployment } => format!(
                "was unable to reach steady state because task set ({deployment}) was unable to scale in. Reason: The \
                 number of protected tasks are more than the desired count of tasks."
            ),
            Self::DeploymentCompleted { deployment } => format!("(deployment {deployment}) deployment completed."),
            Self::DeploymentFailed { deployment } => {
                format!("(deployment {deployment}) deployment failed: tasks failed to start.")
            }
            Self::Unbalanced { over, lie } => {
                let lie: Vec<String> = lie.iter().map(|(place, tasks)| format!("{tasks} tasks in {place}")).collect();
                format!("is not {over} balanced with {}. {over} Rebalancing in progress.", lie.join(", "))
            }
            Self::Balanced { over } => format!("is {over} balanced."),
            Self::Registered { targets, group } => format!("registered {targets} targets in (target-group {group})"),
            Self::Deregistered { targets, group } => {
                format!("deregistered {targets} targets in (target-group {group})")
            }
            Self::UnhealthyTarget { port, group, reason } => {
                format!("(port {port}) is unhealthy in (target-group {group}) due to (reason {reason})")
            }
            Self::RollingBack { deployment } => format!("rolling back to deployment {deployment}."),
        };
        format!("(service {service}) {text}")
    }
}

/// The sentence that reports `tasks` as started, for the caller who made their ids.
#[must_use]
pub fn started(service: &ServiceName, tasks: &[TaskId]) -> String {
    Message::Started { tasks: tasks.to_vec() }.render(service)
}

const BLOCKED: &str = "was unable to stop or start tasks during a deployment because of the service deployment \
                       configuration. Update the minimumHealthyPercent or maximumPercent value and try again.";

fn list(tasks: &[TaskId]) -> String {
    tasks.iter().map(|task| format!("(task {task})")).collect::<Vec<_>>().join(" ")
}

fn unplaceable(closest: Option<&(ContainerInstanceId, Reason)>) -> String {
    let opening = "was unable to place a task because no container instance met all of its requirements.";
    match closest {
        None => format!("{opening} Reason: No Container Instances were found in your cluster."),
        Some((instance, reason)) => {
            let clause = reason.closest_match();
            format!("{opening} The closest matching (container-instance {instance}) {clause}.")
        }
    }
}
