//! The task metadata endpoint, version 4: what a container may ask about itself and its task (ECS developer guide, "Task
//! metadata endpoint version 4", "Task scale-in protection endpoint").
//!
//! A container finds its address in its environment ([`Address::environment`]). The address names the container by an id
//! that cannot be guessed, so that nobody reads of others. What is answered is made of the task's state and of what the
//! engine says at that moment ([`view`]).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use bollard::models::ContainerInspectResponse;
use gantry_wire::schema::Service;
use gantry_wire::shapes::ecs::{ListTagsForResourceRequest, ListTagsForResourceResponse};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::api::Api;
use crate::engine::{Engine, EngineError};
use crate::image::describe;
use crate::task_machine::Task;
use crate::worker::WorkerHandle;

mod endpoint;
mod protection;
mod view;

pub use endpoint::{Endpoint, EndpointError};

/// Where containers reach the endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// The variables by which `container` of `task` finds it.
    #[must_use]
    pub fn environment(&self, task: &Task, container: usize) -> [String; 3] {
        let (base, id) = (&self.0, id_of(task, container));
        [
            format!("ECS_CONTAINER_METADATA_URI={base}/v3/{id}"),
            format!("ECS_CONTAINER_METADATA_URI_V4={base}/v4/{id}"),
            format!("ECS_AGENT_URI={base}/api/{id}"),
        ]
    }
}

/// The id by which `container` of `task` asks. It follows from the task's random suffix, so that it outlives the agent.
fn id_of(task: &Task, container: usize) -> String {
    let name = &task.spec.containers[container].name;
    hex::encode(&Sha256::digest(format!("{}/{name}", task.suffix))[..16])
}

/// What the endpoint answers from.
pub(crate) struct Source<E> {
    pub(crate) worker: WorkerHandle,
    pub(crate) engine: Arc<E>,
    pub(crate) api: Api,
    pub(crate) availability_zone: String,
}

type Shared<E> = State<Arc<Source<E>>>;

pub(crate) fn router<E: Engine>(source: Source<E>) -> Router {
    let mut router = Router::new();
    for version in ["v3", "v4"] {
        router = router
            .route(&format!("/{version}/{{id}}"), get(container::<E>))
            .route(&format!("/{version}/{{id}}/task"), get(task::<E>))
            .route(&format!("/{version}/{{id}}/taskWithTags"), get(task_with_tags::<E>))
            .route(&format!("/{version}/{{id}}/stats"), get(stats::<E>))
            .route(&format!("/{version}/{{id}}/task/stats"), get(task_stats::<E>));
    }
    router
        .route("/api/{id}/task-protection/v1/state", get(protection::show::<E>).put(protection::change::<E>))
        .with_state(Arc::new(source))
}

/// Why a question is not answered.
enum Unanswered {
    /// No container that runs has the id.
    Unknown,
    Engine(EngineError),
    Agent(String),
}

impl axum::response::IntoResponse for Unanswered {
    fn into_response(self) -> Response {
        let (status, why) = match self {
            Self::Unknown => (StatusCode::NOT_FOUND, "no task runs here that has a container of this id".to_owned()),
            Self::Engine(error) => (StatusCode::INTERNAL_SERVER_ERROR, describe(&error)),
            Self::Agent(why) => (StatusCode::INTERNAL_SERVER_ERROR, why),
        };
        (status, Json(Value::String(why))).into_response()
    }
}

impl<E: Engine> Source<E> {
    /// The task and which of its containers asks.
    async fn asking(&self, id: &str) -> Result<(Task, usize), Unanswered> {
        let tasks = self.worker.running().await.map_err(|e| Unanswered::Agent(e.to_string()))?;
        let position = |task: &Task| (0..task.containers.len()).find(|&container| id_of(task, container) == id);
        tasks.into_iter().find_map(|task| position(&task).map(|at| (task, at))).ok_or(Unanswered::Unknown)
    }

    /// What the engine says of a container; nothing of one that it does not have.
    async fn inspect(&self, task: &Task, container: usize) -> Result<ContainerInspectResponse, Unanswered> {
        let Some(id) = &task.containers[container].docker_id else { return Ok(ContainerInspectResponse::default()) };
        match self.engine.inspect_whole(id).await {
            Err(EngineError::NotFound(_)) => Ok(ContainerInspectResponse::default()),
            answer => answer.map_err(Unanswered::Engine),
        }
    }

    async fn view(&self, task: &Task) -> Result<Map<String, Value>, Unanswered> {
        let mut containers = Vec::with_capacity(task.containers.len());
        for at in view::listed(task) {
            containers.push(self.view_container(task, at).await?);
        }
        Ok(view::task(task, &self.availability_zone, containers))
    }

    /// A container that shares the pause container's network has its addresses.
    async fn view_container(&self, task: &Task, container: usize) -> Result<Value, Unanswered> {
        let own = self.inspect(task, container).await?;
        let network = match view::network_owner(task) {
            Some(pause) => self.inspect(task, pause).await?.network_settings,
            None => own.network_settings.clone(),
        };
        Ok(view::container(task, container, &own, network.as_ref()))
    }
}

async fn container<E: Engine>(State(source): Shared<E>, Path(id): Path<String>) -> Result<Response, Unanswered> {
    let (task, container) = source.asking(&id).await?;
    Ok(Json(source.view_container(&task, container).await?).into_response())
}

async fn task<E: Engine>(State(source): Shared<E>, Path(id): Path<String>) -> Result<Response, Unanswered> {
    let (task, _) = source.asking(&id).await?;
    Ok(Json(source.view(&task).await?).into_response())
}

/// Tags are the control plane's to know; one that is not reached is an error among the rest, as in Amazon's agent.
async fn task_with_tags<E: Engine>(State(source): Shared<E>, Path(id): Path<String>) -> Result<Response, Unanswered> {
    let (task, _) = source.asking(&id).await?;
    let mut view = source.view(&task).await?;
    let input = ListTagsForResourceRequest { resource_arn: Some(task.spec.arn.clone()) };
    let answer: Result<ListTagsForResourceResponse, _> =
        source.api.call(Service::Ecs, "ListTagsForResource", &input).await;
    match answer {
        Ok(answer) => view.insert("TaskTags".to_owned(), view::tags(answer.tags.as_deref().unwrap_or_default())),
        Err(error) => view.insert("Errors".to_owned(), view::errors("TaskTags", &task.spec.arn, &describe(&error))),
    };
    Ok(Json(view).into_response())
}

async fn stats<E: Engine>(State(source): Shared<E>, Path(id): Path<String>) -> Result<Response, Unanswered> {
    let (task, container) = source.asking(&id).await?;
    Ok(Json(stats_of(&source, &task, container).await?).into_response())
}

async fn task_stats<E: Engine>(State(source): Shared<E>, Path(id): Path<String>) -> Result<Response, Unanswered> {
    let (task, _) = source.asking(&id).await?;
    let mut all = Map::new();
    for container in view::listed(&task) {
        let Some(docker_id) = task.containers[container].docker_id.clone() else { continue };
        all.insert(docker_id, stats_of(&source, &task, container).await?);
    }
    Ok(Json(all).into_response())
}

async fn stats_of<E: Engine>(source: &Source<E>, task: &Task, container: usize) -> Result<Value, Unanswered> {
    let Some(id) = &task.containers[container].docker_id else { return Ok(Value::Null) };
    match source.engine.stats(id).await {
        Err(EngineError::NotFound(_)) => Ok(Value::Null),
        answer => answer.map_err(Unanswered::Engine),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task_machine::tests::{container, spec};

    #[test]
    fn a_container_finds_the_endpoint_under_an_id_of_its_own() {
        let address = Address("http://169.254.170.2".to_owned());
        let task = Task::new(spec(vec![container("a"), container("b")]), "5f", gantry_model::UnixMillis(0));
        let (a, b) = (address.environment(&task, 0), address.environment(&task, 1));
        assert_ne!(a, b);
        assert!(a[1].starts_with("ECS_CONTAINER_METADATA_URI_V4=http://169.254.170.2/v4/"), "{}", a[1]);
        assert_eq!(a[1].rsplit('/').next().map(str::len), Some(32));
        assert_eq!(a, address.environment(&task, 0), "it outlives the agent");
    }
}
