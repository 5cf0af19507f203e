//! The load balancers of Elastic Load Balancing, version 2 (API 2015-12-01), one file an operation.
//!
//! What is made here is [`gantry_model::load_balancing::Traffic`], which proxies carry out ([`crate::proxies`]). Services
//! register their tasks as targets by [`targets`], as RegisterTargets does. There are no networks of AWS's: subnets, security
//! groups and VPCs are kept and returned as given.

mod action;
mod add_listener_certificates;
mod add_tags;
mod condition;
mod create_listener;
mod create_load_balancer;
mod create_rule;
mod create_target_group;
mod delete_listener;
mod delete_load_balancer;
mod delete_rule;
mod delete_target_group;
mod deregister_targets;
mod describe_listener_certificates;
mod describe_listeners;
mod describe_load_balancer_attributes;
mod describe_load_balancers;
mod describe_rules;
mod describe_ssl_policies;
mod describe_tags;
mod describe_target_group_attributes;
mod describe_target_groups;
mod describe_target_health;
mod health_check;
mod listener;
mod modify_listener;
mod modify_load_balancer_attributes;
mod modify_rule;
mod modify_target_group;
mod modify_target_group_attributes;
pub(crate) mod record;
mod register_targets;
mod remove_listener_certificates;
mod remove_tags;
pub(crate) mod resolve;
mod set_rule_priorities;
mod tagged;
pub(crate) mod targets;
mod view;

use crate::operations::Operations;

pub(crate) use describe_target_groups::users;

const ELB: &str = "elasticloadbalancing";

/// Adds the operations of Elastic Load Balancing.
pub fn register(operations: &mut Operations) {
    operations.add(ELB, "AddListenerCertificates", add_listener_certificates::add_listener_certificates);
    operations.add(ELB, "AddTags", add_tags::add_tags);
    operations.add(ELB, "CreateListener", create_listener::create_listener);
    operations.add(ELB, "CreateLoadBalancer", create_load_balancer::create_load_balancer);
    operations.add(ELB, "CreateRule", create_rule::create_rule);
    operations.add(ELB, "CreateTargetGroup", create_target_group::create_target_group);
    operations.add(ELB, "DeleteListener", delete_listener::delete_listener);
    operations.add(ELB, "DeleteLoadBalancer", delete_load_balancer::delete_load_balancer);
    operations.add(ELB, "DeleteRule", delete_rule::delete_rule);
    operations.add(ELB, "DeleteTargetGroup", delete_target_group::delete_target_group);
    operations.add(ELB, "DeregisterTargets", deregister_targets::deregister_targets);
    operations.add(ELB, "DescribeListenerCertificates", describe_listener_certificates::describe_listener_certificates);
    operations.add(ELB, "DescribeListeners", describe_listeners::describe_listeners);
    operations.add(
        ELB,
        "DescribeLoadBalancerAttributes",
        describe_load_balancer_attributes::describe_load_balancer_attributes,
    );
    operations.add(ELB, "DescribeLoadBalancers", describe_load_balancers::describe_load_balancers);
    operations.add(ELB, "DescribeRules", describe_rules::describe_rules);
    operations.add(ELB, "DescribeSSLPolicies", describe_ssl_policies::describe_ssl_policies);
    operations.add(ELB, "DescribeTags", describe_tags::describe_tags);
    operations.add(
        ELB,
        "DescribeTargetGroupAttributes",
        describe_target_group_attributes::describe_target_group_attributes,
    );
    operations.add(ELB, "DescribeTargetGroups", describe_target_groups::describe_target_groups);
    operations.add(ELB, "DescribeTargetHealth", describe_target_health::describe_target_health);
    operations.add(ELB, "ModifyListener", modify_listener::modify_listener);
    operations.add(
        ELB,
        "ModifyLoadBalancerAttributes",
        modify_load_balancer_attributes::modify_load_balancer_attributes,
    );
    operations.add(ELB, "ModifyRule", modify_rule::modify_rule);
    operations.add(ELB, "ModifyTargetGroup", modify_target_group::modify_target_group);
    operations.add(ELB, "ModifyTargetGroupAttributes", modify_target_group_attributes::modify_target_group_attributes);
    operations.add(ELB, "RegisterTargets", register_targets::register_targets);
    operations.add(ELB, "RemoveListenerCertificates", remove_listener_certificates::remove_listener_certificates);
    operations.add(ELB, "RemoveTags", remove_tags::remove_tags);
    operations.add(ELB, "SetRulePriorities", set_rule_priorities::set_rule_priorities);
}
