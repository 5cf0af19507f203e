//! ModifyListener (Elastic Load Balancing API reference): changes a listener; what is omitted stays.

use gantry_store::Tx;
use gantry_wire::shapes::elasticloadbalancing::{ModifyListenerInput, ModifyListenerOutput};

use super::{action, listener, record, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers ModifyListener.
///
/// # Errors
/// As CreateListener, ListenerNotFoundException.
pub(super) async fn modify_listener(call: Call, input: ModifyListenerInput) -> Result<ModifyListenerOutput, Failure> {
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let mut changed =
                    resolve::listener(tx, &call, input.listener_arn.as_deref().unwrap_or_default()).await?;
                let balancer = resolve::load_balancer(tx, &call, &changed.load_balancer).await?;
                listener::refuse_unsupported(input.alpn_policy.as_deref(), input.mutual_authentication.as_ref())?;
                if input.protocol.is_some() {
                    changed.protocol = listener::protocol(&balancer, input.protocol.as_deref())?;
                }
                if input.port.is_some() {
                    changed.port = resolve::port(input.port)?;
                }
                if changed.protocol.is_secure() {
                    let present = changed.certificates.first().map(|arn| vec![listener::certificate(arn)]);
                    let given = input.certificates.or(present);
                    let policy = input.ssl_policy.as_deref().or(changed.ssl_policy.as_deref());
                    let (policy, default) =
                        listener::security(tx, &call, changed.protocol, policy, given.as_deref()).await?;
                    changed.ssl_policy = policy;
                    let others = changed.certificates.iter().skip(1).filter(|arn| !default.contains(arn)).cloned();
                    changed.certificates = default.iter().cloned().chain(others).collect();
                } else {
                    let given = input.certificates.as_deref();
                    let (policy, certificates) =
                        listener::security(tx, &call, changed.protocol, input.ssl_policy.as_deref(), given).await?;
                    (changed.ssl_policy, changed.certificates) = (policy, certificates);
                }
                if input.default_actions.is_some() {
                    let given = input.default_actions.as_deref();
                    changed.default_action = action::read(tx, &call, &balancer, changed.protocol, given).await?;
                }
                listener::free_port(tx, &balancer, changed.port, changed.protocol, Some(&changed.arn)).await?;
                record::put_listener(tx, &changed).await?;
                Ok(ModifyListenerOutput { listeners: Some(vec![view::listener(&changed)]) })
            })
        })
        .await
}
