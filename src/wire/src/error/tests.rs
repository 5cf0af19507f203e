//! Every error in every protocol.

use std::fmt::Write as _;

use gantry_model::UnixMillis;
use http::Response;

use super::*;
use crate::answer::Stamp;
use crate::schema::Service;
use crate::{json, query};

const STAMP: Stamp<'static> = Stamp { request_id: "id-1", now: UnixMillis(1_764_000_000_000) };
const ACCOUNT: &str = "000000000000";

fn general() -> Vec<ApiError> {
    vec![
        ApiError::invalid_parameter("family must not be empty"),
        ApiError::client("No."),
        ApiError::unknown_operation("FlyToMoon"),
        ApiError::missing_operation(),
        ApiError::serialization("The request body is not JSON: EOF"),
        ApiError::server("the disk is full"),
        ApiError::access_denied("arn:aws:iam::000000000000:user/dev", "ecs:RunTask", "*"),
        ApiError::throttling(),
        ApiError::limit_exceeded("50 tags at most"),
        ApiError::invalid_token(),
    ]
}

fn of_ecs() -> Vec<ApiError> {
    vec![
        ApiError::cluster_not_found(),
        ApiError::cluster_contains_services(),
        ApiError::cluster_contains_container_instances(),
        ApiError::cluster_contains_tasks(),
        ApiError::service_not_found(),
        ApiError::service_not_active(),
        ApiError::service_not_idempotent(),
        ApiError::service_still_draining(),
        ApiError::service_scaled_above_zero(),
        ApiError::task_definition_not_found(),
        ApiError::task_definition_inactive(),
        ApiError::revision_missing(),
        ApiError::revision_invalid("foo"),
        ApiError::container_without_memory("app"),
        ApiError::no_fargate_configuration(),
        ApiError::launch_type_not_supported("FARGATE"),
        ApiError::network_configuration_missing(),
        ApiError::task_not_found(),
        ApiError::container_instance_not_found(),
        ApiError::tasks_on_container_instance(),
        ApiError::resource_not_found("arn:aws:ecs:us-east-1:000000000000:cluster/gone"),
        ApiError::target_not_found("i-1"),
        ApiError::conflict(vec!["arn:aws:ecs:us-east-1:000000000000:task/default/1".into()]),
        ApiError::unsupported_feature("Gantry has no managed instances."),
        ApiError::platform_unknown(),
        ApiError::update_in_progress("The cluster's capacity providers are being changed."),
    ]
}

fn of_ecr() -> Vec<ApiError> {
    let digests = ["sha256:aa".to_owned(), "sha256:bb".to_owned()];
    vec![
        ApiError::constraint("repositoryName", "must have length greater than or equal to 2"),
        ApiError::repository_not_found("hello", ACCOUNT),
        ApiError::repository_already_exists("hello", ACCOUNT),
        ApiError::repository_not_empty("hello", ACCOUNT),
        ApiError::image_not_found(None, Some("1"), "hello", ACCOUNT),
        ApiError::image_already_exists("sha256:aa", Some("1"), "hello", ACCOUNT),
        ApiError::image_already_exists("sha256:aa", None, "hello", ACCOUNT),
        ApiError::image_tag_already_exists("1", "hello"),
        ApiError::image_digest_does_not_match("sha256:aa", "sha256:bb"),
        ApiError::layers_not_found(&digests, "hello", ACCOUNT),
        ApiError::referenced_images_not_found(&digests, "hello", ACCOUNT),
        ApiError::upload_not_found("u-1", "hello", ACCOUNT),
        ApiError::invalid_layer_part("u-1", "hello", ACCOUNT, Some(9)),
        ApiError::invalid_layer_part("u-1", "hello", ACCOUNT, None),
        ApiError::invalid_layer("sha256:aa", "sha256:bb"),
        ApiError::layer_already_exists("sha256:aa", "hello", ACCOUNT),
        ApiError::layer_part_too_small(),
        ApiError::empty_upload("u-1"),
        ApiError::lifecycle_policy_not_found("hello", ACCOUNT),
        ApiError::repository_policy_not_found("hello", ACCOUNT),
        ApiError::registry_policy_not_found(ACCOUNT),
        ApiError::too_many_tags(),
        ApiError::invalid_tag_parameter("Tag keys must not begin with aws:"),
        ApiError::validation("name must be BASIC_SCAN_TYPE_VERSION"),
    ]
}

fn of_logs() -> Vec<ApiError> {
    vec![
        ApiError::log_group_not_found(),
        ApiError::log_stream_not_found(),
        ApiError::log_group_already_exists(),
        ApiError::log_stream_already_exists(),
        ApiError::log_group_protected(),
    ]
}

fn of_events() -> Vec<ApiError> {
    vec![ApiError::rule_not_found("nightly"), ApiError::event_bus_not_found("other"), ApiError::too_many_targets()]
}

fn of_elasticloadbalancing() -> Vec<ApiError> {
    vec![
        ApiError::load_balancer_not_found("front"),
        ApiError::target_group_not_found("web"),
        ApiError::listener_not_found("arn:l"),
        ApiError::listener_rule_not_found("arn:r"),
        ApiError::certificate_not_found("arn:c"),
        ApiError::duplicate_load_balancer("front"),
        ApiError::duplicate_target_group("web"),
        ApiError::duplicate_listener("arn:b"),
        ApiError::priority_in_use(7),
        ApiError::target_group_in_use("arn:g"),
        ApiError::operation_not_permitted("Default rule 'arn:r' cannot be deleted"),
        ApiError::invalid_target("The following targets are not container instances: 'i-1'"),
        ApiError::invalid_configuration("Port 80 is taken"),
        ApiError::incompatible_protocols("HTTP", "TCP"),
        ApiError::too_many_load_balancing_tags(),
    ]
}

fn of_secretsmanager() -> Vec<ApiError> {
    vec![
        ApiError::secret_not_found(),
        ApiError::secret_value_not_found("staging label: AWSCURRENT"),
        ApiError::secret_already_exists("db"),
        ApiError::secret_version_already_exists("9d4c6b52-0a4e-4e0b-a8a4-2a7b4b3c1d0e", "arn:x"),
        ApiError::secret_deletion_planned(),
        ApiError::invalid_secret_request("You can't do this."),
        ApiError::invalid_secrets_token(),
    ]
}

fn of_ssm() -> Vec<ApiError> {
    vec![
        ApiError::parameter_not_found("/a"),
        ApiError::parameter_version_not_found("/a", "3"),
        ApiError::parameter_already_exists(),
        ApiError::parameter_pattern_mismatch("^a$"),
        ApiError::invalid_allowed_pattern("("),
        ApiError::parameter_type_mismatch(),
        ApiError::parameter_levels_exceeded(),
        ApiError::parameter_versions_exceeded("/a"),
        ApiError::unsupported_parameter_type("Text"),
        ApiError::invalid_parameter_key("alias/other"),
        ApiError::invalid_parameter_policies(),
        ApiError::invalid_filter_key(),
        ApiError::invalid_filter_option("Near"),
        ApiError::invalid_tagged_type("Document"),
        ApiError::invalid_tagged_id("/a"),
        ApiError::too_many_parameter_tags(),
        ApiError::too_many_labels(),
        ApiError::invalid_parameters_token(),
    ]
}

/// Status, error type header and body.
fn line(response: &Response<Vec<u8>>) -> String {
    let kind = response.headers().get(json::ERROR_TYPE).map(|value| value.to_str().unwrap());
    format!("{} {} {}", response.status().as_u16(), kind.unwrap_or("-"), String::from_utf8_lossy(response.body()))
}

#[test]
fn every_error_as_json() {
    let mut all = String::new();
    for error in general()
        .iter()
        .chain(&of_ecs())
        .chain(&of_ecr())
        .chain(&of_logs())
        .chain(&of_secretsmanager())
        .chain(&of_ssm())
        .chain(&of_events())
    {
        writeln!(all, "{}", line(&json::failure(error, STAMP))).unwrap();
    }
    insta::assert_snapshot!(all);
}

#[test]
fn every_general_error_as_query_xml() {
    let mut all = String::new();
    for error in general() {
        writeln!(all, "{}", line(&query::failure(Service::Sts, &error, STAMP))).unwrap();
    }
    insta::assert_snapshot!(all);
}

#[test]
fn every_error_of_a_service_that_speaks_forms_as_query_xml() {
    let mut all = String::new();
    for error in of_elasticloadbalancing() {
        writeln!(all, "{}", line(&query::failure(Service::ElasticLoadBalancing, &error, STAMP))).unwrap();
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_service_s_own_errors_are_in_its_model_with_their_status_and_members() {
    for (service, errors) in [
        (Service::Ecs, of_ecs()),
        (Service::Ecr, of_ecr()),
        (Service::ElasticLoadBalancing, of_elasticloadbalancing()),
        (Service::Events, of_events()),
        (Service::Logs, of_logs()),
        (Service::SecretsManager, of_secretsmanager()),
        (Service::Ssm, of_ssm()),
    ] {
        for error in errors {
            let model = service.error(error.code).unwrap_or_else(|| panic!("{} is not modelled", error.code));
            assert_eq!(error.http_status, model.http_status, "{error}");
            for member in error.members.keys() {
                assert!(model.members.contains(&member.as_str()), "{}.{member}", error.code);
            }
        }
    }
}

#[test]
fn a_member_cannot_take_the_place_of_the_code_or_message() {
    let error = ApiError::client("No.").with_member("__type", "Other").with_member("message", "Yes.");
    let body: Value = serde_json::from_slice(json::failure(&error, STAMP).body()).unwrap();
    assert_eq!(body, serde_json::json!({ "__type": "ClientException", "message": "No." }));
}
