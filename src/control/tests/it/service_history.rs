//! Service deployments and revisions: listed, described, stopped.

use gantry_testkit::TestGantry;
use serde_json::{Value, json};

use crate::services::{report_all_running, serving, settle};
use crate::{code, refusal};

async fn deployments(gantry: &TestGantry) -> Vec<Value> {
    let listed = gantry.ecs("ListServiceDeployments", json!({ "service": "web" })).await.unwrap();
    listed["serviceDeployments"].as_array().unwrap().clone()
}

async fn described(gantry: &TestGantry, arn: &Value) -> Value {
    let input = json!({ "serviceDeploymentArns": [arn] });
    gantry.ecs("DescribeServiceDeployments", input).await.unwrap()["serviceDeployments"][0].clone()
}

/// A service `web` whose first deployment has completed and whose second is under way.
async fn deploying(gantry: &TestGantry) {
    serving(gantry, json!({ "desiredCount": 1 })).await;
    settle(gantry, "web").await;
    report_all_running(gantry, "web").await;
    gantry.pass_seconds(60);
    settle(gantry, "web").await;
    gantry.definition("web", json!({ "memory": 65 })).await;
    gantry.ecs("UpdateService", json!({ "service": "web", "taskDefinition": "web:2" })).await.unwrap();
}

#[tokio::test]
async fn each_deployment_is_recorded_with_its_revision_the_newest_first() {
    let gantry = TestGantry::start().await;
    deploying(&gantry).await;
    let listed = deployments(&gantry).await;
    assert_eq!(listed.len(), 2);
    assert_eq!((&listed[0]["status"], &listed[1]["status"]), (&json!("IN_PROGRESS"), &json!("SUCCESSFUL")));
    let second = described(&gantry, &listed[0]["serviceDeploymentArn"]).await;
    assert_eq!(second["sourceServiceRevisions"][0]["arn"], listed[1]["targetServiceRevisionArn"]);
    assert_eq!(second["targetServiceRevision"]["requestedTaskCount"], 1);
    assert_eq!(second["deploymentCircuitBreaker"]["status"], "DISABLED");

    let input = json!({ "serviceRevisionArns": [listed[1]["targetServiceRevisionArn"]] });
    let revision = &gantry.ecs("DescribeServiceRevisions", input).await.unwrap()["serviceRevisions"][0];
    assert!(revision["taskDefinition"].as_str().unwrap().ends_with(":task-definition/web:1"));
    assert_eq!(revision["launchType"], "EC2");
    assert_eq!(revision["containerImages"][0]["image"], "hello:1");

    let service = &gantry.ecs("DescribeServices", json!({ "services": ["web"] })).await.unwrap()["services"][0];
    assert_eq!(service["currentServiceDeployment"], listed[0]["serviceDeploymentArn"]);
    assert_eq!(service["currentServiceRevisions"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn deployments_are_listed_by_status_time_and_page() {
    let gantry = TestGantry::start().await;
    deploying(&gantry).await;
    let list = |input: Value| {
        let mut input = input;
        input["service"] = json!("web");
        gantry.ecs("ListServiceDeployments", input)
    };
    let done = list(json!({ "status": ["SUCCESSFUL"] })).await.unwrap();
    assert_eq!(done["serviceDeployments"].as_array().unwrap().len(), 1);
    let later = list(json!({ "createdAt": { "after": (gantry.now().0 - 1000) / 1000 } })).await.unwrap();
    assert_eq!(later["serviceDeployments"][0]["status"], "IN_PROGRESS");
    assert_eq!(later["serviceDeployments"].as_array().unwrap().len(), 1);
    let first = list(json!({ "maxResults": 1 })).await.unwrap();
    assert_eq!(first["serviceDeployments"][0]["status"], "IN_PROGRESS");
    let second = list(json!({ "maxResults": 1, "nextToken": first["nextToken"] })).await.unwrap();
    assert_eq!(second["serviceDeployments"][0]["status"], "SUCCESSFUL");
    assert!(second.get("nextToken").is_none());
}

#[tokio::test]
async fn stopping_a_deployment_rolls_back_to_the_last_that_completed() {
    let gantry = TestGantry::start().await;
    deploying(&gantry).await;
    let arn = deployments(&gantry).await[0]["serviceDeploymentArn"].clone();
    let stopped = gantry.ecs("StopServiceDeployment", json!({ "serviceDeploymentArn": arn })).await.unwrap();
    assert_eq!(stopped["serviceDeploymentArn"], arn);
    assert_eq!(described(&gantry, &arn).await["status"], "ROLLBACK_IN_PROGRESS");
    settle(&gantry, "web").await;
    report_all_running(&gantry, "web").await;
    gantry.pass_seconds(60);
    settle(&gantry, "web").await;
    let ended = described(&gantry, &arn).await;
    assert_eq!(ended["status"], "ROLLBACK_SUCCESSFUL");
    assert_eq!(ended["rollback"]["serviceRevisionArn"], ended["sourceServiceRevisions"][0]["arn"]);
    let service = &gantry.ecs("DescribeServices", json!({ "services": ["web"] })).await.unwrap()["services"][0];
    assert!(service["taskDefinition"].as_str().unwrap().ends_with("web:1"));
    let again = gantry.ecs("StopServiceDeployment", json!({ "serviceDeploymentArn": arn })).await;
    assert_eq!(code(again), "ConflictException");
}

#[tokio::test]
async fn an_aborted_deployment_starts_nothing_more() {
    let gantry = TestGantry::start().await;
    deploying(&gantry).await;
    let arn = deployments(&gantry).await[0]["serviceDeploymentArn"].clone();
    let input = json!({ "serviceDeploymentArn": arn, "stopType": "ABORT" });
    gantry.ecs("StopServiceDeployment", input).await.unwrap();
    settle(&gantry, "web").await;
    let ended = described(&gantry, &arn).await;
    assert_eq!(ended["status"], "STOPPED");
    assert_eq!(ended["statusReason"], "ECS deployment stopped by the user.");
    let tasks = gantry.ecs("ListTasks", json!({ "serviceName": "web" })).await.unwrap();
    assert_eq!(tasks["taskArns"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_first_deployment_has_nothing_to_roll_back_to() {
    let gantry = TestGantry::start().await;
    serving(&gantry, json!({ "desiredCount": 1 })).await;
    let arn = deployments(&gantry).await[0]["serviceDeploymentArn"].clone();
    let (code, message) = refusal(gantry.ecs("StopServiceDeployment", json!({ "serviceDeploymentArn": arn })).await);
    assert_eq!(code, "ConflictException");
    assert!(message.starts_with("The service has no completed deployment to roll back to"), "{message}");
}

#[tokio::test]
async fn what_is_not_there_is_missing_and_what_is_no_arn_is_refused() {
    let gantry = TestGantry::start().await;
    let deployment = "arn:aws:ecs:us-east-1:000000000000:service-deployment/default/web/1";
    let revision = "arn:aws:ecs:us-east-1:000000000000:service-revision/default/web/1";
    let answer =
        gantry.ecs("DescribeServiceDeployments", json!({ "serviceDeploymentArns": [deployment] })).await.unwrap();
    assert_eq!(answer["failures"], json!([{ "arn": deployment, "reason": "MISSING" }]));
    let answer = gantry.ecs("DescribeServiceRevisions", json!({ "serviceRevisionArns": [revision] })).await.unwrap();
    assert_eq!(answer["failures"], json!([{ "arn": revision, "reason": "MISSING" }]));
    let stop = gantry.ecs("StopServiceDeployment", json!({ "serviceDeploymentArn": deployment })).await;
    assert_eq!(code(stop), "ServiceDeploymentNotFoundException");
    let wrong = gantry.ecs("DescribeServiceRevisions", json!({ "serviceRevisionArns": [deployment] })).await;
    assert_eq!(code(wrong), "InvalidParameterException");
    gantry.cluster("default").await;
    let ghost = gantry.ecs("ListServiceDeployments", json!({ "service": "ghost" })).await;
    assert_eq!(code(ghost), "ServiceNotFoundException");
}
