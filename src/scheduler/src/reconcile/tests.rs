//! Reconciliation by table: every outcome is also held against the independent checker.

mod daemon;
mod deployment;
mod failures;
mod rebalance;
mod replica;
mod staged;
mod task_sets;

use std::collections::{BTreeMap, BTreeSet};

use gantry_model::container_instance::ContainerInstance;
use gantry_model::placement::PlacementConstraint;
use gantry_model::service::{DeploymentStatus, RolloutState, Service};
use gantry_model::task::Task;
use gantry_model::{TaskDefinitionId, UnixMillis};

use super::{Definition, Outcome, ServiceInput, Start, reconcile, start_deployment};
use crate::fixtures::{cluster, definition, deployment_id, host, requirements, service};
use crate::place::DefaultStrategy;
use crate::state::ClusterState;

/// A service, its tasks and hosts at an instant.
struct Scene {
    service: Service,
    tasks: Vec<Task>,
    hosts: Vec<ContainerInstance>,
    needs: Definition,
    growing_pools: BTreeSet<String>,
    now: i64,
}

/// A replica service with a COMPLETED deployment 1, two hosts, and no tasks; ten minutes after the epoch.
fn scene(desired_count: u32) -> Scene {
    let mut service = start_deployment(&service(desired_count), deployment_id(1), definition(1), UnixMillis(0));
    service.deployments[0].rollout_state = RolloutState::Completed;
    Scene {
        service,
        tasks: Vec::new(),
        hosts: vec![host(1), host(2)],
        needs: Definition { requirements: requirements(256, 256), constraints: Vec::new() },
        growing_pools: BTreeSet::new(),
        now: 600_000,
    }
}

impl Scene {
    fn tasks(mut self, tasks: impl IntoIterator<Item = Task>) -> Self {
        self.tasks.extend(tasks);
        self
    }

    fn percents(mut self, minimum: u32, maximum: u32) -> Self {
        self.service.deployment_configuration.minimum_healthy_percent = minimum;
        self.service.deployment_configuration.maximum_percent = maximum;
        self
    }

    /// With a new deployment under way.
    fn deploying(mut self, number: u32) -> Self {
        let (id, definition) = (deployment_id(number), definition(number));
        self.service = start_deployment(&self.service, id, definition, UnixMillis(self.now));
        self
    }

    fn constrained(mut self, expression: &str) -> Self {
        self.needs.constraints.push(PlacementConstraint::MemberOf { expression: expression.to_owned() });
        self
    }

    fn run(&self) -> Outcome {
        let definitions: BTreeMap<TaskDefinitionId, Definition> =
            (1..5).map(|revision| (definition(revision), self.needs.clone())).collect();
        let input = ServiceInput {
            service: &self.service,
            tasks: &self.tasks,
            definitions: &definitions,
            default_strategy: DefaultStrategy::Service,
            growing_pools: &self.growing_pools,
            now: UnixMillis(self.now),
            seed: 1,
        };
        let mut state = ClusterState::new(&cluster(), &self.hosts, &self.tasks);
        let outcome = reconcile(&input, &mut state);
        crate::check::outcome(&input, &self.hosts, &[], &outcome).unwrap();
        let (mut hosts, mut tasks) = (self.hosts.clone(), self.tasks.clone());
        hosts.reverse();
        tasks.reverse();
        let backwards = ServiceInput { tasks: &tasks, ..input };
        let again = reconcile(&backwards, &mut ClusterState::new(&cluster(), &hosts, &tasks));
        assert_eq!(again, outcome, "the order in which hosts and tasks are listed matters");
        outcome
    }
}

/// The outcome in a line: starts by host, stops by task, messages, without the service's name.
fn line(outcome: &Outcome) -> String {
    let short = |id: &str| id.trim_start_matches('0').to_owned();
    let where_to =
        |start: &Start| start.instance.as_ref().map_or_else(|| "nowhere".to_owned(), |id| short(id.as_str()));
    let starts: Vec<String> = outcome.starts.iter().map(where_to).collect();
    let stops: Vec<String> = outcome.stops.iter().map(|stop| short(stop.task.as_str())).collect();
    format!("start on [{}] stop [{}]", starts.join(" "), stops.join(" "))
}

fn messages(outcome: &Outcome) -> Vec<String> {
    let prefix = format!("(service {}) ", outcome.service.name);
    let rendered = outcome.messages.iter().map(|message| message.render(&outcome.service.name));
    rendered.map(|text| text.strip_prefix(&prefix).unwrap().replace(&"0".repeat(31), "")).collect()
}

/// Each deployment's number, status and rollout state.
fn deployments(service: &Service) -> Vec<(String, DeploymentStatus, RolloutState)> {
    let number = |id: &str| id.trim_start_matches("ecs-svc/").to_owned();
    service.deployments.iter().map(|d| (number(d.id.as_str()), d.status, d.rollout_state)).collect()
}
