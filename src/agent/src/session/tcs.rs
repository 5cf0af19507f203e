//! The telemetry session: what health checks say, at once when it changes and every now and then.

use std::time::Duration;

use gantry_model::UnixMillis;
use gantry_wire::tcs::{
    ContainerHealth, Metadata, PublishHealthRequest, StartTelemetrySessionRequest, TaskHealth, TcsMessage,
};
use tokio::time::MissedTickBehavior;

use super::acs::end_of;
use super::socket::{Socket, SocketError};
use super::{End, Instance, SessionError, Sessions};
use crate::image::describe;
use crate::registration::{AGENT_HASH, AGENT_VERSION};
use crate::task_machine::Task;

/// How often all health is published (Amazon's agent: every 20 seconds).
const EVERY: Duration = Duration::from_secs(20);
/// The most tasks that one message carries.
const TASKS_A_MESSAGE: usize = 10;

/// One session, from connecting to its end.
pub(super) async fn session(sessions: &Sessions, instance: &Instance, endpoint: &str) -> Result<End, SessionError> {
    let docker_version = format!("DockerVersion: {}", sessions.engine.version);
    let query = [
        ("cluster", instance.cluster_arn.as_str()),
        ("containerInstance", instance.arn.as_str()),
        ("agentHash", AGENT_HASH),
        ("agentVersion", AGENT_VERSION),
        ("dockerVersion", docker_version.as_str()),
    ];
    let mut socket = match Socket::open(&sessions.api, endpoint, &query).await {
        Ok(socket) => socket,
        Err(error) => return end_of(error),
    };
    let start = StartTelemetrySessionRequest {
        cluster: instance.cluster_arn.clone(),
        container_instance: instance.arn.clone(),
    };
    send(&mut socket, start.into()).await?;
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut round = 0_u64;
    loop {
        tokio::select! {
            text = socket.next() => match text? {
                Some(text) if closes(&text) => return Ok(End::Closed),
                Some(_) => continue,
                None => return Ok(End::Closed),
            },
            () = sessions.worker.health_changed() => {}
            _ = every.tick() => {}
        }
        let Ok(tasks) = sessions.worker.running().await else { return Ok(End::WorkerGone) };
        round += 1;
        for message in health(&tasks, instance, round, (sessions.api.clock)()) {
            send(&mut socket, message.into()).await?;
        }
    }
}

fn closes(text: &str) -> bool {
    match TcsMessage::decode(text) {
        Ok(TcsMessage::StopTelemetrySessionMessage(_)) => true,
        Ok(_) => false,
        Err(error) => {
            tracing::warn!("a telemetry message cannot be read: {}", describe(&error));
            false
        }
    }
}

async fn send(socket: &mut Socket, message: TcsMessage) -> Result<(), SessionError> {
    let text = message.encode().map_err(SocketError::Frame)?;
    Ok(socket.send(text).await?)
}

/// The health of all tasks that have health checks.
fn health(tasks: &[Task], instance: &Instance, round: u64, now: UnixMillis) -> Vec<PublishHealthRequest> {
    let checked: Vec<TaskHealth> = tasks.iter().filter_map(|task| of_task(task, now)).collect();
    let chunks: Vec<&[TaskHealth]> = checked.chunks(TASKS_A_MESSAGE).collect();
    let message = |(at, tasks): (usize, &&[TaskHealth])| PublishHealthRequest {
        metadata: Metadata {
            cluster: instance.cluster_arn.clone(),
            container_instance: instance.arn.clone(),
            message_id: format!("{round}-{at}"),
            fin: at + 1 == chunks.len(),
            idle: None,
        },
        tasks: tasks.to_vec(),
        timestamp: now.into(),
    };
    chunks.iter().enumerate().map(message).collect()
}

fn of_task(task: &Task, now: UnixMillis) -> Option<TaskHealth> {
    let with_state = task.spec.containers.iter().zip(&task.containers);
    let containers: Vec<ContainerHealth> = with_state
        .filter(|(spec, _)| spec.has_health_check)
        .map(|(spec, state)| ContainerHealth {
            container_name: spec.name.clone(),
            health_status: state.health.as_str().to_owned(),
            status_since: state.health_since.unwrap_or(now).into(),
        })
        .collect();
    (!containers.is_empty()).then(|| TaskHealth {
        task_arn: task.spec.arn.clone(),
        task_definition_family: task.spec.family.clone(),
        task_definition_version: task.spec.revision.clone(),
        containers,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::ContainerSpec;
    use crate::task_machine::tests::{container, spec};

    fn instance() -> Instance {
        Instance { arn: "arn:i".to_owned(), cluster_arn: "arn:c".to_owned() }
    }

    #[test]
    fn tasks_without_health_checks_are_left_out_and_ten_go_into_a_message() {
        let checked = ContainerSpec { has_health_check: true, ..container("app") };
        let with = Task::new(spec(vec![checked, container("side")]), "a", UnixMillis(0));
        let without = Task::new(spec(vec![container("app")]), "a", UnixMillis(0));
        let mut tasks = vec![with; 11];
        tasks.push(without);
        let messages = health(&tasks, &instance(), 1, UnixMillis(5));
        let sizes: Vec<_> = messages.iter().map(|m| (m.tasks.len(), m.metadata.fin)).collect();
        assert_eq!(sizes, [(10, false), (1, true)]);
        assert_eq!(messages[0].tasks[0].containers.len(), 1);
        assert_eq!(messages[0].tasks[0].containers[0].health_status, "UNKNOWN");
    }
}
