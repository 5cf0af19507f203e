//! Services as they are updated.

use gantry_control::ecs::record;
use gantry_control::error::Failure;
use gantry_model::service::{Service, StartThrottle};
use gantry_model::{ClusterName, ServiceName};
use gantry_testkit::{TestGantry, scope};
use serde_json::json;

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
