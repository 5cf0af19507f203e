//! Account settings.

use gantry_testkit::TestGantry;
use serde_json::{Value, json};

use crate::code;

const ROOT: &str = "arn:aws:iam::000000000000:root";
const ADMIN: &str = "arn:aws:iam::000000000000:user/admin";

fn insights(principal: &str, value: &str) -> Value {
    json!({ "name": "containerInsights", "value": value, "principalArn": principal, "type": "user" })
}

#[tokio::test]
async fn a_default_holds_until_a_principal_sets_its_own_and_new_clusters_get_it() {
    let gantry = TestGantry::start().await;
    let effective = async || {
        let input = json!({ "name": "containerInsights", "effectiveSettings": true });
        gantry.ecs("ListAccountSettings", input).await.unwrap()["settings"].clone()
    };
    assert_eq!(effective().await, json!([insights(ADMIN, "disabled")]));
    let input = json!({ "name": "containerInsights", "value": "enabled" });
    let answer = gantry.ecs("PutAccountSettingDefault", input.clone()).await.unwrap();
    assert_eq!(answer, json!({ "setting": insights(ROOT, "enabled") }));
    assert_eq!(effective().await, json!([insights(ADMIN, "enabled")]));
    assert_eq!(
        gantry.ecs("ListAccountSettings", json!({})).await.unwrap()["settings"],
        json!([]),
        "nothing of its own"
    );

    let own = json!({ "name": "containerInsights", "value": "enhanced" });
    assert_eq!(gantry.ecs("PutAccountSetting", own).await.unwrap(), json!({ "setting": insights(ADMIN, "enhanced") }));
    let cluster = gantry.ecs("CreateCluster", json!({})).await.unwrap();
    assert_eq!(cluster["cluster"]["settings"], json!([{ "name": "containerInsights", "value": "enhanced" }]));
    let gone = gantry.ecs("DeleteAccountSetting", json!({ "name": "containerInsights" })).await.unwrap();
    assert_eq!(gone, json!({ "setting": insights(ADMIN, "enabled") }));
}

#[tokio::test]
async fn long_arns_are_always_on_and_a_setting_without_effect_is_refused() {
    let gantry = TestGantry::start().await;
    let input = json!({ "name": "taskLongArnFormat", "effectiveSettings": true });
    assert_eq!(gantry.ecs("ListAccountSettings", input).await.unwrap()["settings"][0]["value"], "enabled");
    for (name, value) in [("taskLongArnFormat", "disabled"), ("awsvpcTrunking", "enabled"), ("noise", "on")] {
        let input = json!({ "name": name, "value": value });
        assert_eq!(code(gantry.ecs("PutAccountSetting", input.clone()).await), "InvalidParameterException", "{name}");
        assert_eq!(code(gantry.ecs("PutAccountSettingDefault", input).await), "InvalidParameterException", "{name}");
    }
    let other = json!({ "name": "containerInsights", "principalArn": "arn:aws:iam::111111111111:user/x" });
    assert_eq!(code(gantry.ecs("DeleteAccountSetting", other).await), "InvalidParameterException");
    let all = gantry.ecs("ListAccountSettings", json!({ "effectiveSettings": true })).await.unwrap();
    assert_eq!(all["settings"].as_array().unwrap().len(), 10, "pages hold ten");
    assert!(all["nextToken"].is_string());
}
