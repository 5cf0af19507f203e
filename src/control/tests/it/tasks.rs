//! Tasks as they are described and listed.

use gantry_testkit::TestGantry;
use serde_json::{Value, json};

use crate::{code, refusal, refused};

#[tokio::test]
async fn a_new_task_is_described_with_all_its_members() {
    let gantry = TestGantry::start().await;
    let host = gantry.host("default", "i-1").await;
    let definition = gantry.definition("web", json!({ "cpu": 128 })).await;
    let arn = gantry.task("default", &definition).await;
    let task = gantry.described_task("default", &arn).await;
    let id = arn.rsplit('/').next().unwrap();
    let container = task["containers"][0]["containerArn"].as_str().unwrap();
    assert!(container.starts_with(&format!("arn:aws:ecs:us-east-1:000000000000:container/default/{id}/")));
    assert_eq!(
        task,
        json!({
            "attachments": [], "attributes": [], "availabilityZone": "us-east-1a",
            "clusterArn": "arn:aws:ecs:us-east-1:000000000000:cluster/default",
            "containerInstanceArn": host,
            "containers": [{
                "containerArn": container, "taskArn": arn, "name": "app", "image": "hello:1", "lastStatus": "PENDING",
                "networkBindings": [], "networkInterfaces": [], "healthStatus": "UNKNOWN", "cpu": "128", "memory": "64",
            }],
            "cpu": "128", "createdAt": 1_767_225_600.0, "desiredStatus": "RUNNING", "enableExecuteCommand": false,
            "group": "family:web", "healthStatus": "UNKNOWN", "lastStatus": "PENDING", "launchType": "EC2",
            "memory": "64",
            "overrides": { "containerOverrides": [{ "name": "app" }], "inferenceAcceleratorOverrides": [] },
            "tags": [], "taskArn": arn, "taskDefinitionArn": definition, "version": 1,
        })
    );
}

#[tokio::test]
async fn an_awsvpc_task_needs_its_network_before_anything_else_is_asked_of_it() {
    let gantry = TestGantry::start().await;
    gantry.cluster("default").await;
    for (family, mode) in [("vpc", "awsvpc"), ("plain", "bridge")] {
        let app = json!({ "name": "app", "image": "hello:1", "memory": 64 });
        let input = json!({ "family": family, "networkMode": mode, "containerDefinitions": [app] });
        gantry.ecs("RegisterTaskDefinition", input).await.unwrap();
    }
    let run = |family: &str| gantry.ecs("RunTask", json!({ "taskDefinition": family, "launchType": "FARGATE" }));
    let network = "Network Configuration must be provided when networkMode 'awsvpc' is specified.";
    assert_eq!(refusal(run("vpc").await), refused("InvalidParameterException", network));
    let launch_type = "Task definition does not support launch_type FARGATE.";
    assert_eq!(refusal(run("plain").await), refused("InvalidParameterException", launch_type));
}

#[tokio::test]
async fn describing_answers_in_order_and_says_what_is_missing() {
    let gantry = TestGantry::start().await;
    gantry.host("default", "i-1").await;
    gantry.cluster("other").await;
    let definition = gantry.definition("web", json!({})).await;
    let (one, two) = (gantry.task("default", &definition).await, gantry.task("default", &definition).await);
    let unknown = "0123456789abcdef0123456789abcdef";
    let id_of_one = one.rsplit('/').next().unwrap();
    let input = json!({ "tasks": [two, id_of_one, unknown, "nonsense"] });
    let answer = gantry.ecs("DescribeTasks", input).await.unwrap();
    let arns: Vec<&Value> = answer["tasks"].as_array().unwrap().iter().map(|t| &t["taskArn"]).collect();
    assert_eq!(arns, [&json!(two), &json!(one)]);
    assert_eq!(
        answer["failures"],
        json!([
            { "arn": format!("arn:aws:ecs:us-east-1:000000000000:task/default/{unknown}"), "reason": "MISSING" },
            { "arn": "nonsense", "reason": "MISSING" },
        ])
    );
    let elsewhere = gantry.ecs("DescribeTasks", json!({ "cluster": "other", "tasks": [one] })).await.unwrap();
    assert_eq!(elsewhere["failures"][0]["reason"], "MISSING");
    assert_eq!(
        refusal(gantry.ecs("DescribeTasks", json!({ "tasks": [] })).await),
        refused("InvalidParameterException", "Tasks cannot be empty.")
    );
    let many = json!({ "tasks": vec![one; 101] });
    assert_eq!(code(gantry.ecs("DescribeTasks", many).await), "InvalidParameterException");
}

#[tokio::test]
async fn lists_go_by_every_filter() {
    let gantry = TestGantry::start().await;
    let host = gantry.host("default", "i-1").await;
    let web = gantry.definition("web", json!({})).await;
    let job = gantry.definition("job", json!({})).await;
    let started = gantry.ecs("RunTask", json!({ "taskDefinition": job, "startedBy": "cron" })).await.unwrap();
    let cron = started["tasks"][0]["taskArn"].clone();
    let (one, two) = (gantry.task("default", &web).await, gantry.task("default", &web).await);
    gantry.report("default", &two, "STOPPED", json!({})).await;
    let list = async |input: Value| -> Vec<Value> {
        gantry.ecs("ListTasks", input).await.unwrap()["taskArns"].as_array().unwrap().clone()
    };
    assert_eq!(list(json!({})).await.len(), 2, "those that are wanted RUNNING");
    assert_eq!(list(json!({ "desiredStatus": "STOPPED" })).await, [json!(two)]);
    assert_eq!(list(json!({ "desiredStatus": "PENDING" })).await, Vec::<Value>::new());
    assert_eq!(list(json!({ "family": "web" })).await, [json!(one)]);
    assert_eq!(list(json!({ "startedBy": "cron" })).await, [cron]);
    assert_eq!(list(json!({ "containerInstance": host })).await.len(), 2);
    assert_eq!(list(json!({ "launchType": "FARGATE" })).await, Vec::<Value>::new());
    let page = gantry.ecs("ListTasks", json!({ "maxResults": 1 })).await.unwrap();
    assert!(page["nextToken"].is_string());
}

#[tokio::test]
async fn filters_that_cannot_be_are_refused() {
    let gantry = TestGantry::start().await;
    gantry.cluster("default").await;
    for (input, expected) in [
        (json!({ "cluster": "ghost" }), "ClusterNotFoundException"),
        (json!({ "serviceName": "ghost" }), "ServiceNotFoundException"),
        (json!({ "startedBy": "cron", "family": "web" }), "InvalidParameterException"),
        (json!({ "family": "a b" }), "InvalidParameterException"),
        (json!({ "containerInstance": "nonsense" }), "InvalidParameterException"),
        (json!({ "daemonName": "d" }), "InvalidParameterException"),
        (json!({ "desiredStatus": "SLEEPING" }), "InvalidParameterException"),
    ] {
        assert_eq!(code(gantry.ecs("ListTasks", input.clone()).await), expected, "{input}");
    }
}

#[tokio::test]
async fn a_task_that_stopped_long_ago_is_described_and_not_listed() {
    let gantry = TestGantry::start().await;
    gantry.cluster("default").await;
    gantry.host("default", "i-1").await;
    let definition = gantry.definition("web", json!({})).await;
    let task = gantry.task("default", &definition).await;
    gantry.report("default", &task, "STOPPED", json!({})).await;
    let listed = || gantry.ecs("ListTasks", json!({ "desiredStatus": "STOPPED" }));
    gantry.pass_seconds(3600);
    assert_eq!(listed().await.unwrap()["taskArns"], json!([task]));
    gantry.pass_seconds(1);
    assert_eq!(listed().await.unwrap()["taskArns"], json!([]));
    assert_eq!(gantry.described_task("default", &task).await["lastStatus"], "STOPPED");
}
