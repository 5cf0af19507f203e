//! Capacity providers: made, changed, given to clusters, and what strategies over them do.

use gantry_testkit::TestGantry;
use serde_json::{Value, json};

use crate::services::settle;
use crate::{code, refusal, refused};

async fn provider(gantry: &TestGantry, name: &str) -> Value {
    let input = json!({ "name": name, "autoScalingGroupProvider": { "autoScalingGroupArn": "arn:asg" } });
    gantry.ecs("CreateCapacityProvider", input).await.unwrap()["capacityProvider"].clone()
}

/// The cluster `default` with the providers `a` and `b`, a host in each pool and one in none, and a definition `web`.
async fn pools(gantry: &TestGantry, default_strategy: Value) {
    gantry.cluster("default").await;
    for name in ["a", "b"] {
        provider(gantry, name).await;
    }
    for (host, pool) in [("i-1", Some("a")), ("i-2", Some("b")), ("i-3", None)] {
        let arn = gantry.host("default", host).await;
        if let Some(pool) = pool {
            let attribute = json!({ "name": "gantry.capacity-provider", "value": pool, "targetId": arn });
            gantry.ecs("PutAttributes", json!({ "attributes": [attribute] })).await.unwrap();
        }
    }
    let put = json!({
        "cluster": "default", "capacityProviders": ["a", "b"], "defaultCapacityProviderStrategy": default_strategy,
    });
    gantry.ecs("PutClusterCapacityProviders", put).await.unwrap();
    gantry.definition("web", json!({})).await;
}

/// The provider of each task, in order.
fn providers(tasks: &Value) -> Vec<&str> {
    let mut names: Vec<&str> =
        tasks.as_array().unwrap().iter().map(|t| t["capacityProviderName"].as_str().unwrap_or("-")).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_provider_answers_what_it_was_made_of_with_the_defaults() {
    let gantry = TestGantry::start().await;
    let group = json!({
        "autoScalingGroupArn": "arn:asg", "managedScaling": { "targetCapacity": 80 },
        "managedTerminationProtection": "ENABLED",
    });
    let tags = json!([{ "key": "k", "value": "v" }]);
    let input = json!({ "name": "a", "autoScalingGroupProvider": group, "tags": tags });
    let made = gantry.ecs("CreateCapacityProvider", input.clone()).await.unwrap()["capacityProvider"].clone();
    assert_eq!(made["capacityProviderArn"], "arn:aws:ecs:us-east-1:000000000000:capacity-provider/a");
    assert_eq!(
        made["autoScalingGroupProvider"]["managedScaling"],
        json!({
            "status": "ENABLED", "targetCapacity": 80, "minimumScalingStepSize": 1, "maximumScalingStepSize": 10000,
            "instanceWarmupPeriod": 300,
        })
    );
    assert_eq!(made["tags"], tags);
    let (code, message) = refusal(gantry.ecs("CreateCapacityProvider", input).await);
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("InvalidParameterException", "The specified capacity provider already exists: 'a'.",)
    );
}

#[tokio::test]
async fn those_behind_fargate_are_there_and_stay_as_they_are() {
    let gantry = TestGantry::start().await;
    provider(&gantry, "a").await;
    let all = gantry.ecs("DescribeCapacityProviders", json!({})).await.unwrap();
    let names: Vec<&Value> = all["capacityProviders"].as_array().unwrap().iter().map(|p| &p["name"]).collect();
    assert_eq!(names, ["FARGATE", "FARGATE_SPOT", "a"]);
    for (operation, input) in [
        (
            "CreateCapacityProvider",
            json!({ "name": "fargate-2", "autoScalingGroupProvider": { "autoScalingGroupArn": "x" } }),
        ),
        ("UpdateCapacityProvider", json!({ "name": "FARGATE" })),
        ("DeleteCapacityProvider", json!({ "capacityProvider": "FARGATE_SPOT" })),
    ] {
        assert_eq!(code(gantry.ecs(operation, input).await), "InvalidParameterException", "{operation}");
    }
}

#[tokio::test]
async fn an_update_keeps_what_it_omits() {
    let gantry = TestGantry::start().await;
    provider(&gantry, "a").await;
    let update =
        json!({ "name": "a", "autoScalingGroupProvider": { "managedScaling": { "instanceWarmupPeriod": 0 } } });
    gantry.ecs("UpdateCapacityProvider", update).await.unwrap();
    let update = json!({ "name": "a", "autoScalingGroupProvider": { "managedScaling": { "targetCapacity": 50 } } });
    let updated = gantry.ecs("UpdateCapacityProvider", update).await.unwrap();
    let scaling = &updated["capacityProvider"]["autoScalingGroupProvider"]["managedScaling"];
    assert_eq!((&scaling["instanceWarmupPeriod"], &scaling["targetCapacity"]), (&json!(0), &json!(50)));
    let wrong = json!({ "name": "a", "autoScalingGroupProvider": { "managedScaling": { "targetCapacity": 101 } } });
    let (code_of_it, message) = refusal(gantry.ecs("UpdateCapacityProvider", wrong).await);
    assert_eq!(code_of_it, "InvalidParameterException");
    assert!(message.contains("targetCapacity"), "{message}");
    assert_eq!(code(gantry.ecs("UpdateCapacityProvider", json!({ "name": "ghost" })).await), "ClientException");
}

#[tokio::test]
async fn a_provider_that_a_cluster_has_cannot_be_deleted_and_one_that_a_service_uses_cannot_be_taken_away() {
    let gantry = TestGantry::start().await;
    pools(&gantry, json!([])).await;
    let delete = gantry.ecs("DeleteCapacityProvider", json!({ "capacityProvider": "a" })).await;
    assert_eq!(
        refusal(delete),
        refused(
            "ClientException",
            "The specified capacity provider 'a' is in use by the cluster 'default' and cannot be deleted."
        )
    );
    let strategy = json!([{ "capacityProvider": "a", "weight": 1 }]);
    let service = json!({ "serviceName": "web", "taskDefinition": "web", "desiredCount": 1, "capacityProviderStrategy": strategy });
    gantry.ecs("CreateService", service).await.unwrap();
    let put = |names: Value| json!({ "cluster": "default", "capacityProviders": names, "defaultCapacityProviderStrategy": [] });
    let taken = gantry.ecs("PutClusterCapacityProviders", put(json!(["b"]))).await;
    assert_eq!(code(taken), "ResourceInUseException");
    gantry.ecs("DeleteService", json!({ "service": "web", "force": true })).await.unwrap();
    gantry.ecs("PutClusterCapacityProviders", put(json!(["b"]))).await.unwrap();
    let deleted = gantry.ecs("DeleteCapacityProvider", json!({ "capacityProvider": "a" })).await.unwrap();
    assert_eq!(deleted["capacityProvider"]["status"], "INACTIVE");
    let named = gantry.ecs("DescribeCapacityProviders", json!({ "capacityProviders": ["a"] })).await.unwrap();
    assert_eq!(named["failures"][0]["reason"], "MISSING");
}

#[tokio::test]
async fn a_strategy_shares_tasks_out_and_each_goes_to_a_host_of_its_pool() {
    let gantry = TestGantry::start().await;
    pools(&gantry, json!([])).await;
    let strategy = json!([
        { "capacityProvider": "a", "base": 1 }, { "capacityProvider": "b", "weight": 1 },
    ]);
    let run = json!({ "taskDefinition": "web", "count": 4, "capacityProviderStrategy": strategy });
    let answer = gantry.ecs("RunTask", run).await.unwrap();
    assert_eq!(answer["failures"], json!([]));
    assert_eq!(providers(&answer["tasks"]), ["a", "b", "b", "b"]);
    let hosts = gantry.ecs("ListContainerInstances", json!({})).await.unwrap();
    let described =
        gantry.ecs("DescribeContainerInstances", json!({ "containerInstances": hosts["containerInstanceArns"] })).await;
    for host in described.unwrap()["containerInstances"].as_array().unwrap() {
        let pending = host["pendingTasksCount"].as_i64().unwrap();
        let expected = match host["capacityProviderName"].as_str() {
            Some("a") => 1,
            Some(_) => 3,
            None => 0,
        };
        assert_eq!(pending, expected);
    }
}

#[tokio::test]
async fn the_clusters_default_strategy_is_used_when_nothing_else_is_asked_for() {
    let gantry = TestGantry::start().await;
    pools(&gantry, json!([{ "capacityProvider": "b", "weight": 1 }])).await;
    let answer = gantry.ecs("RunTask", json!({ "taskDefinition": "web" })).await.unwrap();
    assert_eq!(providers(&answer["tasks"]), ["b"]);
    let answer = gantry.ecs("RunTask", json!({ "taskDefinition": "web", "launchType": "EC2" })).await.unwrap();
    assert_eq!(providers(&answer["tasks"]), ["-"]);
    let service = json!({ "serviceName": "web", "taskDefinition": "web", "desiredCount": 2 });
    let made = gantry.ecs("CreateService", service).await.unwrap();
    assert_eq!(made["service"]["capacityProviderStrategy"][0]["capacityProvider"], "b");
    assert!(made["service"].get("launchType").is_none());
    settle(&gantry, "web").await;

    let other = json!([{ "capacityProvider": "a", "weight": 1 }]);
    let update = json!({ "service": "web", "desiredCount": 3, "capacityProviderStrategy": other });
    let updated = gantry.ecs("UpdateService", update).await.unwrap();
    assert_eq!(updated["service"]["deployments"].as_array().unwrap().len(), 1, "other capacity is taken in place");
    settle(&gantry, "web").await;
    let listed = gantry.ecs("ListTasks", json!({ "serviceName": "web" })).await.unwrap();
    let tasks = gantry.ecs("DescribeTasks", json!({ "tasks": listed["taskArns"] })).await.unwrap();
    assert_eq!(providers(&tasks["tasks"]).iter().filter(|name| **name == "b").count(), 2);
    assert!(providers(&tasks["tasks"]).contains(&"a"));
}

#[tokio::test]
async fn a_strategy_over_what_the_cluster_does_not_have_is_refused() {
    let gantry = TestGantry::start().await;
    pools(&gantry, json!([])).await;
    provider(&gantry, "c").await;
    for (strategy, expected) in [
        (json!([{ "capacityProvider": "c", "weight": 1 }]), "is not associated with the cluster"),
        (json!([{ "capacityProvider": "ghost", "weight": 1 }]), "'ghost' was not found"),
        (json!([{ "capacityProvider": "a" }, { "capacityProvider": "FARGATE" }]), "a mix of capacity providers"),
        (json!([{ "capacityProvider": "a" }, { "capacityProvider": "b" }]), "must have a weight or base"),
    ] {
        let input = json!({ "taskDefinition": "web", "capacityProviderStrategy": strategy });
        let (code, message) = refusal(gantry.ecs("RunTask", input).await);
        assert_eq!(code, "InvalidParameterException");
        assert!(message.contains(expected), "{message}");
    }
}

#[tokio::test]
async fn a_pool_without_a_host_says_so() {
    let gantry = TestGantry::start().await;
    pools(&gantry, json!([])).await;
    provider(&gantry, "empty").await;
    let put = json!({
        "cluster": "default", "capacityProviders": ["empty"], "defaultCapacityProviderStrategy": [],
    });
    gantry.ecs("PutClusterCapacityProviders", put).await.unwrap();
    let strategy = json!([{ "capacityProvider": "empty", "weight": 1 }]);
    let run = json!({ "taskDefinition": "web", "capacityProviderStrategy": strategy });
    let answer = gantry.ecs("RunTask", run).await.unwrap();
    assert_eq!(answer["tasks"], json!([]));
    assert_eq!(answer["failures"][0]["reason"], "EMPTY CAPACITY PROVIDER");
    assert_eq!(answer["failures"][0]["arn"], "arn:aws:ecs:us-east-1:000000000000:capacity-provider/empty");
}
