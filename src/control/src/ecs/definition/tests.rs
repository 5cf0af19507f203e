//! What RegisterTaskDefinition accepts, refuses and fills in.

use gantry_wire::shapes::ecs::RegisterTaskDefinitionRequest;
use serde_json::{Value, json};

use super::*;

fn read(input: Value) -> RegisterTaskDefinitionRequest {
    serde_json::from_value(input).unwrap()
}

fn complete_json(input: Value) -> Result<Value, ApiError> {
    complete(read(input), "localhost:8080").map(|d| serde_json::to_value(d).unwrap())
}

/// `base` with the members of `over` in place of its own.
fn with(base: &Value, over: Value) -> Value {
    let mut merged = base.clone();
    if let Value::Object(members) = over {
        for (name, value) in members {
            merged[name] = value;
        }
    }
    merged
}

fn app() -> Value {
    json!({ "name": "app", "image": "hello:1", "memory": 64 })
}

fn web() -> Value {
    json!({ "family": "web", "containerDefinitions": [app()] })
}

fn fargate() -> Value {
    json!({
        "family": "web", "networkMode": "awsvpc", "cpu": "256", "memory": "512",
        "requiresCompatibilities": ["FARGATE"], "containerDefinitions": [{ "name": "app", "image": "hello:1" }],
    })
}

#[test]
fn a_plain_definition_gets_the_members_that_ecs_always_answers() {
    let definition = complete_json(web()).unwrap();
    assert_eq!(
        definition,
        json!({
            "containerDefinitions": [{
                "name": "app", "image": "hello:1", "cpu": 0, "memory": 64, "portMappings": [], "essential": true,
                "environment": [], "mountPoints": [], "volumesFrom": [], "systemControls": [],
            }],
            "family": "web", "volumes": [], "placementConstraints": [],
            "compatibilities": ["EXTERNAL", "EC2"], "enableFaultInjection": false,
        })
    );
}

#[test]
fn host_ports_follow_the_network_mode() {
    for (mode, given, host_port) in [
        (None, json!({ "containerPort": 80 }), 0),
        (Some("bridge"), json!({ "containerPort": 80, "hostPort": 8080 }), 8080),
        (Some("host"), json!({ "containerPort": 80 }), 80),
        (Some("awsvpc"), json!({ "containerPort": 80, "hostPort": 80 }), 80),
    ] {
        let mut input =
            with(&web(), json!({ "containerDefinitions": [with(&app(), json!({ "portMappings": [given] }))] }));
        if let Some(mode) = mode {
            input["networkMode"] = json!(mode);
        }
        let definition = complete_json(input).unwrap();
        let mapping = &definition["containerDefinitions"][0]["portMappings"][0];
        assert_eq!(mapping, &json!({ "containerPort": 80, "hostPort": host_port, "protocol": "tcp" }), "{mode:?}");
        assert_eq!(definition.get("networkMode").and_then(Value::as_str), mode);
    }
}

#[test]
fn sizes_are_answered_in_units_and_mib() {
    let definition = complete_json(with(&fargate(), json!({ "cpu": "1 vCPU", "memory": "2GB" }))).unwrap();
    assert_eq!((&definition["cpu"], &definition["memory"]), (&json!("1024"), &json!("2048")));
    assert_eq!(definition["compatibilities"], json!(["EC2", "FARGATE"]));
}

#[test]
fn a_definition_that_fits_fargate_is_compatible_without_asking() {
    let mut input = fargate();
    input.as_object_mut().unwrap().remove("requiresCompatibilities");
    let definition = complete_json(input.clone()).unwrap();
    assert_eq!(definition["compatibilities"], json!(["EC2", "FARGATE"]));
    assert!(definition.get("requiresCompatibilities").is_none());
    let odd = complete_json(with(&input, json!({ "memory": "600" }))).unwrap();
    assert_eq!(odd["compatibilities"], json!(["EC2"]));
}

#[test]
fn attributes_follow_from_what_is_used() {
    let container = with(
        &app(),
        json!({
            "image": "localhost:8080/team/hello:1", "privileged": true,
            "healthCheck": { "command": ["CMD", "true"] },
            "logConfiguration": { "logDriver": "json-file" },
        }),
    );
    let definition = complete_json(with(&web(), json!({ "containerDefinitions": [container] }))).unwrap();
    let names: Vec<&str> =
        definition["requiresAttributes"].as_array().unwrap().iter().map(|a| a["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "com.amazonaws.ecs.capability.docker-remote-api.1.18",
            "com.amazonaws.ecs.capability.docker-remote-api.1.24",
            "com.amazonaws.ecs.capability.ecr-auth",
            "com.amazonaws.ecs.capability.logging-driver.json-file",
            "com.amazonaws.ecs.capability.privileged-container",
            "ecs.capability.container-health-check",
        ]
    );
}

#[test]
fn a_volume_on_a_file_system_of_awss_is_kept_and_required_of_the_host() {
    let volume = json!({ "name": "v", "efsVolumeConfiguration": { "fileSystemId": "fs-1" } });
    let definition = complete_json(with(&web(), json!({ "volumes": [volume] }))).unwrap();
    let kept = json!({ "fileSystemId": "fs-1", "rootDirectory": "/" });
    assert_eq!(definition["volumes"], json!([{ "name": "v", "efsVolumeConfiguration": kept }]));
    assert_eq!(definition["requiresAttributes"], json!([{ "name": "ecs.capability.efs" }]));
    refused(with(&fargate(), json!({ "volumes": [volume] })), "volumes of their own");
}

#[test]
fn lists_keep_their_order() {
    let environment = json!([{ "name": "Z", "value": "1" }, { "name": "A", "value": "2" }]);
    let container = with(&app(), json!({ "environment": environment, "command": ["b", "a"] }));
    let definition = complete_json(with(&web(), json!({ "containerDefinitions": [container] }))).unwrap();
    assert_eq!(definition["containerDefinitions"][0]["environment"], environment);
    assert_eq!(definition["containerDefinitions"][0]["command"], json!(["b", "a"]));
}

fn refused(input: Value, part: &str) {
    let given = input.to_string();
    let error = complete_json(input).expect_err(&given);
    assert_eq!(error.code, "ClientException", "{given}");
    assert!(error.message.contains(part), "{part:?} is not in {:?}", error.message);
}

fn container_refused(over: Value, part: &str) {
    refused(with(&web(), json!({ "containerDefinitions": [with(&app(), over)] })), part);
}

#[test]
fn containers_that_break_a_rule_are_refused_with_its_text() {
    container_refused(json!({ "name": "" }), "Container.name should not be null or empty.");
    container_refused(json!({ "image": "" }), "Container.image should not be null or empty.");
    container_refused(json!({ "name": "a b" }), "Invalid container name 'a b'");
    container_refused(json!({ "image": "a".repeat(256) }), "255 characters");
    container_refused(json!({ "memory": null }), "At least one of 'memory' or 'memoryReservation' must be specified.");
    container_refused(json!({ "memory": 5 }), "at least 6 MiB");
    container_refused(json!({ "memoryReservation": 65 }), "'memory' must be greater than 'memoryReservation'");
    container_refused(json!({ "cpu": -1 }), "'cpu' must be between");
    container_refused(json!({ "essential": false }), "must be essential");
    container_refused(json!({ "portMappings": [{ "containerPort": 0 }] }), "between 1 and 65535");
    container_refused(json!({ "portMappings": [{}] }), "containerPort or a containerPortRange");
    container_refused(json!({ "portMappings": [{ "containerPortRange": "9-8" }] }), "not a range");
    container_refused(json!({ "portMappings": [{ "containerPort": 80, "name": "-x" }] }), "hyphen");
    container_refused(
        json!({ "mountPoints": [{ "sourceVolume": "v", "containerPath": "/v" }] }),
        "Unknown volume 'v'.",
    );
    container_refused(json!({ "volumesFrom": [{ "sourceContainer": "ghost" }] }), "'ghost'");
    container_refused(json!({ "dependsOn": [{ "containerName": "ghost", "condition": "START" }] }), "'ghost'");
    container_refused(json!({ "dependsOn": [{ "containerName": "app", "condition": "START" }] }), "'app'");
    container_refused(json!({ "healthCheck": { "command": ["true"] } }), "CMD or CMD-SHELL");
    container_refused(
        json!({ "healthCheck": { "command": ["CMD", "x"], "interval": 4 } }),
        "interval must be between 5 and 300",
    );
    container_refused(json!({ "logConfiguration": { "logDriver": "carrier-pigeon" } }), "carrier-pigeon");
    let without_region = json!({ "logDriver": "awslogs", "options": { "awslogs-group": "/ecs/web" } });
    container_refused(json!({ "logConfiguration": without_region }), "requires option awslogs-region");
    container_refused(json!({ "linuxParameters": { "swappiness": 101 } }), "swappiness");
    container_refused(
        json!({ "restartPolicy": { "enabled": true, "restartAttemptPeriod": 5 } }),
        "restartAttemptPeriod",
    );
    container_refused(json!({ "resourceRequirements": [{ "type": "GPU", "value": "x" }] }), "GPU");
}

#[test]
fn definitions_that_break_a_rule_are_refused_with_its_text() {
    refused(with(&web(), json!({ "containerDefinitions": [] })), "Container list cannot be empty.");
    refused(with(&web(), json!({ "containerDefinitions": [app(), app()] })), "must be unique");
    refused(with(&web(), json!({ "cpu": "much" })), "Invalid 'cpu' setting for task.");
    refused(with(&web(), json!({ "cpu": "196609" })), "between 1 and 196608");
    refused(with(&web(), json!({ "memory": "32" })), "exceeds the 'memory' of the task");
    refused(with(&web(), json!({ "volumes": [{ "name": "v" }, { "name": "v" }] })), "must be unique");
    refused(
        with(&web(), json!({ "volumes": [{ "name": "v", "host": {}, "dockerVolumeConfiguration": {} }] })),
        "one kind",
    );
    refused(with(&web(), json!({ "volumes": [{ "name": "v", "configuredAtLaunch": true }] })), "AWS alone");
    refused(
        with(&web(), json!({ "placementConstraints": [{ "type": "memberOf", "expression": "nonsense ==" }] })),
        "does not parse",
    );
    let published = with(&app(), json!({ "portMappings": [{ "containerPort": 80, "hostPort": 81 }] }));
    for mode in ["host", "awsvpc"] {
        refused(
            with(&web(), json!({ "networkMode": mode, "containerDefinitions": [published] })),
            &format!("When networkMode={mode}, the host ports and container ports in port mappings must match."),
        );
    }
    refused(with(&web(), json!({ "networkMode": "none", "containerDefinitions": [published] })), "networkMode=none");
}

#[test]
fn fargate_has_rules_of_its_own() {
    refused(with(&fargate(), json!({ "networkMode": "bridge" })), "Fargate only supports network mode ‘awsvpc’.");
    refused(with(&fargate(), json!({ "cpu": null })), "'cpu' be defined");
    refused(with(&fargate(), json!({ "memory": "4096" })), "No Fargate configuration exists for given values.");
    refused(with(&fargate(), json!({ "pidMode": "host" })), "do not support pidMode 'host'");
    let privileged = json!({ "name": "app", "image": "hello:1", "privileged": true });
    refused(with(&fargate(), json!({ "containerDefinitions": [privileged] })), "privileged");
    refused(with(&fargate(), json!({ "ephemeralStorage": { "sizeInGiB": 20 } })), "between 21 and 200");
}

#[test]
fn dependencies_need_what_they_wait_for_and_no_cycle() {
    let pair = |db: Value, condition: &str| {
        let app = with(&app(), json!({ "dependsOn": [{ "containerName": "db", "condition": condition }] }));
        with(&web(), json!({ "containerDefinitions": [app, db] }))
    };
    let db = json!({ "name": "db", "image": "db:1", "memory": 64, "essential": false });
    let checked = with(&db, json!({ "healthCheck": { "command": ["CMD-SHELL", "true"] } }));
    for (db, condition) in [(&db, "START"), (&db, "COMPLETE"), (&db, "SUCCESS"), (&checked, "HEALTHY")] {
        assert!(complete_json(pair(db.clone(), condition)).is_ok(), "{condition}");
    }
    refused(pair(db.clone(), "HEALTHY"), "needs a healthCheck");
    refused(pair(with(&db, json!({ "essential": true })), "SUCCESS"), "essential");
    let back = with(&db, json!({ "dependsOn": [{ "containerName": "app", "condition": "START" }] }));
    refused(pair(back, "START"), "cycle among: app, db");
}
