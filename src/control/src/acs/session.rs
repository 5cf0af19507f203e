//! A payload session: what should run on an instance, told until it is acknowledged.
//!
//! Level-triggered: whenever something may have changed the session reads the instance's tasks and sends what the agent
//! has not acknowledged in this session. A new session begins with nothing acknowledged, so it tells everything; an agent
//! that knows a task already takes it as a repetition. The first message is the manifest, by which the agent finds tasks
//! that it should not have; it stops them only when the answer here, from the store as it is then, confirms it.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use gantry_model::container_instance::{ContainerInstance, InstanceStatus};
use gantry_model::task::{DesiredStatus, Task};
use gantry_model::{Arn, ContainerInstanceId, Resource, TaskId};
use gantry_store::Conn;
use gantry_wire::acs::{
    AcsMessage, CloseMessage, Exception, FrameError, HeartbeatMessage, PayloadMessage, TaskIdentifier,
    TaskManifestMessage, TaskStopVerificationAck, TaskStopVerificationMessage,
};
use gantry_wire::acs_task::AcsTask;
use gantry_wire::shapes::ecs::TaskDefinition;
use tokio::time::{Instant, MissedTickBehavior};

use super::{Agents, payload};
use crate::ecs::record;
use crate::error::{Failure, chain};
use crate::ids;

/// How often an agent is asked whether it is there. Between these the tasks are looked at too, should a bell be missed.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// An agent that says nothing for this long is gone.
const SILENCE: Duration = Duration::from_secs(70);
/// How often it is looked whether the instance is still there.
const LOOK: Duration = Duration::from_secs(5);
/// A payload that is not acknowledged for this long is sent again.
const RESEND: Duration = Duration::from_secs(15);
/// Sessions end on purpose after a while, as ECS's do, so that agents spread over the servers there are.
const LIFE: Duration = Duration::from_mins(30);
/// The most tasks in one payload.
const TASKS_A_PAYLOAD: usize = 20;

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
enum SessionError {
    #[error("the socket failed")]
    Socket(#[from] axum::Error),
    #[error("a message could not be written")]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Failure(#[from] Failure),
    #[error("the agent said nothing for {} s", SILENCE.as_secs())]
    Silent,
}

impl From<gantry_store::StoreError> for SessionError {
    fn from(error: gantry_store::StoreError) -> Self {
        Self::Failure(error.into())
    }
}

impl From<gantry_wire::ApiError> for SessionError {
    fn from(error: gantry_wire::ApiError) -> Self {
        Self::Failure(error.into())
    }
}

/// Serves the agent of `instance` until either side ends it.
pub(super) async fn run(agents: Agents, instance: ContainerInstance, socket: WebSocket) {
    let number = agents.sessions.begin(&instance.id);
    let bell = agents.control.bus.instance(&instance.id);
    // A session that this one replaces may be waiting at the same bell.
    bell.notify_one();
    let id = instance.id.clone();
    if let Err(failure) = set_connected(&agents, &id, true).await {
        tracing::error!(instance = %id, "the agent's connection was not noted: {}", chain(&failure));
        return;
    }
    tracing::info!(instance = %id, "agent connected");
    let session = Session {
        agents: agents.clone(),
        instance,
        number,
        socket,
        acknowledged: BTreeMap::new(),
        under_way: BTreeMap::new(),
        sequence: 0,
        heard_at: Instant::now(),
    };
    match session.serve().await {
        Ok(()) => tracing::info!(instance = %id, "agent disconnected"),
        Err(error) => tracing::info!(instance = %id, "agent disconnected: {}", chain(&error)),
    }
    if agents.sessions.is_newest(&id, number)
        && let Err(failure) = set_connected(&agents, &id, false).await
    {
        tracing::error!(instance = %id, "the agent's disconnection was not noted: {}", chain(&failure));
    }
}

/// Notes whether the agent is connected, with an event.
async fn set_connected(agents: &Agents, id: &ContainerInstanceId, connected: bool) -> Result<(), Failure> {
    let id = id.clone();
    let write = agents.control.store.write(move |tx| {
        Box::pin(async move {
            let found = gantry_store::container_instance::get(tx, &id).await?;
            let Some(mut instance) = found.filter(|i| i.agent_connected != connected) else { return Ok(()) };
            instance.agent_connected = connected;
            instance.agent_connected_at = tx.now();
            record::put_instance(tx, &mut instance).await
        })
    });
    write.await
}

/// A payload that was sent and not acknowledged.
struct UnderWay {
    tasks: Vec<(TaskId, DesiredStatus)>,
    sent_at: Instant,
}

struct Session {
    agents: Agents,
    instance: ContainerInstance,
    number: u64,
    socket: WebSocket,
    /// What the agent has taken over in this session.
    acknowledged: BTreeMap<TaskId, DesiredStatus>,
    /// By message id.
    under_way: BTreeMap<String, UnderWay>,
    sequence: i64,
    heard_at: Instant,
}

impl Session {
    async fn serve(mut self) -> Result<(), SessionError> {
        let bell = self.agents.control.bus.instance(&self.instance.id);
        let close_at = Instant::now() + LIFE + Duration::from_secs(ids::seed()? % 300);
        let mut heartbeat = every(HEARTBEAT);
        let mut look = every(LOOK);
        self.send_manifest().await?;
        loop {
            tokio::select! {
                message = self.socket.recv() => match message {
                    Some(message) => {
                        if !self.receive(message?).await? {
                            return Ok(());
                        }
                    }
                    None => return Ok(()),
                },
                () = bell.notified() => {
                    if !self.agents.sessions.is_newest(&self.instance.id, self.number) {
                        bell.notify_one();
                        return Ok(());
                    }
                    if !self.tell().await? {
                        return Ok(());
                    }
                }
                _ = look.tick() => {
                    if !self.tell().await? {
                        return Ok(());
                    }
                }
                _ = heartbeat.tick() => self.beat().await?,
                () = tokio::time::sleep_until(close_at) => {
                    let message = "connect again".to_owned();
                    return self.send(CloseMessage { message }.into()).await;
                }
            }
        }
    }

    async fn beat(&mut self) -> Result<(), SessionError> {
        if self.heard_at.elapsed() > SILENCE {
            return Err(SessionError::Silent);
        }
        let message_id = ids::uuid()?;
        self.send(HeartbeatMessage { healthy: true, message_id }.into()).await
    }

    /// Acts on what the agent says; answers whether the session goes on.
    async fn receive(&mut self, message: Message) -> Result<bool, SessionError> {
        self.heard_at = Instant::now();
        let text = match message {
            Message::Text(text) => text,
            Message::Close(_) => return Ok(false),
            Message::Binary(_) | Message::Ping(_) | Message::Pong(_) => return Ok(true),
        };
        match AcsMessage::decode(text.as_str()) {
            Ok(AcsMessage::AckRequest(ack)) => {
                if let Some(told) = self.under_way.remove(&ack.message_id) {
                    self.acknowledged.extend(told.tasks);
                }
            }
            Ok(AcsMessage::NackRequest(nack)) => {
                // It stays under way, so it is sent again when its time is up.
                tracing::warn!(instance = %self.instance.id, nack.reason, "the agent refused a message");
            }
            Ok(AcsMessage::TaskStopVerificationMessage(offer)) => self.verify_stop(offer).await?,
            Ok(AcsMessage::HeartbeatAckRequest(_)) => {}
            Ok(other) => tracing::debug!(kind = other.kind(), "a message that means nothing here"),
            Err(error) => tracing::warn!(instance = %self.instance.id, "a message cannot be read: {}", chain(&error)),
        }
        Ok(true)
    }

    async fn send(&mut self, message: AcsMessage) -> Result<(), SessionError> {
        let text = message.encode()?;
        Ok(self.socket.send(Message::text(text)).await?)
    }

    /// Names every task that belongs on the instance.
    async fn send_manifest(&mut self) -> Result<(), SessionError> {
        let tasks = {
            let mut reader = self.agents.control.store.read().await?;
            gantry_store::task::on_instance(&mut reader, &self.instance.id).await?
        };
        let manifest = TaskManifestMessage {
            message_id: ids::uuid()?,
            cluster_arn: self.cluster_arn(),
            container_instance_arn: self.instance_arn(),
            generated_at: self.agents.control.now().0,
            tasks: tasks.iter().map(|t| identifier(t, t.told_status())).collect(),
            timeline: self.agents.control.store.last_seq(),
        };
        self.send(manifest.into()).await
    }

    /// Sends what the agent has not acknowledged. Answers false when the instance is no more.
    async fn tell(&mut self) -> Result<bool, SessionError> {
        let mut reader = self.agents.control.store.read().await?;
        match gantry_store::container_instance::get(&mut reader, &self.instance.id).await? {
            None => return Ok(false),
            Some(now) if now.status == InstanceStatus::Inactive => {
                drop(reader);
                let message = "The container instance was deregistered.".to_owned();
                let code = "InactiveInstanceException".to_owned();
                self.send(AcsMessage::Exception(Exception { code, message })).await?;
                return Ok(false);
            }
            Some(_) => {}
        }
        let tasks = gantry_store::task::on_instance(&mut reader, &self.instance.id).await?;
        self.forget(&tasks);
        let due: Vec<&Task> = tasks.iter().filter(|task| self.is_due(task)).collect();
        let registry_host = &self.agents.control.config.registry_host;
        let mut built = Vec::new();
        let mut definitions = BTreeMap::new();
        for task in due {
            match build(&mut reader, task, &mut definitions, registry_host).await? {
                Ok(payload) => built.push((task.id.clone(), task.told_status(), payload)),
                Err(why) => tracing::error!(task = %task.id, "the agent cannot be told of the task: {why}"),
            }
        }
        drop(reader);
        while !built.is_empty() {
            let rest = built.split_off(built.len().min(TASKS_A_PAYLOAD));
            self.send_payload(std::mem::replace(&mut built, rest)).await?;
        }
        Ok(true)
    }

    /// Drops what no longer matters: tasks that are gone, and payloads that it is time to send again.
    fn forget(&mut self, tasks: &[Task]) {
        self.acknowledged.retain(|id, _| tasks.iter().any(|t| t.id == *id));
        self.under_way.retain(|_, told| told.sent_at.elapsed() < RESEND);
    }

    fn is_due(&self, task: &Task) -> bool {
        let told = self.under_way.values().flat_map(|told| &told.tasks);
        let wanted = task.told_status();
        self.acknowledged.get(&task.id) != Some(&wanted) && !told.into_iter().any(|t| *t == (task.id.clone(), wanted))
    }

    async fn send_payload(&mut self, tasks: Vec<(TaskId, DesiredStatus, AcsTask)>) -> Result<(), SessionError> {
        self.sequence += 1;
        let message_id = ids::uuid()?;
        let told = tasks.iter().map(|(id, desired, _)| (id.clone(), *desired)).collect();
        let message = PayloadMessage {
            message_id: message_id.clone(),
            seq_num: self.sequence,
            generated_at: self.agents.control.now().0,
            cluster_arn: self.cluster_arn(),
            container_instance_arn: self.instance_arn(),
            tasks: tasks.into_iter().map(|(_, _, task)| task).collect(),
        };
        self.under_way.insert(message_id, UnderWay { tasks: told, sent_at: Instant::now() });
        self.send(message.into()).await
    }

    /// Confirms those of the offered tasks that really are not to run here.
    async fn verify_stop(&mut self, offer: TaskStopVerificationMessage) -> Result<(), SessionError> {
        let tasks = {
            let mut reader = self.agents.control.store.read().await?;
            gantry_store::task::on_instance(&mut reader, &self.instance.id).await?
        };
        let wanted = |arn: &str| {
            let id = task_id(arn);
            tasks.iter().any(|t| Some(&t.id) == id.as_ref() && t.told_status() == DesiredStatus::Running)
        };
        let stop_tasks = offer.stop_candidates.into_iter().filter(|t| !wanted(&t.task_arn)).collect();
        let generated_at = self.agents.control.now().0;
        self.send(TaskStopVerificationAck { message_id: offer.message_id, generated_at, stop_tasks }.into()).await
    }

    fn cluster_arn(&self) -> String {
        Arn::cluster(&self.instance.scope, &self.instance.cluster).to_string()
    }

    fn instance_arn(&self) -> String {
        Arn::container_instance(&self.instance.scope, &self.instance.cluster, &self.instance.id).to_string()
    }
}

/// What the agent is told of `task`. A task that cannot be told of is a fault of ours that must not keep the others back.
async fn build(
    conn: &mut Conn,
    task: &Task,
    definitions: &mut BTreeMap<gantry_model::TaskDefinitionId, TaskDefinition>,
    registry_host: &str,
) -> Result<Result<AcsTask, String>, gantry_store::StoreError> {
    if task.told_status() == DesiredStatus::Stopped {
        return Ok(Ok(payload::stop(task)));
    }
    if !definitions.contains_key(&task.task_definition) {
        let found = gantry_store::task_definition::get(conn, &task.scope, &task.task_definition).await?;
        let Some(found) = found else {
            return Ok(Err(format!("there is no task definition {}", task.task_definition)));
        };
        match serde_json::from_value(found.document) {
            Ok(definition) => definitions.insert(task.task_definition.clone(), definition),
            Err(error) => return Ok(Err(format!("its definition does not read: {error}"))),
        };
    }
    let Some(definition) = definitions.get(&task.task_definition) else { return Ok(Err("no definition".to_owned())) };
    Ok(payload::task(task, definition, registry_host).map_err(|error| chain(&error)))
}

fn identifier(task: &Task, desired: DesiredStatus) -> TaskIdentifier {
    TaskIdentifier {
        task_arn: Arn::task(&task.scope, &task.cluster, &task.id).to_string(),
        cluster_arn: Some(Arn::cluster(&task.scope, &task.cluster).to_string()),
        desired_status: Some(desired.as_str().to_owned()),
    }
}

/// The id of the task that `arn` names.
pub(super) fn task_id(arn: &str) -> Option<TaskId> {
    match arn.parse::<Arn>().ok()?.resource {
        Resource::Task(_, id) => Some(id),
        _ => None,
    }
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut interval = tokio::time::interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}
