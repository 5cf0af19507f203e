//! Whatever carries tags: load balancers, listeners, rules and target groups, by their ARNs.

use gantry_model::Tag;
use gantry_model::load_balancing::{Listener, LoadBalancer, Rule, TargetGroup};
use gantry_store::{Conn, Tx};
use gantry_wire::ApiError;

use super::{record, resolve};
use crate::context::Call;
use crate::error::Failure;

/// Something that carries tags.
pub(super) enum Tagged {
    LoadBalancer(LoadBalancer),
    Listener(Listener),
    Rule(Box<Rule>),
    TargetGroup(TargetGroup),
}

impl Tagged {
    /// What `arn` names.
    ///
    /// # Errors
    /// The NotFound of its kind; ValidationException for an ARN of no kind.
    pub(super) async fn find(conn: &mut Conn, call: &Call, arn: &str) -> Result<Self, Failure> {
        let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
        match resource.split('/').next().unwrap_or_default() {
            "loadbalancer" => resolve::load_balancer(conn, call, arn).await.map(Self::LoadBalancer),
            "listener" => resolve::listener(conn, call, arn).await.map(Self::Listener),
            "listener-rule" => resolve::rule(conn, call, arn).await.map(|rule| Self::Rule(Box::new(rule))),
            "targetgroup" => resolve::target_group(conn, call, arn).await.map(Self::TargetGroup),
            _ => Err(ApiError::validation(format!(
                "'{arn}' is not a valid load balancer, target group, listener or rule ARN"
            ))
            .into()),
        }
    }

    pub(super) fn tags(&self) -> &[Tag] {
        match self {
            Self::LoadBalancer(it) => &it.tags,
            Self::Listener(it) => &it.tags,
            Self::Rule(it) => &it.tags,
            Self::TargetGroup(it) => &it.tags,
        }
    }

    pub(super) fn tags_mut(&mut self) -> &mut Vec<Tag> {
        match self {
            Self::LoadBalancer(it) => &mut it.tags,
            Self::Listener(it) => &mut it.tags,
            Self::Rule(it) => &mut it.tags,
            Self::TargetGroup(it) => &mut it.tags,
        }
    }

    /// Writes it back.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn put(&self, tx: &mut Tx, call: &Call) -> Result<(), Failure> {
        match self {
            Self::LoadBalancer(it) => record::put_load_balancer(tx, it).await?,
            Self::Listener(it) => record::put_listener(tx, it).await?,
            Self::TargetGroup(it) => record::put_target_group(tx, it).await?,
            Self::Rule(it) => {
                let listener = resolve::listener(tx, call, &it.listener).await?;
                record::put_rule(tx, &listener, it).await?;
            }
        }
        Ok(())
    }
}
