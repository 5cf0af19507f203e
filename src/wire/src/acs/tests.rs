//! Frames of both sockets, as they stand on the wire.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::acs_task::{AcsContainer, AcsDependency, AcsPortMapping, DockerConfig, Environment};
use crate::tcs::{ContainerHealth, Metadata, PublishHealthRequest, TaskHealth, TcsMessage};
use crate::value::Timestamp;

fn payload() -> AcsMessage {
    let container = AcsContainer {
        name: "app".into(),
        image: "hello:1".into(),
        cpu: 10,
        memory: 64,
        environment: Environment([("PASSWORD".to_owned(), "hunter2".to_owned())].into()),
        essential: true,
        port_mappings: vec![AcsPortMapping {
            container_port: Some(80),
            host_port: Some(0),
            protocol: "tcp".into(),
            container_port_range: None,
        }],
        docker_config: DockerConfig { config: Some("{}".into()), host_config: Some("{}".into()), version: None },
        depends_on: vec![AcsDependency { container_name: "db".into(), condition: "HEALTHY".into() }],
        stop_timeout: Some(30),
        ..AcsContainer::default()
    };
    let task = AcsTask {
        arn: "arn:aws:ecs:us-east-1:000000000000:task/default/1".into(),
        family: "web".into(),
        version: "7".into(),
        desired_status: "RUNNING".into(),
        containers: vec![container],
        role_credentials: Some(RoleCredentials {
            credentials_id: "c-1".into(),
            secret_access_key: "verysecret".into(),
            session_token: "token".into(),
            ..RoleCredentials::default()
        }),
        cpu: Some(0.25),
        memory: Some(512),
        ..AcsTask::default()
    };
    PayloadMessage { message_id: "m-1".into(), seq_num: 1, generated_at: 2, tasks: vec![task], ..Default::default() }
        .into()
}

#[test]
fn a_payload_is_written_in_the_protocol_s_words() {
    let frame: serde_json::Value = serde_json::from_str(&payload().encode().unwrap()).unwrap();
    insta::assert_json_snapshot!(frame);
}

#[test]
fn every_message_reads_back_as_it_was_written() {
    let task = TaskIdentifier { task_arn: "t".into(), cluster_arn: None, desired_status: Some("RUNNING".into()) };
    for message in [
        payload(),
        HeartbeatMessage { message_id: "m".into(), healthy: true }.into(),
        TaskManifestMessage { message_id: "m".into(), tasks: vec![task.clone()], timeline: 3, ..Default::default() }
            .into(),
        TaskStopVerificationMessage { message_id: "m".into(), stop_candidates: vec![task.clone()] }.into(),
        TaskStopVerificationAck { message_id: "m".into(), generated_at: 1, stop_tasks: vec![task] }.into(),
        CloseMessage { message: "ConnectionExpired: Reconnect to continue".into() }.into(),
        ErrorMessage { message_id: None, message: "no".into() }.into(),
        PerformUpdateMessage { message_id: "m".into(), ..Default::default() }.into(),
        IAMRoleCredentialsMessage { message_id: "m".into(), role_type: "TaskApplication".into(), ..Default::default() }
            .into(),
        IAMRoleCredentialsAckRequest { message_id: "m".into(), ..Default::default() }.into(),
        AckRequest { cluster: "c".into(), container_instance: "i".into(), message_id: "m".into() }.into(),
        NackRequest { message_id: "m".into(), reason: "full".into(), ..Default::default() }.into(),
        HeartbeatAckRequest { message_id: "m".into() }.into(),
        AcsMessage::Exception(Exception { code: "InactiveInstanceException".into(), message: "gone".into() }),
        AcsMessage::Unknown { kind: "AttachTaskNetworkInterfacesMessage".into(), message: json!({"messageId": "m"}) },
    ] {
        assert_eq!(AcsMessage::decode(&message.encode().unwrap()).unwrap(), message);
    }
}

#[test]
fn a_frame_of_amazon_s_agent_is_read() {
    let text = r#"{"type":"AckRequest","message":{"cluster":"default","containerInstance":"arn","messageId":"m-9"}}"#;
    let AcsMessage::AckRequest(ack) = AcsMessage::decode(text).unwrap() else { panic!("not an ack") };
    assert_eq!((ack.cluster.as_str(), ack.message_id.as_str()), ("default", "m-9"));
}

#[test]
fn members_that_are_missing_are_empty_and_unknown_ones_are_ignored() {
    let text = r#"{"type":"PayloadMessage","message":{"messageId":"m","tasks":[{"arn":"a","newThing":1}]},"x":2}"#;
    let AcsMessage::PayloadMessage(payload) = AcsMessage::decode(text).unwrap() else { panic!("not a payload") };
    assert_eq!(payload.tasks[0], AcsTask { arn: "a".into(), ..AcsTask::default() });
}

#[test]
fn what_is_no_frame_is_an_error() {
    for text in ["", "{}", "[]", "{\"type\":1}"] {
        assert!(matches!(AcsMessage::decode(text), Err(FrameError::Envelope(_))), "{text}");
    }
    for text in ["{\"type\":\"AckRequest\"}", "{\"type\":\"AckRequest\",\"message\":{\"messageId\":1}}"] {
        assert!(matches!(AcsMessage::decode(text), Err(FrameError::Message { .. })), "{text}");
    }
}

#[test]
fn debug_shows_no_secret() {
    let text = format!("{:?}", payload());
    assert!(text.contains("PASSWORD") && text.contains("c-1"));
    for secret in ["hunter2", "verysecret", "\"token\""] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[test]
fn health_reports_are_written_in_the_protocol_s_words() {
    let report = PublishHealthRequest {
        metadata: Metadata { cluster: "default".into(), message_id: "m".into(), fin: true, ..Metadata::default() },
        tasks: vec![TaskHealth {
            task_arn: "t".into(),
            task_definition_family: "web".into(),
            task_definition_version: "1".into(),
            containers: vec![ContainerHealth {
                container_name: "app".into(),
                health_status: "HEALTHY".into(),
                status_since: Timestamp(1.5),
            }],
        }],
        timestamp: Timestamp(2.0),
    };
    let text = TcsMessage::from(report.clone()).encode().unwrap();
    assert_eq!(TcsMessage::decode(&text).unwrap(), TcsMessage::PublishHealthRequest(report));
    insta::assert_snapshot!(text);
}

proptest! {
    #[test]
    fn no_text_panics_as_a_frame(text in ".{0,80}", kind in "(Payload|Heartbeat)Message", message in "[{}\\[\\]\",:a1]{0,20}") {
        let _ = AcsMessage::decode(&text);
        let _ = AcsMessage::decode(&format!("{{\"type\":\"{kind}\",\"message\":{message}}}"));
        let _ = TcsMessage::decode(&text);
    }
}
