//! GetTaskProtection and UpdateTaskProtection.

use gantry_testkit::TestGantry;
use serde_json::{Value, json};

use crate::services::{serving, settle};
use crate::{code, refused};

/// A service `web` of `count` tasks that the scheduler has placed. Answers the tasks' ARNs.
async fn tasks_of_service(gantry: &TestGantry, count: u32) -> Vec<String> {
    serving(gantry, json!({ "desiredCount": count })).await;
    settle(gantry, "web").await;
    let listed = gantry.ecs("ListTasks", json!({ "serviceName": "web" })).await.unwrap();
    serde_json::from_value(listed["taskArns"].clone()).unwrap()
}

async fn update(gantry: &TestGantry, input: Value) -> Value {
    gantry.ecs("UpdateTaskProtection", input).await.unwrap()
}

#[tokio::test]
async fn protection_lasts_for_the_time_that_was_asked_for() {
    let gantry = TestGantry::start().await;
    let tasks = tasks_of_service(&gantry, 1).await;
    let input = json!({ "cluster": "default", "tasks": tasks, "protectionEnabled": true, "expiresInMinutes": 60 });
    let answer = update(&gantry, input).await;
    assert_eq!(answer["failures"], json!([]));
    assert_eq!(answer["protectedTasks"][0]["taskArn"], json!(tasks[0]));
    assert_eq!(answer["protectedTasks"][0]["protectionEnabled"], json!(true));
    let until = answer["protectedTasks"][0]["expirationDate"].as_f64().unwrap();
    assert_eq!(until * 1000.0, f64::from(i32::try_from((gantry.now().0 + 3_600_000) / 1000).unwrap()) * 1000.0);

    let get = json!({ "cluster": "default" });
    assert_eq!(gantry.ecs("GetTaskProtection", get.clone()).await.unwrap()["protectedTasks"][0]["taskArn"], tasks[0]);
    gantry.pass_seconds(3600);
    assert_eq!(gantry.ecs("GetTaskProtection", get).await.unwrap()["protectedTasks"], json!([]));
    let named = json!({ "cluster": "default", "tasks": tasks });
    let over = gantry.ecs("GetTaskProtection", named).await.unwrap();
    assert_eq!(over["protectedTasks"], json!([{ "taskArn": tasks[0], "protectionEnabled": false }]));
}

#[tokio::test]
async fn scaling_in_leaves_a_protected_task_until_it_is_released() {
    let gantry = TestGantry::start().await;
    let tasks = tasks_of_service(&gantry, 2).await;
    update(&gantry, json!({ "cluster": "default", "tasks": tasks, "protectionEnabled": true })).await;
    gantry.ecs("UpdateService", json!({ "service": "web", "desiredCount": 0 })).await.unwrap();
    settle(&gantry, "web").await;
    let running = || async {
        let listed = gantry.ecs("ListTasks", json!({ "serviceName": "web" })).await.unwrap();
        listed["taskArns"].as_array().unwrap().len()
    };
    assert_eq!(running().await, 2);
    update(&gantry, json!({ "cluster": "default", "tasks": tasks, "protectionEnabled": false })).await;
    settle(&gantry, "web").await;
    assert_eq!(running().await, 0);
}

#[tokio::test]
async fn a_task_that_no_service_keeps_cannot_be_protected() {
    let gantry = TestGantry::start().await;
    gantry.cluster("default").await;
    gantry.host("default", "i-1").await;
    let definition = gantry.definition("web", json!({})).await;
    let task = gantry.task("default", &definition).await;
    let ghost = "00000000000000000000000000000000";
    let input = json!({ "cluster": "default", "tasks": [task, ghost], "protectionEnabled": true });
    let answer = update(&gantry, input).await;
    assert_eq!(answer["protectedTasks"], json!([]));
    assert_eq!(answer["failures"][0]["reason"], "TASK_NOT_VALID");
    assert_eq!(answer["failures"][1]["reason"], "MISSING");
}

#[tokio::test]
async fn a_time_out_of_bounds_and_too_many_tasks_are_refused() {
    let gantry = TestGantry::start().await;
    gantry.cluster("default").await;
    let id = "00000000000000000000000000000000";
    for minutes in [0, 2881] {
        let input =
            json!({ "cluster": "default", "tasks": [id], "protectionEnabled": true, "expiresInMinutes": minutes });
        let text = "expiresInMinutes must be between 1 and 2880.";
        assert_eq!(
            crate::refusal(gantry.ecs("UpdateTaskProtection", input).await),
            refused("InvalidParameterException", text)
        );
    }
    for tasks in [json!([]), json!(vec![id; 11])] {
        let input = json!({ "cluster": "default", "tasks": tasks, "protectionEnabled": true });
        assert_eq!(code(gantry.ecs("UpdateTaskProtection", input).await), "InvalidParameterException");
    }
    let elsewhere = json!({ "cluster": "ghost", "tasks": [id], "protectionEnabled": true });
    assert_eq!(code(gantry.ecs("UpdateTaskProtection", elsewhere).await), "ClusterNotFoundException");
}
