//! Task definitions: families, revisions and their end. Their rules are tested beside `ecs::definition`.

use gantry_testkit::TestGantry;
use serde_json::{Value, json};

use crate::{code, refusal, refused};

fn arn(id: &str) -> String {
    format!("arn:aws:ecs:us-east-1:000000000000:task-definition/{id}")
}

#[tokio::test]
async fn a_registration_is_described_as_it_was_answered() {
    let gantry = TestGantry::start().await;
    let input = json!({
        "family": "web", "tags": [{ "key": "a", "value": "b" }],
        "containerDefinitions": [{
            "name": "app", "image": "hello:1", "memory": 64,
            "environment": [{ "name": "Z", "value": "" }, { "name": "A", "value": "1" }],
            "dockerLabels": { "b": "2", "a": "1" },
        }],
    });
    let answer = gantry.ecs("RegisterTaskDefinition", input.clone()).await.unwrap();
    let definition = &answer["taskDefinition"];
    assert_eq!(definition["taskDefinitionArn"], arn("web:1"));
    assert_eq!(definition["revision"], 1);
    assert_eq!(definition["status"], "ACTIVE");
    assert_eq!(definition["registeredBy"], "arn:aws:iam::000000000000:user/admin");
    assert_eq!(definition["registeredAt"], json!(1_767_225_600.0));
    assert_eq!(definition["containerDefinitions"][0]["environment"], input["containerDefinitions"][0]["environment"]);
    assert_eq!(answer["tags"], input["tags"]);
    for text in ["web", "web:1", &arn("web:1")] {
        let described = json!({ "taskDefinition": text, "include": ["TAGS"] });
        assert_eq!(gantry.ecs("DescribeTaskDefinition", described).await.unwrap(), answer, "{text}");
    }
    let without = gantry.ecs("DescribeTaskDefinition", json!({ "taskDefinition": "web" })).await.unwrap();
    assert_eq!(without["tags"], json!([]));
}

#[tokio::test]
async fn a_described_definition_can_be_registered_again() {
    let gantry = TestGantry::start().await;
    let container = json!({
        "portMappings": [{ "containerPort": 80 }], "healthCheck": { "command": ["CMD", "true"] },
        "logConfiguration": { "logDriver": "json-file", "options": { "max-size": "1m" } },
    });
    gantry.definition("web", container).await;
    let first = gantry.ecs("DescribeTaskDefinition", json!({ "taskDefinition": "web" })).await.unwrap();
    let again = gantry.ecs("RegisterTaskDefinition", first["taskDefinition"].clone()).await.unwrap();
    let without_identity = |definition: &Value| {
        let mut rest = definition.clone();
        let members = rest.as_object_mut().unwrap();
        members.remove("revision");
        members.remove("taskDefinitionArn");
        rest
    };
    assert_eq!(without_identity(&again["taskDefinition"]), without_identity(&first["taskDefinition"]));
    assert_eq!(again["taskDefinition"]["revision"], 2);
}

#[tokio::test]
async fn a_definition_that_breaks_a_rule_takes_no_revision() {
    let gantry = TestGantry::start().await;
    let bad = json!({ "family": "web", "containerDefinitions": [{ "name": "app", "image": "hello:1" }] });
    assert_eq!(
        refusal(gantry.ecs("RegisterTaskDefinition", bad).await),
        refused(
            "ClientException",
            "Invalid setting for container 'app'. At least one of 'memory' or 'memoryReservation' must be specified."
        )
    );
    let family = json!({ "family": "a b", "containerDefinitions": [{ "name": "app", "image": "x", "memory": 64 }] });
    assert_eq!(code(gantry.ecs("RegisterTaskDefinition", family).await), "ClientException");
    let huge = json!({ "name": "app", "image": "x", "memory": 64, "command": ["x".repeat(70_000)] });
    let huge = json!({ "family": "web", "containerDefinitions": [huge] });
    let (_, message) = refusal(gantry.ecs("RegisterTaskDefinition", huge).await);
    assert!(message.contains("Max allowed length is '65536' bytes."), "{message}");
    assert_eq!(gantry.definition("web", json!({})).await, arn("web:1"));
}

#[tokio::test]
async fn a_family_means_its_latest_active_revision() {
    let gantry = TestGantry::start().await;
    for _ in 0..3 {
        gantry.definition("web", json!({})).await;
    }
    let latest = async || {
        let answer = gantry.ecs("DescribeTaskDefinition", json!({ "taskDefinition": "web" })).await;
        answer.map(|a| a["taskDefinition"]["revision"].clone())
    };
    assert_eq!(latest().await.unwrap(), 3);
    let answer = gantry.ecs("DeregisterTaskDefinition", json!({ "taskDefinition": "web:3" })).await.unwrap();
    assert_eq!(answer["taskDefinition"]["status"], "INACTIVE");
    assert_eq!(answer["taskDefinition"]["deregisteredAt"], json!(1_767_225_600.0));
    assert_eq!(latest().await.unwrap(), 2);
    for text in ["web:1", "web:2"] {
        gantry.ecs("DeregisterTaskDefinition", json!({ "taskDefinition": arn(text) })).await.unwrap();
    }
    assert_eq!(latest().await.unwrap_err(), refused("ClientException", "Unable to describe task definition."));
    let described = gantry.ecs("DescribeTaskDefinition", json!({ "taskDefinition": "web:1" })).await.unwrap();
    assert_eq!(described["taskDefinition"]["status"], "INACTIVE");
    assert_eq!(gantry.definition("web", json!({})).await, arn("web:4"), "revisions never come back");
}

#[tokio::test]
async fn an_unknown_definition_is_refused() {
    let gantry = TestGantry::start().await;
    gantry.definition("web", json!({})).await;
    for text in ["ghost", "web:9", "a b", &arn("ghost:1")] {
        assert_eq!(
            refusal(gantry.ecs("DescribeTaskDefinition", json!({ "taskDefinition": text })).await),
            refused("ClientException", "Unable to describe task definition."),
            "{text}"
        );
    }
    for (text, message) in [
        ("web", "Revision is missing."),
        ("web:foo", "Invalid revision number. Number: foo"),
        ("web:9", "Unable to describe task definition."),
    ] {
        assert_eq!(
            refusal(gantry.ecs("DeregisterTaskDefinition", json!({ "taskDefinition": text })).await),
            refused("ClientException", message)
        );
    }
}

#[tokio::test]
async fn lists_go_by_family_status_and_number() {
    let gantry = TestGantry::start().await;
    for _ in 0..11 {
        gantry.definition("web", json!({})).await;
    }
    gantry.definition("web-2", json!({})).await;
    gantry.ecs("DeregisterTaskDefinition", json!({ "taskDefinition": "web:1" })).await.unwrap();
    let list = async |input: Value| -> Vec<String> {
        let answer = gantry.ecs("ListTaskDefinitions", input).await.unwrap();
        let arns = answer["taskDefinitionArns"].as_array().unwrap();
        arns.iter().map(|a| a.as_str().unwrap().rsplit('/').next().unwrap().to_owned()).collect()
    };
    let all = list(json!({})).await;
    assert_eq!(all.len(), 11);
    assert_eq!((all[0].as_str(), all[8].as_str(), all[10].as_str()), ("web:2", "web:10", "web-2:1"));
    assert_eq!(list(json!({ "familyPrefix": "web" })).await.len(), 10, "the prefix is a whole family");
    assert_eq!(list(json!({ "status": "INACTIVE" })).await, ["web:1"]);
    assert_eq!(list(json!({ "familyPrefix": "web", "sort": "DESC", "maxResults": 2 })).await, ["web:11", "web:10"]);
    assert_eq!(list(json!({ "familyPrefix": "a b" })).await, Vec::<String>::new());
    let families =
        async |input: Value| gantry.ecs("ListTaskDefinitionFamilies", input).await.unwrap()["families"].clone();
    gantry.ecs("DeregisterTaskDefinition", json!({ "taskDefinition": "web-2:1" })).await.unwrap();
    assert_eq!(families(json!({})).await, json!(["web", "web-2"]));
    assert_eq!(families(json!({ "status": "ACTIVE" })).await, json!(["web"]));
    assert_eq!(families(json!({ "status": "INACTIVE" })).await, json!(["web-2"]));
    assert_eq!(families(json!({ "familyPrefix": "web-" })).await, json!(["web-2"]));
}

#[tokio::test]
async fn only_inactive_revisions_are_deleted() {
    let gantry = TestGantry::start().await;
    for _ in 0..2 {
        gantry.definition("web", json!({})).await;
    }
    gantry.ecs("DeregisterTaskDefinition", json!({ "taskDefinition": "web:1" })).await.unwrap();
    let input = json!({ "taskDefinitions": ["web:1", "web:2", "web:3", "web"] });
    let answer = gantry.ecs("DeleteTaskDefinitions", input).await.unwrap();
    assert_eq!(answer["taskDefinitions"][0]["status"], "DELETE_IN_PROGRESS");
    assert_eq!(answer["taskDefinitions"][0]["deleteRequestedAt"], json!(1_767_225_600.0));
    let failures = answer["failures"].as_array().unwrap();
    let arns: Vec<&Value> = failures.iter().map(|f| &f["arn"]).collect();
    assert_eq!(arns, [&json!("web:2"), &json!("web:3"), &json!("web")]);
    assert!(failures[0]["reason"].as_str().unwrap().contains("still in ACTIVE status"));
    assert!(failures[1]["reason"].as_str().unwrap().contains("does not exist"));
    assert!(failures[2]["reason"].as_str().unwrap().contains("identifier is invalid"));
    let listed = gantry.ecs("ListTaskDefinitions", json!({ "status": "DELETE_IN_PROGRESS" })).await.unwrap();
    assert_eq!(listed["taskDefinitionArns"], json!([arn("web:1")]));
    assert_eq!(
        code(gantry.ecs("DeregisterTaskDefinition", json!({ "taskDefinition": "web:1" })).await),
        "ClientException"
    );
    let many: Vec<String> = (1..12).map(|n| format!("web:{n}")).collect();
    for named in [json!([]), json!(many)] {
        let input = json!({ "taskDefinitions": named });
        assert_eq!(code(gantry.ecs("DeleteTaskDefinitions", input).await), "InvalidParameterException");
    }
}
