//! Secrets Manager: names, versions, stages, who may read, and what a change starts.

use gantry_control::loops::housekeeping;
use gantry_model::principal::PrincipalKind;
use gantry_testkit::build::{registration, text};
use gantry_testkit::{REGION, Refusal, TestGantry, principal, region};
use serde_json::{Value, json};

use crate::services::{report_all_running, serving, settle};
use crate::{code, refusal, refused};

const TOKEN: &str = "11111111-1111-4111-8111-111111111111";

async fn secrets(gantry: &TestGantry, operation: &str, input: Value) -> Result<Value, Refusal> {
    gantry.call("secretsmanager", operation, input).await
}

/// A control plane with the secret `db`, whose value is `one`; and its ARN.
async fn with_secret() -> (TestGantry, String) {
    let gantry = TestGantry::start().await;
    let made = secrets(&gantry, "CreateSecret", json!({ "Name": "db", "SecretString": "one" })).await.unwrap();
    let arn = text(&made["ARN"]);
    (gantry, arn)
}

async fn put(gantry: &TestGantry, value: &str) -> String {
    let input = json!({ "SecretId": "db", "SecretString": value });
    text(&secrets(gantry, "PutSecretValue", input).await.unwrap()["VersionId"])
}

async fn value(gantry: &TestGantry, more: Value) -> Result<String, Refusal> {
    let mut input = json!({ "SecretId": "db" });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Ok(text(&secrets(gantry, "GetSecretValue", input).await?["SecretString"]))
}

#[tokio::test]
async fn a_secret_is_found_by_its_name_its_arn_and_the_arn_without_its_end() {
    let (gantry, arn) = with_secret().await;
    assert!(arn.starts_with("arn:aws:secretsmanager:us-east-1:000000000000:secret:db-"), "{arn}");
    for id in ["db", &arn, &arn[..arn.len() - 7]] {
        let found = secrets(&gantry, "GetSecretValue", json!({ "SecretId": id })).await.unwrap();
        assert_eq!(found["ARN"], json!(arn), "{id}");
    }
    let elsewhere = arn.replace("us-east-1", "eu-west-1");
    for id in ["other", &format!("{}-AAAAAA", &arn[..arn.len() - 7]), &elsewhere] {
        assert_eq!(
            refusal(secrets(&gantry, "GetSecretValue", json!({ "SecretId": id })).await),
            refused("ResourceNotFoundException", "Secrets Manager can't find the specified secret."),
            "{id}"
        );
    }
}

#[tokio::test]
async fn a_secret_whose_name_ends_like_an_arn_is_found_by_both_arns() {
    let gantry = TestGantry::start().await;
    let made = secrets(&gantry, "CreateSecret", json!({ "Name": "db-AbCdEf", "SecretString": "x" })).await.unwrap();
    let arn = text(&made["ARN"]);
    for id in [&arn, &arn[..arn.len() - 7]] {
        assert_eq!(secrets(&gantry, "DescribeSecret", json!({ "SecretId": id })).await.unwrap()["ARN"], json!(arn));
    }
}

#[tokio::test]
async fn values_are_versions_of_which_the_current_and_the_previous_are_told() {
    let (gantry, _) = with_secret().await;
    let second = put(&gantry, "two").await;
    let third = put(&gantry, "three").await;
    assert_eq!(value(&gantry, json!({})).await.unwrap(), "three");
    assert_eq!(value(&gantry, json!({ "VersionStage": "AWSPREVIOUS" })).await.unwrap(), "two");
    assert_eq!(value(&gantry, json!({ "VersionId": second })).await.unwrap(), "two");
    let both = json!({ "VersionId": second, "VersionStage": "AWSCURRENT" });
    assert_eq!(code(value(&gantry, both).await.map(Value::from)), "InvalidRequestException");
    assert_eq!(
        refusal(value(&gantry, json!({ "VersionStage": "blue" })).await.map(Value::from)),
        refused(
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret value for staging label: blue"
        )
    );
    let all = json!({ "SecretId": "db", "IncludeDeprecated": true });
    let listed = secrets(&gantry, "ListSecretVersionIds", all).await.unwrap();
    assert_eq!(listed["Versions"].as_array().unwrap().len(), 3);
    let staged = secrets(&gantry, "ListSecretVersionIds", json!({ "SecretId": "db" })).await.unwrap();
    assert_eq!(staged["Versions"].as_array().unwrap().len(), 2);
    assert_eq!(
        secrets(&gantry, "DescribeSecret", json!({ "SecretId": "db" })).await.unwrap()["VersionIdsToStages"],
        json!({ (second): ["AWSPREVIOUS"], (third): ["AWSCURRENT"] })
    );
}

#[tokio::test]
async fn a_stage_is_moved_by_whoever_knows_where_it_is() {
    let (gantry, _) = with_secret().await;
    let (second, third) = (put(&gantry, "two").await, put(&gantry, "three").await);
    let current = |from: Option<&str>, to: Option<&str>| json!({ "SecretId": "db", "VersionStage": "AWSCURRENT", "RemoveFromVersionId": from, "MoveToVersionId": to });
    for input in [current(None, Some(&second)), current(Some(&second), Some(&second)), current(Some(&third), None)] {
        let refused = secrets(&gantry, "UpdateSecretVersionStage", input.clone()).await;
        assert_eq!(code(refused), "InvalidParameterException", "{input}");
    }
    secrets(&gantry, "UpdateSecretVersionStage", current(Some(&third), Some(&second))).await.unwrap();
    assert_eq!(value(&gantry, json!({})).await.unwrap(), "two");
    assert_eq!(value(&gantry, json!({ "VersionStage": "AWSPREVIOUS" })).await.unwrap(), "three");
}

#[tokio::test]
async fn asking_again_with_the_same_token_changes_nothing_and_with_another_value_is_refused() {
    let gantry = TestGantry::start().await;
    let create = |value: &str| json!({ "Name": "db", "SecretString": value, "ClientRequestToken": TOKEN });
    let made = secrets(&gantry, "CreateSecret", create("one")).await.unwrap();
    assert_eq!(secrets(&gantry, "CreateSecret", create("one")).await.unwrap(), made);
    assert_eq!(code(secrets(&gantry, "CreateSecret", create("two")).await), "ResourceExistsException");
    let put = |value: &str| json!({ "SecretId": "db", "SecretString": value, "ClientRequestToken": TOKEN });
    secrets(&gantry, "PutSecretValue", put("one")).await.unwrap();
    assert_eq!(code(secrets(&gantry, "PutSecretValue", put("two")).await), "ResourceExistsException");
    assert_eq!(value(&gantry, json!({})).await.unwrap(), "one");
}

#[tokio::test]
async fn bytes_come_back_as_they_were() {
    let gantry = TestGantry::start().await;
    let create = json!({ "Name": "key", "SecretBinary": "AP8Q" });
    secrets(&gantry, "CreateSecret", create).await.unwrap();
    let read = secrets(&gantry, "GetSecretValue", json!({ "SecretId": "key" })).await.unwrap();
    assert_eq!((&read["SecretBinary"], read.get("SecretString")), (&json!("AP8Q"), None));
    let both = json!({ "SecretId": "key", "SecretBinary": "AP8Q", "SecretString": "x" });
    assert_eq!(code(secrets(&gantry, "PutSecretValue", both).await), "InvalidParameterException");
}

#[tokio::test]
async fn a_deleted_secret_can_be_restored_until_its_time_is_up() {
    let (gantry, _) = with_secret().await;
    let delete = json!({ "SecretId": "db", "RecoveryWindowInDays": 7 });
    secrets(&gantry, "DeleteSecret", delete.clone()).await.unwrap();
    for (operation, input) in [
        ("GetSecretValue", json!({ "SecretId": "db" })),
        ("PutSecretValue", json!({ "SecretId": "db", "SecretString": "x" })),
        ("DeleteSecret", delete.clone()),
        ("CreateSecret", json!({ "Name": "db" })),
    ] {
        assert_eq!(code(secrets(&gantry, operation, input).await), "InvalidRequestException", "{operation}");
    }
    let names = async |planned: bool| {
        let listed = secrets(&gantry, "ListSecrets", json!({ "IncludePlannedDeletion": planned })).await.unwrap();
        listed["SecretList"].as_array().unwrap().len()
    };
    assert_eq!((names(false).await, names(true).await), (0, 1));
    secrets(&gantry, "RestoreSecret", json!({ "SecretId": "db" })).await.unwrap();
    assert_eq!(value(&gantry, json!({})).await.unwrap(), "one");

    secrets(&gantry, "DeleteSecret", delete).await.unwrap();
    gantry.pass_seconds(7 * 24 * 3600 - 1);
    housekeeping::pass(&gantry.control).await.unwrap();
    assert_eq!(names(true).await, 1);
    gantry.pass_seconds(1);
    housekeeping::pass(&gantry.control).await.unwrap();
    assert_eq!(names(true).await, 0);
}

#[tokio::test]
async fn a_secret_deleted_at_once_leaves_its_name_and_the_new_one_is_another() {
    let (gantry, arn) = with_secret().await;
    for days in [json!({ "RecoveryWindowInDays": 7 }), json!({})] {
        let mut input = json!({ "SecretId": "db", "ForceDeleteWithoutRecovery": true });
        input.as_object_mut().unwrap().extend(days.as_object().unwrap().clone());
        let answer = secrets(&gantry, "DeleteSecret", input).await;
        assert_eq!(answer.is_err(), days != json!({}), "{days}");
    }
    let again = secrets(&gantry, "CreateSecret", json!({ "Name": "db", "SecretString": "two" })).await.unwrap();
    assert_ne!(again["ARN"], json!(arn));
    assert_eq!(code(secrets(&gantry, "GetSecretValue", json!({ "SecretId": arn })).await), "ResourceNotFoundException");
}

#[tokio::test]
async fn listings_are_filtered_ordered_and_paged() {
    let gantry = TestGantry::start().await;
    for (name, description, team) in
        [("shop/db", "the Database", "blue"), ("shop/mail", "mail", "green"), ("wiki/db", "pages", "blue")]
    {
        let tags = json!([{ "Key": "team", "Value": team }]);
        let input = json!({ "Name": name, "Description": description, "SecretString": "x", "Tags": tags });
        secrets(&gantry, "CreateSecret", input).await.unwrap();
        gantry.pass_seconds(1);
    }
    for (key, value, expected) in [
        ("name", "shop", vec!["shop/db", "shop/mail"]),
        ("name", "!shop", vec!["wiki/db"]),
        ("description", "data", vec!["shop/db"]),
        ("tag-key", "team", vec!["shop/db", "shop/mail", "wiki/db"]),
        ("tag-value", "blue", vec!["shop/db", "wiki/db"]),
        ("all", "DB blue", vec!["shop/db", "wiki/db"]),
        ("primary-region", "us-east-1", vec![]),
    ] {
        let filters = json!([{ "Key": key, "Values": [value] }]);
        let mut found = Vec::new();
        let mut token = Value::Null;
        loop {
            let input = json!({ "Filters": filters, "MaxResults": 1, "NextToken": token });
            let page = secrets(&gantry, "ListSecrets", input).await.unwrap();
            found.extend(page["SecretList"].as_array().unwrap().iter().map(|secret| text(&secret["Name"])));
            match page.get("NextToken") {
                Some(next) => token = next.clone(),
                None => break,
            }
        }
        assert_eq!(found, expected, "{key} {value}");
    }
    let newest = secrets(&gantry, "ListSecrets", json!({ "SortOrder": "desc" })).await.unwrap();
    assert_eq!(newest["SecretList"][0]["Name"], json!("wiki/db"));
    assert_eq!(code(secrets(&gantry, "ListSecrets", json!({ "NextToken": "x" })).await), "InvalidNextTokenException");
}

#[tokio::test]
async fn what_is_not_built_is_refused_by_name() {
    let gantry = TestGantry::start().await;
    for member in [
        json!({ "KmsKeyId": "alias/own" }),
        json!({ "AddReplicaRegions": [{ "Region": "eu-west-1" }] }),
        json!({ "Type": "partner" }),
    ] {
        let mut input = json!({ "Name": "db" });
        input.as_object_mut().unwrap().extend(member.as_object().unwrap().clone());
        let (code, message) = refusal(secrets(&gantry, "CreateSecret", input).await);
        assert_eq!(code, "InvalidParameterException");
        let name = member.as_object().unwrap().keys().next().unwrap();
        assert!(message.starts_with(name.as_str()), "{message}");
    }
}

/// A definition whose container is given what `value_from` names.
async fn definition(gantry: &TestGantry, family: &str, value_from: &str) -> String {
    let secrets = json!([{ "name": "PASSWORD", "valueFrom": value_from }]);
    gantry.definition(family, json!({ "secrets": secrets })).await
}

#[tokio::test]
async fn an_agent_reads_what_the_tasks_on_its_own_hosts_name_and_nothing_else() {
    let (gantry, arn) = with_secret().await;
    gantry.call("ssm", "PutParameter", json!({ "Name": "/db", "Value": "p", "Type": "SecureString" })).await.unwrap();
    gantry.cluster("default").await;
    let mut register = registration("default", "i-1");
    register["attributes"] = json!([
        { "name": "ecs.capability.secrets.asm.environment-variables" },
        { "name": "ecs.capability.secrets.ssm.environment-variables" },
    ]);
    let answer = gantry.call_signed(&gantry.agent, "ecs", "RegisterContainerInstance", register).await.unwrap();
    gantry.connect(&text(&answer["containerInstance"]["containerInstanceArn"]), true).await;
    let whole = definition(&gantry, "whole", &format!("{arn}:user::")).await;
    let parameter = definition(&gantry, "parameter", "/db").await;
    let read = async |who: &str, service: &str, operation: &str, input: Value| {
        let caller = gantry_model::principal::Caller {
            principal: principal(&format!("role/{who}"), PrincipalKind::Agent),
            region: region(REGION),
            service: service.to_owned(),
        };
        gantry.call_as(caller, operation, input).await.map_err(|(code, _)| code)
    };
    let secret =
        async |who: &str, id: &str| read(who, "secretsmanager", "GetSecretValue", json!({ "SecretId": id })).await;
    let denied = Err("AccessDeniedException".to_owned());
    assert_eq!(secret("agent-1", &arn).await, denied, "no task names it");
    for definition in [whole, parameter] {
        gantry.task("default", &definition).await;
    }
    assert_eq!(secret("agent-1", &arn).await.unwrap()["SecretString"], json!("one"));
    assert_eq!(secret("agent-1", "db").await, denied, "the tasks name it by its ARN");
    assert_eq!(secret("agent-2", &arn).await, denied, "its hosts have no task that names it");
    let input = json!({ "Name": "/db", "WithDecryption": true });
    let read_parameter = read("agent-1", "ssm", "GetParameter", input.clone()).await.unwrap();
    assert_eq!(read_parameter["Parameter"]["Value"], json!("p"));
    assert_eq!(read("agent-2", "ssm", "GetParameter", input).await, denied);
    let tasks = gantry.ecs("ListTasks", json!({})).await.unwrap();
    for task in tasks["taskArns"].as_array().unwrap() {
        gantry.report("default", task.as_str().unwrap(), "STOPPED", json!({})).await;
    }
    assert_eq!(secret("agent-1", &arn).await, denied, "the task has stopped");
}

/// How many deployments the service `web` was given.
async fn deployments(gantry: &TestGantry) -> usize {
    settle(gantry, "web").await;
    report_all_running(gantry, "web").await;
    settle(gantry, "web").await;
    report_all_running(gantry, "web").await;
    settle(gantry, "web").await;
    let listed = gantry.ecs("ListServiceDeployments", json!({ "service": "web" })).await.unwrap();
    listed["serviceDeployments"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_service_that_asks_for_it_gets_new_tasks_when_its_secret_changes() {
    let (gantry, arn) = with_secret().await;
    gantry.call("ssm", "PutParameter", json!({ "Name": "/db", "Value": "p", "Type": "String" })).await.unwrap();
    let tags = json!([{ "key": "gantry.roll-on-secret-change", "value": "enabled" }]);
    serving(&gantry, json!({ "desiredCount": 1, "tags": tags })).await;
    for (value_from, rolls_secret, rolls_parameter) in [
        (arn.clone(), 1, 0),
        (format!("{arn}:user:AWSPREVIOUS:"), 1, 0),
        (format!("{arn}:user:blue:"), 0, 0),
        ("/db".to_owned(), 0, 1),
        ("/other".to_owned(), 0, 0),
    ] {
        let task_definition = definition(&gantry, "web", &value_from).await;
        gantry.ecs("UpdateService", json!({ "service": "web", "taskDefinition": task_definition })).await.unwrap();
        let before = deployments(&gantry).await;
        put(&gantry, &format!("for {value_from}")).await;
        let after = deployments(&gantry).await;
        assert_eq!(after - before, rolls_secret, "the secret of {value_from}");
        let overwrite = json!({ "Name": "/db", "Value": value_from, "Overwrite": true });
        gantry.call("ssm", "PutParameter", overwrite).await.unwrap();
        assert_eq!(deployments(&gantry).await - after, rolls_parameter, "the parameter of {value_from}");
    }
}

#[tokio::test]
async fn a_service_that_does_not_ask_keeps_its_tasks() {
    let (gantry, arn) = with_secret().await;
    serving(&gantry, json!({ "desiredCount": 1 })).await;
    let task_definition = definition(&gantry, "web", &arn).await;
    gantry.ecs("UpdateService", json!({ "service": "web", "taskDefinition": task_definition })).await.unwrap();
    let before = deployments(&gantry).await;
    put(&gantry, "two").await;
    assert_eq!(deployments(&gantry).await, before);
}

#[tokio::test]
async fn no_value_is_in_the_database_nor_in_an_event() {
    const VALUE: &str = "correct-horse-battery-staple";
    let gantry = TestGantry::start().await;
    secrets(&gantry, "CreateSecret", json!({ "Name": "db", "SecretString": VALUE })).await.unwrap();
    for kind in ["String", "SecureString"] {
        let input = json!({ "Name": format!("/{kind}"), "Value": VALUE, "Type": kind });
        gantry.call("ssm", "PutParameter", input).await.unwrap();
    }
    for file in gantry.database_files() {
        let bytes = std::fs::read(&file).unwrap();
        let found = bytes.windows(VALUE.len()).any(|window| window == VALUE.as_bytes());
        assert!(!found, "{}", file.display());
    }
}
