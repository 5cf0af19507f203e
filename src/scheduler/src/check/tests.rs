//! The checker finds what it is there to find.

use std::collections::{BTreeMap, BTreeSet};

use gantry_model::container_instance::{ContainerInstance, InstanceStatus};
use gantry_model::placement::PlacementConstraint;
use gantry_model::service::{DeploymentStatus, RolloutState};
use gantry_model::task::{StopCode, Task};
use gantry_model::{TaskDefinitionId, UnixMillis};

use crate::check;
use crate::fixtures::{
    HostBuilder, TaskBuilder, cluster, definition, deployment_id, host, host_id, request, requirements, service, task,
    task_id,
};
use crate::place::{DefaultStrategy, Placement, PlacementRequest};
use crate::reconcile::{Definition, Outcome, ServiceInput, Start, Stop, start_deployment};

fn refused(answer: Result<(), String>, part: &str) {
    let sentence = answer.expect_err(part);
    assert!(sentence.contains(part), "{sentence}");
}

#[test]
fn too_much_on_a_host_is_found() {
    let mut with_port = task(2);
    with_port.requirements.tcp_ports.insert(80);
    let mut again = task(3);
    again.requirements.tcp_ports.insert(80);
    let mut reserving = host(1);
    reserving.reserved_tcp_ports.insert(80);
    refused(check::no_overcommit(&[host(1).with_resources(300, 9000)], &[task(1), task(2)]), "more cpu");
    refused(check::no_overcommit(&[host(1)], &[with_port.clone(), again.clone()]), "a port twice");
    refused(check::no_overcommit(&[reserving], &[with_port.clone()]), "reserved port");
    assert_eq!(check::no_overcommit(&[host(1)], &[with_port, again.told_to_stop()]), Ok(()));
}

#[test]
fn a_wrong_placement_is_found() {
    let needs = requirements(256, 256);
    let member_of = [PlacementConstraint::MemberOf { expression: "attribute:stack exists".to_owned() }];
    let distinct = [PlacementConstraint::DistinctInstance];
    let run = |host: ContainerInstance, constraints: &[PlacementConstraint], times: usize, count: u32| {
        let request = PlacementRequest { constraints, ..request(&needs, "service:web") };
        let placement = Placement { placed: vec![host_id(1); times], failures: Vec::new() };
        check::placement(&cluster(), &[host], &[], &request, count, &placement)
    };
    refused(run(ContainerInstance { status: InstanceStatus::Draining, ..host(1) }, &[], 1, 1), "DRAINING");
    refused(run(ContainerInstance { agent_connected: false, ..host(1) }, &[], 1, 1), "not connected");
    refused(run(host(2), &[], 1, 1), "is not a host");
    refused(run(host(1), &member_of, 1, 1), "does not satisfy");
    refused(run(host(1), &distinct, 2, 2), "already");
    refused(run(host(1).with_resources(300, 300), &[], 2, 2), "more cpu");
    refused(run(host(1), &[], 2, 1), "more was placed");
    refused(run(host(1), &[], 1, 2), "0 failures for 1 hosts");
    assert_eq!(run(host(1), &[], 2, 2), Ok(()));
}

/// Checks an outcome that a mistaken scheduler might give for two healthy tasks of a service that wants two.
fn outcome_of(mistake: impl FnOnce(&mut Outcome)) -> Result<(), String> {
    let service = start_deployment(&service(2), deployment_id(1), definition(1), UnixMillis(0));
    let tasks: Vec<Task> = vec![task(1), task(2)];
    let definitions: BTreeMap<TaskDefinitionId, Definition> = BTreeMap::from([(definition(1), Definition::default())]);
    let input = ServiceInput {
        service: &service,
        tasks: &tasks,
        definitions: &definitions,
        default_strategy: DefaultStrategy::Service,
        growing_pools: &BTreeSet::new(),
        now: UnixMillis(60_000),
        seed: 0,
    };
    let mut outcome = Outcome {
        service: service.clone(),
        starts: Vec::new(),
        stops: Vec::new(),
        messages: Vec::new(),
        wake_at: None,
    };
    mistake(&mut outcome);
    check::outcome(&input, &[host(1)], &[], &outcome)
}

fn stop(number: u32) -> Stop {
    Stop { task: task_id(number), stop_code: StopCode::ServiceSchedulerInitiated, reason: String::new() }
}

fn start(deployment: u32) -> Start {
    let (deployment, task_definition) = (deployment_id(deployment), definition(1));
    Start { deployment, task_definition, instance: Some(host_id(1)), capacity_provider: None }
}

#[test]
fn a_wrong_outcome_is_found() {
    assert_eq!(outcome_of(|_| {}), Ok(()));
    refused(outcome_of(|o| o.stops.push(stop(1))), "leaves too few healthy tasks");
    refused(outcome_of(|o| o.stops.push(stop(9))), "is not live");
    refused(outcome_of(|o| o.starts = vec![start(1); 3]), "exceed the maximum percent");
    refused(outcome_of(|o| o.starts = vec![start(2)]), "another deployment");
    refused(
        outcome_of(|o| {
            o.service.deployments[0].rollout_state = RolloutState::Failed;
            o.starts.push(start(1));
        }),
        "a failed deployment starts tasks",
    );
    refused(
        outcome_of(|o| {
            o.service.deployments[0].status = DeploymentStatus::Active;
            o.starts.push(start(1));
        }),
        "without a deployment",
    );
    refused(
        outcome_of(|o| {
            o.service.desired_count = 3;
            o.service.deployments[0].rollout_state = RolloutState::Completed;
        }),
        "completed with 2 healthy tasks of 3",
    );
}
