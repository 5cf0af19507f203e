//! `/api/ID/task-protection/v1/state`: a task protects itself from being stopped by scaling in or a deployment.
//!
//! The agent asks the control plane with its own key, which may touch the tasks of its host alone.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use gantry_wire::schema::Service;
use gantry_wire::shapes::ecs::{
    Failure, GetTaskProtectionRequest, GetTaskProtectionResponse, ProtectedTask, UpdateTaskProtectionRequest,
    UpdateTaskProtectionResponse,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::view::timestamp;
use super::{Source, Unanswered};
use crate::api::CallError;
use crate::engine::Engine;
use crate::image::describe;

/// What a task asks for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Wanted {
    protection_enabled: bool,
    expires_in_minutes: Option<i32>,
}

pub(super) async fn show<E: Engine>(
    State(source): State<Arc<Source<E>>>,
    Path(id): Path<String>,
) -> Result<Response, Unanswered> {
    let (task, _) = source.asking(&id).await?;
    let input = GetTaskProtectionRequest { cluster: Some(task.spec.cluster), tasks: Some(vec![task.spec.arn.clone()]) };
    let answer: Result<GetTaskProtectionResponse, _> = source.api.call(Service::Ecs, "GetTaskProtection", &input).await;
    Ok(respond(&task.spec.arn, answer.map(|a| (a.protected_tasks, a.failures))))
}

pub(super) async fn change<E: Engine>(
    State(source): State<Arc<Source<E>>>,
    Path(id): Path<String>,
    Json(wanted): Json<Wanted>,
) -> Result<Response, Unanswered> {
    let (task, _) = source.asking(&id).await?;
    let input = UpdateTaskProtectionRequest {
        cluster: Some(task.spec.cluster),
        tasks: Some(vec![task.spec.arn.clone()]),
        protection_enabled: Some(wanted.protection_enabled),
        expires_in_minutes: wanted.expires_in_minutes,
    };
    let answer: Result<UpdateTaskProtectionResponse, _> =
        source.api.call(Service::Ecs, "UpdateTaskProtection", &input).await;
    Ok(respond(&task.spec.arn, answer.map(|a| (a.protected_tasks, a.failures))))
}

type Answer = (Option<Vec<ProtectedTask>>, Option<Vec<Failure>>);

/// `protection` when it is as it was asked for, `failure` when the control plane says that it cannot be, else `error`.
fn respond(arn: &str, answer: Result<Answer, CallError>) -> Response {
    let (status, body) = match answer {
        Ok((tasks, failures)) => match (tasks.unwrap_or_default().pop(), failures.unwrap_or_default().pop()) {
            (Some(task), _) => (StatusCode::OK, json!({ "protection": protection(&task) })),
            (None, Some(failure)) => (StatusCode::OK, json!({ "failure": failure_of(&failure) })),
            (None, None) => (StatusCode::INTERNAL_SERVER_ERROR, error(arn, "ServerException", "an empty answer")),
        },
        Err(CallError::Refused { status, code, message, .. }) => {
            (StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), error(arn, &code, &message))
        }
        Err(failed) => (StatusCode::INTERNAL_SERVER_ERROR, error(arn, "ServerException", &describe(&failed))),
    };
    (status, Json(body)).into_response()
}

fn protection(task: &ProtectedTask) -> Value {
    let mut view = json!({ "ProtectionEnabled": task.protection_enabled, "TaskArn": task.task_arn });
    if let Some(until) = task.expiration_date {
        view["ExpirationDate"] = json!(timestamp(until.to_unix_millis()));
    }
    view
}

fn failure_of(failure: &Failure) -> Value {
    json!({ "Arn": failure.arn, "Reason": failure.reason, "Detail": failure.detail })
}

fn error(arn: &str, code: &str, message: &str) -> Value {
    json!({ "error": { "Arn": arn, "Code": code, "Message": message } })
}
