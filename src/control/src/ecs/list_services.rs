//! ListServices: the ARNs of a cluster's ACTIVE services, ten a page unless asked otherwise (ECS API reference).

use gantry_model::Arn;
use gantry_model::service::{SchedulingStrategy, Service, ServiceStatus};
use gantry_wire::paginate;
use gantry_wire::shapes::ecs::{ListServicesRequest, ListServicesResponse};

use crate::context::Call;
use crate::ecs::{launch, paging, resolve};
use crate::error::Failure;

/// The page of this call when nothing is asked; most others hold 100.
const DEFAULT_PAGE: i32 = 10;

/// Answers ListServices.
///
/// # Errors
/// ClusterNotFoundException; InvalidParameterException for a page size or token that is not one.
pub async fn list_services(call: Call, input: ListServicesRequest) -> Result<ListServicesResponse, Failure> {
    let mut reader = call.control.store.read().await?;
    let cluster = resolve::cluster(&mut reader, &call.scope, input.cluster.as_deref()).await?;
    let services = gantry_store::service::list(&mut reader, &call.scope, &cluster.name).await?;
    let arns: Vec<String> = services
        .iter()
        .filter(|s| s.status == ServiceStatus::Active && matches(s, &input))
        .map(|s| Arn::service(&s.scope, &s.cluster, &s.name).to_string())
        .collect();
    let max = paging::size(input.max_results, DEFAULT_PAGE)?;
    let (service_arns, next_token) = paginate::page(arns, |arn| arn.clone(), input.next_token.as_deref(), max)?;
    Ok(ListServicesResponse { service_arns: Some(service_arns), next_token })
}

fn matches(service: &Service, input: &ListServicesRequest) -> bool {
    let strategy = match service.scheduling_strategy {
        SchedulingStrategy::Replica => "REPLICA",
        SchedulingStrategy::Daemon => "DAEMON",
    };
    let launch_type = launch::launch_type_of(service).as_str();
    input.scheduling_strategy.as_deref().is_none_or(|s| s == strategy)
        && input.launch_type.as_deref().is_none_or(|l| l == launch_type)
}
