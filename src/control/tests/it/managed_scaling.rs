//! Pools that grow with their tasks: what waits for room, who is asked for hosts, and how hosts leave.

use gantry_control::loops::{provisioning, scaling};
use gantry_testkit::TestGantry;
use serde_json::{Value, json};

use crate::refusal;
use crate::services::{report_all_running, settle};

const URL: &str = "https://hosts.test/pool";

/// The cluster `default` with the pool `a`, which grows, and a definition `web` of which four fit a host.
async fn growing(gantry: &TestGantry, scaling: Value) {
    gantry.cluster("default").await;
    let group = json!({ "autoScalingGroupArn": URL, "managedScaling": scaling });
    gantry.ecs("CreateCapacityProvider", json!({ "name": "a", "autoScalingGroupProvider": group })).await.unwrap();
    let put = json!({
        "cluster": "default", "capacityProviders": ["a"],
        "defaultCapacityProviderStrategy": [{ "capacityProvider": "a", "weight": 1 }],
    });
    gantry.ecs("PutClusterCapacityProviders", put).await.unwrap();
    gantry.definition("web", json!({ "cpu": 512, "memory": 256 })).await;
}

/// A host that is in the pool.
async fn host(gantry: &TestGantry, name: &str) -> String {
    let arn = gantry.host("default", name).await;
    let attribute = json!({ "name": "gantry.capacity-provider", "value": "a", "targetId": arn });
    gantry.ecs("PutAttributes", json!({ "attributes": [attribute] })).await.unwrap();
    arn
}

async fn run(gantry: &TestGantry, count: u32) -> Vec<Value> {
    let ran = gantry.ecs("RunTask", json!({ "taskDefinition": "web", "count": count })).await.unwrap();
    assert_eq!(ran["failures"], json!([]));
    ran["tasks"].as_array().unwrap().clone()
}

fn arn(task: &Value) -> &str {
    task["taskArn"].as_str().unwrap()
}

async fn place(gantry: &TestGantry) {
    provisioning::pass(&gantry.control).await.unwrap();
}

/// Has the loop look at the pool, and answers what it asked for.
async fn scale(gantry: &TestGantry) -> Option<Value> {
    scaling::pass(&gantry.control).await.unwrap();
    let mut asked = gantry.webhooks.asked();
    assert!(asked.len() < 2, "{asked:?}");
    asked.pop().map(|(url, body)| {
        assert_eq!(url, URL);
        body
    })
}

#[tokio::test]
async fn a_task_without_room_in_a_growing_pool_waits_and_is_placed_where_a_host_joins() {
    let gantry = TestGantry::start().await;
    growing(&gantry, json!({ "status": "ENABLED" })).await;
    let task = run(&gantry, 1).await.remove(0);
    assert_eq!((&task["lastStatus"], &task["desiredStatus"]), (&json!("PROVISIONING"), &json!("RUNNING")));
    assert_eq!((&task["capacityProviderName"], &task["containerInstanceArn"]), (&json!("a"), &Value::Null));

    gantry.host("default", "i-other").await;
    place(&gantry).await;
    assert_eq!(gantry.described_task("default", arn(&task)).await["lastStatus"], "PROVISIONING", "not in the pool");

    let own = host(&gantry, "i-1").await;
    place(&gantry).await;
    let placed = gantry.described_task("default", arn(&task)).await;
    assert_eq!((&placed["lastStatus"], &placed["containerInstanceArn"]), (&json!("PENDING"), &json!(own)));
    gantry.report("default", arn(&task), "RUNNING", json!({})).await;
    assert_eq!(gantry.described_task("default", arn(&task)).await["lastStatus"], "RUNNING");
}

#[tokio::test]
async fn the_constraints_of_the_request_hold_for_a_task_that_waited() {
    let gantry = TestGantry::start().await;
    growing(&gantry, json!({})).await;
    let distinct = json!([{ "type": "distinctInstance" }]);
    let input = json!({ "taskDefinition": "web", "count": 2, "placementConstraints": distinct });
    let ran = gantry.ecs("RunTask", input).await.unwrap();
    host(&gantry, "i-1").await;
    place(&gantry).await;
    let mut waiting = 0;
    for task in ran["tasks"].as_array().unwrap() {
        let task = gantry.described_task("default", arn(task)).await;
        waiting += u32::from(task["lastStatus"] == "PROVISIONING");
    }
    assert_eq!(waiting, 1);
}

#[tokio::test]
async fn a_pool_that_nothing_scales_refuses_what_it_has_no_room_for() {
    let gantry = TestGantry::start().await;
    growing(&gantry, json!({ "status": "DISABLED" })).await;
    gantry.host("default", "i-other").await;
    let ran = gantry.ecs("RunTask", json!({ "taskDefinition": "web" })).await.unwrap();
    assert_eq!((&ran["tasks"], &ran["failures"][0]["reason"]), (&json!([]), &json!("EMPTY CAPACITY PROVIDER")));
}

#[tokio::test]
async fn a_waiting_task_that_is_stopped_is_stopped_at_once_and_one_that_waits_half_an_hour_is_given_up() {
    let gantry = TestGantry::start().await;
    growing(&gantry, json!({})).await;
    let tasks = run(&gantry, 2).await;
    let stop = json!({ "cluster": "default", "task": arn(&tasks[0]), "reason": "never mind" });
    assert_eq!(gantry.ecs("StopTask", stop).await.unwrap()["task"]["lastStatus"], "STOPPED");

    gantry.pass_seconds(30 * 60);
    place(&gantry).await;
    assert_eq!(gantry.described_task("default", arn(&tasks[1])).await["lastStatus"], "PROVISIONING");
    gantry.pass_seconds(1);
    place(&gantry).await;
    let given_up = gantry.described_task("default", arn(&tasks[1])).await;
    assert_eq!((&given_up["lastStatus"], &given_up["stopCode"]), (&json!("STOPPED"), &json!("TaskFailedToStart")));
    let reason = "No container instance of the capacity provider 'a' had room for the task within 30 minutes.";
    assert_eq!(given_up["stoppedReason"], reason);
}

#[tokio::test]
async fn no_more_than_500_tasks_of_a_cluster_wait() {
    let gantry = TestGantry::start().await;
    growing(&gantry, json!({})).await;
    for _ in 0..50 {
        run(&gantry, 10).await;
    }
    let refused = refusal(gantry.ecs("RunTask", json!({ "taskDefinition": "web" })).await);
    assert_eq!(refused.0, "ClientException");
    assert_eq!(refused.1, "The cluster would have more than 500 tasks in the PROVISIONING state.");
}

#[tokio::test]
async fn the_tasks_of_a_service_wait_and_are_its_tasks() {
    let gantry = TestGantry::start().await;
    growing(&gantry, json!({})).await;
    let create = json!({ "serviceName": "web", "taskDefinition": "web", "desiredCount": 5 });
    gantry.ecs("CreateService", create).await.unwrap();
    settle(&gantry, "web").await;
    settle(&gantry, "web").await;
    let listed = gantry.ecs("ListTasks", json!({ "serviceName": "web" })).await.unwrap();
    assert_eq!(listed["taskArns"].as_array().unwrap().len(), 5);
    host(&gantry, "i-1").await;
    place(&gantry).await;
    let service = gantry.ecs("DescribeServices", json!({ "services": ["web"] })).await.unwrap()["services"][0].clone();
    assert_eq!(service["pendingCount"], 5);
    // Fewer are wanted: the one that still waits goes, and no other.
    gantry.ecs("UpdateService", json!({ "service": "web", "desiredCount": 4 })).await.unwrap();
    settle(&gantry, "web").await;
    let stopped = gantry.ecs("ListTasks", json!({ "serviceName": "web", "desiredStatus": "STOPPED" })).await.unwrap();
    let stopped = gantry.described_task("default", stopped["taskArns"][0].as_str().unwrap()).await;
    assert_eq!((&stopped["containerInstanceArn"], &stopped["lastStatus"]), (&Value::Null, &json!("STOPPED")));
}

#[tokio::test]
async fn whoever_makes_hosts_is_asked_for_what_waits_and_again_each_minute_until_they_are_there() {
    let gantry = TestGantry::start().await;
    growing(&gantry, json!({ "instanceWarmupPeriod": 0 })).await;
    assert_eq!(scale(&gantry).await, None, "nothing to ask for");
    run(&gantry, 1).await;
    let asked = scale(&gantry).await.unwrap();
    assert_eq!(
        asked,
        json!({
            "capacityProvider": "a",
            "capacityProviderArn": "arn:aws:ecs:us-east-1:000000000000:capacity-provider/a",
            "clusterArn": "arn:aws:ecs:us-east-1:000000000000:cluster/default",
            "capacityProviderReservation": 200, "desiredCapacity": 1, "instances": [], "terminate": [],
        })
    );
    gantry.webhooks.answer(Ok(json!({})));
    assert!(scale(&gantry).await.is_some(), "nobody took it on the first time");
    assert_eq!(scale(&gantry).await, None);
    gantry.pass_seconds(60);
    gantry.webhooks.answer(Ok(json!({})));
    assert!(scale(&gantry).await.is_some(), "it has not come about");

    let arn = host(&gantry, "i-1").await;
    place(&gantry).await;
    gantry.pass_seconds(60);
    assert_eq!(scale(&gantry).await, None);
    run(&gantry, 8).await;
    let asked = scale(&gantry).await.unwrap();
    assert_eq!((&asked["desiredCapacity"], &asked["capacityProviderReservation"]), (&json!(3), &json!(300)));
    assert_eq!(
        asked["instances"],
        json!([{
            "containerInstanceArn": arn, "ec2InstanceId": "i-1", "status": "ACTIVE", "agentConnected": true, "tasks": 4,
            "protectedFromScaleIn": false,
        }])
    );
}

#[tokio::test]
async fn an_idle_host_is_drained_named_and_leaves_when_it_falls_silent() {
    let gantry = TestGantry::start().await;
    growing(&gantry, json!({})).await;
    let (busy, idle) = (host(&gantry, "i-1").await, host(&gantry, "i-2").await);
    let start = json!({ "taskDefinition": "web", "containerInstances": [busy] });
    gantry.ecs("StartTask", start).await.unwrap();
    assert_eq!(scale(&gantry).await, None);
    gantry.pass_seconds(15 * 60);
    gantry.webhooks.answer(Ok(json!({})));
    let asked = scale(&gantry).await.unwrap();
    assert_eq!((&asked["desiredCapacity"], &asked["terminate"]), (&json!(1), &json!(["i-2"])));
    assert_eq!(status(&gantry, &idle).await, "DRAINING");
    assert_eq!(status(&gantry, &busy).await, "ACTIVE");

    gantry.connect(&idle, false).await;
    assert_eq!(scale(&gantry).await, None);
    assert_eq!(status(&gantry, &idle).await, "INACTIVE");
    gantry.pass_seconds(60);
    assert_eq!(scale(&gantry).await, None, "all is as it should be");
}

/// A pool of one host with a daemon alone, fifteen minutes after it was first seen to be idle.
async fn idle_but_for_a_daemon(gantry: &TestGantry, draining: &str) {
    growing(gantry, json!({})).await;
    let update = json!({ "name": "a", "autoScalingGroupProvider": { "managedDraining": draining } });
    gantry.ecs("UpdateCapacityProvider", update).await.unwrap();
    host(gantry, "i-1").await;
    let daemon = json!({ "serviceName": "logs", "taskDefinition": "web", "schedulingStrategy": "DAEMON" });
    gantry.ecs("CreateService", daemon).await.unwrap();
    settle(gantry, "logs").await;
    assert_eq!(scale(gantry).await, None);
    gantry.pass_seconds(15 * 60);
}

#[tokio::test]
async fn a_host_with_a_daemon_alone_is_named_once_that_has_ended() {
    let gantry = TestGantry::start().await;
    idle_but_for_a_daemon(&gantry, "ENABLED").await;
    assert_eq!(scale(&gantry).await, None, "it is being drained");
    settle(&gantry, "logs").await;
    report_all_running(&gantry, "logs").await;
    let asked = scale(&gantry).await.unwrap();
    assert_eq!((&asked["desiredCapacity"], &asked["terminate"]), (&json!(0), &json!(["i-1"])));
}

#[tokio::test]
async fn without_managed_draining_it_is_named_at_once() {
    let gantry = TestGantry::start().await;
    idle_but_for_a_daemon(&gantry, "DISABLED").await;
    assert_eq!(scale(&gantry).await.unwrap()["terminate"], json!(["i-1"]));
}

async fn status(gantry: &TestGantry, instance: &str) -> Value {
    let input = json!({ "containerInstances": [instance] });
    let described = gantry.ecs("DescribeContainerInstances", input).await.unwrap();
    described["containerInstances"][0]["status"].clone()
}

#[tokio::test]
async fn a_provider_that_a_cluster_gave_up_begins_anew() {
    let gantry = TestGantry::start().await;
    growing(&gantry, json!({})).await;
    let task = run(&gantry, 1).await.remove(0);
    gantry.webhooks.answer(Ok(json!({})));
    assert!(scale(&gantry).await.is_some());
    gantry.ecs("StopTask", json!({ "task": arn(&task) })).await.unwrap();
    let none = json!({ "cluster": "default", "capacityProviders": [], "defaultCapacityProviderStrategy": [] });
    gantry.ecs("PutClusterCapacityProviders", none).await.unwrap();
    let again = json!({ "cluster": "default", "capacityProviders": ["a"], "defaultCapacityProviderStrategy": [] });
    gantry.ecs("PutClusterCapacityProviders", again).await.unwrap();
    assert_eq!(scale(&gantry).await, None);
}
