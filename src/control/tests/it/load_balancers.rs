//! Load balancers: what they are, how services stand behind them, and what proxies are told and say.

use gantry_control::loops::targets;
use gantry_control::proxies::{self, Said};
use gantry_model::load_balancing::{ListenerReport, Report, TargetReport, TargetState};
use gantry_model::principal::{Caller, PrincipalKind};
use gantry_testkit::build::{registration, text};
use gantry_testkit::{Refusal, TestGantry, principal, region};
use http::Request;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::services::settle;
use crate::{code, refusal};

async fn elb(gantry: &TestGantry, operation: &str, input: Value) -> Result<Value, Refusal> {
    gantry.call("elasticloadbalancing", operation, input).await
}

async fn balancer(gantry: &TestGantry, name: &str) -> String {
    let made = elb(gantry, "CreateLoadBalancer", json!({ "Name": name, "Subnets": ["s-1", "s-2"] })).await.unwrap();
    text(&made["LoadBalancers"][0]["LoadBalancerArn"])
}

async fn group(gantry: &TestGantry, name: &str) -> String {
    let input = json!({ "Name": name, "Protocol": "HTTP", "Port": 80 });
    text(&elb(gantry, "CreateTargetGroup", input).await.unwrap()["TargetGroups"][0]["TargetGroupArn"])
}

fn listener_of(balancer: &str, group: &str, port: u16) -> Value {
    json!({
        "LoadBalancerArn": balancer,
        "Protocol": "HTTP",
        "Port": port,
        "DefaultActions": [{ "Type": "forward", "TargetGroupArn": group }],
    })
}

async fn listener(gantry: &TestGantry, balancer: &str, group: &str, port: u16) -> String {
    let made = elb(gantry, "CreateListener", listener_of(balancer, group, port)).await.unwrap();
    text(&made["Listeners"][0]["ListenerArn"])
}

async fn rule(gantry: &TestGantry, listener: &str, priority: u32, group: &str) -> Result<Value, Refusal> {
    let input = json!({
        "ListenerArn": listener,
        "Priority": priority,
        "Conditions": [{ "Field": "path-pattern", "Values": [format!("/{priority}/*")] }],
        "Actions": [{ "Type": "forward", "TargetGroupArn": group }],
    });
    elb(gantry, "CreateRule", input).await
}

/// The states of a group's targets, with the reasons.
async fn health(gantry: &TestGantry, group: &str) -> Vec<(String, String)> {
    let told = elb(gantry, "DescribeTargetHealth", json!({ "TargetGroupArn": group })).await.unwrap();
    let one = |of: &Value| {
        let health = &of["TargetHealth"];
        (text(&health["State"]), health["Reason"].as_str().unwrap_or_default().to_owned())
    };
    told["TargetHealthDescriptions"].as_array().unwrap().iter().map(one).collect()
}

/// A proxy that finds every target in `state`, and has nothing under way to those that are let go.
async fn hear(gantry: &TestGantry, proxy: &str, state: TargetState, drained: bool) {
    let told = proxies::told(&gantry.control).await.unwrap();
    let report = |target: gantry_model::load_balancing::Target| TargetReport {
        key: target.key,
        state,
        reason: (state == TargetState::Unhealthy).then(|| "Target.Timeout".to_owned()),
        description: (state == TargetState::Unhealthy).then(|| "Request timed out".to_owned()),
        drained: drained && target.draining_since.is_some(),
    };
    let targets = told.traffic.targets.into_iter().map(report).collect();
    let report = Report { targets, ..Report::default() };
    proxies::hear(&gantry.control, Said { proxy: proxy.to_owned(), report }).await.unwrap();
}

/// A host with an address, and a definition `web` whose container listens on port 80.
async fn with_host(gantry: &TestGantry) {
    gantry.cluster("default").await;
    let mut input = registration("default", "i-1");
    input["attributes"].as_array_mut().unwrap().push(json!({ "name": "gantry.address", "value": "10.0.0.1" }));
    let host = gantry.ecs("RegisterContainerInstance", input).await.unwrap();
    gantry.connect(&text(&host["containerInstance"]["containerInstanceArn"]), true).await;
    gantry.definition("web", json!({ "portMappings": [{ "containerPort": 80 }] })).await;
}

fn behind(group: &str) -> Value {
    json!([{ "targetGroupArn": group, "containerName": "app", "containerPort": 80 }])
}

/// A service `web` of one task behind a load balancer. Answers the target group.
async fn served(gantry: &TestGantry, more: Value) -> String {
    with_host(gantry).await;
    let group = group(gantry, "web").await;
    let balancer = balancer(gantry, "front").await;
    listener(gantry, &balancer, &group, 80).await;
    let mut input = json!({
        "serviceName": "web", "taskDefinition": "web", "desiredCount": 1, "loadBalancers": behind(&group),
    });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    gantry.ecs("CreateService", input).await.unwrap();
    settle(gantry, "web").await;
    group
}

async fn tasks(gantry: &TestGantry) -> Vec<Value> {
    let mut found = Vec::new();
    for desired in ["RUNNING", "STOPPED"] {
        let listed = gantry.ecs("ListTasks", json!({ "serviceName": "web", "desiredStatus": desired })).await.unwrap();
        for arn in listed["taskArns"].as_array().unwrap() {
            found.push(gantry.described_task("default", arn.as_str().unwrap()).await);
        }
    }
    found
}

/// The agents report that every task of the service runs, each with a host port of its own.
async fn all_run(gantry: &TestGantry) {
    for (at, task) in tasks(gantry).await.iter().enumerate() {
        if task["lastStatus"] != "PENDING" {
            continue;
        }
        let bindings = json!([{ "containerPort": 80, "hostPort": 32768 + at, "bindIP": "0.0.0.0", "protocol": "tcp" }]);
        let containers = json!([{ "containerName": "app", "status": "RUNNING", "networkBindings": bindings }]);
        gantry.report("default", &text(&task["taskArn"]), "RUNNING", json!({ "containers": containers })).await;
    }
}

async fn events(gantry: &TestGantry) -> Vec<String> {
    let described = gantry.ecs("DescribeServices", json!({ "services": ["web"] })).await.unwrap();
    described["services"][0]["events"].as_array().unwrap().iter().map(|event| text(&event["message"])).collect()
}

#[tokio::test]
async fn a_name_is_taken_once_and_the_same_request_answers_the_same() {
    let gantry = TestGantry::start().await;
    let first = balancer(&gantry, "front").await;
    assert_eq!(balancer(&gantry, "front").await, first);
    let other = json!({ "Name": "front", "Scheme": "internal" });
    assert_eq!(code(elb(&gantry, "CreateLoadBalancer", other).await), "DuplicateLoadBalancerNameException");
    let web = group(&gantry, "web").await;
    assert_eq!(group(&gantry, "web").await, web);
    let other = json!({ "Name": "web", "Protocol": "HTTP", "Port": 81 });
    assert_eq!(code(elb(&gantry, "CreateTargetGroup", other).await), "DuplicateTargetGroupNameException");
}

#[tokio::test]
async fn what_cannot_be_is_refused_in_words() {
    let gantry = TestGantry::start().await;
    let front = balancer(&gantry, "front").await;
    let web = group(&gantry, "web").await;
    let with = |base: &Value, member: &str, value: Value| {
        let mut input = base.clone();
        input[member] = value;
        input
    };
    let (listener, made) = (listener_of(&front, &web, 80), json!({ "Name": "x", "Protocol": "HTTP", "Port": 80 }));
    let gone = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/gone/0123456789abcdef";
    let action = |action: Value| json!([action]);
    for (operation, input, expected) in [
        ("CreateLoadBalancer", json!({ "Name": "-x" }), "cannot begin or end with a hyphen"),
        ("CreateLoadBalancer", json!({ "Name": "x".repeat(33) }), "between 1 and 32 characters"),
        ("CreateLoadBalancer", json!({ "Name": "x", "Type": "gateway" }), "'gateway' are not supported"),
        ("CreateLoadBalancer", json!({ "Name": "x", "Type": "moon" }), "'Type' failed to satisfy constraint"),
        ("CreateListener", with(&listener, "Protocol", json!("TCP")), "not for application load balancers"),
        ("CreateListener", with(&listener, "Protocol", json!("HTTPS")), "A certificate must be specified"),
        ("CreateListener", with(&listener, "LoadBalancerArn", json!("arn:x")), "Load balancers '[arn:x]' not found"),
        (
            "CreateListener",
            with(&listener, "DefaultActions", action(json!({ "Type": "forward", "TargetGroupArn": gone }))),
            "not found",
        ),
        (
            "CreateListener",
            with(&listener, "DefaultActions", action(json!({ "Type": "authenticate-oidc" }))),
            "'authenticate-oidc' is not supported",
        ),
        (
            "CreateListener",
            with(
                &listener,
                "DefaultActions",
                action(json!({ "Type": "redirect", "RedirectConfig": { "StatusCode": "HTTP_301" } })),
            ),
            "must change the protocol",
        ),
        ("CreateTargetGroup", with(&made, "TargetType", json!("lambda")), "'lambda' are not supported"),
        ("CreateTargetGroup", with(&made, "HealthCheckPath", json!("health")), "must begin with a '/'"),
        ("CreateTargetGroup", with(&made, "HealthCheckIntervalSeconds", json!(4)), "HealthCheckIntervalSeconds"),
        ("CreateTargetGroup", with(&made, "HealthCheckTimeoutSeconds", json!(31)), "smaller than or equal to"),
        ("CreateTargetGroup", with(&made, "Matcher", json!({ "HttpCode": "600" })), "within 200 and 599"),
        ("RegisterTargets", json!({ "TargetGroupArn": web, "Targets": [{ "Id": "i-9" }] }), "not container instances"),
        ("DeregisterTargets", json!({ "TargetGroupArn": web, "Targets": [{ "Id": "i-9" }] }), "not registered"),
        (
            "ModifyTargetGroupAttributes",
            json!({ "TargetGroupArn": web, "Attributes": [{ "Key": "lambda.multi", "Value": "true" }] }),
            "'lambda.multi' is not supported",
        ),
        (
            "ModifyLoadBalancerAttributes",
            json!({ "LoadBalancerArn": front, "Attributes": [{ "Key": "idle_timeout.timeout_seconds", "Value": "0" }] }),
            "between 1 and 4000",
        ),
    ] {
        let (code, message) = refusal(elb(&gantry, operation, input.clone()).await);
        assert!(message.contains(expected), "{operation} {input}: {code} {message}");
    }
}

#[tokio::test]
async fn a_port_is_shared_by_those_who_speak_alike_and_by_nobody_else() {
    let gantry = TestGantry::start().await;
    let (front, other, web) =
        (balancer(&gantry, "front").await, balancer(&gantry, "other").await, group(&gantry, "web").await);
    listener(&gantry, &front, &web, 80).await;
    let again = elb(&gantry, "CreateListener", listener_of(&front, &web, 80)).await;
    assert_eq!(code(again), "DuplicateListenerException");
    listener(&gantry, &other, &web, 80).await;
    let network = json!({ "Name": "wire", "Type": "network" });
    let made = elb(&gantry, "CreateLoadBalancer", network).await.unwrap();
    let network = text(&made["LoadBalancers"][0]["LoadBalancerArn"]);
    let tcp = json!({ "Name": "tcp", "Protocol": "TCP", "Port": 80 });
    let tcp = text(&elb(&gantry, "CreateTargetGroup", tcp).await.unwrap()["TargetGroups"][0]["TargetGroupArn"]);
    let mut input = listener_of(&network, &tcp, 80);
    input["Protocol"] = json!("TCP");
    let (code, message) = refusal(elb(&gantry, "CreateListener", input).await);
    assert_eq!(code, "InvalidConfigurationRequestException");
    assert!(message.contains("Port 80 is taken"), "{message}");
}

#[tokio::test]
async fn rules_have_priorities_of_their_own_and_the_default_one_stays() {
    let gantry = TestGantry::start().await;
    let (front, web) = (balancer(&gantry, "front").await, group(&gantry, "web").await);
    let listener = listener(&gantry, &front, &web, 80).await;
    let first = text(&rule(&gantry, &listener, 1, &web).await.unwrap()["Rules"][0]["RuleArn"]);
    let second = text(&rule(&gantry, &listener, 2, &web).await.unwrap()["Rules"][0]["RuleArn"]);
    assert_eq!(code(rule(&gantry, &listener, 2, &web).await), "PriorityInUseException");
    let swap = json!([{ "RuleArn": first, "Priority": 2 }, { "RuleArn": second, "Priority": 1 }]);
    elb(&gantry, "SetRulePriorities", json!({ "RulePriorities": swap })).await.unwrap();
    let told = elb(&gantry, "DescribeRules", json!({ "ListenerArn": listener })).await.unwrap();
    let order: Vec<(&str, &str)> = told["Rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| (rule["Priority"].as_str().unwrap(), rule["RuleArn"].as_str().unwrap()))
        .collect();
    assert_eq!((order[0], order[1]), (("1", &*second), ("2", &*first)));
    assert_eq!(order[2].0, "default");
    let clash = json!([{ "RuleArn": first, "Priority": 1 }]);
    assert_eq!(
        code(elb(&gantry, "SetRulePriorities", json!({ "RulePriorities": clash })).await),
        "PriorityInUseException"
    );
    let gone = elb(&gantry, "DeleteRule", json!({ "RuleArn": order[2].1 })).await;
    assert_eq!(code(gone), "OperationNotPermittedException");
}

#[tokio::test]
async fn what_is_used_or_protected_is_not_deleted() {
    let gantry = TestGantry::start().await;
    let (front, web) = (balancer(&gantry, "front").await, group(&gantry, "web").await);
    listener(&gantry, &front, &web, 80).await;
    let input = json!({ "TargetGroupArn": web });
    assert_eq!(code(elb(&gantry, "DeleteTargetGroup", input.clone()).await), "ResourceInUseException");
    let protect = |value: &str| {
        let attribute = json!({ "Key": "deletion_protection.enabled", "Value": value });
        json!({ "LoadBalancerArn": front, "Attributes": [attribute] })
    };
    elb(&gantry, "ModifyLoadBalancerAttributes", protect("true")).await.unwrap();
    let delete = json!({ "LoadBalancerArn": front });
    assert_eq!(code(elb(&gantry, "DeleteLoadBalancer", delete.clone()).await), "OperationNotPermittedException");
    elb(&gantry, "ModifyLoadBalancerAttributes", protect("false")).await.unwrap();
    elb(&gantry, "DeleteLoadBalancer", delete.clone()).await.unwrap();
    elb(&gantry, "DeleteLoadBalancer", delete).await.unwrap();
    elb(&gantry, "DeleteTargetGroup", input).await.unwrap();
}

#[tokio::test]
async fn targets_come_stand_as_proxies_find_them_and_go_when_nothing_is_under_way() {
    let gantry = TestGantry::start().await;
    let input = json!({ "Name": "ips", "Protocol": "HTTP", "Port": 80, "TargetType": "ip" });
    let ips = text(&elb(&gantry, "CreateTargetGroup", input).await.unwrap()["TargetGroups"][0]["TargetGroupArn"]);
    let targets = json!({ "TargetGroupArn": ips, "Targets": [{ "Id": "10.0.0.7" }] });
    elb(&gantry, "RegisterTargets", targets.clone()).await.unwrap();
    assert_eq!(health(&gantry, &ips).await, [("unused".to_owned(), "Target.NotInUse".to_owned())]);
    let front = balancer(&gantry, "front").await;
    listener(&gantry, &front, &ips, 80).await;
    assert_eq!(health(&gantry, &ips).await, [("initial".to_owned(), "Elb.RegistrationInProgress".to_owned())]);
    hear(&gantry, "one", TargetState::Healthy, true).await;
    assert_eq!(health(&gantry, &ips).await, [("healthy".to_owned(), String::new())]);
    hear(&gantry, "two", TargetState::Unhealthy, true).await;
    assert_eq!(health(&gantry, &ips).await, [("unhealthy".to_owned(), "Target.Timeout".to_owned())]);
    gantry.pass_seconds(31);
    hear(&gantry, "one", TargetState::Healthy, false).await;
    assert_eq!(health(&gantry, &ips).await[0].0, "healthy", "a proxy that is silent counts no more");
    elb(&gantry, "DeregisterTargets", targets.clone()).await.unwrap();
    assert_eq!(health(&gantry, &ips).await[0].0, "draining");
    hear(&gantry, "one", TargetState::Healthy, false).await;
    assert_eq!(health(&gantry, &ips).await.len(), 1, "something is under way to it");
    hear(&gantry, "one", TargetState::Healthy, true).await;
    assert_eq!(health(&gantry, &ips).await.len(), 0);
}

#[tokio::test]
async fn a_target_that_is_busy_for_ever_goes_when_its_time_is_over() {
    let gantry = TestGantry::start().await;
    let input = json!({ "Name": "ips", "Protocol": "HTTP", "Port": 80, "TargetType": "ip" });
    let ips = text(&elb(&gantry, "CreateTargetGroup", input).await.unwrap()["TargetGroups"][0]["TargetGroupArn"]);
    let targets = json!({ "TargetGroupArn": ips, "Targets": [{ "Id": "10.0.0.7" }] });
    let delay = json!([{ "Key": "deregistration_delay.timeout_seconds", "Value": "20" }]);
    elb(&gantry, "ModifyTargetGroupAttributes", json!({ "TargetGroupArn": ips, "Attributes": delay })).await.unwrap();
    elb(&gantry, "RegisterTargets", targets.clone()).await.unwrap();
    elb(&gantry, "DeregisterTargets", targets).await.unwrap();
    for (seconds, left) in [(19, 1), (1, 0)] {
        gantry.pass_seconds(seconds);
        targets::pass(&gantry.control).await.unwrap();
        assert_eq!(health(&gantry, &ips).await.len(), left);
    }
}

#[tokio::test]
async fn a_task_is_registered_when_it_runs_and_let_go_before_it_stops() {
    let gantry = TestGantry::start().await;
    let group = served(&gantry, json!({})).await;
    assert_eq!(health(&gantry, &group).await.len(), 0);
    all_run(&gantry).await;
    let told = elb(&gantry, "DescribeTargetHealth", json!({ "TargetGroupArn": group })).await.unwrap();
    assert_eq!(told["TargetHealthDescriptions"][0]["Target"]["Id"], "i-1");
    assert_eq!(told["TargetHealthDescriptions"][0]["Target"]["Port"], 32768);
    settle(&gantry, "web").await;
    let state = |described: &Value| text(&described["services"][0]["deployments"][0]["rolloutState"]);
    let described = gantry.ecs("DescribeServices", json!({ "services": ["web"] })).await.unwrap();
    assert_eq!(state(&described), "IN_PROGRESS", "nobody has found it healthy yet");
    hear(&gantry, "p", TargetState::Healthy, true).await;
    settle(&gantry, "web").await;
    let described = gantry.ecs("DescribeServices", json!({ "services": ["web"] })).await.unwrap();
    assert_eq!(state(&described), "COMPLETED");
    assert_eq!(described["services"][0]["loadBalancers"], behind(&group));

    let task = text(&tasks(&gantry).await[0]["taskArn"]);
    gantry.ecs("StopTask", json!({ "task": task })).await.unwrap();
    let stopping = gantry.described_task("default", &task).await;
    assert_eq!((&stopping["lastStatus"], &stopping["desiredStatus"]), (&json!("DEACTIVATING"), &json!("STOPPED")));
    hear(&gantry, "p", TargetState::Healthy, false).await;
    assert_eq!(gantry.described_task("default", &task).await["lastStatus"], "DEACTIVATING");
    hear(&gantry, "p", TargetState::Healthy, true).await;
    assert_eq!(gantry.described_task("default", &task).await["lastStatus"], "STOPPING");
    let said = events(&gantry).await;
    for expected in ["registered 1 targets in (target-group", "deregistered 1 targets in (target-group"] {
        assert!(said.iter().any(|line| line.contains(expected)), "{expected}: {said:?}");
    }
}

#[tokio::test]
async fn a_task_that_dies_is_no_target_any_more() {
    let gantry = TestGantry::start().await;
    let group = served(&gantry, json!({})).await;
    all_run(&gantry).await;
    let task = text(&tasks(&gantry).await[0]["taskArn"]);
    gantry.report("default", &task, "STOPPED", json!({ "reason": "Essential container in task exited" })).await;
    assert_eq!(health(&gantry, &group).await.len(), 0);
}

#[tokio::test]
async fn a_task_that_load_balancers_find_unhealthy_is_replaced_after_the_grace_period() {
    let gantry = TestGantry::start().await;
    served(&gantry, json!({ "healthCheckGracePeriodSeconds": 60 })).await;
    all_run(&gantry).await;
    hear(&gantry, "p", TargetState::Unhealthy, true).await;
    settle(&gantry, "web").await;
    assert_eq!(tasks(&gantry).await.len(), 1, "bad health means nothing yet");
    gantry.pass_seconds(61);
    hear(&gantry, "p", TargetState::Unhealthy, true).await;
    settle(&gantry, "web").await;
    all_run(&gantry).await;
    assert_eq!(tasks(&gantry).await.len(), 2, "a replacement comes first");
    let (old, new) = {
        let mut all = tasks(&gantry).await;
        let started = |task: &Value| task["startedAt"].as_f64().unwrap();
        all.sort_by(|a, b| started(a).total_cmp(&started(b)));
        (all[0].clone(), all[1].clone())
    };
    assert_ne!(old["taskArn"], new["taskArn"]);
    let said = events(&gantry).await;
    assert!(said.iter().any(|line| line.contains("is unhealthy in (target-group")), "{said:?}");
    // The new one works.
    let told = proxies::told(&gantry.control).await.unwrap();
    let report = |target: gantry_model::load_balancing::Target| {
        let is_new = target.task.as_ref().is_some_and(|id| text(&new["taskArn"]).ends_with(id.as_str()));
        TargetReport {
            key: target.key,
            state: if is_new { TargetState::Healthy } else { TargetState::Unhealthy },
            reason: None,
            description: None,
            drained: false,
        }
    };
    let report = Report { targets: told.traffic.targets.into_iter().map(report).collect(), ..Report::default() };
    proxies::hear(&gantry.control, Said { proxy: "p".to_owned(), report }).await.unwrap();
    settle(&gantry, "web").await;
    let stopped = gantry.described_task("default", old["taskArn"].as_str().unwrap()).await;
    assert!(text(&stopped["stoppedReason"]).starts_with("Task failed ELB health checks in (target-group"), "{stopped}");
}

#[tokio::test]
async fn a_service_says_what_it_cannot_stand_behind() {
    let gantry = TestGantry::start().await;
    with_host(&gantry).await;
    let (unused, used) = (group(&gantry, "unused").await, group(&gantry, "used").await);
    let front = balancer(&gantry, "front").await;
    listener(&gantry, &front, &used, 80).await;
    let input = json!({ "Name": "ips", "Protocol": "HTTP", "Port": 80, "TargetType": "ip" });
    let ips = text(&elb(&gantry, "CreateTargetGroup", input).await.unwrap()["TargetGroups"][0]["TargetGroupArn"]);
    listener(&gantry, &front, &ips, 81).await;
    let staged = json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0 });
    let with = |member: &str, value: Value| {
        let mut one = behind(&used)[0].clone();
        one[member] = value;
        json!([one])
    };
    for (balancers, configuration, expected) in [
        (behind(&unused), json!({}), "does not have an associated load balancer"),
        (behind(&ips), json!({}), "incompatible with the bridge network mode"),
        (with("containerName", json!("db")), json!({}), "container db does not exist"),
        (with("containerPort", json!(81)), json!({}), "did not have a container port 81"),
        (with("targetGroupArn", json!("arn:x")), json!({}), "arn:x does not exist"),
        (json!([{ "loadBalancerName": "old", "containerName": "app", "containerPort": 80 }]), json!({}), "no Classic"),
        (behind(&used), staged, "advancedConfiguration is required"),
    ] {
        let input = json!({
            "serviceName": "web", "taskDefinition": "web", "desiredCount": 1, "loadBalancers": balancers,
            "deploymentConfiguration": configuration,
        });
        let (code, message) = refusal(gantry.ecs("CreateService", input).await);
        assert_eq!(code, "InvalidParameterException");
        assert!(message.contains(expected), "{message}");
    }
}

/// The weights of a rule's first action, in order.
async fn weights(gantry: &TestGantry, rule: &str) -> Vec<i64> {
    let told = elb(gantry, "DescribeRules", json!({ "RuleArns": [rule] })).await.unwrap();
    let groups = told["Rules"][0]["Actions"][0]["ForwardConfig"]["TargetGroups"].as_array().unwrap().clone();
    groups.iter().map(|group| group["Weight"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn a_deployment_in_stages_moves_the_weights_and_the_next_one_moves_them_back() {
    let gantry = TestGantry::start().await;
    with_host(&gantry).await;
    let (blue, green) = (group(&gantry, "blue").await, group(&gantry, "green").await);
    let front = balancer(&gantry, "front").await;
    let listener = listener(&gantry, &front, &blue, 80).await;
    let rule = text(&rule(&gantry, &listener, 1, &green).await.unwrap()["Rules"][0]["RuleArn"]);
    let mut balancers = behind(&blue);
    balancers[0]["advancedConfiguration"] = json!({
        "alternateTargetGroupArn": green, "productionListenerRule": rule, "roleArn": "arn:aws:iam::000000000000:role/ecs",
    });
    let canary = json!({
        "strategy": "CANARY", "canaryConfiguration": { "canaryPercent": 5.5, "canaryBakeTimeInMinutes": 1 },
    });
    let input = json!({
        "serviceName": "web", "taskDefinition": "web", "desiredCount": 1, "loadBalancers": balancers,
        "deploymentConfiguration": canary,
    });
    gantry.ecs("CreateService", input).await.unwrap();
    settle(&gantry, "web").await;
    assert_eq!(weights(&gantry, &rule).await, [100, 0]);
    for expected in [[[945, 55], [0, 100]], [[55, 945], [100, 0]]] {
        // What there is becomes healthy, and bakes.
        for _ in 0..4 {
            all_run(&gantry).await;
            hear(&gantry, "p", TargetState::Healthy, true).await;
            gantry.pass_seconds(61);
            settle(&gantry, "web").await;
            for task in tasks(&gantry).await.iter().filter(|task| task["lastStatus"] == "STOPPING") {
                gantry.report("default", &text(&task["taskArn"]), "STOPPED", json!({})).await;
            }
        }
        gantry.ecs("UpdateService", json!({ "service": "web", "forceNewDeployment": true })).await.unwrap();
        settle(&gantry, "web").await;
        let before = weights(&gantry, &rule).await;
        assert_eq!(before.iter().filter(|&&weight| weight == 0).count(), 1, "all is where it was: {before:?}");
        all_run(&gantry).await;
        hear(&gantry, "p", TargetState::Healthy, true).await;
        settle(&gantry, "web").await;
        assert_eq!(weights(&gantry, &rule).await, expected[0]);
        gantry.pass_seconds(61);
        settle(&gantry, "web").await;
        assert_eq!(weights(&gantry, &rule).await, expected[1]);
    }
}

#[tokio::test]
async fn proxies_are_told_what_is_new_and_not_what_they_said() {
    let gantry = TestGantry::start().await;
    served(&gantry, json!({})).await;
    let before = proxies::told(&gantry.control).await.unwrap().version;
    all_run(&gantry).await;
    let registered = proxies::told(&gantry.control).await.unwrap().version;
    assert_ne!(registered, before);
    hear(&gantry, "p", TargetState::Healthy, true).await;
    assert_eq!(proxies::told(&gantry.control).await.unwrap().version, registered);
}

#[tokio::test]
async fn a_listener_that_a_proxy_cannot_open_impairs_its_load_balancer() {
    let gantry = TestGantry::start().await;
    let (front, web) = (balancer(&gantry, "front").await, group(&gantry, "web").await);
    let arn = listener(&gantry, &front, &web, 80).await;
    let state = async || {
        let told = elb(&gantry, "DescribeLoadBalancers", json!({})).await.unwrap();
        told["LoadBalancers"][0]["State"].clone()
    };
    assert_eq!(state().await, json!({ "Code": "active" }));
    let failure = "port 80 cannot be listened on: Address already in use".to_owned();
    let listeners = vec![ListenerReport { arn, failure: failure.clone() }];
    let report = Report { listeners, ..Report::default() };
    proxies::hear(&gantry.control, Said { proxy: "p".to_owned(), report }).await.unwrap();
    assert_eq!(state().await, json!({ "Code": "active_impaired", "Reason": failure }));
    proxies::hear(&gantry.control, Said { proxy: "p".to_owned(), report: Report::default() }).await.unwrap();
    assert_eq!(state().await, json!({ "Code": "active" }));
}

#[tokio::test]
async fn only_proxies_and_administrators_are_told_what_to_carry() {
    let gantry = TestGantry::start().await;
    let doors = proxies::router(std::sync::Arc::clone(&gantry.control));
    for (kind, status) in [(PrincipalKind::Agent, 400), (PrincipalKind::Proxy, 200), (PrincipalKind::Admin, 200)] {
        let mut request = Request::get(proxies::TRAFFIC_PATH).body(axum::body::Body::empty()).unwrap();
        request.extensions_mut().insert(Caller {
            principal: principal("role/x", kind),
            region: region("us-east-1"),
            service: "elasticloadbalancing".to_owned(),
        });
        assert_eq!(doors.clone().oneshot(request).await.unwrap().status().as_u16(), status, "{kind:?}");
    }
    let unsigned = Request::get(proxies::TRAFFIC_PATH).body(axum::body::Body::empty()).unwrap();
    assert_eq!(doors.oneshot(unsigned).await.unwrap().status().as_u16(), 400);
}

#[tokio::test]
async fn a_certificate_is_served_and_its_key_told_to_proxies_alone() {
    let gantry = TestGantry::start().await;
    let (front, web) = (balancer(&gantry, "front").await, group(&gantry, "web").await);
    let made = rcgen::generate_simple_self_signed(vec!["shop.example".to_owned()]).unwrap();
    let (pem, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let base64 = |text: &str| serde_json::to_value(gantry_wire::value::Blob(text.as_bytes().to_vec())).unwrap();
    let input = json!({ "Certificate": base64(&pem), "PrivateKey": base64(&key) });
    let arn = text(&gantry.call("acm", "ImportCertificate", input).await.unwrap()["CertificateArn"]);
    let mut listener = listener_of(&front, &web, 443);
    listener["Protocol"] = json!("HTTPS");
    listener["Certificates"] = json!([{ "CertificateArn": arn }]);
    elb(&gantry, "CreateListener", listener).await.unwrap();
    let told = proxies::told(&gantry.control).await.unwrap();
    assert_eq!(
        (&told.traffic.certificates[0].key, told.traffic.certificates[0].names[1..].to_vec()),
        (&key, vec!["shop.example".to_owned()])
    );
    let described = gantry.call("acm", "DescribeCertificate", json!({ "CertificateArn": arn })).await.unwrap();
    assert_eq!(described["Certificate"]["InUseBy"], json!([front]));
    let delete = gantry.call("acm", "DeleteCertificate", json!({ "CertificateArn": arn })).await;
    assert_eq!(code(delete), "ResourceInUseException");
    let body = key.lines().nth(1).unwrap();
    for file in gantry.database_files() {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(body.len()).any(|window| window == body.as_bytes()), "{}", file.display());
    }
}
