//! Parameters: their names, versions and values, but for those that are secret.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::api::secrets::SecretUse;
use crate::error::ApiError;

/// What the API calls a parameter whose value is secret.
pub const SECRET: &str = "SecureString";

/// A parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterSummary {
    pub name: String,
    /// `String`, `StringList` or [`SECRET`].
    pub kind: String,
    pub description: Option<String>,
    pub version: i64,
    /// In milliseconds since 1970, like every time here.
    pub modified_at: Option<i64>,
    pub modified_by: String,
}

/// A parameter with its versions, the newest first, and those who are given it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterDetail {
    pub parameter: ParameterSummary,
    pub versions: Vec<ParameterVersion>,
    pub used_by: Vec<SecretUse>,
}

/// A version of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterVersion {
    pub version: i64,
    /// None of a secret.
    pub value: Option<String>,
    pub labels: Vec<String>,
    pub modified_at: Option<i64>,
    pub modified_by: String,
}

/// All parameters, by name.
///
/// # Errors
/// What DescribeParameters answers.
#[server(prefix = "/ui/api", endpoint = "list-parameters")]
pub async fn list_parameters() -> Result<Vec<ParameterSummary>, ApiError> {
    read::parameters().await
}

/// A parameter.
///
/// # Errors
/// `NotFound` when there is none of that name.
#[server(prefix = "/ui/api", endpoint = "describe-parameter")]
pub async fn describe_parameter(name: String) -> Result<ParameterDetail, ApiError> {
    read::parameter(&name).await
}

/// Whether there is a parameter of that name.
///
/// # Errors
/// What DescribeParameters answers.
#[server(prefix = "/ui/api", endpoint = "parameter-takes-values")]
pub async fn parameter_takes_values(name: String) -> Result<bool, ApiError> {
    Ok(read::described(&name).await?.is_some())
}

/// Makes a parameter and goes to its page.
///
/// # Errors
/// What PutParameter answers.
#[server(prefix = "/ui/api", endpoint = "create-parameter")]
pub async fn create_parameter(name: String, kind: String, description: String, value: String) -> Result<(), ApiError> {
    let name = name.trim();
    let input = serde_json::json!({
        "Name": name,
        "Type": kind,
        "Description": description,
        "Value": value,
        "Tier": "Intelligent-Tiering",
    });
    crate::sdk::ssm_json("PutParameter", &input).await?;
    leptos_axum::redirect(&crate::pages::parameters::href(name));
    Ok(())
}

/// Gives a parameter another value.
///
/// # Errors
/// What PutParameter answers.
#[server(prefix = "/ui/api", endpoint = "put-parameter-value")]
pub async fn put_parameter_value(name: String, value: String) -> Result<(), ApiError> {
    let input = serde_json::json!({ "Name": name, "Value": value, "Overwrite": true, "Tier": "Intelligent-Tiering" });
    crate::sdk::ssm_json("PutParameter", &input).await.map(drop)
}

/// Deletes a parameter and goes to the list.
///
/// # Errors
/// What DeleteParameter answers.
#[server(prefix = "/ui/api", endpoint = "delete-parameter")]
pub async fn delete_parameter(name: String) -> Result<(), ApiError> {
    crate::sdk::ssm_json("DeleteParameter", &serde_json::json!({ "Name": name })).await?;
    leptos_axum::redirect("/parameters");
    Ok(())
}

#[cfg(feature = "ssr")]
pub(crate) mod read {
    use gantry_model::secret::reference::SecretReference;
    use serde_json::{Value, json};

    use super::{ParameterDetail, ParameterSummary, ParameterVersion, SECRET};
    use crate::api::secrets::read::{time, users};
    use crate::error::ApiError;
    use crate::sdk::{items, ssm_json, text};

    pub(crate) async fn parameters() -> Result<Vec<ParameterSummary>, ApiError> {
        let mut parameters = Vec::new();
        let mut input = json!({});
        loop {
            let answer = ssm_json("DescribeParameters", &input).await?;
            parameters.extend(items(&answer, "Parameters").map(summary));
            match answer.get("NextToken") {
                Some(token) => input["NextToken"] = token.clone(),
                None => return Ok(parameters),
            }
        }
    }

    pub(super) async fn described(name: &str) -> Result<Option<Value>, ApiError> {
        let by_name = json!({ "ParameterFilters": [{ "Key": "Name", "Values": [name] }] });
        let described = ssm_json("DescribeParameters", &by_name).await?;
        Ok(items(&described, "Parameters").next().cloned())
    }

    pub(super) async fn parameter(name: &str) -> Result<ParameterDetail, ApiError> {
        let found = described(name).await?.ok_or_else(|| ApiError::missing("parameter", name))?;
        let (parameter, arn) = (summary(&found), text(&found, "ARN"));
        let mut versions = Vec::new();
        let mut input = json!({ "Name": name });
        loop {
            let answer = ssm_json("GetParameterHistory", &input).await?;
            versions.extend(items(&answer, "Parameters").map(version));
            match answer.get("NextToken") {
                Some(token) => input["NextToken"] = token.clone(),
                None => break,
            }
        }
        versions.reverse();
        let is_named = |value_from: &str| match SecretReference::parse(value_from) {
            Ok(SecretReference::Parameter { name: named, .. }) => {
                named == name || named == arn || named.strip_prefix(name).is_some_and(|rest| rest.starts_with(':'))
            }
            _ => false,
        };
        Ok(ParameterDetail { parameter, versions, used_by: users(is_named).await? })
    }

    fn summary(parameter: &Value) -> ParameterSummary {
        ParameterSummary {
            name: text(parameter, "Name"),
            kind: text(parameter, "Type"),
            description: Some(text(parameter, "Description")).filter(|text| !text.is_empty()),
            version: number(parameter),
            modified_at: time(parameter, "LastModifiedDate"),
            modified_by: text(parameter, "LastModifiedUser"),
        }
    }

    fn version(version: &Value) -> ParameterVersion {
        ParameterVersion {
            version: number(version),
            value: (text(version, "Type") != SECRET).then(|| text(version, "Value")),
            labels: items(version, "Labels").filter_map(Value::as_str).map(str::to_owned).collect(),
            modified_at: time(version, "LastModifiedDate"),
            modified_by: text(version, "LastModifiedUser"),
        }
    }

    fn number(of: &Value) -> i64 {
        of.get("Version").and_then(Value::as_i64).unwrap_or_default()
    }
}
