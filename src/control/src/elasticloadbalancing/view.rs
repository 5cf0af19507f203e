//! Load balancers and what belongs to them, as they are answered.

use gantry_model::load_balancing::{Kind, Listener, LoadBalancer, Protocol, Rule, TargetGroup};
use gantry_wire::shapes::elasticloadbalancing as wire;

use super::{action, condition};

/// A load balancer; one of whose `listeners` does not work is impaired.
pub(super) fn load_balancer(balancer: &LoadBalancer, listeners: &[Listener]) -> wire::LoadBalancer {
    let failure = listeners.iter().find_map(|listener| listener.failure.clone());
    let zone = |subnet: &String| wire::AvailabilityZone {
        subnet_id: Some(subnet.clone()),
        ..wire::AvailabilityZone::default()
    };
    wire::LoadBalancer {
        load_balancer_arn: Some(balancer.arn()),
        dns_name: Some(balancer.dns_name.clone()),
        created_time: Some(balancer.created_at.into()),
        load_balancer_name: Some(balancer.name.clone()),
        scheme: Some(if balancer.internal { "internal" } else { "internet-facing" }.to_owned()),
        state: Some(wire::LoadBalancerState {
            code: Some(if failure.is_some() { "active_impaired" } else { "active" }.to_owned()),
            reason: failure,
        }),
        r#type: Some(balancer.kind.as_str().to_owned()),
        availability_zones: Some(balancer.subnets.iter().map(zone).collect()),
        security_groups: Some(balancer.security_groups.clone()),
        ip_address_type: Some(balancer.ip_address_type.clone()),
        ..wire::LoadBalancer::default()
    }
}

/// A listener. Of its certificates only the default one is told.
pub(super) fn listener(listener: &Listener) -> wire::Listener {
    let default = listener
        .certificates
        .first()
        .map(|arn| wire::Certificate { certificate_arn: Some(arn.clone()), is_default: None });
    wire::Listener {
        listener_arn: Some(listener.arn.clone()),
        load_balancer_arn: Some(listener.load_balancer.clone()),
        port: Some(i32::from(listener.port)),
        protocol: Some(listener.protocol.as_str().to_owned()),
        certificates: default.map(|certificate| vec![certificate]),
        ssl_policy: listener.ssl_policy.clone(),
        default_actions: Some(vec![action::view(&listener.default_action)]),
        ..wire::Listener::default()
    }
}

/// A rule.
pub(super) fn rule(rule: &Rule) -> wire::Rule {
    wire::Rule {
        rule_arn: Some(rule.arn.clone()),
        priority: Some(rule.priority.to_string()),
        conditions: Some(rule.conditions.iter().map(condition::view).collect()),
        actions: Some(vec![action::view(&rule.action)]),
        is_default: Some(false),
        ..wire::Rule::default()
    }
}

/// The rule that stands for a listener's default action.
pub(super) fn default_rule(listener: &Listener) -> wire::Rule {
    wire::Rule {
        rule_arn: Some(listener.default_rule.clone()),
        priority: Some("default".to_owned()),
        conditions: Some(Vec::new()),
        actions: Some(vec![action::view(&listener.default_action)]),
        is_default: Some(true),
        ..wire::Rule::default()
    }
}

/// A target group, which the load balancers of `used_by` send to.
pub(super) fn target_group(group: &TargetGroup, used_by: &[&str]) -> wire::TargetGroup {
    let check = &group.health_check;
    let number = |n: u32| i32::try_from(n).ok();
    let asks = matches!(check.protocol, Protocol::Http | Protocol::Https);
    let of_requests = Kind::Application.speaks(group.protocol);
    let grpc = group.protocol_version == gantry_model::load_balancing::ProtocolVersion::Grpc;
    wire::TargetGroup {
        target_group_arn: Some(group.arn()),
        target_group_name: Some(group.name.clone()),
        protocol: Some(group.protocol.as_str().to_owned()),
        port: Some(i32::from(group.port)),
        vpc_id: group.vpc_id.clone(),
        health_check_protocol: Some(check.protocol.as_str().to_owned()),
        health_check_port: Some(check.port.map_or_else(|| "traffic-port".to_owned(), |port| port.to_string())),
        health_check_enabled: Some(true),
        health_check_interval_seconds: number(check.interval_s),
        health_check_timeout_seconds: number(check.timeout_s),
        healthy_threshold_count: number(check.healthy_threshold),
        unhealthy_threshold_count: number(check.unhealthy_threshold),
        health_check_path: asks.then(|| check.path.clone()),
        matcher: asks.then(|| wire::Matcher {
            http_code: (!grpc).then(|| check.matcher.clone()),
            grpc_code: grpc.then(|| check.matcher.clone()),
        }),
        load_balancer_arns: Some(used_by.iter().map(|&arn| arn.to_owned()).collect()),
        target_type: Some(group.target_type.as_str().to_owned()),
        protocol_version: of_requests.then(|| group.protocol_version.as_str().to_owned()),
        ip_address_type: Some("ipv4".to_owned()),
        ..wire::TargetGroup::default()
    }
}
