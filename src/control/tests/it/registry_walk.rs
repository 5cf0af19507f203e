//! What holds of every operation that is built.

use gantry_model::principal::Caller;
use gantry_testkit::http::json_request;
use gantry_testkit::{TestGantry, principal, region};
use gantry_wire::Service;
use gantry_wire::schema::{Kind, Protocol};
use serde_json::json;

use crate::code;

/// The operations that are spoken to in JSON, by service and name.
fn built(gantry: &TestGantry) -> Vec<(Service, &'static str)> {
    let names = gantry.control.operations.names();
    names
        .map(|(service, name)| (Service::from_signing_name(service).expect("a service"), name))
        .filter(|(service, _)| service.model().protocol == Protocol::AwsJson11)
        .collect()
}

#[tokio::test]
async fn every_operation_is_one_of_the_model() {
    let gantry = TestGantry::start().await;
    for (service, name) in built(&gantry) {
        assert!(service.operation(name).is_some(), "{name}");
    }
}

#[tokio::test]
async fn every_operation_refuses_a_request_that_is_not_signed() {
    let gantry = TestGantry::start().await;
    for (service, name) in built(&gantry) {
        let answer = gantry.send(json_request(service.signing_name(), name, &json!({}))).await;
        assert_eq!(code(answer.json()), "MissingAuthenticationTokenException", "{name}");
    }
}

#[tokio::test]
async fn an_agent_is_refused_all_but_its_own_operations() {
    let own = [
        "BatchCheckLayerAvailability",
        "BatchGetImage",
        "CreateLogGroup",
        "CreateLogStream",
        "DeregisterContainerInstance",
        "DiscoverPollEndpoint",
        "GetAuthorizationToken",
        "GetDownloadUrlForLayer",
        "GetParameter",
        "GetSecretValue",
        "GetTaskProtection",
        "PutLogEvents",
        "RegisterContainerInstance",
        "SubmitAttachmentStateChanges",
        "SubmitContainerStateChange",
        "SubmitTaskStateChange",
        "UpdateContainerInstancesState",
        "UpdateTaskProtection",
    ];
    let gantry = TestGantry::start().await;
    for (service, name) in built(&gantry) {
        let caller = Caller {
            principal: principal("role/agent-1", gantry_model::principal::PrincipalKind::Agent),
            region: region("us-east-1"),
            service: service.signing_name().to_owned(),
        };
        let allowed = own.contains(&name) || (service == Service::Ecs && name == "ListTagsForResource");
        let refused = matches!(
            gantry.call_as(caller, name, json!({})).await,
            Err((code, _)) if code == "AccessDeniedException"
        );
        assert_eq!(refused, !allowed, "{name}");
    }
}

#[tokio::test]
async fn no_operation_fails_on_an_empty_input_or_on_members_of_the_wrong_type() {
    let gantry = TestGantry::start().await;
    for (service, name) in built(&gantry) {
        let shape = service.operation(name).and_then(|o| o.input).and_then(|i| service.shape(i));
        let Some(Kind::Structure(members)) = shape.map(|s| &s.kind) else { continue };
        let mut inputs = vec![json!({})];
        for member in *members {
            inputs.extend([
                json!({ (member.name): 17.5 }),
                json!({ (member.name): "" }),
                json!({ (member.name): null }),
            ]);
            inputs.extend([json!({ (member.name): [null] }), json!({ (member.name): { "x": {} } })]);
        }
        for input in inputs {
            if let Err((code, message)) = gantry.call(service.signing_name(), name, input.clone()).await {
                assert_ne!(code, "ServerException", "{name} {input}: {message}");
            }
        }
    }
}

#[tokio::test]
async fn every_code_that_an_operation_refuses_with_is_modelled_or_common() {
    const COMMON: [&str; 6] = [
        "ClientException",
        "InvalidParameterException",
        "SerializationException",
        "AccessDeniedException",
        "ClusterNotFoundException",
        "ValidationException",
    ];
    let gantry = TestGantry::start().await;
    for (service, name) in built(&gantry) {
        if let Err((code, _)) = gantry.call(service.signing_name(), name, json!({})).await {
            let modelled = service.operation(name).is_some_and(|o| o.errors.contains(&code.as_str()));
            assert!(modelled || COMMON.contains(&code.as_str()), "{name} refuses with {code}");
        }
    }
}
