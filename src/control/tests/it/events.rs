//! What happens is told to those who asked, in the shape of EventBridge, signed, in order, and until they have it.

use gantry_control::loops::delivery::{self, EventWebhooks, SigningKey};
use gantry_control::webhooks::Post;
use gantry_testkit::TestGantry;
use serde_json::{Value, json};

use crate::services::{report_all_running, serving, settle};

const URL: &str = "https://events.test/in";

/// A control plane with somebody to tell.
async fn telling() -> (TestGantry, EventWebhooks) {
    let gantry = TestGantry::start().await;
    gantry.control.store.notify();
    let key = SigningKey::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let webhooks = EventWebhooks { urls: vec![URL.to_owned()], key };
    delivery::pass(&gantry.control, &webhooks).await.unwrap();
    (gantry, webhooks)
}

/// What the receiver is told now, which takes it all.
async fn told(gantry: &TestGantry, webhooks: &EventWebhooks) -> Vec<Value> {
    for _ in 0..100 {
        gantry.webhooks.answer(Ok(json!({})));
    }
    delivery::pass(&gantry.control, webhooks).await.unwrap();
    gantry.webhooks.forget_answers();
    gantry.webhooks.asked().into_iter().map(|(_, body)| body).collect()
}

fn kinds<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["detail-type"] == kind).map(|event| &event["detail"]).collect()
}

#[tokio::test]
async fn a_task_is_told_of_at_each_step_as_eventbridge_writes_it() {
    let (gantry, webhooks) = telling().await;
    gantry.cluster("default").await;
    let host = gantry.host("default", "i-1").await;
    let definition = gantry.definition("web", json!({})).await;
    told(&gantry, &webhooks).await;
    let task = gantry.task("default", &definition).await;
    gantry.pass_seconds(1);
    gantry.report("default", &task, "RUNNING", json!({})).await;
    gantry.ecs("StopTask", json!({ "task": task })).await.unwrap();
    gantry.report("default", &task, "STOPPED", json!({})).await;
    let events = told(&gantry, &webhooks).await;
    let steps: Vec<(&Value, &Value, &Value)> = kinds(&events, "ECS Task State Change")
        .into_iter()
        .map(|detail| (&detail["lastStatus"], &detail["desiredStatus"], &detail["version"]))
        .collect();
    assert_eq!(
        steps,
        [
            (&json!("PENDING"), &json!("RUNNING"), &json!(1)),
            (&json!("RUNNING"), &json!("RUNNING"), &json!(2)),
            (&json!("STOPPING"), &json!("STOPPED"), &json!(3)),
            (&json!("STOPPED"), &json!("STOPPED"), &json!(4)),
        ]
    );
    let running = &events[1];
    assert_eq!((&running["source"], &running["resources"]), (&json!("aws.ecs"), &json!([task])));
    assert_eq!((&running["version"], &running["time"]), (&json!("0"), &json!("2026-01-01T00:00:01Z")));
    let detail = &running["detail"];
    assert_eq!(
        (&detail["createdAt"], &detail["startedAt"]),
        (&json!("2026-01-01T00:00:00Z"), &json!("2026-01-01T00:00:01Z"))
    );
    assert_eq!((&detail["containerInstanceArn"], &detail["taskDefinitionArn"]), (&json!(host), &json!(definition)));
    assert_eq!((detail.get("healthStatus"), detail["containers"][0].get("healthStatus")), (None, None));
}

#[tokio::test]
async fn a_host_is_told_of_when_it_joins_drains_and_falls_silent() {
    let (gantry, webhooks) = telling().await;
    gantry.cluster("default").await;
    let host = gantry.host("default", "i-1").await;
    let drain = json!({ "containerInstances": [host], "status": "DRAINING" });
    gantry.ecs("UpdateContainerInstancesState", drain).await.unwrap();
    gantry.connect(&host, false).await;
    let events = told(&gantry, &webhooks).await;
    let steps: Vec<(&Value, &Value)> = kinds(&events, "ECS Container Instance State Change")
        .into_iter()
        .map(|detail| (&detail["status"], &detail["agentConnected"]))
        .collect();
    assert_eq!(
        steps,
        [
            (&json!("ACTIVE"), &json!(false)),
            (&json!("ACTIVE"), &json!(true)),
            (&json!("DRAINING"), &json!(true)),
            (&json!("DRAINING"), &json!(false)),
        ]
    );
}

#[tokio::test]
async fn a_service_tells_of_its_deployments_and_of_what_it_does() {
    let (gantry, webhooks) = telling().await;
    serving(&gantry, json!({ "desiredCount": 1 })).await;
    settle(&gantry, "web").await;
    report_all_running(&gantry, "web").await;
    gantry.pass_seconds(5);
    settle(&gantry, "web").await;
    let events = told(&gantry, &webhooks).await;
    let names = |kind: &str| kinds(&events, kind).into_iter().map(|d| d["eventName"].clone()).collect::<Vec<_>>();
    let deployments = ["SERVICE_DEPLOYMENT_IN_PROGRESS", "SERVICE_DEPLOYMENT_COMPLETED"];
    assert_eq!(names("ECS Deployment State Change"), deployments);
    assert_eq!(names("ECS Service Action"), ["SERVICE_STEADY_STATE"]);

    gantry.ecs("UpdateService", json!({ "service": "web", "desiredCount": 500 })).await.unwrap();
    settle(&gantry, "web").await;
    let events = told(&gantry, &webhooks).await;
    let failure = kinds(&events, "ECS Service Action").pop().unwrap().clone();
    assert_eq!(
        (&failure["eventType"], &failure["eventName"]),
        (&json!("ERROR"), &json!("SERVICE_TASK_PLACEMENT_FAILURE"))
    );
    assert_eq!(failure["reason"], "RESOURCE:MEMORY");
}

#[tokio::test]
async fn a_receiver_that_was_away_is_told_in_order_with_the_same_ids_and_nothing_is_lost() {
    let (gantry, webhooks) = telling().await;
    gantry.host("default", "i-1").await;
    let definition = gantry.definition("web", json!({})).await;
    told(&gantry, &webhooks).await;
    for _ in 0..3 {
        gantry.task("default", &definition).await;
    }
    // It takes the first and is away then.
    gantry.webhooks.answer(Ok(json!({})));
    assert_eq!(delivery::pass(&gantry.control, &webhooks).await, Err("nobody answers".to_owned()));
    let before = ids(&gantry.webhooks.posts());
    assert_eq!(before.len(), 2);
    for _ in 0..2 {
        gantry.webhooks.answer(Ok(json!({})));
    }
    delivery::pass(&gantry.control, &webhooks).await.unwrap();
    let after = ids(&gantry.webhooks.posts());
    assert_eq!(after.len(), 2);
    assert_eq!(after[0], before[1], "what it did not take comes again, and first");
    assert_ne!(after[1], before[0]);
}

fn ids(posts: &[Post]) -> Vec<String> {
    let id = |post: &Post| post.headers.iter().find(|(name, _)| *name == "webhook-id").unwrap().1.clone();
    posts.iter().map(id).collect()
}

#[tokio::test]
async fn what_is_posted_is_signed_over_its_id_its_time_and_its_text() {
    let (gantry, webhooks) = telling().await;
    gantry.host("default", "i-1").await;
    gantry.webhooks.answer(Ok(json!({})));
    let _ = delivery::pass(&gantry.control, &webhooks).await;
    let post = gantry.webhooks.posts().remove(0);
    let body: Value = serde_json::from_str(&post.body).unwrap();
    let id = body["id"].as_str().unwrap();
    let seconds = gantry.now().0 / 1000;
    assert_eq!(
        post.headers,
        [
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", webhooks.key.sign(id, seconds, &post.body)),
        ]
    );
}

#[tokio::test]
async fn a_new_receiver_begins_with_what_happens_from_now_on_and_what_all_have_is_forgotten() {
    let (gantry, mut webhooks) = telling().await;
    gantry.host("default", "i-1").await;
    told(&gantry, &webhooks).await;
    gantry.host("default", "i-2").await;
    webhooks.urls.push("https://other.test/".to_owned());
    // The second is new: what came before it is for the first alone.
    let events = told(&gantry, &webhooks).await;
    assert_eq!(events.len(), 2);
    let mut reader = gantry.control.store.read().await.unwrap();
    assert_eq!(gantry_store::notification::after(&mut reader, 0, 10).await.unwrap(), []);
}
