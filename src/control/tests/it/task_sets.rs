//! Task sets of services that an external controller deploys.

use gantry_testkit::TestGantry;
use serde_json::{Value, json};

use crate::services::{serving, settle};
use crate::{code, refusal, refused};

async fn external(gantry: &TestGantry, desired_count: u32) {
    serving(gantry, json!({ "desiredCount": desired_count, "deploymentController": { "type": "EXTERNAL" } })).await;
}

async fn create(gantry: &TestGantry, members: Value) -> Value {
    let mut input = json!({ "cluster": "default", "service": "web", "taskDefinition": "web" });
    for (name, value) in members.as_object().unwrap() {
        input[name] = value.clone();
    }
    gantry.ecs("CreateTaskSet", input).await.unwrap()["taskSet"].clone()
}

/// The call with the service and the set `id` beside the other members.
async fn call(gantry: &TestGantry, operation: &str, id: &Value, members: Value) -> Result<Value, (String, String)> {
    let mut input = json!({ "cluster": "default", "service": "web" });
    let name = if operation == "UpdateServicePrimaryTaskSet" { "primaryTaskSet" } else { "taskSet" };
    input[name] = id.clone();
    for (name, value) in members.as_object().unwrap() {
        input[name] = value.clone();
    }
    gantry.ecs(operation, input).await
}

async fn tasks(gantry: &TestGantry) -> usize {
    let listed = gantry.ecs("ListTasks", json!({ "serviceName": "web" })).await.unwrap();
    listed["taskArns"].as_array().unwrap().len()
}

#[tokio::test]
async fn an_external_service_has_no_tasks_until_it_has_a_task_set() {
    let gantry = TestGantry::start().await;
    external(&gantry, 2).await;
    settle(&gantry, "web").await;
    assert_eq!(tasks(&gantry).await, 0);
    let set = create(&gantry, json!({ "externalId": "blue", "scale": { "value": 50, "unit": "PERCENT" } })).await;
    assert_eq!((&set["status"], &set["computedDesiredCount"]), (&json!("ACTIVE"), &json!(1)));
    assert_eq!(set["stabilityStatus"], "STABILIZING");
    settle(&gantry, "web").await;
    assert_eq!(tasks(&gantry).await, 1);
    let service = &gantry.ecs("DescribeServices", json!({ "services": ["web"] })).await.unwrap()["services"][0];
    assert_eq!(service["taskSets"][0]["pendingCount"], 1);
    assert_eq!(service["deployments"], json!([]));
    assert_eq!(service["deploymentController"], json!({ "type": "EXTERNAL" }));
}

#[tokio::test]
async fn a_roll_over_from_one_set_to_the_next_is_scales_and_a_primary() {
    let gantry = TestGantry::start().await;
    external(&gantry, 2).await;
    let blue = create(&gantry, json!({})).await["id"].clone();
    settle(&gantry, "web").await;
    gantry.definition("web", json!({ "memory": 65 })).await;
    let green = create(&gantry, json!({ "taskDefinition": "web:2" })).await["id"].clone();
    settle(&gantry, "web").await;
    assert_eq!(tasks(&gantry).await, 4);
    call(&gantry, "UpdateServicePrimaryTaskSet", &green, json!({})).await.unwrap();
    let service = &gantry.ecs("DescribeServices", json!({ "services": ["web"] })).await.unwrap()["services"][0];
    assert!(service["taskDefinition"].as_str().unwrap().ends_with("web:2"));
    assert_eq!(service["taskSets"][1]["status"], "PRIMARY");

    let refused_busy = call(&gantry, "DeleteTaskSet", &blue, json!({})).await;
    assert_eq!(code(refused_busy), "InvalidParameterException");
    call(&gantry, "UpdateTaskSet", &blue, json!({ "scale": { "value": 0 } })).await.unwrap();
    settle(&gantry, "web").await;
    assert_eq!(tasks(&gantry).await, 2);
    let deleted = call(&gantry, "DeleteTaskSet", &blue, json!({ "force": true })).await.unwrap();
    assert_eq!(deleted["taskSet"]["status"], "DRAINING");
}

#[tokio::test]
async fn what_there_is_not_is_refused_by_its_name() {
    let gantry = TestGantry::start().await;
    external(&gantry, 1).await;
    let ghost = json!("ecs-svc/1");
    for operation in ["UpdateTaskSet", "DeleteTaskSet", "UpdateServicePrimaryTaskSet"] {
        let members = if operation == "UpdateTaskSet" { json!({ "scale": {} }) } else { json!({}) };
        assert_eq!(code(call(&gantry, operation, &ghost, members).await), "TaskSetNotFoundException", "{operation}");
    }
    let input = json!({ "cluster": "default", "service": "web", "taskSets": ["ecs-svc/1"] });
    let answer = gantry.ecs("DescribeTaskSets", input).await.unwrap();
    assert_eq!(answer["failures"], json!([{ "arn": "ecs-svc/1", "reason": "MISSING" }]));
    let breaker = json!({ "deploymentCircuitBreaker": { "enable": true, "rollback": true } });
    let update = json!({ "service": "web", "deploymentConfiguration": breaker });
    assert_eq!(code(gantry.ecs("UpdateService", update).await), "InvalidParameterException");
    let update = json!({ "service": "web", "forceNewDeployment": true });
    assert_eq!(code(gantry.ecs("UpdateService", update).await), "InvalidParameterException");
}

#[tokio::test]
async fn a_service_that_ecs_deploys_has_no_task_sets() {
    let gantry = TestGantry::start().await;
    serving(&gantry, json!({ "desiredCount": 1 })).await;
    let input = json!({ "cluster": "default", "service": "web", "taskDefinition": "web" });
    let text = "Task sets are only for services whose deployment controller is EXTERNAL or CODE_DEPLOY.";
    assert_eq!(refusal(gantry.ecs("CreateTaskSet", input).await), refused("InvalidParameterException", text));
}

#[tokio::test]
async fn a_task_set_carries_tags() {
    let gantry = TestGantry::start().await;
    external(&gantry, 1).await;
    let set = create(&gantry, json!({ "tags": [{ "key": "k", "value": "v" }] })).await;
    let tag = json!({ "resourceArn": set["taskSetArn"], "tags": [{ "key": "l", "value": "w" }] });
    gantry.ecs("TagResource", tag).await.unwrap();
    let listed = gantry.ecs("ListTagsForResource", json!({ "resourceArn": set["taskSetArn"] })).await.unwrap();
    assert_eq!(listed["tags"], json!([{ "key": "k", "value": "v" }, { "key": "l", "value": "w" }]));
}
