//! DescribeServices: services with their deployments, counts and last events (ECS API reference, `DescribeServices`).

use gantry_model::service::Service;
use gantry_model::{ClusterName, Scope};
use gantry_store::Conn;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{
    DescribeServicesRequest, DescribeServicesResponse, Failure as WireFailure, Service as WireService,
};

use crate::context::Call;
use crate::ecs::{resolve, view};
use crate::error::Failure;

/// Answers DescribeServices.
///
/// # Errors
/// ClusterNotFoundException; InvalidParameterException for none or more than ten services.
pub async fn describe_services(
    call: Call,
    input: DescribeServicesRequest,
) -> Result<DescribeServicesResponse, Failure> {
    let mut reader = call.control.store.read().await?;
    let cluster = resolve::cluster(&mut reader, &call.scope, input.cluster.as_deref()).await?;
    let names = input.services.unwrap_or_default();
    if names.is_empty() {
        return Err(ApiError::invalid_parameter("Services cannot be empty.").into());
    }
    if names.len() > 10 {
        return Err(ApiError::invalid_parameter("services must name at most 10 services.").into());
    }
    let with_tags = input.include.iter().flatten().any(|i| i == "TAGS");
    let mut answer = DescribeServicesResponse { services: Some(Vec::new()), failures: Some(Vec::new()) };
    for text in names {
        match named(&mut reader, &call.scope, &cluster.name, &text).await? {
            Some(service) => {
                let view = view_of(&mut reader, &service, with_tags).await?;
                answer.services.get_or_insert_default().push(view);
            }
            None => answer.failures.get_or_insert_default().push(missing(&call.scope, text)),
        }
    }
    Ok(answer)
}

/// A name that stands for nothing is answered as an ARN of the old form, without the cluster, as ECS does; an ARN is
/// answered as it was given.
fn missing(scope: &Scope, text: String) -> WireFailure {
    let arn = if text.starts_with("arn:") {
        text
    } else {
        format!("arn:aws:ecs:{}:{}:service/{text}", scope.region, scope.account)
    };
    WireFailure { arn: Some(arn), reason: Some("MISSING".to_owned()), detail: None }
}

/// The service that `text` means in `cluster`, whatever its status.
///
/// # Errors
/// The store's.
pub async fn named(
    conn: &mut Conn,
    scope: &Scope,
    cluster: &ClusterName,
    text: &str,
) -> Result<Option<Service>, Failure> {
    match resolve::service_name(scope, cluster, text) {
        Some(name) => Ok(gantry_store::service::get(conn, scope, cluster, &name).await?),
        None => Ok(None),
    }
}

/// A service as the API answers it, with the counts of its tasks and its last events.
///
/// # Errors
/// The store's.
pub async fn view_of(conn: &mut Conn, service: &Service, with_tags: bool) -> Result<WireService, Failure> {
    let tasks = gantry_store::task::of_service(conn, &service.scope, &service.cluster, &service.name).await?;
    let messages = gantry_store::service::messages(conn, &service.scope, &service.cluster, &service.name).await?;
    Ok(view::service::service(service, &tasks, &messages, with_tags)?)
}
