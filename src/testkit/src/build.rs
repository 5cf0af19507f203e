//! Clusters with hosts, task definitions and tasks, made through the API as their owners would make them.

use gantry_control::Failure;
use gantry_control::ecs::record;
use gantry_model::{Arn, ContainerInstanceId, Resource};
use serde_json::{Value, json};

use crate::TestGantry;

/// Every capability that task definitions of these tests ask for.
const CAPABILITIES: [&str; 6] = [
    "com.amazonaws.ecs.capability.docker-remote-api.1.18",
    "com.amazonaws.ecs.capability.docker-remote-api.1.24",
    "com.amazonaws.ecs.capability.ecr-auth",
    "ecs.capability.container-health-check",
    "ecs.capability.container-ordering",
    "ecs.capability.task-cpu-mem-limit",
];

/// What RegisterContainerInstance says of a host with two cpus and four GiB.
#[must_use]
pub fn registration(cluster: &str, host: &str) -> Value {
    let attributes: Vec<Value> = CAPABILITIES.iter().map(|name| json!({ "name": name })).collect();
    json!({
        "cluster": cluster,
        "instanceIdentityDocument": json!({
            "instanceId": host, "availabilityZone": "us-east-1a", "instanceType": "t3.medium",
        }).to_string(),
        "totalResources": [
            { "name": "CPU", "type": "INTEGER", "integerValue": 2048 },
            { "name": "MEMORY", "type": "INTEGER", "integerValue": 4096 },
            { "name": "PORTS", "type": "STRINGSET", "stringSetValue": ["22", "2375"] },
            { "name": "PORTS_UDP", "type": "STRINGSET", "stringSetValue": [] },
        ],
        "versionInfo": { "agentVersion": "1.0.0", "agentHash": "abc", "dockerVersion": "DockerVersion: 27.0" },
        "attributes": attributes,
    })
}

impl TestGantry {
    /// A new cluster.
    pub async fn cluster(&self, name: &str) {
        self.ecs("CreateCluster", json!({ "clusterName": name })).await.expect("a cluster");
    }

    /// A host in `cluster` whose agent is connected. Answers its ARN.
    pub async fn host(&self, cluster: &str, host: &str) -> String {
        let answer = self.ecs("RegisterContainerInstance", registration(cluster, host)).await.expect("a registration");
        let arn = text(&answer["containerInstance"]["containerInstanceArn"]);
        self.connect(&arn, true).await;
        arn
    }

    /// Connects or disconnects the agent of a host.
    pub async fn connect(&self, arn: &str, connected: bool) {
        let id = instance_id(arn);
        let written = self.control.store.write(move |tx| {
            Box::pin(async move {
                let found = gantry_store::container_instance::get(tx, &id).await?;
                let mut instance = found.expect("the instance is registered");
                instance.agent_connected = connected;
                instance.agent_connected_at = tx.now();
                record::put_instance(tx, &mut instance).await
            })
        });
        let written: Result<(), Failure> = written.await;
        written.expect("the instance is written");
    }

    /// A task definition of one container, `app`, with the members of `container` beside name, image and memory. Answers
    /// its ARN.
    pub async fn definition(&self, family: &str, container: Value) -> String {
        let mut app = json!({ "name": "app", "image": "hello:1", "memory": 64 });
        for (name, value) in container.as_object().expect("members of a container") {
            app[name] = value.clone();
        }
        let input = json!({ "family": family, "containerDefinitions": [app] });
        let answer = self.ecs("RegisterTaskDefinition", input).await.expect("a task definition");
        text(&answer["taskDefinition"]["taskDefinitionArn"])
    }

    /// A task of `definition` on a host of `cluster`. Answers its ARN.
    pub async fn task(&self, cluster: &str, definition: &str) -> String {
        let input = json!({ "cluster": cluster, "taskDefinition": definition, "launchType": "EC2" });
        let answer = self.ecs("RunTask", input).await.expect("RunTask");
        assert_eq!(answer["failures"], json!([]), "the task is placed");
        text(&answer["tasks"][0]["taskArn"])
    }

    /// Reports `status` of a task as its agent would, with the members of `report` beside it.
    pub async fn report(&self, cluster: &str, task: &str, status: &str, report: Value) {
        let mut input = json!({ "cluster": cluster, "task": task, "status": status });
        for (name, value) in report.as_object().expect("members of a report") {
            input[name] = value.clone();
        }
        self.ecs("SubmitTaskStateChange", input).await.expect("a report");
    }

    /// A task as DescribeTasks answers it.
    pub async fn described_task(&self, cluster: &str, task: &str) -> Value {
        let input = json!({ "cluster": cluster, "tasks": [task], "include": ["TAGS"] });
        let answer = self.ecs("DescribeTasks", input).await.expect("DescribeTasks");
        assert_eq!(answer["failures"], json!([]));
        answer["tasks"][0].clone()
    }
}

/// A string member.
#[must_use]
pub fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

/// The id in a container instance's ARN.
#[must_use]
pub fn instance_id(arn: &str) -> ContainerInstanceId {
    match arn.parse::<Arn>().expect("an ARN").resource {
        Resource::ContainerInstance(_, id) => id,
        other => unreachable!("{other} is not a container instance"),
    }
}
