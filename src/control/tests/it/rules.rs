//! EventBridge's rules: what they are, and that what is due runs once.

use gantry_control::loops::schedules;
use gantry_testkit::build::text;
use gantry_testkit::{Refusal, TestGantry};
use serde_json::{Value, json};

use crate::{code, refusal};

const CLUSTER: &str = "arn:aws:ecs:us-east-1:000000000000:cluster/default";

async fn events(gantry: &TestGantry, operation: &str, input: Value) -> Result<Value, Refusal> {
    gantry.call("events", operation, input).await
}

/// A cluster with a host, a definition `job:1`, and a rule `nightly` that runs it.
async fn with_rule(schedule: &str, more: Value) -> TestGantry {
    let gantry = TestGantry::start().await;
    gantry.cluster("default").await;
    gantry.host("default", "i-1").await;
    gantry.definition("job", json!({})).await;
    put(&gantry, schedule, more).await.unwrap();
    target(&gantry, json!({})).await.unwrap();
    gantry
}

async fn put(gantry: &TestGantry, schedule: &str, more: Value) -> Result<Value, Refusal> {
    let mut input = json!({ "Name": "nightly", "ScheduleExpression": schedule });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    events(gantry, "PutRule", input).await
}

async fn target(gantry: &TestGantry, more: Value) -> Result<Value, Refusal> {
    let mut target =
        json!({ "Id": "1", "Arn": CLUSTER, "EcsParameters": { "TaskDefinitionArn": "job", "LaunchType": "EC2" } });
    for (name, value) in more.as_object().unwrap() {
        target[name] = value.clone();
    }
    events(gantry, "PutTargets", json!({ "Rule": "nightly", "Targets": [target] })).await
}

/// Lets time pass, and the loop look.
async fn pass(gantry: &TestGantry, seconds: i64) {
    gantry.pass_seconds(seconds);
    schedules::pass(&gantry.control).await.unwrap();
}

/// The tasks that the rule has started.
async fn tasks(gantry: &TestGantry) -> Vec<Value> {
    let listed = gantry.ecs("ListTasks", json!({ "startedBy": "events-rule/nightly" })).await.unwrap();
    let mut found = Vec::new();
    for arn in listed["taskArns"].as_array().unwrap() {
        found.push(gantry.described_task("default", arn.as_str().unwrap()).await);
    }
    found
}

#[tokio::test]
async fn a_rule_runs_its_target_each_time_it_is_due_and_once() {
    let gantry = with_rule("rate(5 minutes)", json!({})).await;
    pass(&gantry, 299).await;
    assert_eq!(tasks(&gantry).await.len(), 0);
    pass(&gantry, 1).await;
    schedules::pass(&gantry.control).await.unwrap();
    assert_eq!(tasks(&gantry).await.len(), 1);
    pass(&gantry, 300).await;
    assert_eq!(tasks(&gantry).await.len(), 2);
}

#[tokio::test]
async fn a_task_is_run_as_the_target_says() {
    let gantry = with_rule("rate(1 minute)", json!({})).await;
    let parameters = json!({
        "TaskDefinitionArn": "job",
        "LaunchType": "EC2",
        "TaskCount": 2,
        "Group": "batch",
        "Tags": [{ "Key": "team", "Value": "blue" }],
    });
    let input = json!({ "containerOverrides": [{ "name": "app", "command": ["now"] }] }).to_string();
    target(&gantry, json!({ "EcsParameters": parameters, "Input": input })).await.unwrap();
    pass(&gantry, 60).await;
    let tasks = tasks(&gantry).await;
    assert_eq!(tasks.len(), 2);
    for task in tasks {
        assert_eq!(task["group"], json!("batch"));
        assert_eq!(task["overrides"]["containerOverrides"][0]["command"], json!(["now"]));
        assert_eq!(task["tags"], json!([{ "key": "team", "value": "blue" }]));
    }
}

#[tokio::test]
async fn of_the_times_that_were_missed_the_last_is_run_unless_the_rule_skips_them() {
    for (tags, expected) in [(json!([]), 1), (json!([{ "Key": "gantry.missed-runs", "Value": "skip" }]), 0)] {
        let gantry = with_rule("rate(1 hour)", json!({ "Tags": tags })).await;
        pass(&gantry, 10 * 3600 + 120).await;
        assert_eq!(tasks(&gantry).await.len(), expected);
        pass(&gantry, 3600 - 120).await;
        assert_eq!(tasks(&gantry).await.len(), expected + 1, "the next one is run in time");
    }
}

#[tokio::test]
async fn a_run_that_finds_no_room_is_tried_again() {
    let gantry = with_rule("rate(1 hour)", json!({})).await;
    let big = gantry.definition("big", json!({ "memory": 3000 })).await;
    let held = gantry.task("default", &big).await;
    target(&gantry, json!({ "EcsParameters": { "TaskDefinitionArn": "big", "LaunchType": "EC2" } })).await.unwrap();
    pass(&gantry, 3600).await;
    assert_eq!(tasks(&gantry).await.len(), 0);
    gantry.report("default", &held, "STOPPED", json!({})).await;
    pass(&gantry, 4).await;
    assert_eq!(tasks(&gantry).await.len(), 0, "not at once");
    pass(&gantry, 1).await;
    assert_eq!(tasks(&gantry).await.len(), 1);
}

#[tokio::test]
async fn a_run_is_given_up_when_its_tries_are_spent_or_it_is_due_again() {
    let gantry = with_rule("rate(1 hour)", json!({})).await;
    let spent = json!({
        "EcsParameters": { "TaskDefinitionArn": "none", "LaunchType": "EC2" },
        "RetryPolicy": { "MaximumRetryAttempts": 1 },
    });
    target(&gantry, spent).await.unwrap();
    for seconds in [3600, 5, 600] {
        pass(&gantry, seconds).await;
    }
    gantry.definition("none", json!({})).await;
    pass(&gantry, 600).await;
    assert_eq!(tasks(&gantry).await.len(), 0, "it was given up");

    let gantry = with_rule("rate(1 minute)", json!({})).await;
    target(&gantry, json!({ "EcsParameters": { "TaskDefinitionArn": "none", "LaunchType": "EC2" } })).await.unwrap();
    for _ in 0..10 {
        pass(&gantry, 60).await;
    }
    gantry.definition("none", json!({})).await;
    pass(&gantry, 5).await;
    assert_eq!(tasks(&gantry).await.len(), 1, "ten times it was due, and one is made up for");
}

#[tokio::test]
async fn a_rule_that_is_disabled_is_not_due_and_an_enabled_one_counts_from_then() {
    let gantry = with_rule("rate(1 hour)", json!({})).await;
    events(&gantry, "DisableRule", json!({ "Name": "nightly" })).await.unwrap();
    pass(&gantry, 5400).await;
    assert_eq!(tasks(&gantry).await.len(), 0);
    events(&gantry, "EnableRule", json!({ "Name": "nightly" })).await.unwrap();
    pass(&gantry, 3599).await;
    assert_eq!(tasks(&gantry).await.len(), 0);
    pass(&gantry, 1).await;
    assert_eq!(tasks(&gantry).await.len(), 1);
}

#[tokio::test]
async fn a_rule_that_is_put_again_keeps_its_targets_and_goes_on_counting() {
    let gantry = with_rule("rate(1 hour)", json!({ "Description": "old" })).await;
    pass(&gantry, 1800).await;
    put(&gantry, "rate(1 hour)", json!({ "Description": "new" })).await.unwrap();
    pass(&gantry, 1800).await;
    assert_eq!(tasks(&gantry).await.len(), 1);
    let described = events(&gantry, "DescribeRule", json!({ "Name": "nightly" })).await.unwrap();
    assert_eq!(described["Description"], json!("new"));
    put(&gantry, "rate(10 minutes)", json!({})).await.unwrap();
    pass(&gantry, 600).await;
    assert_eq!(tasks(&gantry).await.len(), 2, "another schedule counts from now");
}

#[tokio::test]
async fn what_cannot_be_a_rule_or_a_target_is_refused_in_words() {
    let gantry = with_rule("rate(1 hour)", json!({})).await;
    for (schedule, more, word) in [
        ("rate(1 hours)", json!({}), "ScheduleExpression"),
        ("cron(0 10 * * * *)", json!({}), "ScheduleExpression"),
        ("", json!({}), "ScheduleExpression"),
        ("", json!({ "EventPattern": "{}" }), "EventPattern"),
        ("rate(1 hour)", json!({ "State": "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS" }), "CloudTrail"),
        ("rate(1 hour)", json!({ "Tags": [{ "Key": "gantry.missed-runs", "Value": "twice" }] }), "once or skip"),
    ] {
        let (code, message) = refusal(put(&gantry, schedule, more.clone()).await);
        assert!(code == "ValidationException" && message.contains(word), "{schedule} {more}: {message}");
    }
    for (more, word) in [
        (json!({ "Arn": "arn:aws:lambda:us-east-1:000000000000:function:f" }), "cluster"),
        (json!({ "Arn": CLUSTER.replace("us-east-1", "eu-west-1") }), "cluster"),
        (json!({ "EcsParameters": null }), "EcsParameters"),
        (json!({ "EcsParameters": { "TaskDefinitionArn": "job", "TaskCount": 11 } }), "TaskCount"),
        (json!({ "Input": "now" }), "Input"),
        (json!({ "InputPath": "$.x" }), "InputPath"),
        (json!({ "DeadLetterConfig": { "Arn": "arn:x" } }), "DeadLetterConfig"),
    ] {
        let (code, message) = refusal(target(&gantry, more.clone()).await);
        assert!(code == "ValidationException" && message.contains(word), "{more}: {message}");
    }
    let six: Vec<Value> = (0..6)
        .map(|id| json!({ "Id": id.to_string(), "Arn": CLUSTER, "EcsParameters": { "TaskDefinitionArn": "job" } }))
        .collect();
    let too_many = events(&gantry, "PutTargets", json!({ "Rule": "nightly", "Targets": six })).await;
    assert_eq!(code(too_many), "LimitExceededException");
    assert_eq!(code(events(&gantry, "DeleteRule", json!({ "Name": "nightly" })).await), "ValidationException");
    let elsewhere = json!({ "Name": "nightly", "EventBusName": "other" });
    assert_eq!(code(events(&gantry, "DescribeRule", elsewhere).await), "ResourceNotFoundException");
}

#[tokio::test]
async fn rules_are_listed_and_removed() {
    let gantry = with_rule("cron(0 3 * * ? *)", json!({})).await;
    let input = json!({ "Name": "hourly", "ScheduleExpression": "rate(1 hour)", "State": "DISABLED" });
    events(&gantry, "PutRule", input).await.unwrap();
    let listed = events(&gantry, "ListRules", json!({ "Limit": 1 })).await.unwrap();
    assert_eq!(listed["Rules"][0]["Name"], json!("hourly"));
    let next = json!({ "NextToken": listed["NextToken"] });
    assert_eq!(text(&events(&gantry, "ListRules", next).await.unwrap()["Rules"][0]["Name"]), "nightly");
    let by_target = events(&gantry, "ListRuleNamesByTarget", json!({ "TargetArn": CLUSTER })).await.unwrap();
    assert_eq!(by_target["RuleNames"], json!(["nightly"]));
    let remove = json!({ "Rule": "nightly", "Ids": ["1", "2"] });
    let removed = events(&gantry, "RemoveTargets", remove).await.unwrap();
    assert_eq!((&removed["FailedEntryCount"], &removed["FailedEntries"][0]["TargetId"]), (&json!(1), &json!("2")));
    events(&gantry, "DeleteRule", json!({ "Name": "nightly" })).await.unwrap();
    assert_eq!(events(&gantry, "ListRules", json!({})).await.unwrap()["Rules"].as_array().unwrap().len(), 1);
}
