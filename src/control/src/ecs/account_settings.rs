//! Account settings: which there are, what each may be here, and what is in force for whom.
//!
//! Of ECS's settings `containerInsights` is one that Gantry acts on: new clusters get it. The others describe how Gantry
//! is; they are answered with the value that is true of it, and setting them to any other is refused rather than
//! accepted without effect.
//!
//! Source: ECS API reference, `PutAccountSetting`. A setting of a principal goes before the account's default.

use std::collections::BTreeMap;

use gantry_model::Scope;
use gantry_store::{Conn, Tx};
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::Setting;

use crate::context::Call;
use crate::error::Failure;

/// The setting that new clusters get.
pub const CONTAINER_INSIGHTS: &str = "containerInsights";

/// The settings by name, with the values that each may have; the first is in force when nobody set another.
const SETTINGS: [(&str, &[&str]); 11] = [
    ("awsvpcTrunking", &["disabled"]),
    (CONTAINER_INSIGHTS, &["disabled", "enabled", "enhanced"]),
    ("containerInstanceLongArnFormat", &["enabled"]),
    ("defaultLogDriverMode", &["blocking"]),
    ("fargateEventWindows", &["disabled"]),
    ("fargateFIPSMode", &["disabled"]),
    ("fargateTaskRetirementWaitPeriod", &["7"]),
    ("guardDutyActivate", &["off"]),
    ("serviceLongArnFormat", &["enabled"]),
    ("tagResourceAuthorization", &["off"]),
    ("taskLongArnFormat", &["enabled"]),
];

/// What was set in an account and region: values by name, by principal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountSettings {
    root: String,
    set: BTreeMap<String, BTreeMap<String, String>>,
}

impl AccountSettings {
    /// Loads them.
    ///
    /// # Errors
    /// The store's; ServerException when what is stored does not read.
    pub async fn load(conn: &mut Conn, scope: &Scope) -> Result<Self, Failure> {
        let stored = gantry_store::kv::get(conn, &store_key(scope)).await?;
        let set = stored.as_deref().map(serde_json::from_str).transpose();
        let set = set.map_err(|e| ApiError::server(format!("the account settings do not read: {e}")))?;
        Ok(Self { root: root(scope), set: set.unwrap_or_default() })
    }

    /// Writes them.
    ///
    /// # Errors
    /// The store's.
    pub async fn write(&self, tx: &mut Tx, scope: &Scope) -> Result<(), Failure> {
        let text = serde_json::to_string(&self.set)
            .map_err(|e| ApiError::server(format!("the account settings do not encode: {e}")))?;
        Ok(gantry_store::kv::put(tx, &store_key(scope), &text).await?)
    }

    /// What is in force for `principal`.
    #[must_use]
    pub fn effective(&self, principal: &str, name: &str) -> String {
        let of = |who: &str| self.set.get(who).and_then(|values| values.get(name)).cloned();
        of(principal).or_else(|| of(&self.root)).unwrap_or_else(|| built_in(name).to_owned())
    }

    /// Sets a value that was checked.
    pub fn put(&mut self, principal: &str, name: &str, value: &str) {
        self.set.entry(principal.to_owned()).or_default().insert(name.to_owned(), value.to_owned());
    }

    /// Takes a principal's own value away.
    pub fn delete(&mut self, principal: &str, name: &str) {
        if let Some(values) = self.set.get_mut(principal) {
            values.remove(name);
        }
    }

    /// The settings of `principal` that it set itself, or all that are in force for it.
    #[must_use]
    pub fn list(&self, principal: &str, effective: bool) -> Vec<Setting> {
        let own = self.set.get(principal);
        SETTINGS
            .iter()
            .filter_map(|(name, _)| {
                let value = if effective { Some(self.effective(principal, name)) } else { own?.get(*name).cloned() };
                Some(setting(principal, name, &value?))
            })
            .collect()
    }
}

fn store_key(scope: &Scope) -> String {
    format!("account-settings/{}/{}", scope.account, scope.region)
}

/// The principal whose settings are the account's defaults.
#[must_use]
pub fn root(scope: &Scope) -> String {
    format!("arn:aws:iam::{}:root", scope.account)
}

fn built_in(name: &str) -> &'static str {
    SETTINGS.iter().find(|(known, _)| *known == name).and_then(|(_, values)| values.first()).unwrap_or(&"")
}

/// A setting as the API answers it.
#[must_use]
pub fn setting(principal: &str, name: &str, value: &str) -> Setting {
    let kind = if name == "guardDutyActivate" { "aws_managed" } else { "user" };
    Setting {
        name: Some(name.to_owned()),
        value: Some(value.to_owned()),
        principal_arn: Some(principal.to_owned()),
        r#type: Some(kind.to_owned()),
    }
}

/// Checks that there is a setting called `name`.
///
/// # Errors
/// InvalidParameterException.
pub fn check_name(name: &str) -> Result<(), ApiError> {
    if SETTINGS.iter().any(|(known, _)| *known == name) {
        return Ok(());
    }
    let names: Vec<&str> = SETTINGS.iter().map(|(name, _)| *name).collect();
    Err(ApiError::invalid_parameter(format!(
        "unknown setting name '{name}': it should be one of [{}].",
        names.join(",")
    )))
}

/// Checks that the setting `name` may have `value` here.
///
/// # Errors
/// InvalidParameterException.
pub fn check(name: &str, value: &str) -> Result<(), ApiError> {
    check_name(name)?;
    let values = SETTINGS.iter().find(|(known, _)| *known == name).map_or(&[][..], |(_, values)| *values);
    if values.contains(&value) {
        return Ok(());
    }
    Err(ApiError::invalid_parameter(format!(
        "The setting {name} cannot be '{value}' in this version of Gantry; it can be [{}].",
        values.join(",")
    )))
}

/// The principal that a call about settings means: itself unless it names another of its account.
///
/// # Errors
/// InvalidParameterException for a principal of another account.
pub fn principal(call: &Call, named: Option<&str>) -> Result<String, ApiError> {
    let Some(named) = named.filter(|n| !n.is_empty()) else { return Ok(call.principal.arn.clone()) };
    if named.starts_with(&format!("arn:aws:iam::{}:", call.scope.account)) {
        return Ok(named.to_owned());
    }
    Err(ApiError::invalid_parameter(format!("principalArn {named} is not a principal of this account.")))
}
