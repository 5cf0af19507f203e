//! What an agent calls: its sockets' address, and its reports of tasks; and that it is held to its own host.

use gantry_model::ClusterName;
use gantry_model::principal::PrincipalKind;
use gantry_testkit::build::registration;
use gantry_testkit::{ENDPOINT_URL, TestGantry, principal};
use serde_json::json;

use crate::{code, refusal};

#[tokio::test]
async fn an_agent_learns_where_its_sockets_are() {
    let gantry = TestGantry::start().await;
    let host = gantry.host("default", "i-1").await;
    for input in [json!({}), json!({ "containerInstance": host })] {
        let answer = gantry.ecs("DiscoverPollEndpoint", input).await.unwrap();
        assert_eq!(answer, json!({ "endpoint": ENDPOINT_URL, "telemetryEndpoint": format!("{ENDPOINT_URL}/tcs") }));
    }
}

#[tokio::test]
async fn a_report_moves_the_task_on_and_is_accepted_twice() {
    let gantry = TestGantry::start().await;
    gantry.host("default", "i-1").await;
    let definition = gantry.definition("web", json!({ "portMappings": [{ "containerPort": 80 }] })).await;
    let task = gantry.task("default", &definition).await;
    gantry.pass_seconds(2);
    let running = json!({
        "pullStartedAt": 1_767_225_601.0, "pullStoppedAt": 1_767_225_602.0,
        "containers": [{
            "containerName": "app", "status": "RUNNING", "runtimeId": "abc", "imageDigest": "sha256:1",
            "networkBindings": [{ "bindIP": "0.0.0.0", "containerPort": 80, "hostPort": 49153, "protocol": "tcp" }],
        }],
    });
    gantry.report("default", &task, "RUNNING", running.clone()).await;
    let first = gantry.described_task("default", &task).await;
    assert_eq!(first["lastStatus"], "RUNNING");
    assert_eq!(first["startedAt"], json!(1_767_225_602.0));
    assert_eq!(first["pullStartedAt"], running["pullStartedAt"]);
    assert_eq!(first["connectivity"], "CONNECTED");
    let container = &first["containers"][0];
    assert_eq!(container["lastStatus"], "RUNNING");
    assert_eq!(container["networkBindings"], running["containers"][0]["networkBindings"]);
    assert_eq!((&container["runtimeId"], &container["imageDigest"]), (&json!("abc"), &json!("sha256:1")));
    gantry.pass_seconds(2);
    gantry.report("default", &task, "RUNNING", running).await;
    gantry.report("default", &task, "PENDING", json!({})).await;
    assert_eq!(gantry.described_task("default", &task).await, first, "what is known already changes nothing");
}

#[tokio::test]
async fn a_task_whose_essential_container_ends_is_stopped_with_its_exit_code() {
    let gantry = TestGantry::start().await;
    gantry.host("default", "i-1").await;
    let definition = gantry.definition("job", json!({})).await;
    let task = gantry.task("default", &definition).await;
    gantry.report("default", &task, "RUNNING", json!({})).await;
    let container = json!({ "task": task, "containerName": "app", "status": "STOPPED", "exitCode": 3 });
    let answer = gantry.ecs("SubmitContainerStateChange", container).await.unwrap();
    assert_eq!(answer, json!({ "acknowledgment": "ACCEPT" }));
    let stopping = gantry.described_task("default", &task).await;
    assert_eq!((&stopping["lastStatus"], &stopping["containers"][0]["exitCode"]), (&json!("RUNNING"), &json!(3)));
    gantry.report("default", &task, "STOPPED", json!({ "executionStoppedAt": 1_767_225_600.0 })).await;
    let stopped = gantry.described_task("default", &task).await;
    assert_eq!(stopped["stopCode"], "EssentialContainerExited");
    assert_eq!(stopped["stoppedReason"], "Essential container in task exited");
    assert_eq!(stopped["desiredStatus"], "STOPPED");
    assert!(stopped["stoppedAt"].is_number() && stopped["executionStoppedAt"].is_number());
}

#[tokio::test]
async fn a_task_that_cannot_start_says_why() {
    let gantry = TestGantry::start().await;
    gantry.host("default", "i-1").await;
    let definition = gantry.definition("job", json!({})).await;
    let task = gantry.task("default", &definition).await;
    let reason = "CannotPullContainerError: the image hello:1 was not found";
    let containers = json!([{ "containerName": "app", "status": "STOPPED", "reason": reason }]);
    gantry.report("default", &task, "STOPPED", json!({ "containers": containers })).await;
    let stopped = gantry.described_task("default", &task).await;
    assert_eq!((&stopped["stopCode"], &stopped["stoppedReason"]), (&json!("TaskFailedToStart"), &json!(reason)));
    assert_eq!(stopped["containers"][0]["reason"], reason);
    assert!(stopped.get("startedAt").is_none());
}

#[tokio::test]
async fn reports_that_mean_nothing_are_refused() {
    let gantry = TestGantry::start().await;
    gantry.host("default", "i-1").await;
    let definition = gantry.definition("job", json!({})).await;
    let task = gantry.task("default", &definition).await;
    for input in [
        json!({ "task": "0123456789abcdef0123456789abcdef", "status": "RUNNING" }),
        json!({ "task": "nonsense", "status": "RUNNING" }),
        json!({ "task": task, "status": "DANCING" }),
        json!({ "task": task, "status": "RUNNING", "containers": [{ "containerName": "app", "networkBindings": [{ "hostPort": 70000 }] }] }),
    ] {
        assert_eq!(
            code(gantry.ecs("SubmitTaskStateChange", input.clone()).await),
            "InvalidParameterException",
            "{input}"
        );
    }
    let attachments = json!({ "attachments": [{ "attachmentArn": "arn:x/y", "status": "LOOSE" }] });
    assert_eq!(code(gantry.ecs("SubmitAttachmentStateChanges", attachments).await), "InvalidParameterException");
}

#[tokio::test]
async fn the_interface_of_an_awsvpc_task_is_attached_by_report() {
    let gantry = TestGantry::start().await;
    let mut host = registration("default", "i-1");
    host["attributes"].as_array_mut().unwrap().push(json!({ "name": "ecs.capability.task-eni" }));
    let host = gantry.ecs("RegisterContainerInstance", host).await.unwrap();
    gantry.connect(host["containerInstance"]["containerInstanceArn"].as_str().unwrap(), true).await;
    let input = json!({
        "family": "web", "networkMode": "awsvpc",
        "containerDefinitions": [{ "name": "app", "image": "hello:1", "memory": 64 }],
    });
    gantry.ecs("RegisterTaskDefinition", input).await.unwrap();
    let network = json!({ "awsvpcConfiguration": { "subnets": ["subnet-1"] } });
    let input = json!({ "taskDefinition": "web", "networkConfiguration": network });
    let run = gantry.ecs("RunTask", input).await.unwrap();
    let task = run["tasks"][0]["taskArn"].as_str().unwrap();
    assert_eq!(run["tasks"][0]["attachments"][0]["status"], "PRECREATED");
    let id = run["tasks"][0]["attachments"][0]["id"].as_str().unwrap();
    let arn = format!("arn:aws:ecs:us-east-1:000000000000:attachment/{id}");
    for (status, expected) in [("ATTACHED", "ATTACHED"), ("PRECREATED", "ATTACHED"), ("DETACHED", "DETACHED")] {
        let input = json!({ "attachments": [{ "attachmentArn": arn, "status": status }] });
        gantry.ecs("SubmitAttachmentStateChanges", input).await.unwrap();
        let described = gantry.described_task("default", task).await;
        assert_eq!(described["attachments"][0]["status"], expected);
    }
}

#[tokio::test]
async fn an_agent_touches_its_own_host_and_tasks_only() {
    let gantry = TestGantry::start().await;
    let own = registration("default", "i-1");
    let answer = gantry.call_signed(&gantry.agent, "ecs", "RegisterContainerInstance", own.clone()).await.unwrap();
    let host = answer["containerInstance"]["containerInstanceArn"].as_str().unwrap().to_owned();
    gantry.connect(&host, true).await;
    let definition = gantry.definition("web", json!({})).await;
    let task = gantry.task("default", &definition).await;
    let mut again = own;
    again["containerInstanceArn"] = json!(host);
    let calls = [
        ("RegisterContainerInstance", again),
        ("SubmitTaskStateChange", json!({ "task": task, "status": "RUNNING" })),
        ("SubmitContainerStateChange", json!({ "task": task, "containerName": "app", "status": "RUNNING" })),
        ("UpdateContainerInstancesState", json!({ "containerInstances": [host], "status": "DRAINING" })),
        ("DeregisterContainerInstance", json!({ "containerInstance": host, "force": true })),
    ];
    for (operation, input) in &calls {
        let (code, message) = refusal(gantry.call_signed(&gantry.other_agent, "ecs", operation, input.clone()).await);
        assert_eq!(code, "AccessDeniedException", "{operation}");
        let who = format!(
            "User: arn:aws:iam::000000000000:role/agent-2 is not authorized to perform: ecs:{operation} on resource: arn:aws:ecs:"
        );
        assert!(message.starts_with(&who), "{message}");
    }
    for (operation, input) in calls {
        gantry.call_signed(&gantry.agent, "ecs", operation, input).await.unwrap();
    }
}

#[tokio::test]
async fn an_agent_that_joined_one_cluster_registers_hosts_into_no_other() {
    let gantry = TestGantry::start().await;
    for cluster in ["mine", "theirs"] {
        gantry.cluster(cluster).await;
    }
    let agent = principal("role/agent-1", PrincipalKind::Agent);
    let mine = ClusterName::parse("mine").unwrap();
    let confined = gantry
        .control
        .store
        .write(move |tx| Box::pin(async move { gantry_control::authorise::confine_agent(tx, &agent, &mine).await }));
    confined.await.unwrap();
    let register = |cluster: &str| {
        gantry.call_signed(&gantry.agent, "ecs", "RegisterContainerInstance", registration(cluster, "i-1"))
    };
    let (code, message) = refusal(register("theirs").await);
    assert_eq!(code, "AccessDeniedException");
    assert!(message.ends_with("on resource: arn:aws:ecs:us-east-1:000000000000:cluster/theirs"), "{message}");
    register("mine").await.unwrap();
}

#[tokio::test]
async fn an_agent_that_drains_its_host_gives_up_what_runs_on_spare_capacity() {
    let gantry = TestGantry::start().await;
    gantry.cluster("default").await;
    let mut host = registration("default", "i-1");
    for (name, value) in [("gantry.serves-fargate", Some("true")), ("ecs.capability.task-eni", None)] {
        host["attributes"].as_array_mut().unwrap().push(json!({ "name": name, "value": value }));
    }
    let answer = gantry.call_signed(&gantry.agent, "ecs", "RegisterContainerInstance", host).await.unwrap();
    let instance = answer["containerInstance"]["containerInstanceArn"].as_str().unwrap();
    gantry.connect(instance, true).await;
    let app = json!({ "name": "app", "image": "hello:1" });
    let definition = json!({
        "family": "f", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
        "containerDefinitions": [app],
    });
    gantry.ecs("RegisterTaskDefinition", definition).await.unwrap();
    let mut tasks = Vec::new();
    for provider in ["FARGATE", "FARGATE_SPOT"] {
        let input = json!({
            "taskDefinition": "f", "capacityProviderStrategy": [{ "capacityProvider": provider, "weight": 1 }],
            "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-1"] } },
        });
        tasks.push(gantry.ecs("RunTask", input).await.unwrap()["tasks"][0]["taskArn"].as_str().unwrap().to_owned());
    }

    let drain = json!({ "containerInstances": [instance], "status": "DRAINING" });
    gantry.ecs("UpdateContainerInstancesState", drain.clone()).await.unwrap();
    assert_eq!(
        gantry.described_task("default", &tasks[1]).await["desiredStatus"],
        "RUNNING",
        "somebody else drained it"
    );
    gantry.call_signed(&gantry.agent, "ecs", "UpdateContainerInstancesState", drain).await.unwrap();
    assert_eq!(gantry.described_task("default", &tasks[0]).await["desiredStatus"], "RUNNING");
    let spot = gantry.described_task("default", &tasks[1]).await;
    assert_eq!((&spot["desiredStatus"], &spot["stopCode"]), (&json!("STOPPED"), &json!("SpotInterruption")));
    assert_eq!(spot["stoppedReason"], "Your Spot Task was interrupted.");
}
