//! A store of its own for each test, with a clock that the test turns, and nouns to put into it.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use gantry_model::cluster::{Cluster, ClusterStatus};
use gantry_model::container_instance::{Attribute, ContainerInstance, InstanceStatus};
use gantry_model::resources::{Requirements, Resources};
use gantry_model::service::{Deployment, Service, ServiceEvent};
use gantry_model::task::{Task, TaskStatus};
use gantry_model::task_definition::{TaskDefinition, TaskDefinitionStatus};
use gantry_model::{
    AccountId, ClusterName, ContainerInstanceId, DeploymentId, Family, Region, Scope, ServiceName, TaskDefinitionId,
    TaskId, UnixMillis,
};
use gantry_store::{Store, StoreError, service};
use serde_json::{Value, json};

/// A store in a directory that goes with it.
pub(crate) struct TestStore {
    store: Store,
    now: Arc<AtomicI64>,
    directory: tempfile::TempDir,
}

impl Deref for TestStore {
    type Target = Store;
    fn deref(&self) -> &Store {
        &self.store
    }
}

impl TestStore {
    pub(crate) async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let now = Arc::new(AtomicI64::new(1_700_000_000_000));
        let hand = Arc::clone(&now);
        let clock = Arc::new(move || UnixMillis(hand.load(Ordering::Relaxed)));
        let store = Store::open_with_clock(&directory.path().join("gantry.db"), clock).await.unwrap();
        Self { store, now, directory }
    }

    pub(crate) fn set_time(&self, millis: i64) {
        self.now.store(millis, Ordering::Relaxed);
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("gantry.db")
    }

    /// Puts the services and gives them back with their versions.
    pub(crate) async fn put_services<const N: usize>(&self, services: [Service; N]) -> [Service; N] {
        let put = self.write(move |tx| {
            let mut services = services;
            Box::pin(async move {
                for service in &mut services {
                    service::put(tx, service).await?;
                }
                Ok::<_, StoreError>(services)
            })
        });
        put.await.unwrap()
    }

    pub(crate) async fn try_put_service(&self, mut service: Service) -> (Result<(), StoreError>, Service) {
        let put = self.write(move |tx| {
            Box::pin(async move {
                let ended = service::put(tx, &mut service).await;
                Ok::<_, StoreError>((ended, service))
            })
        });
        put.await.unwrap()
    }

    pub(crate) async fn say(&self, service: &Service, message: &str) {
        let event = ServiceEvent { id: message.to_owned(), created_at: UnixMillis(5), message: message.to_owned() };
        let service = service.clone();
        self.write(move |tx| Box::pin(async move { service::append_message(tx, &service, event).await }))
            .await
            .unwrap();
    }
}

/// Puts each noun with `$module::put`.
macro_rules! put {
    ($store:expr, $module:ident, $($noun:expr),+ $(,)?) => {
        $({
            let noun = $noun.clone();
            let write = $store.write(move |tx| Box::pin(async move { gantry_store::$module::put(tx, &noun).await }));
            write.await.unwrap();
        })+
    };
}
pub(crate) use put;

pub(crate) fn here() -> Scope {
    Scope { account: AccountId::parse("000000000000").unwrap(), region: Region::parse("us-east-1").unwrap() }
}

pub(crate) fn elsewhere() -> Scope {
    Scope { region: Region::parse("eu-west-1").unwrap(), ..here() }
}

pub(crate) fn cluster_name(name: &str) -> ClusterName {
    ClusterName::parse(name).unwrap()
}

pub(crate) fn service_name(name: &str) -> ServiceName {
    ServiceName::parse(name).unwrap()
}

pub(crate) fn family(name: &str) -> Family {
    Family::parse(name).unwrap()
}

pub(crate) fn task_id(number: u32) -> TaskId {
    TaskId::parse(format!("{number:032x}")).unwrap()
}

pub(crate) fn instance_id(number: u32) -> ContainerInstanceId {
    ContainerInstanceId::parse(format!("{number:032x}")).unwrap()
}

pub(crate) fn a_cluster(name: &str) -> Cluster {
    Cluster {
        scope: here(),
        name: cluster_name(name),
        status: ClusterStatus::Active,
        created_at: UnixMillis(1),
        settings: Vec::new(),
        configuration: Some(json!({"executeCommandConfiguration": {"logging": "NONE"}})),
        capacity_providers: vec!["FARGATE".to_owned()],
        default_capacity_provider_strategy: Vec::new(),
        service_connect_defaults: None,
        tags: Vec::new(),
    }
}

pub(crate) fn an_instance(number: u32) -> ContainerInstance {
    ContainerInstance {
        scope: here(),
        cluster: cluster_name("default"),
        id: instance_id(number),
        ec2_instance_id: format!("i-{number:017x}"),
        status: InstanceStatus::Active,
        agent_connected: true,
        agent_connected_at: UnixMillis(1),
        agent_version: "1.0.0".to_owned(),
        agent_hash: "abc".to_owned(),
        docker_version: "DockerVersion: 27.0.0".to_owned(),
        registered: Resources { cpu: 2048, memory_mib: 4096 },
        reserved_tcp_ports: [22, 2375].into(),
        reserved_udp_ports: [].into(),
        gpus: 0,
        attributes: vec![Attribute { name: "ecs.os-type".to_owned(), value: Some("linux".to_owned()) }],
        tags: Vec::new(),
        registered_at: UnixMillis(1),
        version: 1,
        serves_fargate: false,
    }
}

pub(crate) fn a_task_definition(family_name: &str, revision: u32) -> TaskDefinition {
    TaskDefinition {
        scope: here(),
        id: TaskDefinitionId { family: family(family_name), revision },
        status: TaskDefinitionStatus::Active,
        document: json!({"family": family_name, "containerDefinitions": [{"name": "app", "image": "hello:1"}]}),
        registered_at: UnixMillis(1),
        deregistered_at: None,
        tags: Vec::new(),
    }
}

pub(crate) fn a_service(name: &str) -> Service {
    let task_definition = TaskDefinitionId { family: family("web"), revision: 1 };
    let id = DeploymentId::parse("ecs-svc/1").unwrap();
    let service = Service::new(here(), cluster_name("default"), service_name(name), UnixMillis(1));
    Service {
        desired_count: 3,
        task_definition: Some(task_definition.clone()),
        deployments: vec![Deployment::new(id, task_definition, service.workload(), UnixMillis(1))],
        created_by: "arn:aws:iam::000000000000:user/admin".to_owned(),
        ..service
    }
}

/// A task that waits for an instance.
pub(crate) fn a_task(number: u32) -> Task {
    Task {
        last_status: TaskStatus::Provisioning,
        version: 1,
        requirements: Requirements {
            resources: Resources { cpu: 128, memory_mib: 64 },
            tcp_ports: [80].into(),
            ..Requirements::default()
        },
        overrides: Value::Object(serde_json::Map::new()),
        ..Task::new(
            here(),
            cluster_name("default"),
            task_id(number),
            TaskDefinitionId { family: family("web"), revision: 1 },
            "family:web".to_owned(),
            UnixMillis(i64::from(number)),
        )
    }
}
