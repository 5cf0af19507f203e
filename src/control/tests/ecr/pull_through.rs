//! Pull-through cache rules, as they are kept. What they do is tested in the registry, against another one.

use serde_json::{Value, json};

use crate::{Ecr, FOREIGN};

fn rule(prefix: &str, url: &str) -> Value {
    json!({ "ecrRepositoryPrefix": prefix, "upstreamRegistryUrl": url })
}

fn prefix(prefix: &str) -> Value {
    json!({ "ecrRepositoryPrefix": prefix })
}

#[tokio::test]
async fn a_rule_is_made_listed_changed_and_deleted() {
    let ecr = Ecr::new().await;
    let made = ecr.ok("CreatePullThroughCacheRule", rule("hub", "registry-1.docker.io")).await;
    assert_eq!(made["upstreamRepositoryPrefix"], "ROOT");
    let again = rule("hub", "quay.io");
    ecr.refused("CreatePullThroughCacheRule", again, "PullThroughCacheRuleAlreadyExistsException").await;
    let mut other = rule("quay", "quay.io");
    other["upstreamRepositoryPrefix"] = "team".into();
    other["upstreamRegistry"] = "quay".into();
    ecr.ok("CreatePullThroughCacheRule", other).await;
    let page = ecr.ok("DescribePullThroughCacheRules", json!({ "maxResults": 1 })).await;
    assert_eq!(page["pullThroughCacheRules"][0]["upstreamRegistryUrl"], "registry-1.docker.io");
    let rest = ecr.ok("DescribePullThroughCacheRules", json!({ "nextToken": page["nextToken"] })).await;
    let quay = &rest["pullThroughCacheRules"][0];
    assert_eq!((&quay["upstreamRepositoryPrefix"], &quay["upstreamRegistry"]), (&json!("team"), &json!("quay")));
    let role = "arn:aws:iam::000000000000:role/cache";
    let change = json!({ "ecrRepositoryPrefix": "quay", "customRoleArn": role });
    assert_eq!(ecr.ok("UpdatePullThroughCacheRule", change).await["customRoleArn"], role);
    ecr.ok("DeletePullThroughCacheRule", prefix("quay")).await;
    let gone = "PullThroughCacheRuleNotFoundException";
    for operation in ["DeletePullThroughCacheRule", "UpdatePullThroughCacheRule", "ValidatePullThroughCacheRule"] {
        ecr.refused(operation, prefix("quay"), gone).await;
    }
    let asked = json!({ "ecrRepositoryPrefixes": ["quay"] });
    ecr.refused("DescribePullThroughCacheRules", asked, gone).await;
}

#[tokio::test]
async fn a_rule_that_could_not_work_is_refused() {
    let ecr = Ecr::new().await;
    for (member, value, code) in [
        ("upstreamRegistryUrl", json!("quay.io/team"), "InvalidParameterException"),
        ("upstreamRegistryUrl", json!("ftp://quay.io"), "InvalidParameterException"),
        ("upstreamRegistryUrl", json!(""), "InvalidParameterException"),
        ("ecrRepositoryPrefix", json!("Hub"), "InvalidParameterException"),
        ("upstreamRegistry", json!("somewhere"), "InvalidParameterException"),
        ("registryId", json!(FOREIGN), "InvalidParameterException"),
        (
            "credentialArn",
            json!("arn:aws:secretsmanager:us-east-1:000000000000:secret:ecr-pullthroughcache/hub-AbCdEf"),
            "SecretNotFoundException",
        ),
    ] {
        let mut broken = rule("hub", "quay.io");
        broken[member] = value;
        ecr.refused("CreatePullThroughCacheRule", broken, code).await;
    }
    let mut root = rule("ROOT", "quay.io");
    root["upstreamRepositoryPrefix"] = "team".into();
    ecr.refused("CreatePullThroughCacheRule", root, "InvalidParameterException").await;
}

#[tokio::test]
async fn an_upstream_that_does_not_answer_is_told_of() {
    let ecr = Ecr::new().await;
    // Nobody listens on the discard port.
    ecr.ok("CreatePullThroughCacheRule", rule("gone", "http://127.0.0.1:9")).await;
    let validated = ecr.ok("ValidatePullThroughCacheRule", prefix("gone")).await;
    assert_eq!(validated["isValid"], false);
    assert!(validated["failure"].as_str().unwrap().contains("127.0.0.1:9 cannot be read"), "{validated}");
    let pull = json!({ "repositoryName": "gone/app", "imageIds": [{ "imageTag": "v1" }] });
    ecr.refused("BatchGetImage", pull, "UnableToGetUpstreamImageException").await;
}
