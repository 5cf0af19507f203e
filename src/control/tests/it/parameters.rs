//! The Parameter Store: names, versions, labels, hierarchies.

use gantry_testkit::build::text;
use gantry_testkit::{Refusal, TestGantry};
use serde_json::{Value, json};

use crate::code;

async fn ssm(gantry: &TestGantry, operation: &str, input: Value) -> Result<Value, Refusal> {
    gantry.call("ssm", operation, input).await
}

async fn put(gantry: &TestGantry, name: &str, value: &str, more: Value) -> Result<Value, Refusal> {
    let mut input = json!({ "Name": name, "Value": value, "Type": "String" });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ssm(gantry, "PutParameter", input).await
}

async fn overwrite(gantry: &TestGantry, name: &str, value: &str) -> Result<Value, Refusal> {
    ssm(gantry, "PutParameter", json!({ "Name": name, "Value": value, "Overwrite": true })).await
}

async fn value(gantry: &TestGantry, name: &str) -> Result<String, Refusal> {
    let answer = ssm(gantry, "GetParameter", json!({ "Name": name, "WithDecryption": true })).await?;
    Ok(text(&answer["Parameter"]["Value"]))
}

#[tokio::test]
async fn a_parameter_is_overwritten_only_when_that_is_said() {
    let gantry = TestGantry::start().await;
    put(&gantry, "/a", "one", json!({})).await.unwrap();
    assert_eq!(code(put(&gantry, "/a", "two", json!({})).await), "ParameterAlreadyExists");
    assert_eq!(overwrite(&gantry, "/a", "two").await.unwrap()["Version"], json!(2));
    assert_eq!(value(&gantry, "/a").await.unwrap(), "two");
    assert_eq!(value(&gantry, "/a:1").await.unwrap(), "one");
    assert_eq!(code(value(&gantry, "/a:3").await.map(Value::from)), "ParameterVersionNotFound");
    assert_eq!(code(value(&gantry, "/b").await.map(Value::from)), "ParameterNotFound");
    let other = json!({ "Name": "/a", "Value": "x", "Type": "SecureString", "Overwrite": true });
    assert_eq!(code(ssm(&gantry, "PutParameter", other).await), "HierarchyTypeMismatchException");
}

#[tokio::test]
async fn a_parameter_is_found_by_its_arn_with_a_slash_or_without() {
    let gantry = TestGantry::start().await;
    for (name, arn) in [("plain", "parameter/plain"), ("/rooted", "parameter/rooted"), ("/a/b", "parameter/a/b")] {
        put(&gantry, name, name, json!({})).await.unwrap();
        let arn = format!("arn:aws:ssm:us-east-1:000000000000:{arn}");
        let answer = ssm(&gantry, "GetParameter", json!({ "Name": arn })).await.unwrap();
        assert_eq!((&answer["Parameter"]["Value"], &answer["Parameter"]["ARN"]), (&json!(name), &json!(arn)));
    }
}

#[tokio::test]
async fn a_name_of_one_level_is_the_same_with_a_slash_and_without() {
    let gantry = TestGantry::start().await;
    put(&gantry, "/rooted", "one", json!({})).await.unwrap();
    assert_eq!(value(&gantry, "rooted").await.unwrap(), "one");
    assert_eq!(code(put(&gantry, "rooted", "two", json!({})).await), "ParameterAlreadyExists");
    overwrite(&gantry, "rooted", "two").await.unwrap();
    assert_eq!(value(&gantry, "/rooted").await.unwrap(), "two");
}

#[tokio::test]
async fn a_secret_is_told_only_to_whoever_asks_for_it_decrypted() {
    let gantry = TestGantry::start().await;
    put(&gantry, "/a", "hunter2", json!({ "Type": "SecureString", "KeyId": "alias/aws/ssm" })).await.unwrap();
    assert_eq!(value(&gantry, "/a").await.unwrap(), "hunter2");
    let sealed = ssm(&gantry, "GetParameter", json!({ "Name": "/a" })).await.unwrap();
    assert_ne!(sealed["Parameter"]["Value"], json!("hunter2"));
    let path = ssm(&gantry, "GetParametersByPath", json!({ "Path": "/" })).await.unwrap();
    assert_ne!(path["Parameters"][0]["Value"], json!("hunter2"));
}

#[tokio::test]
async fn what_cannot_be_a_parameter_is_refused() {
    let gantry = TestGantry::start().await;
    let long = "x".repeat(4097);
    let deep = "/a".repeat(16);
    for (name, value, more, refusal) in [
        ("a/b", "v", json!({}), "ValidationException"),
        ("/aws/x", "v", json!({}), "ValidationException"),
        ("ssm-x", "v", json!({}), "ValidationException"),
        ("/a b", "v", json!({}), "ValidationException"),
        ("/a", "", json!({}), "ValidationException"),
        ("/a", &long, json!({}), "ValidationException"),
        ("/a", "v", json!({ "Type": null }), "ValidationException"),
        ("/a", "v", json!({ "Type": "Text" }), "ValidationException"),
        ("/a", "v", json!({ "KeyId": "alias/aws/ssm" }), "ValidationException"),
        ("/a", "v", json!({ "Type": "SecureString", "KeyId": "alias/own" }), "InvalidKeyId"),
        ("/a", "v", json!({ "AllowedPattern": "(" }), "InvalidAllowedPatternException"),
        ("/a", "v", json!({ "AllowedPattern": "[0-9]+" }), "ParameterPatternMismatchException"),
        ("/a", "v", json!({ "Policies": "[{}]" }), "InvalidPolicyTypeException"),
        ("/a", "v", json!({ "DataType": "aws:ec2:image" }), "ValidationException"),
        (&deep, "v", json!({}), "HierarchyLevelLimitExceededException"),
    ] {
        assert_eq!(code(put(&gantry, name, value, more.clone()).await), refusal, "{name} {more}");
    }
    put(&gantry, "/a", &long, json!({ "Tier": "Intelligent-Tiering" })).await.unwrap();
}

#[tokio::test]
async fn what_an_overwrite_does_not_say_stays() {
    let gantry = TestGantry::start().await;
    put(&gantry, "/a", "1", json!({ "AllowedPattern": "[0-9]+", "Description": "a number" })).await.unwrap();
    assert_eq!(code(overwrite(&gantry, "/a", "x").await), "ParameterPatternMismatchException");
    overwrite(&gantry, "/a", "2").await.unwrap();
    let described = ssm(&gantry, "DescribeParameters", json!({})).await.unwrap();
    assert_eq!(described["Parameters"][0]["Description"], json!("a number"));
}

#[tokio::test]
async fn a_hierarchy_is_read_level_by_level_or_whole_in_pages() {
    let gantry = TestGantry::start().await;
    for name in ["/shop/db", "/shop/mail/host", "/shop/mail/port", "/shopping", "plain"] {
        put(&gantry, name, name, json!({})).await.unwrap();
    }
    for (path, recursive, expected) in [
        ("/shop", false, vec!["/shop/db"]),
        ("/shop/", true, vec!["/shop/db", "/shop/mail/host", "/shop/mail/port"]),
        ("/", false, vec!["/shopping", "plain"]),
        ("/", true, vec!["/shop/db", "/shop/mail/host", "/shop/mail/port", "/shopping", "plain"]),
        ("/none", true, vec![]),
    ] {
        let mut found = Vec::new();
        let mut token = Value::Null;
        loop {
            let input = json!({ "Path": path, "Recursive": recursive, "MaxResults": 2, "NextToken": token });
            let page = ssm(&gantry, "GetParametersByPath", input).await.unwrap();
            found.extend(page["Parameters"].as_array().unwrap().iter().map(|p| text(&p["Name"])));
            match page.get("NextToken") {
                Some(next) => token = next.clone(),
                None => break,
            }
        }
        assert_eq!(found, expected, "{path} {recursive}");
    }
    assert_eq!(code(ssm(&gantry, "GetParametersByPath", json!({ "Path": "shop" })).await), "ValidationException");
}

#[tokio::test]
async fn a_label_is_of_one_version_at_a_time() {
    let gantry = TestGantry::start().await;
    put(&gantry, "/a", "one", json!({})).await.unwrap();
    overwrite(&gantry, "/a", "two").await.unwrap();
    let label = |version: i64, labels: &[&str]| json!({ "Name": "/a", "ParameterVersion": version, "Labels": labels });
    ssm(&gantry, "LabelParameterVersion", label(1, &["blue", "old"])).await.unwrap();
    assert_eq!(value(&gantry, "/a:blue").await.unwrap(), "one");
    ssm(&gantry, "LabelParameterVersion", label(2, &["blue"])).await.unwrap();
    assert_eq!(value(&gantry, "/a:blue").await.unwrap(), "two");
    assert_eq!(value(&gantry, "/a:old").await.unwrap(), "one");
    let invalid = ssm(&gantry, "LabelParameterVersion", label(2, &["good", "1bad"])).await.unwrap();
    assert_eq!(invalid["InvalidLabels"], json!(["1bad"]));
    assert_eq!(code(value(&gantry, "/a:good").await.map(Value::from)), "ParameterVersionNotFound");
    let by_label = json!([{ "Key": "Label", "Values": ["old"] }]);
    let path = ssm(&gantry, "GetParametersByPath", json!({ "Path": "/", "ParameterFilters": by_label })).await.unwrap();
    assert_eq!(path["Parameters"][0]["Version"], json!(1));
    let many: Vec<String> = (0..10).map(|n| format!("l{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let too_many = ssm(&gantry, "LabelParameterVersion", label(2, &many)).await;
    assert_eq!(code(too_many), "ParameterVersionLabelLimitExceeded");
}

#[tokio::test]
async fn the_oldest_of_a_hundred_versions_goes_unless_it_has_a_label() {
    let gantry = TestGantry::start().await;
    put(&gantry, "/a", "1", json!({})).await.unwrap();
    for n in 2..=101 {
        overwrite(&gantry, "/a", &n.to_string()).await.unwrap();
    }
    assert_eq!(code(value(&gantry, "/a:1").await.map(Value::from)), "ParameterVersionNotFound");
    assert_eq!(value(&gantry, "/a:2").await.unwrap(), "2");
    ssm(&gantry, "LabelParameterVersion", json!({ "Name": "/a", "ParameterVersion": 2, "Labels": ["kept"] }))
        .await
        .unwrap();
    assert_eq!(code(overwrite(&gantry, "/a", "102").await), "ParameterMaxVersionLimitExceeded");
    assert_eq!(value(&gantry, "/a").await.unwrap(), "101");
}

#[tokio::test]
async fn listings_are_filtered_by_what_parameters_have() {
    let gantry = TestGantry::start().await;
    put(&gantry, "/shop/db", "x", json!({ "Type": "SecureString", "Tags": [{ "Key": "team", "Value": "blue" }] }))
        .await
        .unwrap();
    put(&gantry, "/shop/url", "x", json!({})).await.unwrap();
    put(&gantry, "/wiki/url", "x", json!({ "Tier": "Advanced" })).await.unwrap();
    for (key, option, values, expected) in [
        ("Name", "Equals", vec!["/shop/db"], vec!["/shop/db"]),
        ("Name", "BeginsWith", vec!["/shop"], vec!["/shop/db", "/shop/url"]),
        ("Name", "Contains", vec!["url"], vec!["/shop/url", "/wiki/url"]),
        ("Path", "OneLevel", vec!["/wiki"], vec!["/wiki/url"]),
        ("Path", "Recursive", vec!["/"], vec!["/shop/db", "/shop/url", "/wiki/url"]),
        ("Type", "Equals", vec!["SecureString"], vec!["/shop/db"]),
        ("KeyId", "Equals", vec!["alias/aws/ssm"], vec!["/shop/db"]),
        ("Tier", "Equals", vec!["Advanced"], vec!["/wiki/url"]),
        ("tag:team", "Equals", vec!["blue"], vec!["/shop/db"]),
    ] {
        let filters = json!([{ "Key": key, "Option": option, "Values": values }]);
        let found = ssm(&gantry, "DescribeParameters", json!({ "ParameterFilters": filters })).await.unwrap();
        let names: Vec<String> = found["Parameters"].as_array().unwrap().iter().map(|p| text(&p["Name"])).collect();
        assert_eq!(names, expected, "{key} {option} {values:?}");
    }
    let older = json!({ "Filters": [{ "Key": "Name", "Values": ["/wiki"] }] });
    let found = ssm(&gantry, "DescribeParameters", older).await.unwrap();
    assert_eq!(found["Parameters"].as_array().unwrap().len(), 1);
    let near = json!({ "ParameterFilters": [{ "Key": "Name", "Option": "Near", "Values": ["x"] }] });
    assert_eq!(code(ssm(&gantry, "DescribeParameters", near).await), "InvalidFilterOption");
}

#[tokio::test]
async fn tags_are_of_parameters_alone() {
    let gantry = TestGantry::start().await;
    put(&gantry, "/a", "x", json!({})).await.unwrap();
    let tags = |kind: &str, id: &str| json!({ "ResourceType": kind, "ResourceId": id, "Tags": [{ "Key": "k", "Value": "v" }] });
    ssm(&gantry, "AddTagsToResource", tags("Parameter", "/a")).await.unwrap();
    assert_eq!(code(ssm(&gantry, "AddTagsToResource", tags("Document", "/a")).await), "InvalidResourceType");
    assert_eq!(code(ssm(&gantry, "AddTagsToResource", tags("Parameter", "/b")).await), "InvalidResourceId");
}
