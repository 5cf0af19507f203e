//! Deployments in stages through the API: hooks that are asked, waited for and continued, weights, and the way back.

use gantry_control::loops::hooks;
use gantry_testkit::TestGantry;
use serde_json::{Value, json};

use crate::services::{report_all_running, serving, settle};
use crate::{code, refusal};

const HOOK: &str = "https://hooks.test/check";

/// A service `web` of one task, blue, and green coming up in stages with `hooks`.
async fn staged(gantry: &TestGantry, hooks: Value) {
    let configuration = json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5, "lifecycleHooks": hooks });
    serving(gantry, json!({ "desiredCount": 1 })).await;
    pass(gantry).await;
    gantry.definition("web", json!({ "memory": 65 })).await;
    let input = json!({ "service": "web", "taskDefinition": "web:2", "deploymentConfiguration": configuration });
    gantry.ecs("UpdateService", input).await.unwrap();
    settle(gantry, "web").await;
}

/// Agents report what runs, a minute passes, and the service decides.
async fn pass(gantry: &TestGantry) {
    settle(gantry, "web").await;
    report_all_running(gantry, "web").await;
    gantry.pass_seconds(60);
    settle(gantry, "web").await;
}

/// The newest deployment.
async fn deployment(gantry: &TestGantry) -> Value {
    let listed = gantry.ecs("ListServiceDeployments", json!({ "service": "web" })).await.unwrap();
    let arn = &listed["serviceDeployments"][0]["serviceDeploymentArn"];
    let input = json!({ "serviceDeploymentArns": [arn] });
    gantry.ecs("DescribeServiceDeployments", input).await.unwrap()["serviceDeployments"][0].clone()
}

fn webhook(stage: &str) -> Value {
    json!([{ "hookTargetArn": HOOK, "lifecycleStages": [stage], "hookDetails": { "path": "/health" } }])
}

fn pause(stage: &str) -> Value {
    json!([{ "targetType": "PAUSE", "lifecycleStages": [stage] }])
}

#[tokio::test]
async fn green_stands_beside_blue_until_the_bake_time_is_over() {
    let gantry = TestGantry::start().await;
    staged(&gantry, json!([])).await;
    assert_eq!(deployment(&gantry).await["lifecycleStage"], "SCALE_UP");
    pass(&gantry).await;
    let baking = deployment(&gantry).await;
    assert_eq!(baking["lifecycleStage"], "BAKE_TIME");
    assert_eq!(baking["targetServiceRevision"]["requestedProductionTrafficWeight"], 100.0);
    assert_eq!(baking["sourceServiceRevisions"][0]["requestedProductionTrafficWeight"], 0.0);
    let running = gantry.ecs("ListTasks", json!({ "serviceName": "web" })).await.unwrap();
    assert_eq!(running["taskArns"].as_array().unwrap().len(), 2);

    gantry.pass_seconds(300);
    settle(&gantry, "web").await;
    let running = gantry.ecs("ListTasks", json!({ "serviceName": "web" })).await.unwrap();
    assert_eq!(running["taskArns"].as_array().unwrap().len(), 1, "blue was told to stop");
    assert_eq!(deployment(&gantry).await["lifecycleStage"], "CLEAN_UP");
}

#[tokio::test]
async fn a_webhook_is_asked_until_it_is_done() {
    let gantry = TestGantry::start().await;
    staged(&gantry, webhook("POST_SCALE_UP")).await;
    pass(&gantry).await;
    gantry
        .webhooks
        .answer(Ok(json!({ "hookStatus": "IN_PROGRESS", "callBackDelay": 10, "hookDetails": { "try": 2 } })));
    hooks::pass(&gantry.control).await.unwrap();
    let (url, body) = gantry.webhooks.asked().remove(0);
    assert_eq!((url.as_str(), &body["lifecycleStage"]), (HOOK, &json!("POST_SCALE_UP")));
    assert_eq!(body["hookDetails"], json!({ "path": "/health" }));
    let arn = &deployment(&gantry).await["serviceDeploymentArn"];
    assert_eq!(&body["resourceArn"], arn);

    gantry.pass_seconds(9);
    hooks::pass(&gantry.control).await.unwrap();
    assert!(gantry.webhooks.asked().is_empty(), "it asked for ten seconds");
    gantry.pass_seconds(1);
    gantry.webhooks.answer(Ok(json!({ "hookStatus": "SUCCEEDED" })));
    hooks::pass(&gantry.control).await.unwrap();
    assert_eq!(gantry.webhooks.asked().remove(0).1["hookDetails"], json!({ "try": 2 }));
    settle(&gantry, "web").await;
    assert_eq!(deployment(&gantry).await["lifecycleStage"], "BAKE_TIME");
}

#[tokio::test]
async fn a_webhook_that_says_no_or_nonsense_or_nothing_sends_the_deployment_back() {
    for (answer, why) in [
        (Ok(json!({ "hookStatus": "FAILED" })), "it answered FAILED"),
        (Ok(json!({ "status": "fine" })), "not understood"),
        (Err("connection refused".to_owned()), "connection refused"),
    ] {
        let gantry = TestGantry::start().await;
        staged(&gantry, webhook("POST_SCALE_UP")).await;
        pass(&gantry).await;
        gantry.webhooks.answer(answer);
        hooks::pass(&gantry.control).await.unwrap();
        settle(&gantry, "web").await;
        let ended = deployment(&gantry).await;
        assert!(ended["status"].as_str().unwrap().starts_with("ROLLBACK_"), "{ended}");
        assert!(ended["statusReason"].as_str().unwrap().contains(why), "{ended}");
        let service = &gantry.ecs("DescribeServices", json!({ "services": ["web"] })).await.unwrap()["services"][0];
        assert!(service["taskDefinition"].as_str().unwrap().ends_with("web:1"));
    }
}

#[tokio::test]
async fn a_pause_waits_for_who_continues_it() {
    let gantry = TestGantry::start().await;
    staged(&gantry, pause("PRE_SCALE_UP")).await;
    pass(&gantry).await;
    let paused = deployment(&gantry).await;
    assert_eq!(paused["lifecycleStage"], "PRE_SCALE_UP");
    let hook = &paused["lifecycleHookDetails"][0];
    assert_eq!((&hook["status"], &hook["timeoutAction"]), (&json!("AWAITING_ACTION"), &json!("ROLLBACK")));
    let input = json!({ "serviceDeploymentArn": paused["serviceDeploymentArn"], "hookId": hook["hookId"] });
    gantry.ecs("ContinueServiceDeployment", input.clone()).await.unwrap();
    settle(&gantry, "web").await;
    assert_eq!(deployment(&gantry).await["lifecycleStage"], "SCALE_UP");
    let again = refusal(gantry.ecs("ContinueServiceDeployment", input).await);
    assert_eq!(again.0, "InvalidParameterException");
    assert!(again.1.starts_with("hookId: "), "{}", again.1);
}

#[tokio::test]
async fn a_pause_can_be_ended_by_going_back() {
    let gantry = TestGantry::start().await;
    staged(&gantry, pause("POST_SCALE_UP")).await;
    pass(&gantry).await;
    let paused = deployment(&gantry).await;
    let hook = &paused["lifecycleHookDetails"][0]["hookId"];
    let input = json!({ "serviceDeploymentArn": paused["serviceDeploymentArn"], "hookId": hook, "action": "ROLLBACK" });
    gantry.ecs("ContinueServiceDeployment", input).await.unwrap();
    pass(&gantry).await;
    assert_eq!(deployment(&gantry).await["status"], "ROLLBACK_SUCCESSFUL");
    let gone = json!({ "serviceDeploymentArn": paused["serviceDeploymentArn"].as_str().unwrap().replace("web/", "no/"),
        "hookId": "x" });
    assert_eq!(code(gantry.ecs("ContinueServiceDeployment", gone).await), "ServiceDeploymentNotFoundException");
}

#[tokio::test]
async fn two_revisions_are_not_left_running_by_an_abort() {
    let gantry = TestGantry::start().await;
    staged(&gantry, json!([])).await;
    let arn = deployment(&gantry).await["serviceDeploymentArn"].clone();
    let abort = json!({ "serviceDeploymentArn": arn, "stopType": "ABORT" });
    assert_eq!(code(gantry.ecs("StopServiceDeployment", abort).await), "InvalidParameterException");
    gantry.ecs("StopServiceDeployment", json!({ "serviceDeploymentArn": arn })).await.unwrap();
    pass(&gantry).await;
    assert_eq!(deployment(&gantry).await["status"], "ROLLBACK_SUCCESSFUL");
}

#[tokio::test]
async fn the_configuration_is_answered_as_it_is() {
    let gantry = TestGantry::start().await;
    let canary = json!({ "canaryPercent": 12.5, "canaryBakeTimeInMinutes": 3 });
    let hooks = json!([{ "targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"],
        "timeoutConfiguration": { "timeoutInMinutes": 7, "action": "CONTINUE" } }]);
    let configuration = json!({ "strategy": "CANARY", "canaryConfiguration": canary, "lifecycleHooks": hooks });
    serving(&gantry, json!({ "desiredCount": 1, "deploymentConfiguration": configuration })).await;
    let service = &gantry.ecs("DescribeServices", json!({ "services": ["web"] })).await.unwrap()["services"][0];
    let answered = &service["deploymentConfiguration"];
    assert_eq!((&answered["strategy"], &answered["canaryConfiguration"]), (&json!("CANARY"), &canary));
    assert_eq!(answered["lifecycleHooks"], hooks);
    for (member, given) in [
        ("strategy", json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1 })),
        ("earlySuccessCriteria", json!({ "earlySuccessCriteria": { "enable": true, "healthyPercent": 100 } })),
    ] {
        let external = json!({ "serviceName": "x", "desiredCount": 1, "deploymentConfiguration": given,
            "deploymentController": { "type": "EXTERNAL" } });
        let (code, message) = refusal(gantry.ecs("CreateService", external).await);
        assert_eq!(code, "InvalidParameterException");
        assert!(message.contains(member), "{message}");
    }
}
