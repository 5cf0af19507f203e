//! DescribeClusters (ECS API reference): clusters with their counts, deleted ones included.

use gantry_model::cluster::Cluster;
use gantry_model::service::ServiceStatus;
use gantry_model::task::LaunchType;
use gantry_model::{Arn, Scope};
use gantry_store::Conn;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{Cluster as WireCluster, DescribeClustersRequest, DescribeClustersResponse};

use crate::context::Call;
use crate::ecs::view::cluster::{Include, KindCounts, Statistics};
use crate::ecs::{launch, resolve, view};
use crate::error::Failure;

const MOST: usize = 100;

/// Answers DescribeClusters. Naming none means `default`.
///
/// # Errors
/// InvalidParameterException for more than a hundred clusters or text that names none.
pub async fn describe_clusters(
    call: Call,
    input: DescribeClustersRequest,
) -> Result<DescribeClustersResponse, Failure> {
    let mut names = input.clusters.unwrap_or_default();
    if names.is_empty() {
        names.push(resolve::DEFAULT_CLUSTER.to_owned());
    }
    if names.len() > MOST {
        return Err(ApiError::invalid_parameter("clusters must name at most 100 clusters.").into());
    }
    let include = input.include.unwrap_or_default();
    let mut reader = call.control.store.read().await?;
    let (mut clusters, mut failures) = (Vec::new(), Vec::new());
    for text in names {
        match named(&mut reader, &call.scope, &text).await? {
            Ok(cluster) => clusters.push(describe(&mut reader, &cluster, &include).await?),
            Err(arn) => failures.push(view::missing(arn)),
        }
    }
    Ok(DescribeClustersResponse { clusters: Some(clusters), failures: Some(failures) })
}

/// The cluster that `text` means, whatever its status, or the ARN of the one that is missing.
async fn named(conn: &mut Conn, scope: &Scope, text: &str) -> Result<Result<Cluster, String>, Failure> {
    let Ok(name) = resolve::cluster_name(scope, Some(text)) else { return Ok(Err(text.to_owned())) };
    let found = gantry_store::cluster::get(conn, scope, &name).await?;
    Ok(found.ok_or_else(|| Arn::cluster(scope, &name).to_string()))
}

async fn describe(conn: &mut Conn, cluster: &Cluster, asked: &[String]) -> Result<WireCluster, Failure> {
    let asks = |field: &str| asked.iter().any(|a| a == field);
    let statistics = if asks("STATISTICS") { Some(statistics(conn, cluster).await?) } else { None };
    let include =
        Include { settings: asks("SETTINGS"), configurations: asks("CONFIGURATIONS"), tags: asks("TAGS"), statistics };
    let counts = gantry_store::cluster::counts(conn, &cluster.scope, &cluster.name).await?;
    let mut answer = view::cluster::cluster(cluster, counts, &include)?;
    if asks("ATTACHMENTS") {
        // Attachments belong to capacity providers on Auto Scaling groups, of which there are none.
        answer.attachments = Some(Vec::new());
    }
    Ok(answer)
}

async fn statistics(conn: &mut Conn, cluster: &Cluster) -> Result<Statistics, Failure> {
    let mut statistics = Statistics::default();
    for (launch_type, counts) in gantry_store::task::counts_by_launch_type(conn, &cluster.scope, &cluster.name).await? {
        let kind = match launch_type.as_str() {
            "FARGATE" => &mut statistics.fargate,
            "EXTERNAL" => &mut statistics.external,
            _ => &mut statistics.ec2,
        };
        kind.running_tasks = counts.running;
        kind.pending_tasks = counts.pending;
    }
    for service in gantry_store::service::list(conn, &cluster.scope, &cluster.name).await? {
        let kind = kind_of(&mut statistics, launch::launch_type_of(&service));
        match service.status {
            ServiceStatus::Active => kind.active_services += 1,
            ServiceStatus::Draining => kind.draining_services += 1,
            ServiceStatus::Inactive => {}
        }
    }
    Ok(statistics)
}

fn kind_of(statistics: &mut Statistics, launch_type: LaunchType) -> &mut KindCounts {
    match launch_type {
        LaunchType::Ec2 => &mut statistics.ec2,
        LaunchType::Fargate => &mut statistics.fargate,
        LaunchType::External => &mut statistics.external,
    }
}
