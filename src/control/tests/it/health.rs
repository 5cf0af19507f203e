//! How services stood: what the health loop writes down, and what a pause of the control plane leaves open.

use gantry_control::loops::health;
use gantry_model::health::Health;
use gantry_testkit::{START, TestGantry};
use serde_json::json;

use crate::services::{report_all_running, serving, settle};

const WEB: &str = "arn:aws:ecs:us-east-1:000000000000:service/default/web";

/// Has the loop look once, `seconds` later.
async fn look(gantry: &TestGantry, seconds: i64) {
    gantry.pass_seconds(seconds);
    health::pass(&gantry.control).await.unwrap();
}

/// What is written of the service `web`, with the second since the start of the test.
async fn written(gantry: &TestGantry) -> Vec<(i64, Health)> {
    let mut reader = gantry.control.store.read().await.unwrap();
    let changes = gantry_store::service_health::changes(&mut reader, &[WEB.to_owned()], START).await.unwrap();
    changes.into_values().flatten().map(|change| (change.at.millis_since(START) / 1000, change.health)).collect()
}

/// A service `web` of two tasks that run.
async fn up() -> TestGantry {
    let gantry = TestGantry::start().await;
    serving(&gantry, json!({ "desiredCount": 2 })).await;
    settle(&gantry, "web").await;
    look(&gantry, 5).await;
    report_all_running(&gantry, "web").await;
    look(&gantry, 5).await;
    gantry
}

async fn stop_one(gantry: &TestGantry) {
    let listed = gantry.ecs("ListTasks", json!({ "serviceName": "web" })).await.unwrap();
    let task = listed["taskArns"][0].as_str().unwrap();
    gantry.report("default", task, "STOPPED", json!({})).await;
}

#[tokio::test]
async fn a_start_is_no_outage() {
    assert_eq!(written(&up().await).await, [(10, Health::Up)]);
}

#[tokio::test]
async fn lost_tasks_are_written_down_and_so_is_their_return() {
    let gantry = up().await;
    stop_one(&gantry).await;
    look(&gantry, 10).await;
    stop_one(&gantry).await;
    look(&gantry, 10).await;
    settle(&gantry, "web").await;
    report_all_running(&gantry, "web").await;
    look(&gantry, 10).await;
    let expected = [(10, Health::Up), (20, Health::Degraded), (30, Health::Down), (40, Health::Up)];
    assert_eq!(written(&gantry).await, expected);
}

#[tokio::test]
async fn a_look_at_what_has_not_changed_writes_nothing() {
    let gantry = up().await;
    look(&gantry, 60).await;
    assert_eq!(written(&gantry).await, [(10, Health::Up)]);
}

#[tokio::test]
async fn a_service_that_is_deleted_is_idle_and_not_down() {
    let gantry = up().await;
    gantry.ecs("DeleteService", json!({ "service": "web", "force": true })).await.unwrap();
    look(&gantry, 10).await;
    assert_eq!(written(&gantry).await, [(10, Health::Up), (20, Health::Idle)]);
}

#[tokio::test]
async fn the_time_of_a_pause_is_nobodys() {
    let gantry = up().await;
    gantry.pass_seconds(3600);
    health::resume(&gantry.control).await.unwrap();
    look(&gantry, 1).await;
    assert_eq!(written(&gantry).await, [(10, Health::Unknown), (3611, Health::Up)]);
}

#[tokio::test]
async fn a_restart_of_a_moment_is_no_pause() {
    let gantry = up().await;
    gantry.pass_seconds(30);
    health::resume(&gantry.control).await.unwrap();
    look(&gantry, 1).await;
    assert_eq!(written(&gantry).await, [(10, Health::Up)]);
}
