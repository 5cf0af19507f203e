//! Where events go: PutLogEvents of the control plane.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use gantry_wire::schema::Service;
use gantry_wire::shapes::logs as wire;
use serde::Serialize;
use serde_json::Value;

use super::assemble::Event;
use super::target::Target;
use crate::api::{Api, CallError};
use crate::image::describe;

/// Why events were not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SinkError {
    /// Asking again may help.
    #[error("{0}")]
    Later(String),
    /// The group or the stream is not there.
    #[error("{0}")]
    Missing(String),
    /// They never will be.
    #[error("{0}")]
    Refused(String),
}

/// What takes events.
pub trait Sink: Send + Sync + 'static {
    /// Sees to it that the stream is there.
    fn prepare(&self, target: &Target) -> BoxFuture<'_, Result<(), SinkError>>;
    /// Takes events in the order of time; answers when they are kept.
    fn put(&self, target: &Target, events: &[Event]) -> BoxFuture<'_, Result<(), SinkError>>;
}

/// The control plane.
pub struct ApiSink(pub Api);

impl ApiSink {
    async fn call<I: Serialize + Sync>(
        &self,
        region: Option<&str>,
        operation: &str,
        input: &I,
    ) -> Result<Value, CallError> {
        match region {
            Some(region) => self.0.in_region(region).call(Service::Logs, operation, input).await,
            None => self.0.call(Service::Logs, operation, input).await,
        }
    }

    async fn make_stream(&self, target: &Target) -> Result<(), SinkError> {
        let stream = wire::CreateLogStreamRequest {
            log_group_name: Some(target.group.clone()),
            log_stream_name: Some(target.stream.clone()),
        };
        made(self.call(target.region.as_deref(), "CreateLogStream", &stream).await)
    }

    async fn make_group(&self, target: &Target) -> Result<(), SinkError> {
        let group = wire::CreateLogGroupRequest { log_group_name: Some(target.group.clone()), ..Default::default() };
        made(self.call(target.region.as_deref(), "CreateLogGroup", &group).await)
    }
}

/// What is there already need not be made.
fn made(answer: Result<Value, CallError>) -> Result<(), SinkError> {
    match answer {
        Err(CallError::Refused { code, .. }) if code == "ResourceAlreadyExistsException" => Ok(()),
        answer => answer.map(drop).map_err(failure),
    }
}

fn failure(error: CallError) -> SinkError {
    let said = match &error {
        CallError::Refused { code, message, .. } => format!("{code}: {message}"),
        _ => describe(&error),
    };
    match error {
        error if error.may_pass() => SinkError::Later(said),
        // A key that is not accepted now may be put right by the operator.
        CallError::Refused { status: 401 | 403, .. } => SinkError::Later(said),
        CallError::Refused { code, .. } if code == "ResourceNotFoundException" => SinkError::Missing(said),
        _ => SinkError::Refused(said),
    }
}

impl Sink for ApiSink {
    fn prepare(&self, target: &Target) -> BoxFuture<'_, Result<(), SinkError>> {
        let target = target.clone();
        async move {
            match self.make_stream(&target).await {
                Err(SinkError::Missing(_)) if target.create_group => {
                    self.make_group(&target).await?;
                    self.make_stream(&target).await
                }
                made => made,
            }
        }
        .boxed()
    }

    fn put(&self, target: &Target, events: &[Event]) -> BoxFuture<'_, Result<(), SinkError>> {
        let event =
            |event: &Event| wire::InputLogEvent { timestamp: Some(event.at.0), message: Some(event.message.clone()) };
        let input = wire::PutLogEventsRequest {
            log_group_name: Some(target.group.clone()),
            log_stream_name: Some(target.stream.clone()),
            log_events: Some(events.iter().map(event).collect()),
            ..Default::default()
        };
        let region = target.region.clone();
        async move { self.call(region.as_deref(), "PutLogEvents", &input).await.map(drop).map_err(failure) }.boxed()
    }
}
