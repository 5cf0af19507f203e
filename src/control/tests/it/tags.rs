//! Tags of the resources of ECS.

use gantry_testkit::TestGantry;
use serde_json::{Value, json};

use crate::{code, refusal, refused};

fn tag(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": value })
}

#[tokio::test]
async fn every_kind_of_resource_is_tagged_and_untagged() {
    let gantry = TestGantry::start().await;
    let host = gantry.host("default", "i-1").await;
    let definition = gantry.definition("web", json!({})).await;
    let task = gantry.task("default", &definition).await;
    let service = json!({ "serviceName": "web", "taskDefinition": definition, "desiredCount": 0 });
    let service = gantry.ecs("CreateService", service).await.unwrap()["service"]["serviceArn"].clone();
    let cluster = json!("arn:aws:ecs:us-east-1:000000000000:cluster/default");
    for arn in [cluster, json!(host), json!(definition), json!(task), service] {
        let list =
            async || gantry.ecs("ListTagsForResource", json!({ "resourceArn": arn })).await.unwrap()["tags"].clone();
        assert_eq!(list().await, json!([]), "{arn}");
        let add = json!({ "resourceArn": arn, "tags": [tag("a", "1"), tag("b", "2")] });
        assert_eq!(gantry.ecs("TagResource", add).await.unwrap(), json!({}));
        gantry.ecs("TagResource", json!({ "resourceArn": arn, "tags": [tag("a", "3")] })).await.unwrap();
        assert_eq!(list().await, json!([tag("a", "3"), tag("b", "2")]), "{arn}");
        let remove = json!({ "resourceArn": arn, "tagKeys": ["b", "never"] });
        assert_eq!(gantry.ecs("UntagResource", remove).await.unwrap(), json!({}));
        assert_eq!(list().await, json!([tag("a", "3")]), "{arn}");
    }
}

#[tokio::test]
async fn what_is_not_there_or_not_an_arn_is_refused() {
    let gantry = TestGantry::start().await;
    gantry.cluster("default").await;
    let arn = |rest: &str| format!("arn:aws:ecs:us-east-1:000000000000:{rest}");
    let add = |arn: String| gantry.ecs("TagResource", json!({ "resourceArn": arn, "tags": [tag("a", "1")] }));
    assert_eq!(code(add(arn("cluster/ghost")).await), "ClusterNotFoundException");
    assert_eq!(code(add(arn("service/default/ghost")).await), "ServiceNotFoundException");
    let task = arn("task/default/0123456789abcdef0123456789abcdef");
    assert_eq!(code(add(task.clone()).await), "ResourceNotFoundException");
    assert_eq!(
        refusal(add(arn("service/web")).await),
        refused("InvalidParameterException", "Long arn format must be used for tagging operations")
    );
    for bad in ["default".to_owned(), arn("service-revision/default/web/1")] {
        assert_eq!(code(add(bad).await), "InvalidParameterException");
    }
    for (resource, expected) in [
        (arn("task-definition/web:1"), "ClientException"),
        (arn("service/web"), "ServiceNotFoundException"),
        (task, "InvalidParameterException"),
    ] {
        assert_eq!(code(gantry.ecs("ListTagsForResource", json!({ "resourceArn": resource })).await), expected);
    }
}

#[tokio::test]
async fn a_resource_has_at_most_fifty_tags_and_none_of_awss() {
    let gantry = TestGantry::start().await;
    gantry.cluster("default").await;
    let arn = "arn:aws:ecs:us-east-1:000000000000:cluster/default";
    let add = |tags: Vec<Value>| gantry.ecs("TagResource", json!({ "resourceArn": arn, "tags": tags }));
    assert_eq!(code(add(vec![tag("aws:mine", "1")]).await), "InvalidParameterException");
    add((0..50).map(|n| tag(&format!("k{n}"), "v")).collect()).await.unwrap();
    assert_eq!(code(add(vec![tag("one-more", "1")]).await), "InvalidParameterException");
    add(vec![tag("k0", "new")]).await.unwrap();
    let remove = json!({ "resourceArn": arn, "tagKeys": ["aws:mine"] });
    assert_eq!(code(gantry.ecs("UntagResource", remove).await), "InvalidParameterException");
}
