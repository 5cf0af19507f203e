//! The server side of the agent protocol: the payload socket (`/ws`) and the telemetry socket (`/tcs/ws`).
//!
//! Both are opened by a signed GET of the agent that registered the container instance. What is sent follows from the
//! store alone: a session compares the tasks of its instance with what the agent has acknowledged, so it can end at any
//! instruction and the next one goes on ([`session`]). What a task looks like to an agent is [`payload`]'s.
//!
//! Source: the ECS agent's protocol (see `gantry_wire::acs`).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Query, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use gantry_model::container_instance::{ContainerInstance, InstanceStatus};
use gantry_model::{Arn, ContainerInstanceId, Resource};
use gantry_wire::{ApiError, Service, Stamp};
use http::request::Parts;

use crate::context::Control;
use crate::error::Failure;
use crate::{authorise, front, ids};

pub mod payload;
mod session;
mod telemetry;

/// The agents' sockets.
pub fn router(control: Arc<Control>) -> Router {
    let agents = Agents { control, sessions: Arc::new(Sessions::default()) };
    Router::new().route("/ws", get(open_payload)).route("/tcs/ws", get(open_telemetry)).with_state(agents)
}

/// What the sockets share.
#[derive(Clone)]
struct Agents {
    control: Arc<Control>,
    sessions: Arc<Sessions>,
}

/// Which payload session of an instance is the newest. An agent that connects again before its old connection is known
/// to be dead has two for a while; only the newest counts.
#[derive(Default)]
struct Sessions(Mutex<BTreeMap<ContainerInstanceId, u64>>);

impl Sessions {
    /// Begins a session and answers its number.
    fn begin(&self, instance: &ContainerInstanceId) -> u64 {
        let mut newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = newest.entry(instance.clone()).or_default();
        *number += 1;
        *number
    }

    fn is_newest(&self, instance: &ContainerInstanceId, number: u64) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(instance) == Some(&number)
    }
}

async fn open_payload(State(agents): State<Agents>, request: Request) -> Response {
    let control = Arc::clone(&agents.control);
    open(&control, request, "containerInstanceArn", move |instance, socket| session::run(agents, instance, socket))
        .await
}

async fn open_telemetry(State(agents): State<Agents>, request: Request) -> Response {
    let control = Arc::clone(&agents.control);
    open(&control, request, "containerInstance", move |instance, socket| {
        telemetry::run(agents.control, instance, socket)
    })
    .await
}

/// Opens a socket for the agent of the instance that the query names in `parameter`.
async fn open<F, S>(control: &Arc<Control>, request: Request, parameter: &str, serve: F) -> Response
where
    F: FnOnce(ContainerInstance, WebSocket) -> S + Send + 'static,
    S: Future<Output = ()> + Send + 'static,
{
    let (mut parts, _) = request.into_parts();
    let instance = match admit(control, &parts, parameter).await {
        Ok(instance) => instance,
        Err(error) => return refuse(control, &error),
    };
    match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade.on_upgrade(move |socket| serve(instance, socket)),
        Err(rejection) => rejection.into_response(),
    }
}

/// The instance that the caller connects for, when it may.
async fn admit(control: &Arc<Control>, parts: &Parts, parameter: &str) -> Result<ContainerInstance, ApiError> {
    let caller = front::authenticate(control, parts, b"").await?;
    if caller.service != Service::Ecs.signing_name() {
        return Err(gantry_wire::sigv4::SigError::WrongService(Service::Ecs.signing_name()).into());
    }
    let unreadable = |e: &dyn std::fmt::Display| ApiError::invalid_parameter(format!("The query does not read: {e}"));
    let Query(query) = Query::<BTreeMap<String, String>>::try_from_uri(&parts.uri).map_err(|e| unreadable(&e))?;
    let arn = query.get(parameter).map(String::as_str).unwrap_or_default();
    let unknown =
        || ApiError::client(format!("{parameter} {arn} is not a container instance of this account and region."));
    let scope = control.scope(&caller.region);
    let id = match arn.parse::<Arn>() {
        Ok(Arn { scope: of, resource: Resource::ContainerInstance(_, id) }) if of == scope => id,
        _ => return Err(unknown()),
    };
    let mut reader = control.store.read().await.map_err(Failure::from)?;
    let found = gantry_store::container_instance::get(&mut reader, &id).await.map_err(Failure::from)?;
    let instance = found.filter(|instance| instance.scope == scope).ok_or_else(unknown)?;
    if !authorise::owns(&mut reader, &caller.principal, &id).await? {
        return Err(ApiError::access_denied(&caller.principal.arn, "ecs:Poll", arn));
    }
    if instance.status == InstanceStatus::Inactive {
        let text = format!("The container instance {arn} was deregistered.");
        return Err(ApiError::new("InactiveInstanceException", text));
    }
    Ok(instance)
}

fn refuse(control: &Arc<Control>, error: &ApiError) -> Response {
    let request_id = ids::uuid().unwrap_or_default();
    let stamp = Stamp { request_id: &request_id, now: control.now() };
    tracing::debug!(code = error.code, message = error.message, internal = error.internal, "an agent was refused");
    gantry_wire::json::failure(error, stamp).map(Body::from)
}
