//! Secrets: what they are called, their versions, and what a value is changed to. No value is ever read here.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::ApiError;

/// A secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretSummary {
    pub name: String,
    pub arn: String,
    pub description: Option<String>,
    /// In milliseconds since 1970, like every time here.
    pub changed_at: Option<i64>,
    pub accessed_on: Option<i64>,
    /// When its deletion was asked for.
    pub deleted_at: Option<i64>,
}

/// A secret with its versions, the newest first, and those who are given it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretDetail {
    pub secret: SecretSummary,
    pub versions: Vec<SecretVersion>,
    pub used_by: Vec<SecretUse>,
}

/// A version of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretVersion {
    pub id: String,
    pub stages: Vec<String>,
    pub created_at: Option<i64>,
}

/// A service whose containers are given a secret or parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretUse {
    pub cluster: String,
    pub service: String,
    /// Whether it gets new tasks by itself when the value changes.
    pub rolls: bool,
}

impl SecretDetail {
    /// The version that is current.
    #[must_use]
    pub fn current(&self) -> Option<&SecretVersion> {
        self.versions.iter().find(|version| version.stages.iter().any(|stage| stage == "AWSCURRENT"))
    }
}

/// All secrets, by name, those that wait to be deleted among them.
///
/// # Errors
/// What ListSecrets answers.
#[server(prefix = "/ui/api", endpoint = "list-secrets")]
pub async fn list_secrets() -> Result<Vec<SecretSummary>, ApiError> {
    read::secrets().await
}

/// A secret.
///
/// # Errors
/// `NotFound` when there is none of that name.
#[server(prefix = "/ui/api", endpoint = "describe-secret")]
pub async fn describe_secret(name: String) -> Result<SecretDetail, ApiError> {
    read::secret(&name).await
}

/// Whether there is a secret that can be given another value.
///
/// # Errors
/// What DescribeSecret answers, but for one that is not there.
#[server(prefix = "/ui/api", endpoint = "secret-takes-values")]
pub async fn secret_takes_values(name: String) -> Result<bool, ApiError> {
    match crate::sdk::secrets_json("DescribeSecret", &serde_json::json!({ "SecretId": name })).await {
        Ok(described) => Ok(described.get("DeletedDate").is_none()),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Makes a secret and goes to its page.
///
/// # Errors
/// What CreateSecret answers.
#[server(prefix = "/ui/api", endpoint = "create-secret")]
pub async fn create_secret(name: String, description: String, value: String) -> Result<(), ApiError> {
    let name = name.trim();
    let mut input = serde_json::json!({ "Name": name, "Description": description });
    if !value.is_empty() {
        input["SecretString"] = value.into();
    }
    crate::sdk::secrets_json("CreateSecret", &input).await?;
    leptos_axum::redirect(&crate::pages::secrets::href(name));
    Ok(())
}

/// Gives a secret another value.
///
/// # Errors
/// What PutSecretValue answers.
#[server(prefix = "/ui/api", endpoint = "put-secret-value")]
pub async fn put_secret_value(name: String, value: String) -> Result<(), ApiError> {
    let input = serde_json::json!({ "SecretId": name, "SecretString": value });
    crate::sdk::secrets_json("PutSecretValue", &input).await.map(drop)
}

/// Makes an older version current again.
///
/// # Errors
/// What UpdateSecretVersionStage answers.
#[server(prefix = "/ui/api", endpoint = "make-version-current")]
pub async fn make_version_current(name: String, from: String, to: String) -> Result<(), ApiError> {
    let input = serde_json::json!({
        "SecretId": name,
        "VersionStage": "AWSCURRENT",
        "RemoveFromVersionId": from,
        "MoveToVersionId": to,
    });
    crate::sdk::secrets_json("UpdateSecretVersionStage", &input).await.map(drop)
}

/// Plans the deletion of a secret.
///
/// # Errors
/// What DeleteSecret answers.
#[server(prefix = "/ui/api", endpoint = "delete-secret")]
pub async fn delete_secret(name: String, days: String) -> Result<(), ApiError> {
    let days: i64 = days.parse().map_err(|_| ApiError::refused("InvalidRequest", "Days are a number"))?;
    let input = serde_json::json!({ "SecretId": name, "RecoveryWindowInDays": days });
    crate::sdk::secrets_json("DeleteSecret", &input).await.map(drop)
}

/// Takes a planned deletion back.
///
/// # Errors
/// What RestoreSecret answers.
#[server(prefix = "/ui/api", endpoint = "restore-secret")]
pub async fn restore_secret(name: String) -> Result<(), ApiError> {
    crate::sdk::secrets_json("RestoreSecret", &serde_json::json!({ "SecretId": name })).await.map(drop)
}

#[cfg(feature = "ssr")]
pub(crate) mod read {
    use gantry_model::secret::reference::SecretReference;
    use gantry_model::secret::rolls_on_change;
    use serde_json::{Value, json};

    use super::{SecretDetail, SecretSummary, SecretUse, SecretVersion};
    use crate::error::ApiError;
    use crate::sdk::{ecs, items, secrets_json, text};

    /// Services that DescribeServices takes at once.
    const AT_ONCE: usize = 10;

    pub(crate) async fn secrets() -> Result<Vec<SecretSummary>, ApiError> {
        let mut secrets = Vec::new();
        let mut input = json!({ "IncludePlannedDeletion": true, "SortBy": "name" });
        loop {
            let answer = secrets_json("ListSecrets", &input).await?;
            secrets.extend(items(&answer, "SecretList").map(summary));
            match answer.get("NextToken") {
                Some(token) => input["NextToken"] = token.clone(),
                None => return Ok(secrets),
            }
        }
    }

    pub(super) async fn secret(name: &str) -> Result<SecretDetail, ApiError> {
        let described = secrets_json("DescribeSecret", &json!({ "SecretId": name })).await;
        let described = described.map_err(|error| match error.is_not_found() {
            true => ApiError::missing("secret", name),
            false => error,
        })?;
        let mut versions = Vec::new();
        let mut input = json!({ "SecretId": name, "IncludeDeprecated": true });
        loop {
            let answer = secrets_json("ListSecretVersionIds", &input).await?;
            versions.extend(items(&answer, "Versions").map(version));
            match answer.get("NextToken") {
                Some(token) => input["NextToken"] = token.clone(),
                None => break,
            }
        }
        let secret = summary(&described);
        let arn = secret.arn.clone();
        let is_named = |value_from: &str| matches!(SecretReference::parse(value_from), Ok(SecretReference::Secret { id, .. }) if arn.starts_with(&id));
        let used_by = users(is_named).await?;
        Ok(SecretDetail { secret, versions, used_by })
    }

    /// The services whose containers are given what `is_named` says.
    pub(crate) async fn users(is_named: impl Fn(&str) -> bool) -> Result<Vec<SecretUse>, ApiError> {
        let ecs = ecs()?;
        let mut users = Vec::new();
        let clusters: Vec<String> =
            ecs.list_clusters().into_paginator().items().send().collect::<Result<_, _>>().await?;
        for cluster in clusters {
            let arns: Vec<String> =
                ecs.list_services().cluster(&cluster).into_paginator().items().send().collect::<Result<_, _>>().await?;
            for some in arns.chunks(AT_ONCE) {
                let answer = ecs
                    .describe_services()
                    .cluster(&cluster)
                    .set_services(Some(some.to_vec()))
                    .include(aws_sdk_ecs::types::ServiceField::Tags)
                    .send()
                    .await?;
                for service in answer.services() {
                    let Some(definition) = service.task_definition() else { continue };
                    if !names(&ecs, definition, &is_named).await? {
                        continue;
                    }
                    users.push(SecretUse {
                        cluster: crate::format::last_part(&cluster).to_owned(),
                        service: service.service_name().unwrap_or_default().to_owned(),
                        rolls: rolls_on_change(
                            service.tags().iter().filter_map(|tag| Some((tag.key()?, tag.value()?))),
                        ),
                    });
                }
            }
        }
        Ok(users)
    }

    async fn names(
        ecs: &aws_sdk_ecs::Client,
        definition: &str,
        is_named: &impl Fn(&str) -> bool,
    ) -> Result<bool, ApiError> {
        let answer = ecs.describe_task_definition().task_definition(definition).send().await?;
        let containers = answer.task_definition().map(|d| d.container_definitions()).unwrap_or_default();
        Ok(containers.iter().any(|container| {
            let registry = container.repository_credentials().map(|credentials| credentials.credentials_parameter());
            let log = container.log_configuration().map(|log| log.secret_options()).unwrap_or_default();
            let secrets = container.secrets().iter().chain(log).map(|secret| secret.value_from());
            secrets.chain(registry).any(is_named)
        }))
    }

    fn summary(secret: &Value) -> SecretSummary {
        SecretSummary {
            name: text(secret, "Name"),
            arn: text(secret, "ARN"),
            description: Some(text(secret, "Description")).filter(|text| !text.is_empty()),
            changed_at: time(secret, "LastChangedDate"),
            accessed_on: time(secret, "LastAccessedDate"),
            deleted_at: time(secret, "DeletedDate"),
        }
    }

    fn version(version: &Value) -> SecretVersion {
        SecretVersion {
            id: text(version, "VersionId"),
            stages: items(version, "VersionStages").filter_map(Value::as_str).map(str::to_owned).collect(),
            created_at: time(version, "CreatedDate"),
        }
    }

    /// Seconds as they are told, in milliseconds.
    pub(crate) fn time(value: &Value, member: &str) -> Option<i64> {
        let seconds = value.get(member).and_then(Value::as_f64)?;
        #[expect(clippy::cast_possible_truncation, reason = "`as` saturates")]
        Some((seconds * 1000.0).round() as i64)
    }
}
