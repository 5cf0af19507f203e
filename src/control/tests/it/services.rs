//! Services as they are updated.

use gantry_control::ecs::record;
use gantry_control::error::Failure;
use gantry_control::loops::services::{ServiceKey, settle as settle_one};
use gantry_model::service::{Service, StartThrottle};
use gantry_model::{ClusterName, ServiceName};
use gantry_testkit::{TestGantry, scope};
use serde_json::{Value, json};

use crate::refusal;

/// The cluster `default` with a host, a definition `web:1`, and the service `web` of it with the members of `service`.
pub(crate) async fn serving(gantry: &TestGantry, service: Value) {
    gantry.cluster("default").await;
    gantry.host("default", "i-1").await;
    gantry.definition("web", json!({})).await;
    let mut input = json!({ "serviceName": "web", "taskDefinition": "web" });
    for (name, value) in service.as_object().unwrap() {
        input[name] = value.clone();
    }
    gantry.ecs("CreateService", input).await.unwrap();
}

/// Has the service loop look at a service of the cluster `default` once.
pub(crate) async fn settle(gantry: &TestGantry, name: &str) {
    let key = ServiceKey {
        scope: scope(),
        cluster: ClusterName::parse("default").unwrap(),
        name: ServiceName::parse(name).unwrap(),
    };
    settle_one(&gantry.control, &key).await.unwrap();
}

/// Reports every task of a service as its agent would once all run, and those that are to stop as STOPPED.
pub(crate) async fn report_all_running(gantry: &TestGantry, name: &str) {
    for (desired, status) in [("RUNNING", "RUNNING"), ("STOPPED", "STOPPED")] {
        let listed = gantry.ecs("ListTasks", json!({ "serviceName": name, "desiredStatus": desired })).await.unwrap();
        for arn in listed["taskArns"].as_array().unwrap() {
            gantry.report("default", arn.as_str().unwrap(), status, json!({})).await;
        }
    }
}

/// Changes the stored service `web`, and answers it as it then is.
async fn stored(gantry: &TestGantry, change: impl FnOnce(&mut Service) + Send + 'static) -> Service {
    let changed = gantry.control.store.write(move |tx| {
        Box::pin(async move {
            let (cluster, name) = (ClusterName::parse("default").unwrap(), ServiceName::parse("web").unwrap());
            let mut service = gantry_store::service::get(tx, &scope(), &cluster, &name).await?.unwrap();
            change(&mut service);
            record::put_service(tx, &mut service).await?;
            Ok::<_, Failure>(service)
        })
    });
    changed.await.unwrap()
}

#[tokio::test]
async fn an_update_ends_the_wait_of_a_service_whose_tasks_failed_to_start() {
    let gantry = TestGantry::start().await;
    gantry.cluster("default").await;
    let definition = gantry.definition("web", json!({})).await;
    let create = json!({ "serviceName": "web", "taskDefinition": definition, "desiredCount": 1 });
    gantry.ecs("CreateService", create).await.unwrap();
    let throttled = StartThrottle { consecutive_failures: 9, not_before: Some(gantry.now().plus_millis(900_000)) };
    stored(&gantry, move |service| service.start_throttle = throttled).await;

    gantry.ecs("UpdateService", json!({ "service": "web", "desiredCount": 1 })).await.unwrap();
    assert_eq!(stored(&gantry, |_| {}).await.start_throttle, throttled, "nothing was updated");
    gantry.ecs("UpdateService", json!({ "service": "web", "desiredCount": 2 })).await.unwrap();
    assert_eq!(stored(&gantry, |_| {}).await.start_throttle, StartThrottle::default());
}

#[tokio::test]
async fn a_service_that_is_not_there_is_reported_and_the_others_are_described() {
    let gantry = TestGantry::start().await;
    gantry.cluster("default").await;
    let definition = gantry.definition("web", json!({})).await;
    let create = json!({ "serviceName": "web", "taskDefinition": definition, "desiredCount": 0 });
    gantry.ecs("CreateService", create).await.unwrap();
    let elsewhere = "arn:aws:ecs:us-east-1:000000000000:service/other/web";
    let answer = gantry.ecs("DescribeServices", json!({ "services": ["ghost", "web", elsewhere] })).await.unwrap();
    assert_eq!(answer["services"][0]["serviceName"], "web");
    assert_eq!(
        answer["failures"],
        json!([
            { "arn": "arn:aws:ecs:us-east-1:000000000000:service/ghost", "reason": "MISSING" },
            { "arn": elsewhere, "reason": "MISSING" },
        ])
    );
}

#[tokio::test]
async fn early_success_is_answered_as_given_and_refused_where_it_makes_no_sense() {
    let gantry = TestGantry::start().await;
    let criteria = json!({ "enable": true, "healthyPercent": 100, "sourceServiceRevisionCleanup": "DEFERRED" });
    let configuration = json!({ "earlySuccessCriteria": criteria });
    serving(&gantry, json!({ "desiredCount": 1, "deploymentConfiguration": configuration })).await;
    let described = || gantry.ecs("DescribeServices", json!({ "services": ["web"] }));
    let answered = described().await.unwrap()["services"][0]["deploymentConfiguration"]["earlySuccessCriteria"].clone();
    assert_eq!(answered, criteria);
    let update = |configuration: Value| {
        gantry.ecs("UpdateService", json!({ "service": "web", "deploymentConfiguration": configuration }))
    };
    let (code, message) =
        refusal(update(json!({ "earlySuccessCriteria": { "enable": true, "healthyPercent": 99 } })).await);
    assert_eq!(code, "InvalidParameterException");
    assert!(message.contains("healthyPercent must not be below minimumHealthyPercent"), "{message}");
    update(json!({ "earlySuccessCriteria": { "enable": false } })).await.unwrap();
    let answered = described().await.unwrap()["services"][0]["deploymentConfiguration"]["earlySuccessCriteria"].clone();
    assert_eq!(answered, Value::Null);
    let staged = json!({ "strategy": "CANARY", "earlySuccessCriteria": { "enable": true } });
    let (_, message) = refusal(update(staged).await);
    assert!(message.contains("only for the strategy ROLLING"), "{message}");
}
