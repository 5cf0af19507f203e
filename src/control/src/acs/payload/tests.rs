//! What an agent is sent of a task.

use gantry_model::task::Container;
use gantry_model::{AccountId, ClusterName, Region, Scope, TaskId, UnixMillis};
use serde_json::{Value, json};

use super::*;

const REGISTRY: &str = "127.0.0.1:8080";

fn stored(image: &str, overrides: Value) -> Task {
    Task {
        version: 1,
        requirements: Default::default(),
        cpu: Some("128".to_owned()),
        memory: Some("128".to_owned()),
        containers: vec![Container::new(
            "app".to_owned(),
            "11111111-2222-4333-8444-555555555555".to_owned(),
            image.to_owned(),
        )],
        overrides,
        ..Task::new(
            Scope { account: AccountId::parse("000000000000").unwrap(), region: Region::parse("us-east-1").unwrap() },
            ClusterName::parse("blue").unwrap(),
            TaskId::parse("0".repeat(32)).unwrap(),
            "web:7".parse().unwrap(),
            "family:web".to_owned(),
            UnixMillis(0),
        )
    }
}

fn definition(container: &Value, rest: &Value) -> TaskDefinition {
    let mut document = json!({ "family": "web", "containerDefinitions": [container] });
    document.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    serde_json::from_value(document).unwrap()
}

/// The payload's container for a container definition, with the Docker parts read back.
fn of(container: &Value) -> (AcsContainer, Value, Value) {
    let mut built = task(&stored("app:1", Value::Null), &definition(container, &json!({})), REGISTRY).unwrap();
    let container = built.containers.remove(0);
    let read = |text: &Option<String>| serde_json::from_str(text.as_deref().unwrap()).unwrap();
    let (config, host) = (read(&container.docker_config.config), read(&container.docker_config.host_config));
    (container, config, host)
}

#[test]
fn the_task_is_named_by_its_arn_family_and_revision() {
    let built =
        task(&stored("app:1", Value::Null), &definition(&json!({"name": "app"}), &json!({})), REGISTRY).unwrap();
    assert_eq!(built.arn, format!("arn:aws:ecs:us-east-1:000000000000:task/blue/{}", "0".repeat(32)));
    assert_eq!((built.family.as_str(), built.version.as_str()), ("web", "7"));
    assert_eq!(built.desired_status, "RUNNING");
    assert_eq!(built.network_mode.as_deref(), Some("bridge"));
    assert_eq!((built.cpu, built.memory), (None, None), "sums are not limits");
}

#[test]
fn the_task_size_is_the_definitions_or_the_overrides() {
    let sized = json!({"cpu": "256", "memory": "512", "networkMode": "awsvpc", "pidMode": "task"});
    let definition = definition(&json!({"name": "app"}), &sized);
    let built = task(&stored("app:1", Value::Null), &definition, REGISTRY).unwrap();
    assert_eq!((built.cpu, built.memory), (Some(0.25), Some(512)));
    assert_eq!((built.network_mode.as_deref(), built.pid_mode.as_deref()), (Some("awsvpc"), Some("task")));
    let over = stored("app:1", json!({"cpu": "1024", "memory": "2048"}));
    let built = task(&over, &definition, REGISTRY).unwrap();
    assert_eq!((built.cpu, built.memory), (Some(1.0), Some(2048)));
}

#[test]
fn overrides_change_command_environment_and_limits() {
    let container = json!({
        "name": "app", "command": ["serve"], "cpu": 10, "memory": 128, "memoryReservation": 64,
        "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    });
    let over = json!({"containerOverrides": [{
        "name": "app", "command": ["migrate"], "cpu": 20, "memory": 256,
        "environment": [{"name": "B", "value": "3"}, {"name": "C", "value": "4"}]
    }]});
    let built = task(&stored("app:1", over), &definition(&container, &json!({})), REGISTRY).unwrap();
    let c = &built.containers[0];
    assert_eq!(c.command, ["migrate"]);
    assert_eq!((c.cpu, c.memory), (20, 256));
    let pairs: Vec<_> = c.environment.0.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(pairs, [("A", "1"), ("B", "3"), ("C", "4")]);
}

#[test]
fn docker_gets_its_part_in_its_own_words() {
    let (_, config, host) = of(&json!({
        "name": "app", "hostname": "h", "user": "1000", "workingDirectory": "/w", "pseudoTerminal": true,
        "interactive": true, "dockerLabels": {"team": "blue"}, "privileged": false, "readonlyRootFilesystem": true,
        "memory": 128, "memoryReservation": 64,
        "dnsServers": ["1.1.1.1"], "dnsSearchDomains": ["x"], "dockerSecurityOptions": ["no-new-privileges"],
        "extraHosts": [{"hostname": "db", "ipAddress": "10.0.0.1"}],
        "ulimits": [{"name": "nofile", "softLimit": 10, "hardLimit": 20}],
        "logConfiguration": {"logDriver": "json-file", "options": {"max-size": "1m"}},
        "systemControls": [{"namespace": "net.core.somaxconn", "value": "10"}],
        "linuxParameters": {
            "capabilities": {"add": ["SYS_PTRACE"], "drop": ["ALL"]}, "initProcessEnabled": true,
            "sharedMemorySize": 64, "maxSwap": 32, "swappiness": 10,
            "devices": [{"hostPath": "/dev/fuse", "permissions": ["read", "write"]}],
            "tmpfs": [{"containerPath": "/t", "size": 16, "mountOptions": ["noexec"]}]
        }
    }));
    assert_eq!(
        config,
        json!({
            "Hostname": "h", "User": "1000", "WorkingDir": "/w", "Tty": true, "OpenStdin": true,
            "Labels": {"team": "blue"}
        })
    );
    const MIB: i64 = 1024 * 1024;
    assert_eq!(
        host,
        json!({
            "MemoryReservation": 64 * MIB, "Privileged": false, "ReadonlyRootfs": true, "Dns": ["1.1.1.1"],
            "DnsSearch": ["x"], "SecurityOpt": ["no-new-privileges"], "ExtraHosts": ["db:10.0.0.1"],
            "Ulimits": [{"Name": "nofile", "Soft": 10, "Hard": 20}],
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m"}},
            "Sysctls": {"net.core.somaxconn": "10"},
            "Init": true, "ShmSize": 64 * MIB, "CapAdd": ["SYS_PTRACE"], "CapDrop": ["ALL"],
            "Devices": [{"PathInContainer": "/dev/fuse", "PathOnHost": "/dev/fuse", "CgroupPermissions": "rw"}],
            "Tmpfs": {"/t": format!("noexec,size={}", 16 * MIB)},
            "MemorySwap": 160 * MIB, "MemorySwappiness": 10
        })
    );
}

#[test]
fn a_health_check_is_written_in_nanoseconds_with_the_defaults_of_ecs() {
    let (c, config, _) = of(&json!({"name": "app", "healthCheck": {"command": ["CMD-SHELL", "true"]}}));
    assert_eq!(c.health_check_type.as_deref(), Some("docker"));
    assert_eq!(
        config["Healthcheck"],
        json!({
            "Test": ["CMD-SHELL", "true"], "Interval": 30_000_000_000_i64, "Timeout": 5_000_000_000_i64, "Retries": 3
        })
    );
    let check = json!({"command": ["CMD", "x"], "interval": 5, "timeout": 2, "retries": 1, "startPeriod": 7});
    let (_, config, _) = of(&json!({"name": "app", "healthCheck": check}));
    assert_eq!(
        config["Healthcheck"],
        json!({
            "Test": ["CMD", "x"], "Interval": 5_000_000_000_i64, "Timeout": 2_000_000_000_i64, "Retries": 1,
            "StartPeriod": 7_000_000_000_i64
        })
    );
}

#[test]
fn images_of_our_own_registry_are_pulled_with_a_token() {
    let cases = [
        ("127.0.0.1:8080/hello:1", true),
        ("127.0.0.1:8081/hello:1", false),
        ("busybox", false),
        ("library/busybox", false),
    ];
    for (image, expected) in cases {
        let built =
            task(&stored(image, Value::Null), &definition(&json!({"name": "app"}), &json!({})), REGISTRY).unwrap();
        let kind = built.containers[0].registry_authentication.as_ref().map(|auth| auth.kind.as_str());
        assert_eq!(kind, expected.then_some("ecr"), "{image}");
        assert_eq!(built.containers[0].image, image);
    }
}

#[test]
fn order_ports_and_restarts_are_told_as_they_are_defined() {
    let (c, _, _) = of(&json!({
        "name": "app", "essential": false, "startTimeout": 10, "stopTimeout": 5,
        "dependsOn": [{"containerName": "db", "condition": "HEALTHY"}],
        "portMappings": [{"containerPort": 80, "hostPort": 0, "protocol": "tcp"}, {"containerPort": 53, "protocol": "udp"}],
        "restartPolicy": {"enabled": true, "ignoredExitCodes": [0], "restartAttemptPeriod": 60}
    }));
    assert!(!c.essential);
    assert_eq!((c.start_timeout, c.stop_timeout), (Some(10), Some(5)));
    assert_eq!((c.depends_on[0].container_name.as_str(), c.depends_on[0].condition.as_str()), ("db", "HEALTHY"));
    assert_eq!((c.port_mappings[0].container_port, c.port_mappings[0].host_port), (Some(80), Some(0)));
    assert_eq!((c.port_mappings[1].protocol.as_str(), c.port_mappings[1].host_port), ("udp", None));
    let policy = c.restart_policy.unwrap();
    assert_eq!((policy.enabled, policy.ignored_exit_codes, policy.restart_attempt_period), (true, vec![0], Some(60)));
}

#[test]
fn volumes_are_told_by_their_kind() {
    let volumes = json!({"volumes": [
        {"name": "path", "host": {"sourcePath": "/srv"}},
        {"name": "scratch", "host": {}},
        {"name": "shared", "dockerVolumeConfiguration": {"scope": "shared", "autoprovision": true, "driver": "local"}}
    ]});
    let built = task(&stored("app:1", Value::Null), &definition(&json!({"name": "app"}), &volumes), REGISTRY).unwrap();
    let kinds: Vec<_> = built.volumes.iter().map(|v| (v.name.as_str(), v.kind.as_str())).collect();
    assert_eq!(kinds, [("path", "host"), ("scratch", "host"), ("shared", "docker")]);
    assert_eq!(built.volumes[0].host.as_ref().unwrap().source_path.as_deref(), Some("/srv"));
    assert_eq!(built.volumes[1].host.as_ref().unwrap().source_path, None);
}

#[test]
fn an_order_to_stop_names_the_containers() {
    let built = stop(&stored("app:1", Value::Null));
    assert_eq!(built.desired_status, "STOPPED");
    assert_eq!((built.containers[0].name.as_str(), built.containers[0].essential), ("app", true));
}
