//! Who is signed in, and where.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::ApiError;

/// What every page knows about this Gantry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The name of the person who is signed in.
    pub user: String,
    pub region: String,
    pub account: String,
    /// Host and port of the registry, as `docker` takes it.
    pub registry_host: String,
    /// What `--endpoint-url` takes.
    pub endpoint_url: String,
}

/// Answers what every page knows.
#[server(prefix = "/ui/api", endpoint = "about")]
pub async fn load_about() -> Result<About, ApiError> {
    let context = crate::sdk::web_context()?;
    let principal = crate::sdk::principal()?;
    Ok(About {
        user: crate::format::last_part(&principal.arn).to_owned(),
        region: context.region.clone(),
        account: context.account.clone(),
        registry_host: context.registry_host.clone(),
        endpoint_url: context.endpoint_url.clone(),
    })
}
