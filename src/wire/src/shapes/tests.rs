//! Representative shapes: JSON as AWS writes it reads into the struct and back to the same JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{ecr, ecs, sts};
use crate::schema::Service;
use crate::validate::validate;
use crate::value::{Blob, Timestamp};

/// Holds `value` against the constraint table and takes it through the struct.
fn round_trip<T: DeserializeOwned + Serialize>(service: Service, shape: &str, value: &Value) {
    validate(service, shape, value).unwrap();
    let read: T = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(&serde_json::to_value(&read).unwrap(), value, "{shape}");
}

#[test]
fn a_task_definition_goes_in_and_out() {
    let request = json!({
        "family": "web", "networkMode": "bridge", "requiresCompatibilities": ["EC2"], "cpu": "256", "memory": "512",
        "containerDefinitions": [{
            "name": "app", "image": "hello:1", "cpu": 10, "memory": 64, "memoryReservation": 32, "essential": true,
            "links": ["db"], "entryPoint": ["sh", "-c"], "command": ["exec app"],
            "portMappings": [{"containerPort": 80, "hostPort": 0, "protocol": "tcp", "name": "http", "appProtocol": "http"}],
            "environment": [{"name": "A", "value": "b"}],
            "mountPoints": [{"sourceVolume": "data", "containerPath": "/data", "readOnly": false}],
            "dependsOn": [{"containerName": "db", "condition": "HEALTHY"}],
            "healthCheck": {"command": ["CMD", "true"], "interval": 5, "timeout": 2, "retries": 3, "startPeriod": 0},
            "linuxParameters": {"capabilities": {"add": ["SYS_PTRACE"]}, "initProcessEnabled": true},
            "ulimits": [{"name": "nofile", "softLimit": 1024, "hardLimit": 2048}],
            "logConfiguration": {"logDriver": "json-file", "options": {"max-size": "10m"}},
            "dockerLabels": {"a": "b"}, "stopTimeout": 30,
        }],
        "volumes": [{"name": "data", "host": {"sourcePath": "/srv"}}],
        "placementConstraints": [{"type": "memberOf", "expression": "attribute:ecs.os-type == linux"}],
        "tags": [{"key": "team", "value": "web"}],
    });
    round_trip::<ecs::RegisterTaskDefinitionRequest>(Service::Ecs, "RegisterTaskDefinitionRequest", &request);
}

#[test]
fn a_service_and_its_tasks_go_in_and_out() {
    let service = json!({
        "services": [{
            "serviceName": "web", "status": "ACTIVE", "desiredCount": 3, "runningCount": 2, "pendingCount": 1,
            "deployments": [{
                "id": "ecs-svc/1", "status": "PRIMARY", "rolloutState": "IN_PROGRESS", "failedTasks": 0,
                "createdAt": 1_764_000_000.5, "updatedAt": 1_764_000_000.5,
            }],
            "events": [{"id": "e-1", "createdAt": 1_764_000_000.0, "message": "(service web) has started 1 tasks"}],
            "deploymentConfiguration": {
                "maximumPercent": 200, "minimumHealthyPercent": 100,
                "deploymentCircuitBreaker": {"enable": true, "rollback": true},
            },
            "enableECSManagedTags": false, "propagateTags": "NONE",
        }],
        "failures": [{"arn": "arn:aws:ecs:us-east-1:000000000000:service/default/gone", "reason": "MISSING"}],
    });
    round_trip::<ecs::DescribeServicesResponse>(Service::Ecs, "DescribeServicesResponse", &service);
    let tasks = json!({
        "tasks": [{
            "taskArn": "arn:aws:ecs:us-east-1:000000000000:task/default/1", "lastStatus": "RUNNING", "version": 3,
            "containers": [{
                "name": "app", "exitCode": 0, "healthStatus": "HEALTHY",
                "networkBindings": [{"bindIP": "0.0.0.0", "containerPort": 80, "hostPort": 32768, "protocol": "tcp"}],
            }],
            "overrides": {"containerOverrides": [{"name": "app"}], "inferenceAcceleratorOverrides": []},
            "createdAt": 1_764_000_000.25,
        }],
        "failures": [],
    });
    round_trip::<ecs::DescribeTasksResponse>(Service::Ecs, "DescribeTasksResponse", &tasks);
}

#[test]
fn a_registration_goes_in_and_out() {
    let request = json!({
        "cluster": "default",
        "totalResources": [
            {"name": "CPU", "type": "INTEGER", "doubleValue": 0.0, "longValue": 0, "integerValue": 2048},
            {"name": "PORTS", "type": "STRINGSET", "stringSetValue": ["22", "2375"]},
        ],
        "versionInfo": {"agentVersion": "0.1.0", "dockerVersion": "DockerVersion: 20.10.24"},
        "attributes": [{"name": "ecs.os-type", "value": "linux"}],
    });
    round_trip::<ecs::RegisterContainerInstanceRequest>(Service::Ecs, "RegisterContainerInstanceRequest", &request);
}

#[test]
fn images_and_layer_parts_go_in_and_out() {
    let images = json!({
        "imageDetails": [{
            "registryId": "000000000000", "repositoryName": "team/app", "imageTags": ["1"], "imageSizeInBytes": 7_340_032,
            "imageDigest": format!("sha256:{}", "a".repeat(64)), "imagePushedAt": 1_764_000_000.0,
        }],
    });
    round_trip::<ecr::DescribeImagesResponse>(Service::Ecr, "DescribeImagesResponse", &images);
    let tags = json!({ "repositoryName": "team/app", "tags": [{"Key": "team", "Value": "web"}] });
    round_trip::<ecr::CreateRepositoryRequest>(Service::Ecr, "CreateRepositoryRequest", &tags);
    let part = ecr::UploadLayerPartRequest { layer_part_blob: Some(Blob(vec![0, 1, 255])), ..Default::default() };
    assert_eq!(serde_json::to_value(part).unwrap(), json!({ "layerPartBlob": "AAH/" }));
}

#[test]
fn the_caller_s_identity_has_capital_members() {
    let identity =
        json!({ "UserId": "AIDA", "Account": "000000000000", "Arn": "arn:aws:iam::000000000000:user/admin" });
    round_trip::<sts::GetCallerIdentityResponse>(Service::Sts, "GetCallerIdentityResponse", &identity);
}

#[test]
fn absent_members_are_not_written_and_null_and_unknown_ones_are_absent() {
    assert_eq!(serde_json::to_string(&ecs::Task::default()).unwrap(), "{}");
    let read: ecs::Task =
        serde_json::from_value(json!({ "group": null, "notYetInvented": 1, "createdAt": 1 })).unwrap();
    assert_eq!(read, ecs::Task { created_at: Some(Timestamp(1.0)), ..ecs::Task::default() });
}
