//! Requests and answers of awsQuery.

use gantry_model::UnixMillis;
use proptest::prelude::*;

use super::*;
use crate::shapes::sts::GetCallerIdentityResponse;

const STAMP: Stamp<'static> =
    Stamp { request_id: "4c8b2f0e-6a7d-4c5c-9a55-0d6c1b6f9f10", now: UnixMillis(1_764_000_000_000) };

#[test]
fn a_form_names_its_operation() {
    let form = Form::parse(b"Action=GetCallerIdentity&Version=2011-06-15&x=a+b%2Bc&&flag").unwrap();
    assert_eq!(form.operation(Service::Sts).unwrap().name, "GetCallerIdentity");
    assert_eq!(form.get("x"), Some("a b+c"));
    assert_eq!(form.get("flag"), Some(""));
    assert_eq!(form.get("y"), None);
}

#[test]
fn an_unknown_action_or_version_is_invalid_action() {
    for form in
        ["", "Action=AssumeRole&Version=2011-06-15", "Action=GetCallerIdentity", "Action=GetCallerIdentity&Version=1"]
    {
        let error = Form::parse(form.as_bytes()).unwrap().operation(Service::Sts).unwrap_err();
        assert_eq!(code_and_status(&error), ("InvalidAction", 400), "{form}");
    }
}

#[test]
fn a_form_that_is_not_utf8_is_refused() {
    assert_eq!(Form::parse(b"Action=%ff").unwrap_err().code, "SerializationException");
}

#[test]
fn an_output_is_a_result_in_a_response() {
    let output = GetCallerIdentityResponse {
        user_id: Some("AIDA<EXAMPLE>".into()),
        account: Some("000000000000".into()),
        arn: Some("arn:aws:iam::000000000000:user/admin".into()),
    };
    let response = success(Service::Sts.operation("GetCallerIdentity").unwrap(), &output, STAMP);
    insta::assert_snapshot!(String::from_utf8_lossy(response.body()));
}

fn operation(name: &str) -> &'static OperationModel {
    Service::ElasticLoadBalancing.operation(name).unwrap()
}

#[test]
fn parameters_become_the_input_by_its_shape() {
    let form = Form::parse(
        b"Action=RegisterTargets&Version=2015-12-01&TargetGroupArn=arn&Unknown.member.1=x\
          &Targets.member.2.Id=i-2&Targets.member.10.Id=i-10&Targets.member.1.Id=i-1&Targets.member.1.Port=80",
    )
    .unwrap();
    let input = form.input(operation("RegisterTargets")).unwrap();
    let expected = serde_json::json!({
        "TargetGroupArn": "arn",
        "Targets": [{ "Id": "i-1", "Port": 80 }, { "Id": "i-2" }, { "Id": "i-10" }],
    });
    assert_eq!(input, expected);
}

#[test]
fn an_empty_list_is_one() {
    let input = Form::parse(b"Names=").unwrap().input(operation("DescribeLoadBalancers")).unwrap();
    assert_eq!(input, serde_json::json!({ "Names": [] }));
}

#[test]
fn a_parameter_of_the_wrong_type_is_named() {
    for (form, name, parameter) in [
        ("Targets.member.1.Port=http", "RegisterTargets", "Targets.member.1.Port"),
        ("HealthCheckEnabled=yes", "CreateTargetGroup", "HealthCheckEnabled"),
    ] {
        let error = Form::parse(form.as_bytes()).unwrap().input(operation(name)).unwrap_err();
        assert_eq!(error.code, "SerializationException");
        assert!(error.message.starts_with(parameter), "{}", error.message);
    }
}

#[test]
fn an_output_is_written_by_its_shape() {
    let output = serde_json::json!({
        "LoadBalancers": [{
            "LoadBalancerName": "a & b",
            "CreatedTime": 1_764_000_000.5,
            "State": { "Code": "active" },
            "SecurityGroups": ["sg-1", "sg-2"],
        }],
        "NextMarker": null,
    });
    let response = success(operation("DescribeLoadBalancers"), &output, STAMP);
    insta::assert_snapshot!(String::from_utf8_lossy(response.body()));
}

#[test]
fn text_is_escaped_and_what_xml_cannot_hold_is_replaced() {
    assert_eq!(xml::escape("<\"&\">\r\u{0}\u{ffff}é"), "&lt;&quot;&amp;&quot;&gt;&#13;\u{fffd}\u{fffd}é");
}

proptest! {
    #[test]
    fn no_bytes_panic_as_a_form(body in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(form) = Form::parse(&body) {
            let _ = form.operation(Service::Sts);
            let _ = form.input(operation("CreateRule"));
        }
    }
}
