//! What every operation answers, as it goes over the wire: a tour through all of them, each with an input that works.
//!
//! What is random is numbered in the order in which it first appears. An operation that is built and not on the tour fails
//! the test.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gantry_testkit::TestGantry;
use gantry_testkit::build::{registration, text};
use regex_lite::Regex;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::refusal;
use crate::services::{report_all_running, settle};

struct Tour {
    gantry: TestGantry,
    service: &'static str,
    log: String,
    seen: BTreeSet<String>,
}

impl Tour {
    async fn of(service: &'static str) -> Self {
        Self { gantry: TestGantry::start().await, service, log: String::new(), seen: BTreeSet::new() }
    }

    /// Calls an operation, which must do what it is asked, and writes down what was asked and answered.
    async fn call(&mut self, operation: &str, input: Value) -> Value {
        let answer = self.gantry.call(self.service, operation, input.clone()).await;
        let output = answer.unwrap_or_else(|refusal| panic!("{operation} {input}: {refusal:?}"));
        self.note(operation, &input, &serde_json::to_string_pretty(&output).unwrap());
        output
    }

    /// Calls an operation that has nothing to do but refuse.
    async fn refused(&mut self, operation: &str, input: Value) {
        let (code, message) = refusal(self.gantry.call(self.service, operation, input.clone()).await);
        self.note(operation, &input, &format!("{code}: {message}"));
    }

    fn note(&mut self, operation: &str, input: &Value, answer: &str) {
        writeln!(self.log, "{operation} {input}\n{answer}\n").unwrap();
        self.seen.insert(operation.to_owned());
    }

    fn end(self) -> String {
        let built: BTreeSet<String> = self
            .gantry
            .control
            .operations
            .names()
            .filter(|(service, _)| *service == self.service)
            .map(|(_, name)| name.to_owned())
            .collect();
        assert_eq!(self.seen, built, "the tour goes through every operation that is built");
        numbered(&self.log)
    }
}

/// `log` with what is random numbered, by its kind.
fn numbered(log: &str) -> String {
    let mut text = log.to_owned();
    for (kind, pattern) in [
        ("elb", r"\b[0-9a-f]{16}\b"),
        ("dns", r"front-[0-9a-f]{10}\."),
        ("uuid", r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"),
        ("id", r"\b[0-9a-f]{32}\b"),
        ("deployment", r"\b[0-9]{15,20}\b"),
        ("token", r#""(?:authorizationToken|nextToken)": "[^"]+""#),
        ("url", r#""downloadUrl": "[^"]+""#),
        ("arn", r":secret:db-[A-Za-z0-9]{6}\b"),
        ("password", r#""RandomPassword": "[^"]+""#),
        ("sealed", r#""Value": "A[A-Za-z0-9+/]{100,}=*""#),
    ] {
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        let mut number = |found: &str| {
            let next = names.len() + 1;
            names.entry(found.to_owned()).or_insert_with(|| format!("{kind}-{next}")).clone()
        };
        let pattern = Regex::new(pattern).unwrap();
        text = pattern.replace_all(&text, |found: &regex_lite::Captures<'_>| number(&found[0])).into_owned();
    }
    text
}

#[tokio::test]
async fn operations_of_ecs_answer_as_they_did() {
    let mut tour = Tour::of("ecs").await;
    clusters(&mut tour).await;
    let host = hosts(&mut tour).await;
    capacity(&mut tour).await;
    definitions(&mut tour).await;
    tasks(&mut tour, &host).await;
    services(&mut tour).await;
    task_sets(&mut tour).await;
    farewell(&mut tour, &host).await;
    insta::assert_snapshot!("ecs", tour.end());
}

#[tokio::test]
async fn operations_of_logs_answer_as_they_did() {
    let mut tour = Tour::of("logs").await;
    let (group, stream) = ("/ecs/web", "web/app/1");
    let arn = "arn:aws:logs:us-east-1:000000000000:log-group:/ecs/web";
    tour.call("CreateLogGroup", json!({ "logGroupName": group, "tags": { "team": "blue" } })).await;
    tour.call("PutRetentionPolicy", json!({ "logGroupName": group, "retentionInDays": 30 })).await;
    tour.call("CreateLogStream", json!({ "logGroupName": group, "logStreamName": stream })).await;
    let at = tour.gantry.now().0;
    let events = json!([{ "timestamp": at, "message": "GET /" }, { "timestamp": at + 5, "message": "ERROR" }]);
    tour.call("PutLogEvents", json!({ "logGroupName": group, "logStreamName": stream, "logEvents": events })).await;
    tour.call("GetLogEvents", json!({ "logGroupName": group, "logStreamName": stream })).await;
    tour.call("FilterLogEvents", json!({ "logGroupName": group, "filterPattern": "ERROR" })).await;
    tour.call("DescribeLogStreams", json!({ "logGroupName": group })).await;
    tour.call("TagResource", json!({ "resourceArn": arn, "tags": { "stage": "prod" } })).await;
    tour.call("TagLogGroup", json!({ "logGroupName": group, "tags": { "cost": "1" } })).await;
    tour.call("ListTagsForResource", json!({ "resourceArn": arn })).await;
    tour.call("UntagResource", json!({ "resourceArn": arn, "tagKeys": ["stage"] })).await;
    tour.call("UntagLogGroup", json!({ "logGroupName": group, "tags": ["cost"] })).await;
    tour.call("ListTagsLogGroup", json!({ "logGroupName": group })).await;
    let protection = json!({ "logGroupIdentifier": group, "deletionProtectionEnabled": false });
    tour.call("PutLogGroupDeletionProtection", protection).await;
    tour.call("DescribeLogGroups", json!({ "logGroupNamePrefix": "/ecs" })).await;
    tour.call("DeleteRetentionPolicy", json!({ "logGroupName": group })).await;
    tour.call("DeleteLogStream", json!({ "logGroupName": group, "logStreamName": stream })).await;
    tour.call("DeleteLogGroup", json!({ "logGroupName": group })).await;
    insta::assert_snapshot!("logs", tour.end());
}

#[tokio::test]
async fn operations_of_events_answer_as_they_did() {
    let mut tour = Tour::of("events").await;
    let arn = "arn:aws:events:us-east-1:000000000000:rule/nightly";
    let cluster = "arn:aws:ecs:us-east-1:000000000000:cluster/default";
    let put = json!({
        "Name": "nightly",
        "ScheduleExpression": "cron(0 3 * * ? *)",
        "Description": "the backup",
        "RoleArn": "arn:aws:iam::000000000000:role/events",
        "Tags": [{ "Key": "team", "Value": "blue" }],
    });
    tour.call("PutRule", put).await;
    let target =
        json!({ "Id": "1", "Arn": cluster, "EcsParameters": { "TaskDefinitionArn": "backup", "TaskCount": 1 } });
    tour.call("PutTargets", json!({ "Rule": "nightly", "Targets": [target] })).await;
    tour.call("ListTargetsByRule", json!({ "Rule": "nightly" })).await;
    tour.call("ListRuleNamesByTarget", json!({ "TargetArn": cluster })).await;
    tour.call("DisableRule", json!({ "Name": "nightly" })).await;
    tour.call("DescribeRule", json!({ "Name": "nightly" })).await;
    tour.call("EnableRule", json!({ "Name": "nightly" })).await;
    tour.call("ListRules", json!({ "NamePrefix": "night" })).await;
    tour.call("TagResource", json!({ "ResourceARN": arn, "Tags": [{ "Key": "stage", "Value": "prod" }] })).await;
    tour.call("UntagResource", json!({ "ResourceARN": arn, "TagKeys": ["team"] })).await;
    tour.call("ListTagsForResource", json!({ "ResourceARN": arn })).await;
    tour.call("RemoveTargets", json!({ "Rule": "nightly", "Ids": ["1"] })).await;
    tour.call("DeleteRule", json!({ "Name": "nightly" })).await;
    insta::assert_snapshot!("events", tour.end());
}

#[tokio::test]
async fn operations_of_elasticloadbalancing_answer_as_they_did() {
    let mut tour = Tour::of("elasticloadbalancing").await;
    let arn_of = |made: &Value, list: &str, member: &str| made[list][0][member].as_str().unwrap().to_owned();
    let tags = json!([{ "Key": "team", "Value": "blue" }]);
    let made = tour.call("CreateLoadBalancer", json!({ "Name": "front", "Subnets": ["s-1"], "Tags": tags })).await;
    let front = arn_of(&made, "LoadBalancers", "LoadBalancerArn");
    let input = json!({ "Name": "web", "Protocol": "HTTP", "Port": 80, "TargetType": "ip", "VpcId": "vpc-1" });
    let made = tour.call("CreateTargetGroup", input).await;
    let web = arn_of(&made, "TargetGroups", "TargetGroupArn");
    let forward = json!([{ "Type": "forward", "TargetGroupArn": web }]);
    let input = json!({ "LoadBalancerArn": front, "Protocol": "HTTP", "Port": 80, "DefaultActions": forward });
    let made = tour.call("CreateListener", input).await;
    let listener = arn_of(&made, "Listeners", "ListenerArn");
    let conditions = json!([{ "Field": "path-pattern", "Values": ["/old/*"] }]);
    let redirect = json!([{ "Type": "redirect", "RedirectConfig": { "Path": "/new", "StatusCode": "HTTP_301" } }]);
    let input = json!({ "ListenerArn": listener, "Priority": 1, "Conditions": conditions, "Actions": redirect });
    let made = tour.call("CreateRule", input).await;
    let rule = arn_of(&made, "Rules", "RuleArn");
    let fixed = json!([{ "Type": "fixed-response", "FixedResponseConfig": { "StatusCode": "404" } }]);
    tour.call("ModifyRule", json!({ "RuleArn": rule, "Actions": fixed })).await;
    tour.call("SetRulePriorities", json!({ "RulePriorities": [{ "RuleArn": rule, "Priority": 7 }] })).await;
    tour.call("DescribeRules", json!({ "ListenerArn": listener })).await;
    tour.call("ModifyListener", json!({ "ListenerArn": listener, "Port": 8080 })).await;
    tour.call("DescribeListeners", json!({ "LoadBalancerArn": front })).await;
    tour.call("DescribeListenerCertificates", json!({ "ListenerArn": listener })).await;
    let certificates = json!([{ "CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/none" }]);
    let input = json!({ "ListenerArn": listener, "Certificates": certificates });
    tour.refused("AddListenerCertificates", input.clone()).await;
    tour.call("RemoveListenerCertificates", input).await;
    tour.call("ModifyTargetGroup", json!({ "TargetGroupArn": web, "HealthCheckPath": "/health" })).await;
    let attributes = json!([{ "Key": "deregistration_delay.timeout_seconds", "Value": "30" }]);
    tour.call("ModifyTargetGroupAttributes", json!({ "TargetGroupArn": web, "Attributes": attributes })).await;
    tour.call("DescribeTargetGroupAttributes", json!({ "TargetGroupArn": web })).await;
    let attributes = json!([{ "Key": "idle_timeout.timeout_seconds", "Value": "30" }]);
    tour.call("ModifyLoadBalancerAttributes", json!({ "LoadBalancerArn": front, "Attributes": attributes })).await;
    tour.call("DescribeLoadBalancerAttributes", json!({ "LoadBalancerArn": front })).await;
    let targets = json!({ "TargetGroupArn": web, "Targets": [{ "Id": "10.0.0.7" }] });
    tour.call("RegisterTargets", targets.clone()).await;
    tour.call("DescribeTargetHealth", json!({ "TargetGroupArn": web })).await;
    tour.call("DeregisterTargets", targets).await;
    tour.call("AddTags", json!({ "ResourceArns": [web], "Tags": [{ "Key": "stage", "Value": "prod" }] })).await;
    tour.call("DescribeTags", json!({ "ResourceArns": [front, web] })).await;
    tour.call("RemoveTags", json!({ "ResourceArns": [web], "TagKeys": ["stage"] })).await;
    tour.call("DescribeLoadBalancers", json!({ "Names": ["front"] })).await;
    tour.call("DescribeTargetGroups", json!({ "LoadBalancerArn": front })).await;
    tour.call("DescribeSSLPolicies", json!({})).await;
    tour.call("DeleteRule", json!({ "RuleArn": rule })).await;
    tour.call("DeleteListener", json!({ "ListenerArn": listener })).await;
    tour.call("DeleteLoadBalancer", json!({ "LoadBalancerArn": front })).await;
    tour.call("DeleteTargetGroup", json!({ "TargetGroupArn": web })).await;
    insta::assert_snapshot!("elasticloadbalancing", tour.end());
}

#[tokio::test]
async fn operations_of_acm_answer_as_they_did() {
    let mut tour = Tour::of("acm").await;
    let base64 = |text: &str| serde_json::to_value(gantry_wire::value::Blob(text.as_bytes().to_vec())).unwrap();
    let import = json!({
        "Certificate": base64(include_str!("data/shop.pem")),
        "PrivateKey": base64(include_str!("data/shop-key.pem")),
        "Tags": [{ "Key": "team", "Value": "blue" }],
    });
    let arn = tour.call("ImportCertificate", import).await["CertificateArn"].as_str().unwrap().to_owned();
    let it = json!({ "CertificateArn": arn });
    tour.call("DescribeCertificate", it.clone()).await;
    tour.call("GetCertificate", it.clone()).await;
    tour.call("ListCertificates", json!({})).await;
    let tags = json!({ "CertificateArn": arn, "Tags": [{ "Key": "stage", "Value": "prod" }] });
    tour.call("AddTagsToCertificate", tags).await;
    tour.call("RemoveTagsFromCertificate", json!({ "CertificateArn": arn, "Tags": [{ "Key": "team" }] })).await;
    tour.call("ListTagsForCertificate", it.clone()).await;
    tour.call("DeleteCertificate", it).await;
    insta::assert_snapshot!("acm", tour.end());
}

#[tokio::test]
async fn operations_of_secretsmanager_answer_as_they_did() {
    let mut tour = Tour::of("secretsmanager").await;
    let (first, second) = ("11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222");
    let create = json!({
        "Name": "db",
        "Description": "the shop's",
        "SecretString": "one",
        "ClientRequestToken": first,
        "Tags": [{ "Key": "team", "Value": "blue" }],
    });
    tour.call("CreateSecret", create).await;
    let put = json!({ "SecretId": "db", "SecretString": "two", "ClientRequestToken": second });
    tour.call("PutSecretValue", put).await;
    tour.call("GetSecretValue", json!({ "SecretId": "db" })).await;
    tour.call("GetSecretValue", json!({ "SecretId": "db", "VersionStage": "AWSPREVIOUS" })).await;
    tour.call("BatchGetSecretValue", json!({ "SecretIdList": ["db", "none"] })).await;
    let back = json!({
        "SecretId": "db",
        "VersionStage": "AWSCURRENT",
        "RemoveFromVersionId": second,
        "MoveToVersionId": first,
    });
    tour.call("UpdateSecretVersionStage", back).await;
    tour.call("UpdateSecret", json!({ "SecretId": "db", "Description": "the shop's database" })).await;
    tour.call("TagResource", json!({ "SecretId": "db", "Tags": [{ "Key": "stage", "Value": "prod" }] })).await;
    tour.call("UntagResource", json!({ "SecretId": "db", "TagKeys": ["team"] })).await;
    tour.call("DescribeSecret", json!({ "SecretId": "db" })).await;
    tour.call("ListSecrets", json!({})).await;
    tour.call("ListSecretVersionIds", json!({ "SecretId": "db" })).await;
    tour.call("DeleteSecret", json!({ "SecretId": "db", "RecoveryWindowInDays": 7 })).await;
    tour.refused("GetSecretValue", json!({ "SecretId": "db" })).await;
    tour.call("RestoreSecret", json!({ "SecretId": "db" })).await;
    tour.call("GetRandomPassword", json!({ "PasswordLength": 12, "ExcludePunctuation": true })).await;
    insta::assert_snapshot!("secretsmanager", tour.end());
}

#[tokio::test]
async fn operations_of_ssm_answer_as_they_did() {
    let mut tour = Tour::of("ssm").await;
    let put = json!({ "Name": "/shop/db", "Value": "one", "Type": "SecureString", "Description": "the shop's" });
    tour.call("PutParameter", put).await;
    tour.call("PutParameter", json!({ "Name": "/shop/db", "Value": "two", "Overwrite": true })).await;
    tour.call("PutParameter", json!({ "Name": "/shop/url", "Value": "http://shop", "Type": "String" })).await;
    tour.call("LabelParameterVersion", json!({ "Name": "/shop/db", "ParameterVersion": 1, "Labels": ["blue"] })).await;
    tour.call("GetParameter", json!({ "Name": "/shop/db", "WithDecryption": true })).await;
    tour.call("GetParameter", json!({ "Name": "/shop/db" })).await;
    tour.call("GetParameter", json!({ "Name": "/shop/db:blue", "WithDecryption": true })).await;
    tour.call("GetParameters", json!({ "Names": ["/shop/url", "/none"] })).await;
    tour.call("GetParametersByPath", json!({ "Path": "/shop", "MaxResults": 1, "WithDecryption": true })).await;
    tour.call("GetParameterHistory", json!({ "Name": "/shop/db", "WithDecryption": true })).await;
    let tags = json!([{ "Key": "team", "Value": "blue" }, { "Key": "stage", "Value": "prod" }]);
    let of = json!({ "ResourceType": "Parameter", "ResourceId": "/shop/db" });
    let with = |member: &str, value: Value| {
        let mut input = of.clone();
        input[member] = value;
        input
    };
    tour.call("AddTagsToResource", with("Tags", tags)).await;
    tour.call("RemoveTagsFromResource", with("TagKeys", json!(["stage"]))).await;
    tour.call("ListTagsForResource", of.clone()).await;
    tour.call("DescribeParameters", json!({ "ParameterFilters": [{ "Key": "tag:team", "Values": ["blue"] }] })).await;
    tour.call("UnlabelParameterVersion", json!({ "Name": "/shop/db", "ParameterVersion": 1, "Labels": ["blue"] }))
        .await;
    tour.call("DeleteParameter", json!({ "Name": "/shop/url" })).await;
    tour.refused("GetParameter", json!({ "Name": "/shop/url" })).await;
    tour.call("DeleteParameters", json!({ "Names": ["/shop/db", "/none"] })).await;
    insta::assert_snapshot!("ssm", tour.end());
}

async fn clusters(tour: &mut Tour) {
    let tags = json!([{ "key": "team", "value": "blue" }]);
    tour.call("CreateCluster", json!({ "clusterName": "default", "tags": tags })).await;
    tour.call("DescribeClusters", json!({ "include": ["TAGS", "SETTINGS", "STATISTICS", "CONFIGURATIONS"] })).await;
    tour.call("ListClusters", json!({})).await;
    let settings = json!([{ "name": "containerInsights", "value": "enabled" }]);
    tour.call("UpdateCluster", json!({ "cluster": "default", "settings": settings })).await;
    tour.call("UpdateClusterSettings", json!({ "cluster": "default", "settings": settings })).await;
    tour.call("PutAccountSetting", json!({ "name": "containerInsights", "value": "enabled" })).await;
    tour.call("PutAccountSettingDefault", json!({ "name": "tagResourceAuthorization", "value": "off" })).await;
    tour.call("ListAccountSettings", json!({ "name": "containerInsights", "effectiveSettings": true })).await;
    tour.call("DeleteAccountSetting", json!({ "name": "containerInsights" })).await;
    let arn = "arn:aws:ecs:us-east-1:000000000000:cluster/default";
    tour.call("TagResource", json!({ "resourceArn": arn, "tags": [{ "key": "stage", "value": "prod" }] })).await;
    tour.call("ListTagsForResource", json!({ "resourceArn": arn })).await;
    tour.call("UntagResource", json!({ "resourceArn": arn, "tagKeys": ["team"] })).await;
}

async fn hosts(tour: &mut Tour) -> String {
    let registered = tour.call("RegisterContainerInstance", registration("default", "i-1")).await;
    let host = text(&registered["containerInstance"]["containerInstanceArn"]);
    tour.gantry.connect(&host, true).await;
    tour.call("DiscoverPollEndpoint", json!({ "cluster": "default", "containerInstance": host })).await;
    tour.call("DescribeContainerInstances", json!({ "containerInstances": [host], "include": ["TAGS"] })).await;
    tour.call("ListContainerInstances", json!({})).await;
    let attribute = json!({ "name": "disk", "value": "ssd", "targetId": host });
    tour.call("PutAttributes", json!({ "attributes": [attribute] })).await;
    let input = json!({ "targetType": "container-instance", "attributeName": "disk" });
    tour.call("ListAttributes", input).await;
    tour.call("DeleteAttributes", json!({ "attributes": [{ "name": "disk", "targetId": host }] })).await;
    tour.refused("UpdateContainerAgent", json!({ "containerInstance": host })).await;
    for status in ["DRAINING", "ACTIVE"] {
        let input = json!({ "containerInstances": [host], "status": status });
        tour.call("UpdateContainerInstancesState", input).await;
    }
    host
}

async fn capacity(tour: &mut Tour) {
    let group = json!({ "autoScalingGroupArn": "arn:none" });
    tour.call("CreateCapacityProvider", json!({ "name": "pool", "autoScalingGroupProvider": group })).await;
    let draining = json!({ "managedDraining": "DISABLED" });
    tour.call("UpdateCapacityProvider", json!({ "name": "pool", "autoScalingGroupProvider": draining })).await;
    tour.call("DescribeCapacityProviders", json!({ "capacityProviders": ["pool"] })).await;
    for (providers, strategy) in [
        (json!(["FARGATE", "pool"]), json!([{ "capacityProvider": "FARGATE", "weight": 1, "base": 1 }])),
        (json!([]), json!([])),
    ] {
        let input = json!({ "cluster": "default", "capacityProviders": providers,
            "defaultCapacityProviderStrategy": strategy });
        tour.call("PutClusterCapacityProviders", input).await;
    }
    tour.call("DeleteCapacityProvider", json!({ "capacityProvider": "pool" })).await;
}

async fn definitions(tour: &mut Tour) {
    let app = json!({
        "name": "app", "image": "registry.test:5000/hello:1", "cpu": 64, "memory": 64, "command": ["serve"],
        "environment": [{ "name": "Z", "value": "1" }, { "name": "A", "value": "2" }],
        "portMappings": [{ "containerPort": 80 }], "healthCheck": { "command": ["CMD-SHELL", "true"] },
    });
    let side = json!({ "name": "side", "image": "side:1", "memory": 32, "essential": false,
        "dependsOn": [{ "containerName": "app", "condition": "HEALTHY" }] });
    let input = json!({ "family": "web", "containerDefinitions": [app, side],
        "tags": [{ "key": "team", "value": "blue" }] });
    tour.call("RegisterTaskDefinition", input).await;
    tour.call("DescribeTaskDefinition", json!({ "taskDefinition": "web", "include": ["TAGS"] })).await;
    tour.call("ListTaskDefinitions", json!({})).await;
    tour.call("ListTaskDefinitionFamilies", json!({})).await;
    let small = json!({ "name": "app", "image": "hello:1", "memory": 64 });
    for _ in 0..2 {
        tour.call("RegisterTaskDefinition", json!({ "family": "job", "containerDefinitions": [small] })).await;
    }
}

async fn tasks(tour: &mut Tour, host: &str) {
    let run = tour.call("RunTask", json!({ "taskDefinition": "web", "launchType": "EC2" })).await;
    assert_eq!(run["failures"], json!([]));
    let task = text(&run["tasks"][0]["taskArn"]);
    let container = json!({ "task": task, "containerName": "app", "status": "RUNNING", "runtimeId": "d0" });
    tour.call("SubmitContainerStateChange", container).await;
    let containers = json!([{ "containerName": "app", "status": "RUNNING", "runtimeId": "d0",
        "networkBindings": [{ "bindIP": "0.0.0.0", "containerPort": 80, "hostPort": 32768, "protocol": "tcp" }] }]);
    let running = json!({ "task": task, "status": "RUNNING", "containers": containers });
    tour.call("SubmitTaskStateChange", running).await;
    tour.call("SubmitAttachmentStateChanges", json!({ "attachments": [] })).await;
    tour.call("DescribeTasks", json!({ "tasks": [task], "include": ["TAGS"] })).await;
    tour.call("ListTasks", json!({})).await;
    tour.call("StopTask", json!({ "task": task, "reason": "enough" })).await;
    let containers = json!([{ "containerName": "app", "status": "STOPPED", "exitCode": 0 },
        { "containerName": "side", "status": "STOPPED", "exitCode": 0 }]);
    let stopped = json!({ "task": task, "status": "STOPPED", "containers": containers });
    tour.call("SubmitTaskStateChange", stopped).await;
    let started = tour.call("StartTask", json!({ "taskDefinition": "job", "containerInstances": [host] })).await;
    assert_eq!(started["failures"], json!([]));
    tour.gantry.report("default", &text(&started["tasks"][0]["taskArn"]), "STOPPED", json!({})).await;
}

async fn services(tour: &mut Tour) {
    let input = json!({ "serviceName": "web", "taskDefinition": "job:1", "desiredCount": 1 });
    tour.call("CreateService", input).await;
    settle(&tour.gantry, "web").await;
    report_all_running(&tour.gantry, "web").await;
    tour.gantry.pass_seconds(60);
    settle(&tour.gantry, "web").await;
    tour.call("DescribeServices", json!({ "services": ["web", "none"], "include": ["TAGS"] })).await;
    tour.call("ListServices", json!({})).await;
    let tasks = tour.gantry.ecs("ListTasks", json!({ "serviceName": "web" })).await.unwrap()["taskArns"].clone();
    let protect = json!({ "cluster": "default", "tasks": tasks, "protectionEnabled": true, "expiresInMinutes": 1 });
    tour.call("UpdateTaskProtection", protect).await;
    tour.call("GetTaskProtection", json!({ "cluster": "default", "tasks": tasks })).await;

    let pause = json!({ "targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"] });
    let stages = json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5, "lifecycleHooks": [pause] });
    let input = json!({ "service": "web", "taskDefinition": "job:2", "deploymentConfiguration": stages });
    tour.call("UpdateService", input).await;
    settle(&tour.gantry, "web").await;
    let listed = tour.call("ListServiceDeployments", json!({ "service": "web", "status": ["IN_PROGRESS"] })).await;
    let deployment = &listed["serviceDeployments"][0];
    let arn = &deployment["serviceDeploymentArn"];
    let described = tour.call("DescribeServiceDeployments", json!({ "serviceDeploymentArns": [arn] })).await;
    let revision = &deployment["targetServiceRevisionArn"];
    tour.call("DescribeServiceRevisions", json!({ "serviceRevisionArns": [revision] })).await;
    let hook = &described["serviceDeployments"][0]["lifecycleHookDetails"][0]["hookId"];
    tour.call("ContinueServiceDeployment", json!({ "serviceDeploymentArn": arn, "hookId": hook })).await;
    tour.call("StopServiceDeployment", json!({ "serviceDeploymentArn": arn })).await;
    tour.call("DeleteService", json!({ "service": "web", "force": true })).await;
    settle(&tour.gantry, "web").await;
    report_all_running(&tour.gantry, "web").await;
    settle(&tour.gantry, "web").await;
}

async fn task_sets(tour: &mut Tour) {
    let external = json!({ "serviceName": "sets", "desiredCount": 2, "deploymentController": { "type": "EXTERNAL" } });
    tour.call("CreateService", external).await;
    let scale = |value: f64| json!({ "value": value, "unit": "PERCENT" });
    let of_service = |more: Value| {
        let mut input = json!({ "cluster": "default", "service": "sets" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let create = of_service(json!({ "taskDefinition": "job", "launchType": "EC2", "scale": scale(50.0) }));
    let set = tour.call("CreateTaskSet", create).await["taskSet"]["id"].clone();
    tour.call("DescribeTaskSets", of_service(json!({ "taskSets": [set] }))).await;
    tour.call("UpdateTaskSet", of_service(json!({ "taskSet": set, "scale": scale(100.0) }))).await;
    tour.call("UpdateServicePrimaryTaskSet", of_service(json!({ "primaryTaskSet": set }))).await;
    tour.call("DeleteTaskSet", of_service(json!({ "taskSet": set, "force": true }))).await;
    settle(&tour.gantry, "sets").await;
    tour.call("DeleteService", json!({ "service": "sets", "force": true })).await;
    settle(&tour.gantry, "sets").await;
}

async fn farewell(tour: &mut Tour, host: &str) {
    tour.call("DeregisterTaskDefinition", json!({ "taskDefinition": "job:1" })).await;
    tour.call("DeleteTaskDefinitions", json!({ "taskDefinitions": ["job:1"] })).await;
    tour.call("DeregisterContainerInstance", json!({ "containerInstance": host, "force": true })).await;
    tour.call("DeleteCluster", json!({ "cluster": "default" })).await;
}

#[tokio::test]
async fn operations_of_ecr_answer_as_they_did() {
    let mut tour = Tour::of("ecr").await;
    tour.call("CreateRepository", json!({ "repositoryName": "team/web" })).await;
    tour.call("DescribeRepositories", json!({})).await;
    let of = |more: Value| {
        let mut input = json!({ "repositoryName": "team/web" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    tour.call("PutImageTagMutability", of(json!({ "imageTagMutability": "IMMUTABLE" }))).await;
    let scanning = json!({ "imageScanningConfiguration": { "scanOnPush": true } });
    tour.call("PutImageScanningConfiguration", of(scanning)).await;
    let arn = "arn:aws:ecr:us-east-1:000000000000:repository/team/web";
    tour.call("TagResource", json!({ "resourceArn": arn, "tags": [{ "Key": "team", "Value": "blue" }] })).await;
    tour.call("ListTagsForResource", json!({ "resourceArn": arn })).await;
    tour.call("UntagResource", json!({ "resourceArn": arn, "tagKeys": ["team"] })).await;

    let config = br#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;
    let digest = format!("sha256:{}", hex::encode(Sha256::digest(config)));
    let upload = tour.call("InitiateLayerUpload", of(json!({}))).await["uploadId"].clone();
    let part = json!({ "uploadId": upload, "partFirstByte": 0, "partLastByte": config.len() - 1,
        "layerPartBlob": STANDARD.encode(config) });
    tour.call("UploadLayerPart", of(part)).await;
    tour.call("CompleteLayerUpload", of(json!({ "uploadId": upload, "layerDigests": [digest] }))).await;
    tour.call("BatchCheckLayerAvailability", of(json!({ "layerDigests": [digest, "sha256:none"] }))).await;
    let kind = "application/vnd.oci.image.manifest.v1+json";
    let of_config = json!({ "mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest,
        "size": config.len() });
    let manifest = json!({ "schemaVersion": 2, "mediaType": kind, "config": of_config, "layers": [] }).to_string();
    tour.call("PutImage", of(json!({ "imageManifest": manifest, "imageTag": "1" }))).await;
    tour.call("GetDownloadUrlForLayer", of(json!({ "layerDigest": digest }))).await;
    tour.call("DescribeImages", of(json!({}))).await;
    tour.call("ListImages", of(json!({}))).await;
    let ids = json!([{ "imageTag": "1" }, { "imageTag": "2" }]);
    tour.call("BatchGetImage", of(json!({ "imageIds": ids }))).await;
    let selection = json!({ "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1 });
    let rules = json!([{ "rulePriority": 1, "selection": selection, "action": { "type": "expire" } }]);
    let policy = json!({ "rules": rules }).to_string();
    let of_image = format!("sha256:{}", hex::encode(Sha256::digest(manifest.as_bytes())));
    let subject = json!({ "subjectId": { "imageDigest": of_image } });
    tour.call("ListImageReferrers", of(subject)).await;
    tour.call("PutLifecyclePolicy", of(json!({ "lifecyclePolicyText": policy }))).await;
    tour.call("GetLifecyclePolicy", of(json!({}))).await;
    tour.call("StartLifecyclePolicyPreview", of(json!({}))).await;
    tour.call("GetLifecyclePolicyPreview", of(json!({}))).await;
    tour.call("DeleteLifecyclePolicy", of(json!({}))).await;
    for class in ["ARCHIVE", "STANDARD"] {
        let input = json!({ "imageId": { "imageTag": "1" }, "targetStorageClass": class });
        tour.call("UpdateImageStorageClass", of(input)).await;
    }
    // It was scanned when it was pushed.
    tour.gantry.pass_seconds(24 * 60 * 60);
    tour.call("StartImageScan", of(json!({ "imageId": { "imageTag": "1" } }))).await;
    gantry_control::loops::scanning::pass(&tour.gantry.control).await;
    tour.call("DescribeImageScanFindings", of(json!({ "imageId": { "imageTag": "1" } }))).await;
    tour.call("DescribeImageSigningStatus", of(json!({ "imageId": { "imageTag": "1" } }))).await;
    replication(&mut tour, &of(json!({ "imageId": { "imageTag": "1" } }))).await;
    tour.call("BatchDeleteImage", of(json!({ "imageIds": ids }))).await;
    registry_settings(&mut tour).await;
    tour.call("DescribeRegistry", json!({})).await;
    tour.call("GetAuthorizationToken", json!({})).await;
    tour.call("DeleteRepository", of(json!({ "force": true }))).await;
    insta::assert_snapshot!("ecr", tour.end());
}

async fn replication(tour: &mut Tour, image: &Value) {
    let destination = json!({ "region": "eu-west-1", "registryId": gantry_testkit::ACCOUNT });
    let rules = json!({ "rules": [{ "destinations": [destination] }] });
    tour.call("PutReplicationConfiguration", json!({ "replicationConfiguration": rules })).await;
    let started = tour.call("StartReplicationBackfill", json!({ "destination": destination })).await;
    gantry_control::loops::replication::pass(&tour.gantry.control).await.unwrap();
    tour.call("DescribeImageReplicationStatus", image.clone()).await;
    let id = json!({ "replicationBackfillId": started["replicationBackfillId"] });
    tour.call("DescribeReplicationBackfillResults", id).await;
    tour.call("ListReplicationBackfills", json!({})).await;
    let started = tour.call("StartReplicationBackfill", json!({ "destination": destination })).await;
    let id = json!({ "replicationBackfillId": started["replicationBackfillId"] });
    tour.call("StopReplicationBackfill", id).await;
}

async fn registry_settings(tour: &mut Tour) {
    let statement = json!({ "Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage" });
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
    tour.call("SetRepositoryPolicy", json!({ "repositoryName": "team/web", "policyText": policy })).await;
    tour.call("GetRepositoryPolicy", json!({ "repositoryName": "team/web" })).await;
    tour.call("DeleteRepositoryPolicy", json!({ "repositoryName": "team/web" })).await;
    tour.call("PutRegistryPolicy", json!({ "policyText": policy })).await;
    tour.call("GetRegistryPolicy", json!({})).await;
    tour.call("DeleteRegistryPolicy", json!({})).await;
    let filters = json!([{ "filter": "team/*", "filterType": "WILDCARD" }]);
    let rules = json!([{ "scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": filters }]);
    tour.call("PutRegistryScanningConfiguration", json!({ "scanType": "BASIC", "rules": rules })).await;
    tour.call("GetRegistryScanningConfiguration", json!({})).await;
    tour.call("BatchGetRepositoryScanningConfiguration", json!({ "repositoryNames": ["team/web"] })).await;
    let template = json!({ "prefix": "team", "appliedFor": ["CREATE_ON_PUSH"] });
    tour.call("CreateRepositoryCreationTemplate", template).await;
    let change = json!({ "prefix": "team", "description": "of the team" });
    tour.call("UpdateRepositoryCreationTemplate", change).await;
    tour.call("DescribeRepositoryCreationTemplates", json!({})).await;
    tour.call("DeleteRepositoryCreationTemplate", json!({ "prefix": "team" })).await;
    let rule = json!({ "ecrRepositoryPrefix": "hub", "upstreamRegistryUrl": "http://127.0.0.1:9" });
    tour.call("CreatePullThroughCacheRule", rule).await;
    let hub = json!({ "ecrRepositoryPrefix": "hub" });
    let role = json!({ "ecrRepositoryPrefix": "hub", "customRoleArn": "arn:aws:iam::000000000000:role/cache" });
    tour.call("UpdatePullThroughCacheRule", role).await;
    tour.call("DescribePullThroughCacheRules", json!({})).await;
    tour.call("ValidatePullThroughCacheRule", hub.clone()).await;
    tour.call("DeletePullThroughCacheRule", hub).await;
    let robot = json!({ "principalArn": "arn:aws:iam::000000000000:role/scanner" });
    tour.call("RegisterPullTimeUpdateExclusion", robot.clone()).await;
    tour.call("ListPullTimeUpdateExclusions", json!({})).await;
    tour.call("DeregisterPullTimeUpdateExclusion", robot).await;
    tour.call("PutAccountSetting", json!({ "name": "BLOB_MOUNTING", "value": "DISABLED" })).await;
    tour.call("GetAccountSetting", json!({ "name": "BLOB_MOUNTING" })).await;
    tour.refused("PutSigningConfiguration", json!({ "signingConfiguration": { "rules": [] } })).await;
    tour.refused("GetSigningConfiguration", json!({})).await;
    tour.refused("DeleteSigningConfiguration", json!({})).await;
}
