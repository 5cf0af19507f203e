//! Reports on the wire: SubmitTaskStateChange and SubmitContainerStateChange.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use gantry_wire::schema::Service;
use gantry_wire::shapes::ecs as wire;
use serde_json::Value;

use crate::api::{Api, CallError};
use crate::image::describe;
use crate::task_machine::{ContainerReport, Report, Task, TaskReport};
use crate::worker::{ReportError, Reports};

/// Submits reports through the API.
pub struct Submitter(pub Api);

impl Reports for Submitter {
    fn submit(&self, task: &Task, report: &Report) -> BoxFuture<'static, Result<(), ReportError>> {
        let api = self.0.clone();
        let (cluster, arn) = (task.spec.cluster.clone(), task.spec.arn.clone());
        let report = report.clone();
        async move {
            let answer: Result<Value, CallError> = match &report {
                Report::Task(t) => api.call(Service::Ecs, "SubmitTaskStateChange", &task_change(cluster, arn, t)).await,
                Report::Container(c) => {
                    api.call(Service::Ecs, "SubmitContainerStateChange", &container_change(cluster, arn, c)).await
                }
            };
            answer.map(drop).map_err(|error| {
                // A key that is not accepted now may be put right by the operator; an unknown task comes back by nobody.
                let denied = matches!(&error, CallError::Refused { status: 401 | 403, .. });
                let text = describe(&error);
                if error.may_pass() || denied { ReportError::Retry(text) } else { ReportError::Refused(text) }
            })
        }
        .boxed()
    }
}

fn task_change(cluster: String, task: String, report: &TaskReport) -> wire::SubmitTaskStateChangeRequest {
    wire::SubmitTaskStateChangeRequest {
        cluster: Some(cluster),
        task: Some(task),
        status: Some(report.status.as_str().to_owned()),
        reason: report.reason.clone(),
        containers: Some(report.containers.iter().map(container_state).collect()),
        attachments: None,
        managed_agents: None,
        pull_started_at: report.pull_started_at.map(Into::into),
        pull_stopped_at: report.pull_stopped_at.map(Into::into),
        execution_stopped_at: report.execution_stopped_at.map(Into::into),
    }
}

fn container_state(c: &ContainerReport) -> wire::ContainerStateChange {
    wire::ContainerStateChange {
        container_name: Some(c.name.clone()),
        image_digest: c.image_digest.clone(),
        runtime_id: c.runtime_id.clone(),
        exit_code: c.exit_code.and_then(|code| i32::try_from(code).ok()),
        network_bindings: bindings(c),
        reason: c.reason.clone(),
        status: Some(c.status.as_str().to_owned()),
    }
}

fn container_change(cluster: String, task: String, c: &ContainerReport) -> wire::SubmitContainerStateChangeRequest {
    wire::SubmitContainerStateChangeRequest {
        cluster: Some(cluster),
        task: Some(task),
        container_name: Some(c.name.clone()),
        runtime_id: c.runtime_id.clone(),
        status: Some(c.status.as_str().to_owned()),
        exit_code: c.exit_code.and_then(|code| i32::try_from(code).ok()),
        reason: c.reason.clone(),
        network_bindings: bindings(c),
    }
}

/// The host ports. A task with a network of its own has none; its address is told as a binding without ports, for the
/// protocol has no other place for it (in AWS the control plane made the interface and knows).
fn bindings(c: &ContainerReport) -> Option<Vec<wire::NetworkBinding>> {
    let ports = c.network_bindings.iter().map(|b| wire::NetworkBinding {
        bind_ip: Some(b.bind_ip.clone()),
        container_port: Some(i32::from(b.container_port)),
        host_port: Some(i32::from(b.host_port)),
        protocol: Some(b.protocol.clone()),
        ..wire::NetworkBinding::default()
    });
    let address =
        c.address.iter().map(|a| wire::NetworkBinding { bind_ip: Some(a.clone()), ..wire::NetworkBinding::default() });
    let all: Vec<_> = ports.chain(address).collect();
    (!all.is_empty()).then_some(all)
}

#[cfg(test)]
mod tests {
    use gantry_model::UnixMillis;
    use gantry_model::task::NetworkBinding;

    use super::*;
    use crate::task_machine::Status;

    fn container() -> ContainerReport {
        ContainerReport {
            name: "app".to_owned(),
            status: Status::Stopped,
            exit_code: Some(137),
            reason: Some("OutOfMemoryError: Container killed due to memory usage".to_owned()),
            runtime_id: Some("id".to_owned()),
            image_digest: Some("sha256:00".to_owned()),
            network_bindings: vec![NetworkBinding {
                bind_ip: "0.0.0.0".to_owned(),
                container_port: 80,
                host_port: 32768,
                protocol: "tcp".to_owned(),
            }],
            address: None,
        }
    }

    #[test]
    fn a_task_report_carries_everything_that_is_known_of_its_containers() {
        let report = TaskReport {
            status: Status::Stopped,
            reason: Some("Essential container in task exited".to_owned()),
            containers: vec![container()],
            pull_started_at: Some(UnixMillis(1_500)),
            pull_stopped_at: None,
            execution_stopped_at: Some(UnixMillis(2_000)),
        };
        let json = serde_json::to_value(task_change("default".to_owned(), "arn".to_owned(), &report)).unwrap();
        let expected = serde_json::json!({
            "cluster": "default",
            "task": "arn",
            "status": "STOPPED",
            "reason": "Essential container in task exited",
            "containers": [{
                "containerName": "app",
                "imageDigest": "sha256:00",
                "runtimeId": "id",
                "exitCode": 137,
                "networkBindings": [
                    {"bindIP": "0.0.0.0", "containerPort": 80, "hostPort": 32768, "protocol": "tcp"}
                ],
                "reason": "OutOfMemoryError: Container killed due to memory usage",
                "status": "STOPPED"
            }],
            "pullStartedAt": 1.5,
            "executionStoppedAt": 2.0
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn a_task_with_a_network_of_its_own_tells_its_address() {
        let own = ContainerReport { network_bindings: vec![], address: Some("10.0.0.2".to_owned()), ..container() };
        let all = bindings(&own).unwrap();
        assert_eq!((all[0].bind_ip.as_deref(), all[0].container_port), (Some("10.0.0.2"), None));
    }
}
