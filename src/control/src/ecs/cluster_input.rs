//! What CreateCluster, UpdateCluster and UpdateClusterSettings take alike, read and checked.

use gantry_model::cluster::Setting;
use gantry_store::Conn;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs as wire;
use serde::Serialize;
use serde_json::Value;

use crate::context::Call;
use crate::ecs::account_settings::{AccountSettings, CONTAINER_INSIGHTS};
use crate::error::Failure;

/// The values of the one setting that clusters have.
const INSIGHTS_VALUES: [&str; 3] = ["enabled", "disabled", "enhanced"];

/// The settings of a cluster when the caller gives none: those of its account settings.
///
/// # Errors
/// The store's.
pub async fn default_settings(conn: &mut Conn, call: &Call) -> Result<Vec<Setting>, Failure> {
    let settings = AccountSettings::load(conn, &call.scope).await?;
    let value = settings.effective(&call.principal.arn, CONTAINER_INSIGHTS);
    Ok(vec![Setting { name: CONTAINER_INSIGHTS.to_owned(), value }])
}

/// The settings that the caller gives.
///
/// # Errors
/// InvalidParameterException for a setting or value that there is not.
pub fn settings(given: &[wire::ClusterSetting]) -> Result<Vec<Setting>, ApiError> {
    given
        .iter()
        .map(|setting| {
            let name = setting.name.clone().unwrap_or_else(|| CONTAINER_INSIGHTS.to_owned());
            let value = setting.value.clone().unwrap_or_default();
            if name != CONTAINER_INSIGHTS {
                return Err(ApiError::invalid_parameter(format!("Invalid cluster setting name '{name}'.")));
            }
            if !INSIGHTS_VALUES.contains(&value.as_str()) {
                return Err(ApiError::invalid_parameter(format!(
                    "Invalid value '{value}' for cluster setting '{name}': it must be one of [{}].",
                    INSIGHTS_VALUES.join(", ")
                )));
            }
            Ok(Setting { name, value })
        })
        .collect()
}

/// `kept` with the settings of `given` in the place of their namesakes.
pub fn merge_settings(kept: &mut Vec<Setting>, given: Vec<Setting>) {
    for setting in given {
        kept.retain(|k| k.name != setting.name);
        kept.push(setting);
    }
}

/// A part that is kept and answered as it was given.
///
/// # Errors
/// ServerException when it does not encode.
pub fn kept<T: Serialize>(given: Option<&T>) -> Result<Option<Value>, ApiError> {
    given.map(crate::ecs::launch::kept).transpose()
}
