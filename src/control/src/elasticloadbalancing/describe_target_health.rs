//! DescribeTargetHealth (Elastic Load Balancing API reference): how targets stand, as the proxies found them.

use gantry_model::load_balancing::{Target, TargetGroup, TargetState};
use gantry_store::target_group;
use gantry_wire::ApiError;
use gantry_wire::shapes::elasticloadbalancing::{
    DescribeTargetHealthInput, DescribeTargetHealthOutput, TargetDescription, TargetHealth, TargetHealthDescription,
};

use super::describe_target_groups::users;
use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// Answers DescribeTargetHealth.
///
/// # Errors
/// TargetGroupNotFoundException, ValidationException.
pub(super) async fn describe_target_health(
    call: Call,
    input: DescribeTargetHealthInput,
) -> Result<DescribeTargetHealthOutput, Failure> {
    if input.include.is_some_and(|include| !include.is_empty()) {
        return Err(ApiError::validation("Include is not supported: there is no anomaly detection").into());
    }
    let mut reader = call.control.store.read().await?;
    let group =
        resolve::target_group(&mut reader, &call, input.target_group_arn.as_deref().unwrap_or_default()).await?;
    let targets = target_group::targets(&mut reader, &group.arn()).await?;
    let is_used = users(&mut reader).await?.contains_key(&group.arn());
    let descriptions = match input.targets {
        None => targets.iter().map(|target| describe(&group, target, is_used)).collect(),
        Some(asked) => {
            let mut descriptions = Vec::new();
            for given in asked {
                let port = given.port.map_or(Ok(group.port), |port| resolve::port(Some(port)))?;
                let is_it = |target: &&Target| Some(&target.key.id) == given.id.as_ref() && target.key.port == port;
                descriptions.push(match targets.iter().find(is_it) {
                    Some(target) => describe(&group, target, is_used),
                    None => unregistered(given),
                });
            }
            descriptions
        }
    };
    Ok(DescribeTargetHealthOutput { target_health_descriptions: Some(descriptions) })
}

fn describe(group: &TargetGroup, target: &Target, is_used: bool) -> TargetHealthDescription {
    let health = |state: &str, reason: Option<&str>, description: Option<&str>| TargetHealth {
        state: Some(state.to_owned()),
        reason: reason.map(str::to_owned),
        description: description.map(str::to_owned),
    };
    let health = if target.draining_since.is_some() {
        let (reason, text) = ("Target.DeregistrationInProgress", "Target deregistration is in progress");
        health("draining", Some(reason), Some(text))
    } else if !is_used {
        let text = "Target group is not configured to receive traffic from the load balancer";
        health("unused", Some("Target.NotInUse"), Some(text))
    } else if target.state == TargetState::Healthy {
        health("healthy", None, None)
    } else {
        health(target.state.as_str(), target.reason.as_deref(), target.description.as_deref())
    };
    TargetHealthDescription {
        target: Some(TargetDescription {
            id: Some(target.key.id.clone()),
            port: Some(i32::from(target.key.port)),
            availability_zone: target.availability_zone.clone(),
            quic_server_id: None,
        }),
        health_check_port: Some(group.health_check.port.unwrap_or(target.key.port).to_string()),
        target_health: Some(health),
        ..TargetHealthDescription::default()
    }
}

fn unregistered(given: TargetDescription) -> TargetHealthDescription {
    TargetHealthDescription {
        target: Some(given),
        target_health: Some(TargetHealth {
            state: Some("unused".to_owned()),
            reason: Some("Target.NotRegistered".to_owned()),
            description: Some("Target is not registered to the target group".to_owned()),
        }),
        ..TargetHealthDescription::default()
    }
}
