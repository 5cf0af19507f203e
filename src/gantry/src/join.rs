//! How hosts come in: tokens that work once, and the agents that they are given for.
//!
//! `gantry join-token create` writes the hash of a token into the database; [`answer`] takes the token and makes an access
//! key that is the host's alone and registers into one cluster. There is no other way to get an agent's key.

use std::sync::Arc;

use anyhow::Context as _;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use gantry_agent::join::Membership;
use gantry_agent::{AgentConfig, join};
use gantry_control::error::chain;
use gantry_control::{Control, authorise};
use gantry_model::container_instance::Attribute;
use gantry_model::principal::PrincipalKind;
use gantry_store::backup::DATABASE;
use gantry_store::{Store, StoreError, access_key, join_token};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::bootstrap;
use crate::cli::{AgentFlags, CreateJoinToken};
use crate::embedded_agent;
use crate::serve::stop_signal;
use crate::sign_in::token_hash;
use crate::tls;

/// Makes a token and prints it, alone on its line.
pub(crate) async fn create_token(flags: CreateJoinToken) -> anyhow::Result<()> {
    let path = flags.data_dir.join(DATABASE);
    anyhow::ensure!(path.exists(), "there is no database in {}: start `gantry serve` first", flags.data_dir.display());
    let store = Store::open(&path).await.context("open the database")?;
    let secret = bootstrap::random_hex(24)?;
    let hash = token_hash(&secret);
    let write = store.write(move |tx| {
        Box::pin(async move {
            let expires = tx.now().plus_seconds(i64::from(flags.minutes) * 60);
            join_token::put(tx, &hash, &flags.cluster, expires).await
        })
    });
    write.await.map_err(|e: StoreError| anyhow::Error::new(e))?;
    let token = join::typed(&secret, tls::pin(&flags.data_dir)?.as_deref());
    use std::io::Write as _;
    writeln!(std::io::stdout(), "{token}").context("print the token")
}

#[derive(Debug, Deserialize)]
pub(crate) struct Given {
    token: String,
}

/// What a host that joins is told.
#[derive(Clone)]
pub(crate) struct Joining {
    pub(crate) control: Arc<Control>,
    /// The authority of the listener's certificate, in PEM.
    pub(crate) authority: Option<String>,
}

/// Gives an access key for a token.
pub(crate) async fn answer(State(joining): State<Joining>, Json(given): Json<Given>) -> Response {
    match admit(&joining, &given.token).await {
        Ok(Some(membership)) => Json(membership).into_response(),
        Ok(None) => (StatusCode::FORBIDDEN, "the join token is not known, was used or has expired").into_response(),
        Err(error) => {
            tracing::error!("a host could not join: {error:#}");
            (StatusCode::INTERNAL_SERVER_ERROR, "the host could not join; the server's log says why").into_response()
        }
    }
}

async fn admit(joining: &Joining, token: &str) -> anyhow::Result<Option<Membership>> {
    let control = &joining.control;
    let name = format!("role/gantry-agent/{}", bootstrap::random_hex(8)?);
    let key = bootstrap::new_key(&control.config.account, &name, PrincipalKind::Agent)?;
    let hash = token_hash(token);
    let made = key.clone();
    let redeemed = control.store.write(move |tx| {
        Box::pin(async move {
            let now = tx.now();
            let Some(cluster) = join_token::redeem(tx, &hash, now).await? else { return Ok(None) };
            access_key::put(tx, &made).await?;
            authorise::confine_agent(tx, &made.principal, &cluster).await?;
            Ok::<_, StoreError>(Some(cluster))
        })
    });
    let cluster = redeemed.await.map_err(|e| anyhow::anyhow!(chain(&e)))?;
    Ok(cluster.map(|cluster| {
        tracing::info!(agent = key.principal.arn, %cluster, "a host has joined");
        Membership {
            access_key_id: key.id,
            secret_access_key: key.secret,
            region: control.config.default_region.clone(),
            cluster,
            registry_host: control.config.registry_host.clone(),
            authority: joining.authority.clone(),
        }
    }))
}

/// `gantry agent`: joins this host if it has not joined, and runs its agent until it is told to stop.
pub(crate) async fn run_agent(flags: AgentFlags) -> anyhow::Result<()> {
    let membership = join::membership(&flags.data_dir, &flags.server, flags.join_token.as_deref()).await?;
    let shutdown = CancellationToken::new();
    let agent = tokio::spawn(embedded_agent::keep_running(config(flags, membership), shutdown.clone()));
    stop_signal().await?;
    tracing::info!("stopping; containers keep running and the next start finds them");
    shutdown.cancel();
    agent.await.context("stop the agent")
}

fn config(flags: AgentFlags, membership: Membership) -> AgentConfig {
    let trust = membership.trust();
    let server_host = flags.server.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
    AgentConfig {
        trust,
        cluster: Some(membership.cluster),
        docker_host: flags.docker_host,
        label: flags.label,
        availability_zone: flags.availability_zone,
        instance_type: flags.instance_type,
        attributes: flags.attributes.into_iter().map(|NamedValue(name, value)| Attribute { name, value }).collect(),
        cpu: flags.cpu,
        memory_mib: flags.memory_mib,
        registry_hosts: vec![server_host, membership.registry_host],
        ..AgentConfig::new(
            flags.server,
            membership.access_key_id,
            membership.secret_access_key,
            membership.region,
            flags.data_dir,
        )
    }
}

/// `NAME=VALUE`, or a name alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedValue(pub(crate) String, pub(crate) Option<String>);

impl std::str::FromStr for NamedValue {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        if name.is_empty() { Err("an attribute is NAME=VALUE".to_owned()) } else { Ok(Self(name.to_owned(), value)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_is_a_name_and_perhaps_a_value() {
        assert_eq!("stack=blue".parse(), Ok(NamedValue("stack".to_owned(), Some("blue".to_owned()))));
        assert_eq!("gpu".parse(), Ok(NamedValue("gpu".to_owned(), None)));
        assert!("=blue".parse::<NamedValue>().is_err());
    }
}
