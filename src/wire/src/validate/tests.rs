//! What the validator refuses, and in which words.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn ecs(shape: &str, value: &Value) -> Result<(), String> {
    validate(Service::Ecs, shape, value).map_err(|invalid| invalid.to_string())
}

fn answer(service: Service, shape: &str, value: &Value) -> (&'static str, String) {
    let error = ApiError::from(validate(service, shape, value).unwrap_err());
    assert_eq!(error.http_status, 400);
    (error.code, error.message)
}

fn task_definition(container: &Value) -> Value {
    json!({ "family": "web", "containerDefinitions": [container] })
}

#[test]
fn a_full_request_is_accepted() {
    let container = json!({
        "name": "app", "image": "hello:1", "cpu": 10, "memory": 64, "essential": true, "unheardOf": {"x": 1},
        "portMappings": [{"containerPort": 80, "hostPort": 0, "protocol": "tcp"}],
        "environment": [{"name": "A", "value": "b"}], "dockerLabels": {"a": "b"}, "entryPoint": null,
    });
    assert_eq!(ecs("RegisterTaskDefinitionRequest", &task_definition(&container)), Ok(()));
}

#[test]
fn every_violation_names_its_member() {
    let port = |port: Value| task_definition(&json!({ "portMappings": [{"containerPort": 1}, {"hostPort": port}] }));
    for (value, expected) in [
        (json!({}), "family: Member must not be null"),
        (json!({"family": null}), "family: Member must not be null"),
        (json!({"family": "a"}), "containerDefinitions: Member must not be null"),
        (json!({"family": 1, "containerDefinitions": []}), "family: expected a string, found a number"),
        (
            json!({"family": "a", "containerDefinitions": {}}),
            "containerDefinitions: expected a list, found a structure",
        ),
        (json!([]), ": expected a structure, found a list"),
        (port(json!("80")), "containerDefinitions[0].portMappings[1].hostPort: expected an integer, found a string"),
        (port(json!(1.5)), "containerDefinitions[0].portMappings[1].hostPort: 1.5 is not a 32-bit integer"),
        (
            port(json!(1_u64 << 40)),
            "containerDefinitions[0].portMappings[1].hostPort: 1099511627776 is not a 32-bit integer",
        ),
        (
            task_definition(&json!({ "command": ["a", null] })),
            "containerDefinitions[0].command[1]: Member must not be null",
        ),
        (
            task_definition(&json!({ "dockerLabels": {"a": 1} })),
            "containerDefinitions[0].dockerLabels[\"a\"]: expected a string, found a number",
        ),
        (
            json!({ "family": "a", "containerDefinitions": [], "networkMode": "magic" }),
            "networkMode: Member must satisfy enum value set: [bridge, host, awsvpc, none]",
        ),
        (
            json!({ "family": "a", "containerDefinitions": [], "tags": [{"key": "", "value": "b"}] }),
            "tags[0].key: Member must have length greater than or equal to 1",
        ),
    ] {
        assert_eq!(ecs("RegisterTaskDefinitionRequest", &value), Err(expected.to_owned()));
    }
}

#[test]
fn lengths_are_counted_in_characters_and_both_ends_are_allowed() {
    let tag = |key: String| json!({ "tags": [{"key": key, "value": ""}] });
    assert_eq!(ecs("CreateClusterRequest", &tag("é".repeat(128))), Ok(()));
    assert!(ecs("CreateClusterRequest", &tag("é".repeat(129))).is_err());
    let base =
        |base: i64| json!({ "defaultCapacityProviderStrategy": [{"capacityProvider": "FARGATE", "base": base}] });
    for (value, accepted) in [(-1, false), (0, true), (100_000, true), (100_001, false)] {
        assert_eq!(ecs("CreateClusterRequest", &base(value)).is_ok(), accepted, "{value}");
    }
}

#[test]
fn tags_are_letters_digits_separators_and_a_few_signs() {
    let tag = |value: &str| json!({ "tags": [{"key": "k", "value": value}] });
    for (value, accepted) in
        [("Größe 1/2 @home", true), ("日本", true), ("a\u{a0}b", true), ("a;b", false), ("a\nb", false)]
    {
        assert_eq!(ecs("CreateClusterRequest", &tag(value)).is_ok(), accepted, "{value:?}");
    }
}

#[test]
fn a_pattern_must_be_met_by_the_whole_value() {
    let create = |name: &str| validate(Service::Ecr, "CreateRepositoryRequest", &json!({ "repositoryName": name }));
    for name in ["hello", "team/app", "a.b_c__d-e/f"] {
        assert_eq!(create(name), Ok(()), "{name}");
    }
    for name in ["Hello", "a//b", "/a", "a/", "a..b", "a", "ok\n"] {
        assert!(create(name).is_err(), "{name}");
    }
}

#[test]
fn bytes_are_measured_decoded() {
    let part = |blob: &str| {
        let id = "0d1f2e3c-0000-4000-8000-000000000000";
        json!({ "repositoryName": "hello", "uploadId": id, "partFirstByte": 0, "partLastByte": 2, "layerPartBlob": blob })
    };
    assert_eq!(validate(Service::Ecr, "UploadLayerPartRequest", &part("AAAA")), Ok(()));
    let (code, message) = answer(Service::Ecr, "UploadLayerPartRequest", &part("*"));
    assert_eq!(
        (code, message.as_str()),
        ("SerializationException", "layerPartBlob: expected base64 text, found a string")
    );
}

#[test]
fn instants_are_numbers_or_rfc_3339() {
    let submit = |at: Value| ecs("SubmitTaskStateChangeRequest", &json!({ "pullStartedAt": at }));
    for at in [json!(1), json!(1.5), json!("2026-01-02T03:04:05Z")] {
        assert_eq!(submit(at), Ok(()));
    }
    assert!(submit(json!("noon")).is_err());
    assert!(submit(json!(true)).is_err());
}

#[test]
fn ecs_and_ecr_have_their_own_words() {
    insta::assert_snapshot!(
        [
            answer(Service::Ecs, "RunTaskRequest", &json!({})),
            answer(Service::Ecs, "RunTaskRequest", &json!({ "taskDefinition": "a", "count": "1" })),
            answer(Service::Ecs, "RunTaskRequest", &json!({ "taskDefinition": "a", "propagateTags": "all" })),
            answer(Service::Ecs, "RunTaskRequest", &json!({ "taskDefinition": "a", "launchType": "Fargate" })),
            answer(Service::Ecs, "CreateServiceRequest", &json!({ "serviceName": "a", "launchType": "Fargate" })),
            answer(Service::Ecr, "CreateRepositoryRequest", &json!({})),
            answer(Service::Ecr, "CreateRepositoryRequest", &json!({ "repositoryName": "a" })),
            answer(Service::Ecr, "CreateRepositoryRequest", &json!({ "repositoryName": "-bad-" })),
            answer(
                Service::Ecr,
                "CreateRepositoryRequest",
                &json!({ "repositoryName": "ab", "imageTagMutability": "x" })
            ),
            answer(Service::Ecr, "BatchGetImageRequest", &json!({ "repositoryName": "ab", "imageIds": [] })),
        ]
        .map(|(code, message)| format!("{code}: {message}"))
        .join("\n")
    );
}

#[test]
fn a_message_never_grows_with_the_request() {
    let (_, message) =
        answer(Service::Ecr, "CreateRepositoryRequest", &json!({ "repositoryName": "x".repeat(100_000) }));
    assert!(message.len() < 500, "{}", message.len());
    let long = json!({ "taskDefinition": "a", "propagateTags": "é".repeat(100_000) });
    assert!(answer(Service::Ecs, "RunTaskRequest", &long).1.len() < 500);
}

#[test]
fn the_patterns_that_cannot_be_compiled_are_known() {
    let mut unread: Vec<_> =
        all_patterns().filter(|p| !patterns().contains_key(p) && !TAG_PATTERNS.contains(p)).collect();
    unread.sort_unstable();
    unread.dedup();
    insta::assert_debug_snapshot!(unread);
}

/// Any JSON, shallow.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    let member = prop_oneof![
        Just("family".to_owned()),
        Just("containerDefinitions".to_owned()),
        Just("portMappings".to_owned()),
        Just("name".to_owned()),
        Just("environment".to_owned()),
        Just("tags".to_owned()),
        ".{0,5}",
    ];
    leaf.prop_recursive(5, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(member.clone(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_accepted_can_be_read(value in any_json()) {
        if validate(Service::Ecs, "RegisterTaskDefinitionRequest", &value).is_ok() {
            serde_json::from_value::<crate::shapes::ecs::RegisterTaskDefinitionRequest>(value).unwrap();
        }
    }

    #[test]
    fn container_definitions_that_are_accepted_can_be_read(value in any_json()) {
        if validate(Service::Ecs, "ContainerDefinition", &value).is_ok() {
            serde_json::from_value::<crate::shapes::ecs::ContainerDefinition>(value).unwrap();
        }
    }
}
