//! CreateLoadBalancer (Elastic Load Balancing API reference): the same request again answers the one that it made.

use gantry_model::load_balancing::{Attributes, Kind, LoadBalancer};
use gantry_store::{Tx, load_balancer};
use gantry_wire::ApiError;
use gantry_wire::shapes::elasticloadbalancing::{CreateLoadBalancerInput, CreateLoadBalancerOutput};

use super::{record, resolve, view};
use crate::context::Call;
use crate::error::Failure;
use crate::ids;

/// Answers CreateLoadBalancer.
///
/// # Errors
/// DuplicateLoadBalancerNameException, TooManyTagsException, ValidationException, also for Gateway Load Balancers.
pub(super) async fn create_load_balancer(
    call: Call,
    input: CreateLoadBalancerInput,
) -> Result<CreateLoadBalancerOutput, Failure> {
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let wanted = wanted(&call, input)?;
                let all = load_balancer::list(tx, &call.scope).await?;
                let balancer = match all.into_iter().find(|present| present.name == wanted.name) {
                    None => {
                        record::put_load_balancer(tx, &wanted).await?;
                        wanted
                    }
                    Some(present) if is_same(&present, &wanted) => present,
                    Some(present) => return Err(ApiError::duplicate_load_balancer(&present.name).into()),
                };
                let listeners = load_balancer::listeners(tx, &balancer.arn()).await?;
                Ok(CreateLoadBalancerOutput { load_balancers: Some(vec![view::load_balancer(&balancer, &listeners)]) })
            })
        })
        .await
}

fn wanted(call: &Call, input: CreateLoadBalancerInput) -> Result<LoadBalancer, ApiError> {
    let kind = match input.r#type.as_deref() {
        None | Some("application") => Kind::Application,
        Some("network") => Kind::Network,
        Some(other) => {
            return Err(ApiError::validation(format!("Load balancers of the type '{other}' are not supported")));
        }
    };
    let internal = input.scheme.as_deref() == Some("internal");
    let ip_address_type = input.ip_address_type.unwrap_or_else(|| "ipv4".to_owned());
    if ip_address_type != "ipv4" {
        return Err(ApiError::validation(format!("The IP address type '{ip_address_type}' is not supported")));
    }
    let mapped = input.subnet_mappings.unwrap_or_default().into_iter().filter_map(|mapping| mapping.subnet_id);
    let name = resolve::name(input.name, "load balancer")?;
    let id = ids::load_balancing_id()?;
    let prefix = if internal { "internal-" } else { "" };
    let domain = &call.control.config.load_balancer_domain;
    Ok(LoadBalancer {
        scope: call.scope.clone(),
        dns_name: format!("{prefix}{name}-{}.{}.elb.{domain}", &id[..10], call.scope.region).to_ascii_lowercase(),
        name,
        id,
        kind,
        internal,
        subnets: input.subnets.unwrap_or_default().into_iter().chain(mapped).collect(),
        security_groups: input.security_groups.unwrap_or_default(),
        ip_address_type,
        attributes: Attributes::new(),
        created_at: call.now,
        tags: resolve::tags(input.tags)?,
    })
}

fn is_same(a: &LoadBalancer, b: &LoadBalancer) -> bool {
    let settings = |balancer: &LoadBalancer| {
        let LoadBalancer { kind, internal, subnets, security_groups, tags, .. } = balancer.clone();
        (kind, internal, subnets, security_groups, tags)
    };
    settings(a) == settings(b)
}
