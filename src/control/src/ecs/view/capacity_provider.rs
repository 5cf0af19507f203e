//! A capacity provider as the API answers it (ECS API reference, `CapacityProvider`).

use gantry_model::capacity_provider::{CapacityProvider, ManagedScaling, is_fargate};
use gantry_model::{Arn, Resource, Scope};
use gantry_wire::shapes::ecs as wire;

use super::{int, tags};

/// A provider that somebody made.
#[must_use]
pub fn capacity_provider(provider: &CapacityProvider, with_tags: bool) -> wire::CapacityProvider {
    wire::CapacityProvider {
        auto_scaling_group_provider: Some(wire::AutoScalingGroupProvider {
            auto_scaling_group_arn: Some(provider.auto_scaling_group_arn.clone()),
            managed_scaling: provider.managed_scaling.map(managed_scaling),
            managed_termination_protection: Some(switch(provider.managed_termination_protection)),
            managed_draining: provider.managed_draining.map(switch),
        }),
        update_status: provider.update_status.clone(),
        tags: with_tags.then(|| tags(&provider.tags)),
        r#type: Some("EC2_AUTOSCALING".to_owned()),
        ..named(&provider.scope, &provider.name)
    }
}

/// A provider that is there without being made.
#[must_use]
pub fn fargate(scope: &Scope, name: &str, with_tags: bool) -> wire::CapacityProvider {
    debug_assert!(is_fargate(name), "{name} is behind Fargate");
    wire::CapacityProvider { tags: with_tags.then(Vec::new), r#type: Some(name.to_owned()), ..named(scope, name) }
}

fn named(scope: &Scope, name: &str) -> wire::CapacityProvider {
    wire::CapacityProvider {
        capacity_provider_arn: Some(Arn::new(scope, Resource::CapacityProvider(name.to_owned())).to_string()),
        name: Some(name.to_owned()),
        status: Some("ACTIVE".to_owned()),
        ..wire::CapacityProvider::default()
    }
}

fn managed_scaling(scaling: ManagedScaling) -> wire::ManagedScaling {
    wire::ManagedScaling {
        status: Some(switch(scaling.enabled)),
        target_capacity: Some(int(scaling.target_capacity)),
        minimum_scaling_step_size: Some(int(scaling.minimum_scaling_step_size)),
        maximum_scaling_step_size: Some(int(scaling.maximum_scaling_step_size)),
        instance_warmup_period: Some(int(scaling.instance_warmup_period_s)),
    }
}

fn switch(on: bool) -> String {
    if on { "ENABLED" } else { "DISABLED" }.to_owned()
}
