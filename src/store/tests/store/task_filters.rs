//! Lists of tasks by any criteria together, against the same question asked of the nouns.

use crate::support::{TestStore, a_task, cluster_name, elsewhere, family, here, instance_id, put, service_name};
use gantry_model::task::{DesiredStatus, LaunchType, Task};
use gantry_model::{DeploymentId, TaskId, UnixMillis};
use gantry_store::task::{self, TaskFilter};

fn lets_through(filter: &TaskFilter, task: &Task) -> bool {
    fn is<T: PartialEq>(wanted: Option<&T>, found: Option<&T>) -> bool {
        wanted.is_none() || wanted == found
    }
    task.scope == here()
        && is(filter.cluster.as_ref(), Some(&task.cluster))
        && is(filter.instance.as_ref(), task.instance.as_ref())
        && is(filter.family.as_ref(), Some(&task.task_definition.family))
        && is(filter.service.as_ref(), task.service.as_ref())
        && is(filter.deployment.as_ref(), task.deployment.as_ref())
        && is(filter.started_by.as_ref(), task.started_by.as_ref())
        && is(filter.desired_status.as_ref(), Some(&task.desired_status))
        && is(filter.launch_type.as_ref(), Some(&task.launch_type))
        && filter.stopped_since.is_none_or(|since| task.stopped_at.is_none_or(|at| at >= since))
}

fn deployment(number: u32) -> DeploymentId {
    DeploymentId::parse(format!("ecs-svc/{number}")).unwrap()
}

/// Tasks of which each property takes both of two values, or none, in many combinations.
fn tasks() -> Vec<Task> {
    (0..256)
        .map(|number| {
            let bit = |position: u32| number >> position & 1 == 1;
            let mut task = a_task(number);
            task.cluster = cluster_name(if bit(0) { "default" } else { "other" });
            task.instance = bit(1).then(|| instance_id(number & 1));
            task.task_definition.family = family(if bit(2) { "web" } else { "job" });
            task.service = bit(3).then(|| service_name(if bit(2) { "web" } else { "api" }));
            task.deployment = bit(3).then(|| deployment(number & 1));
            task.started_by = bit(4).then(|| if bit(0) { "alice" } else { "bob" }.to_owned());
            task.desired_status = if bit(5) { DesiredStatus::Running } else { DesiredStatus::Stopped };
            task.launch_type = if bit(6) { LaunchType::Ec2 } else { LaunchType::Fargate };
            task.stopped_at = bit(7).then(|| UnixMillis(i64::from(number & 3)));
            if bit(7) && !bit(6) {
                task.scope = elsewhere();
            }
            task
        })
        .collect()
}

/// Every combination of criteria that are asked for or not.
fn filters() -> impl Iterator<Item = TaskFilter> {
    (0_u32..512).map(|number| {
        let bit = |position: u32| number >> position & 1 == 1;
        TaskFilter {
            cluster: bit(0).then(|| cluster_name("default")),
            instance: bit(1).then(|| instance_id(1)),
            family: bit(2).then(|| family("web")),
            service: bit(3).then(|| service_name("web")),
            deployment: bit(4).then(|| deployment(1)),
            started_by: bit(5).then(|| "alice".to_owned()),
            desired_status: bit(6).then_some(DesiredStatus::Running),
            launch_type: bit(7).then_some(LaunchType::Ec2),
            stopped_since: bit(8).then_some(UnixMillis(2)),
        }
    })
}

#[tokio::test]
async fn every_combination_of_criteria_lists_exactly_the_tasks_that_meet_it_in_order() {
    let store = TestStore::new().await;
    let tasks = tasks();
    for some in tasks.chunks(64) {
        let some = some.to_vec();
        store
            .write(move |tx| {
                Box::pin(async move {
                    for task in &some {
                        task::put(tx, task).await?;
                    }
                    Ok::<_, gantry_store::StoreError>(())
                })
            })
            .await
            .unwrap();
    }
    let conn = &mut store.read().await.unwrap();
    let mut hits = 0;
    for filter in filters() {
        let found = task::filter(conn, &here(), &filter).await.unwrap();
        let mut expected: Vec<TaskId> =
            tasks.iter().filter(|task| lets_through(&filter, task)).map(|task| task.id.clone()).collect();
        expected.sort();
        assert_eq!(found, expected, "{filter:?}");
        hits += found.len();
    }
    assert!(hits > 500, "the filters let something through");
}

#[tokio::test]
async fn a_task_that_changes_changes_lists() {
    let store = TestStore::new().await;
    let mut task = a_task(1);
    put!(store, task, task);
    let running = TaskFilter { desired_status: Some(DesiredStatus::Running), ..TaskFilter::default() };
    assert_eq!(task::filter(&mut store.read().await.unwrap(), &here(), &running).await.unwrap().len(), 1);
    task.desired_status = DesiredStatus::Stopped;
    put!(store, task, task);
    assert_eq!(task::filter(&mut store.read().await.unwrap(), &here(), &running).await.unwrap(), []);
}
