//! The front: who may come in, and how whatever goes wrong is answered.

use axum::body::Body;
use gantry_control::Call;
use gantry_testkit::http::{json_request, sign};
use gantry_testkit::{ENDPOINT_URL, TestGantry, admin};
use gantry_wire::ApiError;
use gantry_wire::sigv4::{Credentials, Signer};
use http::Request;
use serde_json::{Value, json};

use crate::{code, refused};

const SUPPORTED: &str = "AmazonEC2ContainerServiceV20141113.ListClusters";

#[tokio::test]
async fn a_signed_request_is_answered_with_id_and_date() {
    let gantry = TestGantry::start().await;
    let mut request = json_request("ecs", "ListClusters", &json!({}));
    sign(&mut request, b"{}", &gantry.admin, "ecs", gantry.now());
    let answer = gantry.send(request).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json().unwrap(), json!({ "clusterArns": [] }));
    assert_eq!(answer.header("content-type"), "application/x-amz-json-1.1");
    assert_eq!(answer.header("x-amzn-requestid").len(), 36);
    assert_eq!(answer.header("date"), "Thu, 01 Jan 2026 00:00:00 GMT");
}

#[tokio::test]
async fn each_way_to_fail_authentication_has_its_code() {
    let gantry = TestGantry::start().await;
    let list = |credentials: &Credentials, scope: &'static str| {
        let mut request = json_request("ecs", "ListClusters", &json!({}));
        sign(&mut request, b"{}", credentials, scope, gantry.now());
        request
    };
    let with = |id: &str, secret: &str, token: Option<&str>| Credentials {
        access_key_id: id.to_owned(),
        secret_access_key: secret.to_owned(),
        session_token: token.map(str::to_owned),
    };
    let secret = &gantry.admin.secret_access_key;
    let mut other_body = list(&gantry.admin, "ecs");
    *other_body.body_mut() = Body::from(r#"{"maxResults":1}"#);
    let mut malformed = list(&gantry.admin, "ecs");
    malformed.headers_mut().insert("authorization", "AWS4-HMAC-SHA256 Credential=x".parse().unwrap());
    let cases = [
        (json_request("ecs", "ListClusters", &json!({})), "MissingAuthenticationTokenException"),
        (list(&with("AKIDNOBODY", secret, None), "ecs"), "UnrecognizedClientException"),
        (list(&with("AKIDADMIN", secret, Some("token")), "ecs"), "UnrecognizedClientException"),
        (list(&with("AKIDADMIN", "wrong", None), "ecs"), "InvalidSignatureException"),
        (list(&gantry.admin, "ecr"), "InvalidSignatureException"),
        (other_body, "InvalidSignatureException"),
        (malformed, "IncompleteSignatureException"),
    ];
    for (request, expected) in cases {
        let answer = gantry.send(request).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.header("x-amzn-errortype"), expected, "{}", answer.text());
        assert_eq!(code(answer.json()), expected);
    }
}

#[tokio::test]
async fn a_request_outside_the_skew_window_or_with_a_disabled_key_is_refused() {
    let gantry = TestGantry::start().await;
    let mut request = json_request("ecs", "ListClusters", &json!({}));
    sign(&mut request, b"{}", &gantry.admin, "ecs", gantry.now());
    gantry.pass_seconds(16 * 60);
    let (code, message) = gantry.send(request).await.json().unwrap_err();
    assert_eq!(code, "InvalidSignatureException");
    assert!(message.starts_with("Signature expired: "), "{message}");

    gantry.disable_key("AKIDADMIN").await.unwrap();
    let refused = gantry.call_signed(&gantry.admin, "ecs", "ListClusters", json!({})).await;
    assert_eq!(crate::code(refused), "UnrecognizedClientException");
}

#[tokio::test]
async fn what_is_no_operation_is_unknown_and_never_a_fault() {
    let gantry = TestGantry::start().await;
    for target in ["AmazonEC2ContainerServiceV20141113.MakeCoffee", "Nonsense.ListClusters", "nonsense", ""] {
        let mut request = json_request("ecs", "ListClusters", &json!({}));
        request.headers_mut().insert("x-amz-target", target.parse().unwrap());
        request.extensions_mut().insert(admin("ecs", "us-east-1"));
        let answer = gantry.send(request).await;
        assert_eq!(answer.status, 400);
        assert_eq!(code(answer.json()), "UnknownOperationException", "{target}");
    }
    let answer =
        gantry.ecs("CreateExpressGatewayService", json!({ "executionRoleArn": "x", "infrastructureRoleArn": "x" }));
    assert_eq!(code(answer.await), "UnknownOperationException");
}

#[tokio::test]
async fn a_body_that_is_not_json_or_of_the_wrong_type_is_a_serialization_exception() {
    let gantry = TestGantry::start().await;
    for body in ["{", "[]", "nonsense", "\"text\"", r#"{"maxResults":"many"}"#, r#"{"clusterName":1"#] {
        let mut request = Request::post(ENDPOINT_URL)
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", SUPPORTED)
            .body(Body::from(body))
            .unwrap();
        request.extensions_mut().insert(admin("ecs", "us-east-1"));
        assert_eq!(code(gantry.send(request).await.json()), "SerializationException", "{body}");
    }
    let deep = "{\"a\":".repeat(100_000);
    let mut request = Request::post(ENDPOINT_URL).header("x-amz-target", SUPPORTED).body(Body::from(deep)).unwrap();
    request.extensions_mut().insert(admin("ecs", "us-east-1"));
    assert_eq!(code(gantry.send(request).await.json()), "SerializationException");
}

#[tokio::test]
async fn a_fault_of_ours_is_answered_without_its_cause_and_harms_nobody_else() {
    async fn panics(_: Call, _: Value) -> Result<Value, ApiError> {
        panic!("secret detail")
    }
    async fn fails(_: Call, _: Value) -> Result<Value, ApiError> {
        Err(ApiError::server("secret detail"))
    }
    let gantry = TestGantry::start_with(|operations| {
        operations.add("ecs", "ListServicesByNamespace", panics);
        operations.add("ecs", "ListDaemons", fails);
    })
    .await;
    for (operation, input) in [("ListServicesByNamespace", json!({ "namespace": "x" })), ("ListDaemons", json!({}))] {
        let mut request = json_request("ecs", operation, &input);
        request.extensions_mut().insert(admin("ecs", "us-east-1"));
        let answer = gantry.send(request).await;
        assert_eq!(answer.status, 500, "{operation}");
        assert!(!answer.text().contains("secret"), "{}", answer.text());
        assert_eq!(answer.header("x-amzn-requestid").len(), 36);
        assert_eq!(code(answer.json()), "ServerException");
    }
    assert!(gantry.ecs("ListClusters", json!({})).await.is_ok());
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let gantry = TestGantry::start().await;
    let body = vec![b' '; 10 * 1024 * 1024 + 1];
    let mut request = Request::post(ENDPOINT_URL).header("x-amz-target", SUPPORTED).body(Body::from(body)).unwrap();
    request.extensions_mut().insert(admin("ecs", "us-east-1"));
    let answer = gantry.send(request).await;
    assert_eq!(answer.status, 413);
    assert_eq!(code(answer.json()), "RequestEntityTooLargeException");
}

#[tokio::test]
async fn input_that_breaks_a_constraint_names_the_member() {
    let gantry = TestGantry::start().await;
    let (code, message) = gantry.ecs("DescribeTasks", json!({})).await.unwrap_err();
    assert_eq!(code, "InvalidParameterException");
    assert!(message.contains("tasks"), "{message}");
    let unknown = gantry.ecs("ListTasks", json!({ "desiredStatus": "SLEEPING" })).await.unwrap_err();
    assert!(unknown.1.contains("desiredStatus"), "{}", unknown.1);
    let null = gantry.ecs("DescribeClusters", json!({ "clusters": [null] })).await.unwrap_err();
    assert!(null.1.contains("clusters[0]"), "{}", null.1);
}

#[tokio::test]
async fn get_caller_identity_answers_in_xml_by_form_and_by_presigned_query() {
    let gantry = TestGantry::start().await;
    let form = "Action=GetCallerIdentity&Version=2011-06-15";
    let mut request = Request::post(format!("{ENDPOINT_URL}/"))
        .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
        .body(Body::from(form))
        .unwrap();
    sign(&mut request, form.as_bytes(), &gantry.admin, "sts", gantry.now());
    let posted = gantry.send(request).await;
    assert_eq!(posted.status, 200, "{}", posted.text());
    assert_eq!(posted.header("content-type"), "text/xml");
    let expected = "<GetCallerIdentityResult><UserId>admin</UserId><Account>000000000000</Account>\
                    <Arn>arn:aws:iam::000000000000:user/admin</Arn></GetCallerIdentityResult>";
    assert!(posted.text().contains(expected), "{}", posted.text());

    let signer = Signer { credentials: &gantry.agent, region: "us-east-1", service: "sts" };
    let uri = format!("{ENDPOINT_URL}/?{form}").parse().unwrap();
    let uri = signer.presign("GET", &uri, gantry.now(), 60).unwrap();
    let presigned = gantry.send(Request::get(uri).body(Body::empty()).unwrap()).await;
    assert_eq!(presigned.status, 200, "{}", presigned.text());
    assert!(presigned.text().contains("role/agent-1"));
}

#[tokio::test]
async fn errors_of_the_query_protocol_are_xml_with_its_own_codes() {
    let gantry = TestGantry::start().await;
    let form = |body: &'static str| {
        Request::post(format!("{ENDPOINT_URL}/"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap()
    };
    let unsigned = gantry.send(form("Action=GetCallerIdentity&Version=2011-06-15")).await;
    assert_eq!(unsigned.status, 403);
    assert!(unsigned.text().contains("<Code>MissingAuthenticationToken</Code>"), "{}", unsigned.text());

    let unknown = "Action=AssumeRole&Version=2011-06-15";
    let mut request = form(unknown);
    sign(&mut request, unknown.as_bytes(), &gantry.admin, "sts", gantry.now());
    let unknown = gantry.send(request).await;
    assert_eq!(unknown.status, 400);
    assert!(unknown.text().contains("<Code>InvalidAction</Code>"), "{}", unknown.text());
}

#[tokio::test]
async fn the_region_is_the_one_of_the_credential_scope() {
    let gantry = TestGantry::start().await;
    let input = json!({ "clusterName": "prod" });
    let there = gantry.call_as(admin("ecs", "eu-west-1"), "CreateCluster", input).await.unwrap();
    assert_eq!(there["cluster"]["clusterArn"], "arn:aws:ecs:eu-west-1:000000000000:cluster/prod");
    assert_eq!(gantry.ecs("ListClusters", json!({})).await.unwrap(), json!({ "clusterArns": [] }));
    let elsewhere = json!({ "cluster": "arn:aws:ecs:eu-west-1:000000000000:cluster/prod" });
    assert_eq!(
        gantry.ecs("ListServices", elsewhere).await.unwrap_err(),
        refused("ClusterNotFoundException", "Cluster not found.")
    );
}
