//! Requests and answers of awsJson1.1.

use gantry_model::UnixMillis;
use http::HeaderMap;
use proptest::prelude::*;

use super::*;
use crate::shapes::ecs::{CreateClusterRequest, RunTaskRequest, RunTaskResponse};

const STAMP: Stamp<'static> =
    Stamp { request_id: "4c8b2f0e-6a7d-4c5c-9a55-0d6c1b6f9f10", now: UnixMillis(1_764_000_000_000) };

fn target(value: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(TARGET, HeaderValue::from_str(value).unwrap());
    headers
}

fn run_task() -> &'static OperationModel {
    Service::Ecs.operation("RunTask").unwrap()
}

#[test]
fn the_target_names_service_and_operation() {
    let headers = target("AmazonEC2ContainerServiceV20141113.RunTask");
    assert_eq!(parse_target(&headers), Some((Service::Ecs, "RunTask")));
    assert_eq!(operation(&headers).unwrap(), run_task());
    assert_eq!(operation(&target("AmazonEC2ContainerRegistry_V20150921.PutImage")).unwrap().service, Service::Ecr);
}

#[test]
fn an_unknown_operation_is_a_modelled_error() {
    for value in ["AmazonEC2ContainerServiceV20141113.Run", "AmazonEC2ContainerServiceV20141113", "Logs_20140328.X", ""]
    {
        let error = operation(&target(value)).unwrap_err();
        assert_eq!((error.code, error.http_status), ("UnknownOperationException", 400), "{value}");
    }
    assert_eq!(operation(&HeaderMap::new()).unwrap_err().code, "UnknownOperationException");
}

#[test]
fn an_empty_body_is_an_empty_input() {
    let create = Service::Ecs.operation("CreateCluster").unwrap();
    for body in ["", "{}", " \r\n", "{\"clusterName\":null,\"notAMember\":[1]}"] {
        assert_eq!(decode::<CreateClusterRequest>(create, body.as_bytes()).unwrap(), CreateClusterRequest::default());
    }
}

#[test]
fn what_is_not_an_object_is_a_serialization_exception() {
    let bomb = "[".repeat(100_000);
    let nested = format!("{}1{}", "{\"a\":".repeat(50_000), "}".repeat(50_000));
    for body in ["{", "[]", "1", "\"x\"", "{\"cluster\":}", "\u{0}", &bomb, &nested] {
        assert_eq!(parse(body.as_bytes()).unwrap_err().code, "SerializationException");
    }
}

#[test]
fn an_input_is_validated_before_it_is_read() {
    let decode = |body: &str| decode::<RunTaskRequest>(run_task(), body.as_bytes()).unwrap_err();
    let missing = decode("{}");
    assert_eq!(missing.code, "InvalidParameterException");
    assert!(missing.message.contains("'taskDefinition'"), "{missing}");
    let wrong = decode(r#"{"taskDefinition":"a","count":"two"}"#);
    assert_eq!(wrong.code, "SerializationException");
    assert!(wrong.message.contains("count"), "{wrong}");
}

#[test]
fn an_answer_carries_its_request_id_and_date() {
    let output = RunTaskResponse { tasks: Some(vec![]), failures: Some(vec![]) };
    let response = success(&output, STAMP);
    assert_eq!(response.status(), 200);
    assert_eq!(response.body(), br#"{"tasks":[],"failures":[]}"#);
    insta::assert_debug_snapshot!(response.headers());
}

#[test]
fn an_error_never_shows_its_cause() {
    let response = failure(&ApiError::server("disk /dev/sda is on fire"), STAMP);
    assert_eq!(response.status(), 500);
    assert!(!String::from_utf8_lossy(response.body()).contains("fire"));
    insta::assert_debug_snapshot!(response.headers());
}

proptest! {
    #[test]
    fn no_bytes_panic_as_a_body(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode::<RunTaskRequest>(run_task(), &body);
    }

    #[test]
    fn no_text_panics_as_a_target(value in "[ -~]{0,60}") {
        let _ = operation(&target(&value));
    }
}
