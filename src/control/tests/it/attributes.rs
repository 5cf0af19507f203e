//! Attributes of container instances.

use gantry_testkit::TestGantry;
use serde_json::{Value, json};

use crate::code;

fn stack(host: &str, value: &str) -> Value {
    json!({ "attributes": [{ "name": "stack", "value": value, "targetId": host, "targetType": "container-instance" }] })
}

#[tokio::test]
async fn an_attribute_is_put_listed_matched_and_deleted() {
    let gantry = TestGantry::start().await;
    let (one, two) = (gantry.host("default", "i-1").await, gantry.host("default", "i-2").await);
    let put = gantry.ecs("PutAttributes", stack(&one, "blue")).await.unwrap();
    assert_eq!(put, json!({ "attributes": [{ "name": "stack", "value": "blue", "targetId": one }] }));
    let id_of_two = two.rsplit('/').next().unwrap();
    gantry.ecs("PutAttributes", stack(id_of_two, "green")).await.unwrap();
    gantry.ecs("PutAttributes", stack(&two, "red")).await.unwrap();
    let list = async |extra: Value| {
        let mut input = json!({ "targetType": "container-instance", "attributeName": "stack" });
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        gantry.ecs("ListAttributes", input).await.unwrap()["attributes"].clone()
    };
    assert_eq!(list(json!({})).await.as_array().unwrap().len(), 2);
    let red = json!([{ "name": "stack", "value": "red", "targetId": two }]);
    assert_eq!(list(json!({ "attributeValue": "red" })).await, red);
    let blue = gantry.ecs("ListContainerInstances", json!({ "filter": "attribute:stack == blue" })).await.unwrap();
    assert_eq!(blue["containerInstanceArns"], json!([one]));
    let gone = json!({ "attributes": [{ "name": "stack", "targetId": two }, { "name": "never", "targetId": two }] });
    assert_eq!(gantry.ecs("DeleteAttributes", gone).await.unwrap()["attributes"], red);
    assert_eq!(list(json!({})).await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_put_is_refused_and_nothing_of_the_call_remains() {
    let gantry = TestGantry::start().await;
    let host = gantry.host("default", "i-1").await;
    let unknown = "0123456789abcdef0123456789abcdef";
    let one = |name: &str, target: &str| json!({ "name": name, "targetId": target });
    let too_many: Vec<Value> = (0..11).map(|n| one(&format!("a{n}"), &host)).collect();
    for (attributes, expected) in [
        (json!([]), "InvalidParameterException"),
        (json!(too_many), "InvalidParameterException"),
        (json!([{ "name": "stack" }]), "InvalidParameterException"),
        (json!([one("ecs.ami-id", &host)]), "InvalidParameterException"),
        (json!([one("a b", &host)]), "InvalidParameterException"),
        (json!([one("good", &host), one("stack", unknown)]), "TargetNotFoundException"),
    ] {
        let input = json!({ "attributes": attributes });
        assert_eq!(code(gantry.ecs("PutAttributes", input.clone()).await), expected, "{input}");
    }
    let list = json!({ "targetType": "container-instance", "attributeName": "good" });
    assert_eq!(gantry.ecs("ListAttributes", list).await.unwrap()["attributes"], json!([]));
    let ten: Vec<Value> = (0..10).map(|n| one(&format!("a{n}"), &host)).collect();
    gantry.ecs("PutAttributes", json!({ "attributes": ten })).await.unwrap();
    let eleventh = json!({ "attributes": [one("b", &host)] });
    assert_eq!(code(gantry.ecs("PutAttributes", eleventh).await), "AttributeLimitExceededException");
    let built_in = json!({ "attributes": [one("ecs.ami-id", &host)] });
    assert_eq!(code(gantry.ecs("DeleteAttributes", built_in).await), "InvalidParameterException");
    let nowhere = json!({ "attributes": [one("stack", unknown)] });
    assert_eq!(code(gantry.ecs("DeleteAttributes", nowhere).await), "TargetNotFoundException");
    let half = json!({ "targetType": "container-instance", "attributeValue": "x" });
    assert_eq!(code(gantry.ecs("ListAttributes", half).await), "InvalidParameterException");
}
