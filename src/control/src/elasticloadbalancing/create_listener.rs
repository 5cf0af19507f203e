//! CreateListener (Elastic Load Balancing API reference): where a load balancer is spoken to.

use gantry_model::load_balancing::Listener;
use gantry_store::Tx;
use gantry_wire::shapes::elasticloadbalancing::{CreateListenerInput, CreateListenerOutput};

use super::{action, listener, record, resolve, view};
use crate::context::Call;
use crate::error::Failure;
use crate::ids;

/// Answers CreateListener.
///
/// # Errors
/// LoadBalancerNotFoundException, DuplicateListenerException, TargetGroupNotFoundException, CertificateNotFoundException,
/// SSLPolicyNotFoundException, IncompatibleProtocolsException, InvalidConfigurationRequestException for a port that another
/// load balancer has, ValidationException.
pub(super) async fn create_listener(call: Call, input: CreateListenerInput) -> Result<CreateListenerOutput, Failure> {
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let arn = input.load_balancer_arn.as_deref().unwrap_or_default();
                let balancer = resolve::load_balancer(tx, &call, arn).await?;
                listener::refuse_unsupported(input.alpn_policy.as_deref(), input.mutual_authentication.as_ref())?;
                let protocol = listener::protocol(&balancer, input.protocol.as_deref())?;
                let port = resolve::port(input.port)?;
                let (policy, certificates) = (input.ssl_policy.as_deref(), input.certificates.as_deref());
                let (ssl_policy, certificates) = listener::security(tx, &call, protocol, policy, certificates).await?;
                let default_action =
                    action::read(tx, &call, &balancer, protocol, input.default_actions.as_deref()).await?;
                listener::free_port(tx, &balancer, port, protocol, None).await?;
                let path = format!("{}/{}", balancer.path(), ids::load_balancing_id()?);
                let prefix = gantry_model::load_balancing::arn_prefix(&call.scope);
                let created = Listener {
                    arn: format!("{prefix}listener/{path}"),
                    load_balancer: balancer.arn(),
                    port,
                    protocol,
                    ssl_policy,
                    certificates,
                    default_action,
                    default_rule: format!("{prefix}listener-rule/{path}/{}", ids::load_balancing_id()?),
                    failure: None,
                    tags: resolve::tags(input.tags)?,
                };
                record::put_listener(tx, &created).await?;
                Ok(CreateListenerOutput { listeners: Some(vec![view::listener(&created)]) })
            })
        })
        .await
}
