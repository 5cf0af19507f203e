//! The payload session: the control plane says what should run, the agent acknowledges what it has taken over.
//!
//! A payload is acknowledged when its tasks are remembered on disk. Tasks that the manifest does not name are offered for
//! stopping and stopped only when the control plane confirms: a manifest that is wrong for a moment must not end what runs.

use std::time::Duration;

use gantry_wire::acs::{
    AckRequest, AcsMessage, HeartbeatAckRequest, NackRequest, PayloadMessage, TaskIdentifier, TaskManifestMessage,
    TaskStopVerificationMessage,
};

use super::socket::{Socket, SocketError};
use super::{End, Instance, SessionError, Sessions};
use crate::api::CallError;
use crate::image::describe;
use crate::registration::{AGENT_HASH, AGENT_VERSION};
use crate::worker::random_byte;

/// A connection that says nothing for this long, and up to as much again, is given up.
const SILENCE: Duration = Duration::from_mins(1);

/// One session, from connecting to its end.
pub(super) async fn session(sessions: &Sessions, instance: &Instance, endpoint: &str) -> Result<End, SessionError> {
    let docker_version = format!("DockerVersion: {}", sessions.engine.version);
    let query = [
        ("clusterArn", instance.cluster_arn.as_str()),
        ("containerInstanceArn", instance.arn.as_str()),
        ("agentHash", AGENT_HASH),
        ("agentVersion", AGENT_VERSION),
        ("seqNum", "1"),
        ("protocolVersion", "2"),
        ("dockerVersion", docker_version.as_str()),
        ("sendCredentials", "false"),
    ];
    let socket = match Socket::open(&sessions.api, endpoint, &query).await {
        Ok(socket) => socket,
        Err(error) => return end_of(error),
    };
    tracing::info!("connected to the control plane");
    Session { sessions, instance, socket }.run().await
}

/// What a refused connection means.
pub(super) fn end_of(error: SocketError) -> Result<End, SessionError> {
    match &error {
        SocketError::Refused(CallError::Refused { code, .. }) if code == "InactiveInstanceException" => {
            Ok(End::Inactive)
        }
        SocketError::Refused(CallError::Refused { code, .. })
            if matches!(
                code.as_str(),
                "ClientException" | "InvalidParameterException" | "ClusterNotFoundException"
            ) =>
        {
            Ok(End::Unknown)
        }
        _ => Err(error.into()),
    }
}

struct Session<'a> {
    sessions: &'a Sessions,
    instance: &'a Instance,
    socket: Socket,
}

impl Session<'_> {
    async fn run(mut self) -> Result<End, SessionError> {
        loop {
            let patience = SILENCE + SILENCE.mul_f64(f64::from(random_byte()) / 255.0);
            let Ok(next) = tokio::time::timeout(patience, self.socket.next()).await else {
                return Err(SocketError::TimedOut.into());
            };
            let Some(text) = next? else { return Ok(End::Closed) };
            match AcsMessage::decode(&text) {
                Ok(message) => {
                    if let Some(end) = self.receive(message).await? {
                        return Ok(end);
                    }
                }
                Err(error) => tracing::warn!("a message cannot be read: {}", describe(&error)),
            }
        }
    }

    /// Acts on one message; answers when it ends the session.
    async fn receive(&mut self, message: AcsMessage) -> Result<Option<End>, SessionError> {
        match message {
            AcsMessage::PayloadMessage(payload) => self.payload(payload).await?,
            AcsMessage::HeartbeatMessage(heartbeat) => {
                self.send(HeartbeatAckRequest { message_id: heartbeat.message_id }.into()).await?;
            }
            AcsMessage::TaskManifestMessage(manifest) => return self.manifest(manifest).await,
            AcsMessage::TaskStopVerificationAck(ack) => {
                let tasks = ack.stop_tasks.into_iter().map(|t| t.task_arn).collect();
                if self.sessions.worker.stop_surplus(tasks).await.is_err() {
                    return Ok(Some(End::WorkerGone));
                }
            }
            AcsMessage::CloseMessage(_) => return Ok(Some(End::Closed)),
            AcsMessage::Exception(exception) if exception.code == "InactiveInstanceException" => {
                return Ok(Some(End::Inactive));
            }
            AcsMessage::Exception(exception) => {
                tracing::warn!(code = exception.code, exception.message, "told of a failure")
            }
            AcsMessage::ErrorMessage(error) => tracing::warn!(error.message, "told of a failure"),
            AcsMessage::PerformUpdateMessage(update) => {
                self.nack(update.message_id, "this agent is updated with its host").await?;
            }
            other => tracing::debug!(kind = other.kind(), "a message that means nothing to this agent"),
        }
        Ok(None)
    }

    async fn payload(&mut self, payload: PayloadMessage) -> Result<(), SessionError> {
        match self.sessions.worker.payload(payload.tasks).await {
            Ok(()) => self.ack(payload.message_id).await,
            Err(reason) => {
                tracing::error!(reason, "the payload was not taken over");
                self.nack(payload.message_id, &reason).await
            }
        }
    }

    async fn manifest(&mut self, manifest: TaskManifestMessage) -> Result<Option<End>, SessionError> {
        let surplus = match self.sessions.worker.surplus(manifest.tasks).await {
            Ok(surplus) => surplus,
            Err(gone) => return Ok(Some(gone.into())),
        };
        self.ack(manifest.message_id.clone()).await?;
        if !surplus.is_empty() {
            let candidate = |task_arn| TaskIdentifier {
                task_arn,
                cluster_arn: Some(self.instance.cluster_arn.clone()),
                desired_status: Some("STOPPED".to_owned()),
            };
            let stop_candidates = surplus.into_iter().map(candidate).collect();
            let message = TaskStopVerificationMessage { message_id: manifest.message_id, stop_candidates };
            self.send(message.into()).await?;
        }
        Ok(None)
    }

    async fn ack(&mut self, message_id: String) -> Result<(), SessionError> {
        let ack = AckRequest {
            cluster: self.instance.cluster_arn.clone(),
            container_instance: self.instance.arn.clone(),
            message_id,
        };
        self.send(ack.into()).await
    }

    async fn nack(&mut self, message_id: String, reason: &str) -> Result<(), SessionError> {
        let nack = NackRequest {
            cluster: self.instance.cluster_arn.clone(),
            container_instance: self.instance.arn.clone(),
            message_id,
            reason: reason.to_owned(),
        };
        self.send(nack.into()).await
    }

    async fn send(&mut self, message: AcsMessage) -> Result<(), SessionError> {
        let text = message.encode().map_err(SocketError::Frame)?;
        Ok(self.socket.send(text).await?)
    }
}
