//! Container instances.

use gantry_testkit::TestGantry;
use gantry_testkit::build::registration;
use serde_json::{Value, json};

use crate::{code, refusal, refused};

async fn describe(gantry: &TestGantry, cluster: &str, host: &str) -> Value {
    let input = json!({ "cluster": cluster, "containerInstances": [host], "include": ["TAGS"] });
    let answer = gantry.ecs("DescribeContainerInstances", input).await.unwrap();
    assert_eq!(answer["failures"], json!([]));
    answer["containerInstances"][0].clone()
}

fn resource(instance: &Value, list: &str, name: &str) -> Value {
    let all = instance[list].as_array().unwrap();
    all.iter().find(|r| r["name"] == name).unwrap().clone()
}

fn attribute(instance: &Value, name: &str) -> Option<Value> {
    let all = instance["attributes"].as_array().unwrap();
    all.iter().find(|a| a["name"] == name).map(|a| a["value"].clone())
}

#[tokio::test]
async fn a_registration_is_answered_as_the_instance_that_it_made() {
    let gantry = TestGantry::start().await;
    gantry.cluster("prod").await;
    let answer = gantry.ecs("RegisterContainerInstance", registration("prod", "i-1")).await.unwrap();
    let instance = &answer["containerInstance"];
    let prefix = "arn:aws:ecs:us-east-1:000000000000:container-instance/prod/";
    assert!(instance["containerInstanceArn"].as_str().unwrap().starts_with(prefix));
    assert_eq!(instance["ec2InstanceId"], "i-1");
    assert_eq!(instance["status"], "ACTIVE");
    assert_eq!(instance["agentConnected"], false, "until the agent opens its socket");
    assert_eq!(instance["versionInfo"]["dockerVersion"], "DockerVersion: 27.0");
    let cpu = json!({ "name": "CPU", "type": "INTEGER", "doubleValue": 0.0, "longValue": 0, "integerValue": 2048 });
    assert_eq!(resource(instance, "registeredResources", "CPU"), cpu);
    assert_eq!(resource(instance, "remainingResources", "PORTS")["stringSetValue"], json!(["22", "2375"]));
    assert_eq!(attribute(instance, "ecs.availability-zone"), Some(json!("us-east-1a")));
    assert_eq!(attribute(instance, "ecs.instance-type"), Some(json!("t3.medium")));
    assert_eq!(attribute(instance, "ecs.os-type"), Some(json!("linux")));
    assert_eq!(instance["version"], 1);
}

#[tokio::test]
async fn registering_into_default_makes_it_and_into_any_other_cluster_does_not() {
    let gantry = TestGantry::start().await;
    let mut input = registration("ghost", "i-1");
    assert_eq!(code(gantry.ecs("RegisterContainerInstance", input.clone()).await), "ClusterNotFoundException");
    input.as_object_mut().unwrap().remove("cluster");
    gantry.ecs("RegisterContainerInstance", input).await.unwrap();
    let clusters = gantry.ecs("ListClusters", json!({})).await.unwrap();
    assert_eq!(clusters["clusterArns"], json!(["arn:aws:ecs:us-east-1:000000000000:cluster/default"]));
}

#[tokio::test]
async fn registering_again_keeps_the_id_and_takes_the_new_resources() {
    let gantry = TestGantry::start().await;
    let host = gantry.host("default", "i-1").await;
    let stack = json!({ "attributes": [{ "name": "stack", "value": "blue", "targetId": host }] });
    gantry.ecs("PutAttributes", stack).await.unwrap();
    let mut input = registration("default", "i-1");
    input["containerInstanceArn"] = json!(host);
    input["totalResources"][0]["integerValue"] = json!(4096);
    let answer = gantry.ecs("RegisterContainerInstance", input.clone()).await.unwrap();
    let instance = &answer["containerInstance"];
    assert_eq!(instance["containerInstanceArn"], json!(host));
    assert_eq!(resource(instance, "registeredResources", "CPU")["integerValue"], 4096);
    assert_eq!(attribute(instance, "stack"), Some(json!("blue")));
    input.as_object_mut().unwrap().remove("containerInstanceArn");
    let same_host = gantry.ecs("RegisterContainerInstance", input).await.unwrap();
    assert_eq!(same_host["containerInstance"]["containerInstanceArn"], json!(host));
    let elsewhere = "arn:aws:ecs:us-east-1:000000000000:container-instance/other/0123456789abcdef0123456789abcdef";
    let mut input = registration("default", "i-1");
    input["containerInstanceArn"] = json!(elsewhere);
    assert_eq!(code(gantry.ecs("RegisterContainerInstance", input).await), "InvalidParameterException");
}

#[tokio::test]
async fn what_an_agent_cannot_say_is_refused() {
    let gantry = TestGantry::start().await;
    for (member, value, expected) in [
        ("instanceIdentityDocument", json!("not json"), "ClientException"),
        ("attributes", json!([{ "name": "a b" }]), "InvalidParameterException"),
        ("totalResources", json!([{ "name": "CPU", "integerValue": -1 }]), "InvalidParameterException"),
        ("totalResources", json!([{ "name": "PORTS", "stringSetValue": ["http"] }]), "InvalidParameterException"),
        ("tags", json!([{ "key": "aws:x", "value": "" }]), "InvalidParameterException"),
    ] {
        let mut input = registration("default", "i-1");
        input[member] = value;
        assert_eq!(code(gantry.ecs("RegisterContainerInstance", input).await), expected, "{member}");
    }
    assert_eq!(gantry.ecs("ListClusters", json!({})).await.unwrap()["clusterArns"], json!([]), "nothing half made");
}

#[tokio::test]
async fn what_remains_follows_from_the_tasks() {
    let gantry = TestGantry::start().await;
    let host = gantry.host("default", "i-1").await;
    let container = json!({ "cpu": 256, "memory": 512, "portMappings": [{ "containerPort": 80, "hostPort": 8080 }] });
    let definition = gantry.definition("web", container).await;
    let task = gantry.task("default", &definition).await;
    let instance = describe(&gantry, "default", &host).await;
    assert_eq!(resource(&instance, "remainingResources", "CPU")["integerValue"], 2048 - 256);
    assert_eq!(resource(&instance, "remainingResources", "MEMORY")["integerValue"], 4096 - 512);
    assert_eq!(resource(&instance, "remainingResources", "PORTS")["stringSetValue"], json!(["22", "2375", "8080"]));
    assert_eq!((&instance["pendingTasksCount"], &instance["runningTasksCount"]), (&json!(1), &json!(0)));
    gantry.report("default", &task, "RUNNING", json!({})).await;
    assert_eq!(describe(&gantry, "default", &host).await["runningTasksCount"], 1);
    gantry.report("default", &task, "STOPPED", json!({})).await;
    let instance = describe(&gantry, "default", &host).await;
    assert_eq!(instance["remainingResources"], instance["registeredResources"]);
}

#[tokio::test]
async fn describing_says_what_is_missing_and_needs_a_name() {
    let gantry = TestGantry::start().await;
    let host = gantry.host("default", "i-1").await;
    let unknown = "0123456789abcdef0123456789abcdef";
    let input = json!({ "containerInstances": [host, unknown, "nonsense"], "include": ["CONTAINER_INSTANCE_HEALTH"] });
    let answer = gantry.ecs("DescribeContainerInstances", input).await.unwrap();
    assert_eq!(answer["containerInstances"][0]["healthStatus"]["overallStatus"], "OK");
    assert_eq!(
        answer["failures"],
        json!([
            { "arn": format!("arn:aws:ecs:us-east-1:000000000000:container-instance/default/{unknown}"), "reason": "MISSING" },
            { "arn": "nonsense", "reason": "MISSING" },
        ])
    );
    assert_eq!(
        refusal(gantry.ecs("DescribeContainerInstances", json!({ "containerInstances": [] })).await),
        refused("ClientException", "Container Instances cannot be empty.")
    );
    let ghost = json!({ "cluster": "ghost", "containerInstances": [host] });
    assert_eq!(code(gantry.ecs("DescribeContainerInstances", ghost).await), "ClusterNotFoundException");
}

#[tokio::test]
async fn lists_go_by_status_and_by_expression() {
    let gantry = TestGantry::start().await;
    let (one, two) = (gantry.host("default", "i-1").await, gantry.host("default", "i-2").await);
    let drain = json!({ "containerInstances": [two], "status": "DRAINING" });
    gantry.ecs("UpdateContainerInstancesState", drain).await.unwrap();
    let list = async |input: Value| {
        let answer = gantry.ecs("ListContainerInstances", input).await.unwrap();
        answer["containerInstanceArns"].as_array().unwrap().clone()
    };
    assert_eq!(list(json!({})).await.len(), 2);
    assert_eq!(list(json!({ "status": "ACTIVE" })).await, [json!(one)]);
    assert_eq!(list(json!({ "status": "DRAINING" })).await, [json!(two)]);
    assert_eq!(list(json!({ "filter": "ec2InstanceId == i-2" })).await, [json!(two)]);
    assert_eq!(list(json!({ "filter": "attribute:ecs.instance-type =~ t2.*" })).await, Vec::<Value>::new());
    for bad in [json!({ "filter": "nonsense ==" }), json!({ "status": "SLEEPING" }), json!({ "maxResults": 500 })] {
        assert_eq!(code(gantry.ecs("ListContainerInstances", bad).await), "InvalidParameterException");
    }
}

#[tokio::test]
async fn states_are_active_and_draining() {
    let gantry = TestGantry::start().await;
    let host = gantry.host("default", "i-1").await;
    let unknown = "0123456789abcdef0123456789abcdef";
    let input = json!({ "containerInstances": [host, unknown], "status": "DRAINING" });
    let answer = gantry.ecs("UpdateContainerInstancesState", input).await.unwrap();
    assert_eq!(answer["containerInstances"][0]["status"], "DRAINING");
    assert_eq!(answer["failures"][0]["reason"], "MISSING");
    for status in ["REGISTERING", "DEREGISTERING"] {
        let input = json!({ "containerInstances": [host], "status": status });
        assert_eq!(
            refusal(gantry.ecs("UpdateContainerInstancesState", input).await),
            refused("InvalidParameterException", "Container instance status should be one of [ACTIVE, DRAINING]")
        );
    }
    let many = vec![host; 11];
    let input = json!({ "containerInstances": many, "status": "ACTIVE" });
    assert_eq!(code(gantry.ecs("UpdateContainerInstancesState", input).await), "InvalidParameterException");
}

#[tokio::test]
async fn a_host_with_tasks_leaves_by_force_only_and_its_tasks_end() {
    let gantry = TestGantry::start().await;
    let host = gantry.host("default", "i-1").await;
    let definition = gantry.definition("web", json!({})).await;
    let task = gantry.task("default", &definition).await;
    gantry.report("default", &task, "RUNNING", json!({})).await;
    let leave =
        |force: bool| gantry.ecs("DeregisterContainerInstance", json!({ "containerInstance": host, "force": force }));
    assert_eq!(
        refusal(leave(false).await),
        refused("InvalidParameterException", "Found running tasks on the instance.")
    );
    let answer = leave(true).await.unwrap();
    assert_eq!(answer["containerInstance"]["status"], "INACTIVE");
    let task = gantry.described_task("default", &task).await;
    assert_eq!(task["lastStatus"], "STOPPED");
    assert_eq!(task["stopCode"], "TerminationNotice");
    assert_eq!(task["stoppedReason"], "Host EC2 (instance i-1) terminated.");
    assert_eq!(code(leave(true).await), "InvalidParameterException", "it is gone");
    assert_eq!(gantry.ecs("ListContainerInstances", json!({})).await.unwrap()["containerInstanceArns"], json!([]));
    assert_eq!(describe(&gantry, "default", &host).await["status"], "INACTIVE");
    let again = gantry.ecs("RegisterContainerInstance", registration("default", "i-1")).await.unwrap();
    assert_ne!(
        again["containerInstance"]["containerInstanceArn"],
        json!(host),
        "a host that left comes back as a new one"
    );
}

#[tokio::test]
async fn agents_are_never_updated_from_outside() {
    let gantry = TestGantry::start().await;
    let host = gantry.host("default", "i-1").await;
    let update = |host: &str| gantry.ecs("UpdateContainerAgent", json!({ "containerInstance": host }));
    assert_eq!(code(update(&host).await), "NoUpdateAvailableException");
    assert_eq!(code(update("ghost").await), "InvalidParameterException");
}
