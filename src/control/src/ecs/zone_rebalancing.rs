//! Whether a service's tasks are moved between availability zones (ECS developer guide, "Balancing an Amazon ECS service
//! across Availability Zones").

use gantry_model::container_instance::AVAILABILITY_ZONE;
use gantry_model::placement::PlacementStrategy;
use gantry_model::service::{DeploymentController, SchedulingStrategy, Service, ZONE_REBALANCING};
use gantry_model::task::LaunchType;
use gantry_wire::ApiError;
use serde_json::json;

/// Moves the service's tasks or leaves them: as `given`, or `or_else` where the service allows it. A service that
/// has it and changes so that it cannot be loses it.
///
/// # Errors
/// InvalidParameterException when it is asked for and the service does not allow it.
pub fn set(service: &mut Service, given: Option<&str>, or_else: bool) -> Result<(), ApiError> {
    let obstacle = obstacle(service);
    let on = match (given, obstacle) {
        (Some("ENABLED"), Some(obstacle)) => {
            let text = format!("availabilityZoneRebalancing cannot be ENABLED: {obstacle}");
            return Err(ApiError::invalid_parameter(text));
        }
        (Some("ENABLED"), None) => true,
        (Some(_), _) => false,
        (None, obstacle) => or_else && obstacle.is_none(),
    };
    service.extra.insert(ZONE_REBALANCING.to_owned(), json!(if on { "ENABLED" } else { "DISABLED" }));
    if !on {
        service.rebalancing = None;
    }
    Ok(())
}

fn obstacle(service: &Service) -> Option<&'static str> {
    let zones_first = match service.placement_strategy.first() {
        None => true,
        Some(PlacementStrategy::Spread { field }) => *field == format!("attribute:{AVAILABILITY_ZONE}"),
        Some(_) => false,
    };
    if service.scheduling_strategy == SchedulingStrategy::Daemon {
        Some("a DAEMON service has a task on every host.")
    } else if service.deployment_controller != DeploymentController::Ecs {
        Some("the deployment controller is not ECS.")
    } else if service.launch_type == Some(LaunchType::External) {
        Some("launchType EXTERNAL has no Availability Zones.")
    } else if service.deployment_configuration.maximum_percent <= 100 {
        Some("maximumPercent must be greater than 100.")
    } else if !zones_first {
        Some("the first placementStrategy must spread over attribute:ecs.availability-zone.")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_model::{AccountId, ClusterName, Region, Scope, ServiceName, UnixMillis};

    fn service() -> Service {
        let scope =
            Scope { account: AccountId::parse("000000000000").unwrap(), region: Region::parse("us-east-1").unwrap() };
        let (cluster, name) = (ClusterName::parse("default").unwrap(), ServiceName::parse("web").unwrap());
        Service::new(scope, cluster, name, UnixMillis(0))
    }

    #[test]
    fn tasks_are_moved_between_zones_unless_something_speaks_against_it() {
        let spread = |field: &str| PlacementStrategy::Spread { field: field.to_owned() };
        let with = |change: fn(&mut Service)| {
            let mut service = service();
            change(&mut service);
            service
        };
        let mut packed = service();
        packed.placement_strategy = vec![spread("instanceId"), spread("attribute:ecs.availability-zone")];
        let mut spreads = service();
        spreads.placement_strategy = vec![spread("attribute:ecs.availability-zone"), spread("instanceId")];
        for (mut service, allowed) in [
            (service(), true),
            (spreads, true),
            (packed, false),
            (with(|s| s.scheduling_strategy = SchedulingStrategy::Daemon), false),
            (with(|s| s.deployment_controller = DeploymentController::External), false),
            (with(|s| s.launch_type = Some(LaunchType::External)), false),
            (with(|s| s.deployment_configuration.maximum_percent = 100), false),
        ] {
            assert_eq!(set(&mut service, Some("ENABLED"), false).is_ok(), allowed, "{service:?}");
            set(&mut service, None, true).unwrap();
            assert_eq!(service.rebalances_zones(), allowed, "{service:?}");
            set(&mut service, Some("DISABLED"), true).unwrap();
            assert!(!service.rebalances_zones());
        }
    }
}
