//! Clusters.

use gantry_testkit::TestGantry;
use serde_json::{Value, json};

use crate::{code, refusal, refused};

const PROD: &str = "arn:aws:ecs:us-east-1:000000000000:cluster/prod";

#[tokio::test]
async fn a_new_cluster_is_answered_with_all_its_members() {
    let gantry = TestGantry::start().await;
    let input = json!({ "clusterName": "prod", "tags": [{ "key": "team", "value": "a" }] });
    let answer = gantry.ecs("CreateCluster", input).await.unwrap();
    assert_eq!(
        answer,
        json!({ "cluster": {
            "clusterArn": PROD, "clusterName": "prod", "status": "ACTIVE",
            "registeredContainerInstancesCount": 0, "runningTasksCount": 0, "pendingTasksCount": 0,
            "activeServicesCount": 0, "statistics": [], "tags": [{ "key": "team", "value": "a" }],
            "settings": [{ "name": "containerInsights", "value": "disabled" }],
            "capacityProviders": [], "defaultCapacityProviderStrategy": [],
        }})
    );
}

#[tokio::test]
async fn creating_it_again_is_idempotent_unless_it_asks_for_something_else() {
    let gantry = TestGantry::start().await;
    let create = |input: Value| gantry.ecs("CreateCluster", input);
    let settings = json!([{ "name": "containerInsights", "value": "enabled" }]);
    let first = create(json!({ "clusterName": "prod", "settings": settings })).await.unwrap();
    assert_eq!(create(json!({ "clusterName": "prod" })).await.unwrap(), first);
    assert_eq!(create(json!({ "clusterName": "prod", "settings": settings })).await.unwrap(), first);
    let other = json!({ "clusterName": "prod", "capacityProviders": ["FARGATE"] });
    assert_eq!(code(create(other).await), "InvalidParameterException");
}

#[tokio::test]
async fn without_a_name_it_is_default() {
    let gantry = TestGantry::start().await;
    let answer = gantry.ecs("CreateCluster", json!({})).await.unwrap();
    assert_eq!(answer["cluster"]["clusterName"], "default");
}

#[tokio::test]
async fn what_a_cluster_cannot_be_is_refused() {
    let gantry = TestGantry::start().await;
    for input in [
        json!({ "clusterName": "a b" }),
        json!({ "clusterName": "" }),
        json!({ "clusterName": "a".repeat(256) }),
        json!({ "clusterName": PROD }),
        json!({ "settings": [{ "name": "containerInsights", "value": "loud" }] }),
        json!({ "settings": [{ "name": "sound", "value": "enabled" }] }),
        json!({ "capacityProviders": ["mine"] }),
        json!({ "defaultCapacityProviderStrategy": [{ "capacityProvider": "FARGATE" }] }),
        json!({ "tags": [{ "key": "aws:x", "value": "y" }] }),
        json!({ "tags": [{ "key": "x", "value": "y" }, { "key": "x", "value": "z" }] }),
    ] {
        assert_eq!(code(gantry.ecs("CreateCluster", input.clone()).await), "InvalidParameterException", "{input}");
    }
    assert_eq!(gantry.ecs("ListClusters", json!({})).await.unwrap()["clusterArns"], json!([]));
}

#[tokio::test]
async fn describing_answers_what_is_there_and_says_what_is_missing() {
    let gantry = TestGantry::start().await;
    gantry.cluster("prod").await;
    let answer = gantry.ecs("DescribeClusters", json!({ "clusters": ["prod", "ghost", PROD] })).await.unwrap();
    assert_eq!(answer["clusters"].as_array().unwrap().len(), 2);
    assert_eq!(answer["clusters"][0]["settings"], json!([]), "settings are answered only when asked for");
    assert_eq!(
        answer["failures"],
        json!([{ "arn": "arn:aws:ecs:us-east-1:000000000000:cluster/ghost", "reason": "MISSING" }])
    );
    let none = gantry.ecs("DescribeClusters", json!({})).await.unwrap();
    assert_eq!(none["failures"][0]["arn"], "arn:aws:ecs:us-east-1:000000000000:cluster/default");
    let many: Vec<String> = (0..101).map(|n| format!("c{n}")).collect();
    assert_eq!(code(gantry.ecs("DescribeClusters", json!({ "clusters": many })).await), "InvalidParameterException");
}

#[tokio::test]
async fn includes_bring_settings_tags_configuration_and_statistics() {
    let gantry = TestGantry::start().await;
    let configuration = json!({ "executeCommandConfiguration": { "logging": "DEFAULT" } });
    let input = json!({
        "clusterName": "prod", "configuration": configuration, "tags": [{ "key": "a", "value": "b" }],
        "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
        "defaultCapacityProviderStrategy": [{ "capacityProvider": "FARGATE", "weight": 1, "base": 2 }],
    });
    gantry.ecs("CreateCluster", input.clone()).await.unwrap();
    gantry.host("prod", "i-1").await;
    let definition = gantry.definition("web", json!({})).await;
    gantry.task("prod", &definition).await;
    let include = ["SETTINGS", "TAGS", "CONFIGURATIONS", "STATISTICS", "ATTACHMENTS"];
    let answer = gantry.ecs("DescribeClusters", json!({ "clusters": ["prod"], "include": include })).await.unwrap();
    let cluster = &answer["clusters"][0];
    assert_eq!(cluster["settings"], json!([{ "name": "containerInsights", "value": "disabled" }]));
    assert_eq!(cluster["tags"], input["tags"]);
    assert_eq!(cluster["configuration"], configuration);
    assert_eq!(cluster["attachments"], json!([]));
    assert_eq!(cluster["defaultCapacityProviderStrategy"], input["defaultCapacityProviderStrategy"]);
    assert_eq!((&cluster["pendingTasksCount"], &cluster["registeredContainerInstancesCount"]), (&json!(1), &json!(1)));
    let statistic = |name: &str| {
        let all = cluster["statistics"].as_array().unwrap();
        all.iter().find(|s| s["name"] == name).unwrap()["value"].clone()
    };
    assert_eq!(statistic("pendingEC2TasksCount"), "1");
    assert_eq!(statistic("runningFargateTasksCount"), "0");
}

#[tokio::test]
async fn lists_are_paged_without_loss() {
    let gantry = TestGantry::start().await;
    for name in ["a", "b", "c", "d", "e"] {
        gantry.cluster(name).await;
    }
    let (mut seen, mut token) = (Vec::new(), Value::Null);
    loop {
        let page = gantry.ecs("ListClusters", json!({ "maxResults": 2, "nextToken": token })).await.unwrap();
        seen.extend(page["clusterArns"].as_array().unwrap().clone());
        match page.get("nextToken") {
            Some(next) => token = next.clone(),
            None => break,
        }
    }
    let all = gantry.ecs("ListClusters", json!({})).await.unwrap();
    assert_eq!(json!(seen), all["clusterArns"]);
    assert_eq!(seen.len(), 5);
    for input in [json!({ "maxResults": 0 }), json!({ "maxResults": 101 }), json!({ "nextToken": "made up" })] {
        assert_eq!(code(gantry.ecs("ListClusters", input).await), "InvalidParameterException");
    }
}

#[tokio::test]
async fn updates_change_what_they_name() {
    let gantry = TestGantry::start().await;
    gantry.cluster("prod").await;
    let insights = |value: &str| json!([{ "name": "containerInsights", "value": value }]);
    let input = json!({ "cluster": "prod", "settings": insights("enhanced") });
    let answer = gantry.ecs("UpdateClusterSettings", input).await.unwrap();
    assert_eq!(answer["cluster"]["settings"], insights("enhanced"));
    let configuration = json!({ "executeCommandConfiguration": { "logging": "NONE" } });
    let answer = gantry.ecs("UpdateCluster", json!({ "cluster": PROD, "configuration": configuration })).await.unwrap();
    assert_eq!(answer["cluster"]["configuration"], configuration);
    assert_eq!(answer["cluster"]["settings"], insights("enhanced"));
    for operation in ["UpdateCluster", "UpdateClusterSettings"] {
        let ghost = json!({ "cluster": "ghost", "settings": insights("enabled") });
        assert_eq!(
            refusal(gantry.ecs(operation, ghost).await),
            refused("ClusterNotFoundException", "Cluster not found.")
        );
        let bad = json!({ "cluster": "prod", "settings": insights("v") });
        assert_eq!(code(gantry.ecs(operation, bad).await), "InvalidParameterException");
    }
}

#[tokio::test]
async fn a_deleted_cluster_stays_describable_and_its_name_can_be_used_again() {
    let gantry = TestGantry::start().await;
    let input = json!({ "clusterName": "prod", "tags": [{ "key": "old", "value": "1" }] });
    gantry.ecs("CreateCluster", input).await.unwrap();
    for _ in 0..2 {
        let answer = gantry.ecs("DeleteCluster", json!({ "cluster": "prod" })).await.unwrap();
        assert_eq!(answer["cluster"]["status"], "INACTIVE");
    }
    assert_eq!(gantry.ecs("ListClusters", json!({})).await.unwrap()["clusterArns"], json!([]));
    let answer = gantry.ecs("DescribeClusters", json!({ "clusters": ["prod"] })).await.unwrap();
    assert_eq!(answer["clusters"][0]["status"], "INACTIVE");
    assert_eq!(code(gantry.ecs("ListTasks", json!({ "cluster": "prod" })).await), "ClusterNotFoundException");
    assert_eq!(code(gantry.ecs("DeleteCluster", json!({ "cluster": "ghost" })).await), "ClusterNotFoundException");
    let again = gantry.ecs("CreateCluster", json!({ "clusterName": "prod" })).await.unwrap();
    assert_eq!((&again["cluster"]["status"], &again["cluster"]["tags"]), (&json!("ACTIVE"), &json!([])));
}

#[tokio::test]
async fn a_cluster_that_is_in_use_cannot_be_deleted() {
    let gantry = TestGantry::start().await;
    gantry.cluster("prod").await;
    let delete = || gantry.ecs("DeleteCluster", json!({ "cluster": "prod" }));
    let host = gantry.host("prod", "i-1").await;
    let definition = gantry.definition("web", json!({})).await;
    assert_eq!(
        refusal(delete().await),
        refused(
            "ClusterContainsContainerInstancesException",
            "The Cluster cannot be deleted while Container Instances are active or draining."
        )
    );
    let service = json!({ "cluster": "prod", "serviceName": "web", "taskDefinition": definition, "desiredCount": 0 });
    gantry.ecs("CreateService", service).await.unwrap();
    let leave = json!({ "cluster": "prod", "containerInstance": host });
    gantry.ecs("DeregisterContainerInstance", leave).await.unwrap();
    assert_eq!(
        refusal(delete().await),
        refused("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.")
    );
}
