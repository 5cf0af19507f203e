//! What is set for a whole registry: templates, policies, exclusions, account settings; and the policies of repositories.

use serde_json::{Value, json};

use crate::{ACCOUNT, Ecr, FOREIGN};

const ROBOT: &str = "arn:aws:iam::000000000000:role/scanner";

fn policy() -> String {
    let statement =
        json!({ "Sid": "pull", "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": "ecr:BatchGetImage" });
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

fn template(prefix: &str) -> Value {
    json!({ "prefix": prefix, "appliedFor": ["CREATE_ON_PUSH"] })
}

#[tokio::test]
async fn a_policy_of_a_repository_is_kept_as_it_was_given() {
    let ecr = Ecr::with_repository("app").await;
    let of = json!({ "repositoryName": "app" });
    let none = format!(
        "Repository policy does not exist for the repository with name 'app' in the registry with id '{ACCOUNT}'"
    );
    for operation in ["GetRepositoryPolicy", "DeleteRepositoryPolicy"] {
        ecr.refused_with(operation, of.clone(), "RepositoryPolicyNotFoundException", &none).await;
    }
    let set = json!({ "repositoryName": "app", "policyText": policy() });
    assert_eq!(ecr.ok("SetRepositoryPolicy", set).await["policyText"], policy());
    assert_eq!(ecr.ok("GetRepositoryPolicy", of.clone()).await["policyText"], policy());
    assert_eq!(ecr.ok("DeleteRepositoryPolicy", of.clone()).await["policyText"], policy());
    ecr.refused("GetRepositoryPolicy", of, "RepositoryPolicyNotFoundException").await;
    let broken = json!({ "repositoryName": "app", "policyText": policy().replace("Allow", "Perhaps") });
    let error = ecr.refused("SetRepositoryPolicy", broken, "InvalidParameterException").await;
    assert!(error["message"].as_str().unwrap().contains("Statement[0].Effect must be Allow or Deny"), "{error}");
    for (name, registry) in [("gone", ACCOUNT), ("app", FOREIGN)] {
        let of = json!({ "repositoryName": name, "registryId": registry, "policyText": policy() });
        ecr.refused("SetRepositoryPolicy", of, "RepositoryNotFoundException").await;
    }
}

#[tokio::test]
async fn a_policy_of_the_registry_is_kept_as_it_was_given() {
    let ecr = Ecr::new().await;
    for operation in ["GetRegistryPolicy", "DeleteRegistryPolicy"] {
        let none = format!("Registry policy does not exist in the registry with id '{ACCOUNT}'");
        ecr.refused_with(operation, json!({}), "RegistryPolicyNotFoundException", &none).await;
    }
    ecr.ok("PutRegistryPolicy", json!({ "policyText": policy() })).await;
    assert_eq!(ecr.ok("GetRegistryPolicy", json!({})).await["policyText"], policy());
    assert_eq!(ecr.ok("DeleteRegistryPolicy", json!({})).await["policyText"], policy());
    ecr.refused("GetRegistryPolicy", json!({}), "RegistryPolicyNotFoundException").await;
    ecr.refused("PutRegistryPolicy", json!({ "policyText": "{}" }), "InvalidParameterException").await;
}

#[tokio::test]
async fn a_creation_template_is_made_changed_listed_and_deleted() {
    let ecr = Ecr::new().await;
    let mut whole = template("team");
    whole["resourceTags"] = json!([{ "Key": "team", "Value": "blue" }]);
    whole["imageTagMutability"] = "IMMUTABLE".into();
    whole["repositoryPolicy"] = policy().into();
    let made = ecr.ok("CreateRepositoryCreationTemplate", whole.clone()).await;
    let shown = &made["repositoryCreationTemplate"];
    for member in ["prefix", "appliedFor", "resourceTags", "imageTagMutability", "repositoryPolicy"] {
        assert_eq!(shown[member], whole[member], "{member}");
    }
    assert_eq!(shown["encryptionConfiguration"]["encryptionType"], "AES256");
    ecr.refused("CreateRepositoryCreationTemplate", template("team"), "TemplateAlreadyExistsException").await;
    ecr.gantry.pass_seconds(5);
    let change = json!({ "prefix": "team", "imageTagMutability": "MUTABLE", "repositoryPolicy": "" });
    let changed = ecr.ok("UpdateRepositoryCreationTemplate", change).await;
    let shown = &changed["repositoryCreationTemplate"];
    assert_eq!((&shown["imageTagMutability"], shown.get("repositoryPolicy")), (&json!("MUTABLE"), None));
    assert_eq!(shown["resourceTags"], whole["resourceTags"], "what is not given stays");
    assert_ne!(shown["createdAt"], shown["updatedAt"]);

    ecr.ok("CreateRepositoryCreationTemplate", template("ROOT")).await;
    let page = ecr.ok("DescribeRepositoryCreationTemplates", json!({ "maxResults": 1 })).await;
    assert_eq!(page["repositoryCreationTemplates"][0]["prefix"], "ROOT");
    let rest = json!({ "nextToken": page["nextToken"] });
    let rest = ecr.ok("DescribeRepositoryCreationTemplates", rest).await;
    assert_eq!((&rest["repositoryCreationTemplates"][0]["prefix"], rest.get("nextToken")), (&json!("team"), None));
    let named = json!({ "prefixes": ["team", "none"] });
    let named = ecr.ok("DescribeRepositoryCreationTemplates", named).await;
    assert_eq!(named["repositoryCreationTemplates"].as_array().unwrap().len(), 1);

    ecr.ok("DeleteRepositoryCreationTemplate", json!({ "prefix": "team" })).await;
    for operation in ["DeleteRepositoryCreationTemplate", "UpdateRepositoryCreationTemplate"] {
        ecr.refused(operation, json!({ "prefix": "team" }), "TemplateNotFoundException").await;
    }
}

#[tokio::test]
async fn a_template_that_no_repository_can_follow_is_refused() {
    let ecr = Ecr::new().await;
    for (member, value, code) in [
        ("appliedFor", json!([]), "InvalidParameterException"),
        ("appliedFor", json!(["SOMETIMES"]), "InvalidParameterException"),
        ("prefix", json!("Team"), "InvalidParameterException"),
        ("repositoryPolicy", json!("{"), "InvalidParameterException"),
        ("lifecyclePolicy", json!("{}"), "InvalidParameterException"),
        ("imageTagMutability", json!("IMMUTABLE_WITH_EXCLUSION"), "InvalidParameterException"),
        ("encryptionConfiguration", json!({ "encryptionType": "KMS" }), "KmsException"),
        ("resourceTags", json!([{ "Key": "aws:x", "Value": "y" }]), "InvalidTagParameterException"),
    ] {
        let mut broken = template("team");
        broken[member] = value;
        ecr.refused("CreateRepositoryCreationTemplate", broken, code).await;
    }
}

#[tokio::test]
async fn pulls_by_excluded_principals_leave_the_time_of_the_last_pull_alone() {
    let ecr = Ecr::with_repository("app").await;
    ecr.image("app", "one", Some("v1")).await;
    let caller = ecr.caller.principal.arn.clone();
    let exclude = json!({ "principalArn": caller });
    assert_eq!(ecr.ok("RegisterPullTimeUpdateExclusion", exclude.clone()).await["principalArn"], caller);
    ecr.refused("RegisterPullTimeUpdateExclusion", exclude.clone(), "ExclusionAlreadyExistsException").await;
    ecr.ok("RegisterPullTimeUpdateExclusion", json!({ "principalArn": ROBOT })).await;
    let listed = ecr.ok("ListPullTimeUpdateExclusions", json!({ "maxResults": 1 })).await;
    assert_eq!(listed["pullTimeUpdateExclusions"], json!([ROBOT]));
    let rest = ecr.ok("ListPullTimeUpdateExclusions", json!({ "nextToken": listed["nextToken"] })).await;
    assert_eq!(rest["pullTimeUpdateExclusions"], json!([caller]));

    let pull = json!({ "repositoryName": "app", "imageIds": [{ "imageTag": "v1" }] });
    let pulled_at = async || {
        ecr.ok("BatchGetImage", pull.clone()).await;
        let described = ecr.ok("DescribeImages", json!({ "repositoryName": "app" })).await;
        described["imageDetails"][0].get("lastRecordedPullTime").cloned()
    };
    assert_eq!(pulled_at().await, None);
    ecr.ok("DeregisterPullTimeUpdateExclusion", exclude.clone()).await;
    assert!(pulled_at().await.is_some());
    ecr.refused("DeregisterPullTimeUpdateExclusion", exclude, "ExclusionNotFoundException").await;
    let nobody = json!({ "principalArn": "somebody" });
    ecr.refused("RegisterPullTimeUpdateExclusion", nobody, "InvalidParameterException").await;
}

#[tokio::test]
async fn account_settings_have_values_of_their_own() {
    let ecr = Ecr::new().await;
    for (name, value) in
        [("BLOB_MOUNTING", "ENABLED"), ("BASIC_SCAN_TYPE_VERSION", "AWS_NATIVE"), ("REGISTRY_POLICY_SCOPE", "V2")]
    {
        assert_eq!(ecr.ok("GetAccountSetting", json!({ "name": name })).await["value"], value, "{name}");
        ecr.ok("PutAccountSetting", json!({ "name": name, "value": value })).await;
    }
    ecr.ok("PutAccountSetting", json!({ "name": "BLOB_MOUNTING", "value": "DISABLED" })).await;
    assert_eq!(ecr.ok("GetAccountSetting", json!({ "name": "BLOB_MOUNTING" })).await["value"], "DISABLED");
    for (name, value) in [("REGISTRY_POLICY_SCOPE", "V1"), ("BLOB_MOUNTING", "MAYBE"), ("COLOUR", "BLUE")] {
        let wrong = json!({ "name": name, "value": value });
        ecr.refused("PutAccountSetting", wrong, "ValidationException").await;
    }
    ecr.refused("GetAccountSetting", json!({ "name": "COLOUR" }), "ValidationException").await;
}

#[tokio::test]
async fn nothing_is_signed_and_the_answers_say_so() {
    let ecr = Ecr::with_repository("app").await;
    ecr.image("app", "one", Some("v1")).await;
    let status = json!({ "repositoryName": "app", "imageId": { "imageTag": "v1" } });
    assert_eq!(ecr.ok("DescribeImageSigningStatus", status).await["signingStatuses"], json!([]));
    let missing = json!({ "repositoryName": "app", "imageId": { "imageTag": "v2" } });
    ecr.refused("DescribeImageSigningStatus", missing, "ImageNotFoundException").await;
    for operation in ["GetSigningConfiguration", "DeleteSigningConfiguration"] {
        ecr.refused(operation, json!({}), "SigningConfigurationNotFoundException").await;
    }
    let rule = json!({ "signingProfileArn": "arn:aws:signer:us-east-1:000000000000:/signing-profiles/release" });
    let configuration = json!({ "signingConfiguration": { "rules": [rule] } });
    ecr.refused("PutSigningConfiguration", configuration, "ValidationException").await;
}
