//! What CreateListener and ModifyListener check alike.

use gantry_model::load_balancing::{LoadBalancer, Protocol};
use gantry_store::{Conn, load_balancer};
use gantry_wire::ApiError;
use gantry_wire::shapes::elasticloadbalancing as wire;

use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// The policies that there are, with the versions of TLS that each allows here; rustls has no older ones than 1.2.
pub(super) const POLICIES: [(&str, &[&str]); 5] = [
    ("ELBSecurityPolicy-2016-08", &["TLSv1.2"]),
    ("ELBSecurityPolicy-TLS-1-2-2017-01", &["TLSv1.2"]),
    ("ELBSecurityPolicy-TLS13-1-2-2021-06", &["TLSv1.2", "TLSv1.3"]),
    ("ELBSecurityPolicy-TLS13-1-2-Res-2021-06", &["TLSv1.2", "TLSv1.3"]),
    ("ELBSecurityPolicy-TLS13-1-3-2021-06", &["TLSv1.3"]),
];
const DEFAULT_POLICY: &str = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06";

/// The most certificates of a listener.
pub(super) const MOST_CERTIFICATES: usize = 25;

/// A protocol that listeners of `balancer` may speak.
///
/// # Errors
/// ValidationException.
pub(super) fn protocol(balancer: &LoadBalancer, given: Option<&str>) -> Result<Protocol, ApiError> {
    let text = given.ok_or_else(|| ApiError::validation("A listener protocol must be specified"))?;
    let protocol = Protocol::parse(text).filter(|protocol| balancer.kind.speaks(*protocol));
    protocol.ok_or_else(|| {
        let kind = balancer.kind.as_str();
        ApiError::validation(format!("Listener protocol '{text}' is not for {kind} load balancers, or not supported"))
    })
}

/// The policy and the default certificate of a listener of `protocol`.
///
/// # Errors
/// ValidationException, SSLPolicyNotFoundException, CertificateNotFoundException.
pub(super) async fn security(
    conn: &mut Conn,
    call: &Call,
    protocol: Protocol,
    policy: Option<&str>,
    certificates: Option<&[wire::Certificate]>,
) -> Result<(Option<String>, Vec<String>), Failure> {
    let certificates = certificates.unwrap_or_default();
    if !protocol.is_secure() {
        if policy.is_some() || !certificates.is_empty() {
            let text = format!("A listener of {} has neither a policy nor certificates", protocol.as_str());
            return Err(ApiError::validation(text).into());
        }
        return Ok((None, Vec::new()));
    }
    let policy = policy.unwrap_or(DEFAULT_POLICY);
    if !POLICIES.iter().any(|(name, _)| *name == policy) {
        let text = format!("SSL policy '{policy}' not found");
        return Err(ApiError::new("SSLPolicyNotFoundException", text).into());
    }
    let [only] = certificates else {
        let text = format!("A certificate must be specified for {} listeners, and only one", protocol.as_str());
        return Err(ApiError::validation(text).into());
    };
    let arn = only.certificate_arn.clone().unwrap_or_default();
    resolve::certificate(conn, call, &arn).await?;
    Ok((Some(policy.to_owned()), vec![arn]))
}

/// Checks that the port is free on the hosts of proxies; `own` is the listener that asks.
///
/// # Errors
/// DuplicateListenerException, InvalidConfigurationRequestException.
pub(super) async fn free_port(
    conn: &mut Conn,
    balancer: &LoadBalancer,
    port: u16,
    protocol: Protocol,
    own: Option<&str>,
) -> Result<(), Failure> {
    let arn = balancer.arn();
    let others = load_balancer::all_listeners(conn).await?;
    let others = others.iter().filter(|other| other.port == port && own != Some(other.arn.as_str()));
    for other in others {
        let is_same_transport = (other.protocol.has_connections() && protocol.has_connections())
            || (other.protocol.has_datagrams() && protocol.has_datagrams());
        if other.load_balancer == arn && is_same_transport {
            return Err(ApiError::duplicate_listener(&arn).into());
        }
        if other.protocol.collides_with(protocol) {
            let text = format!(
                "Port {port} is taken by a {} listener of '{}': load balancers share a port only where all speak HTTP, or \
                 all HTTPS",
                other.protocol.as_str(),
                other.load_balancer
            );
            return Err(ApiError::invalid_configuration(text).into());
        }
    }
    Ok(())
}

/// Refuses what only authenticates or negotiates otherwise than proxies do.
///
/// # Errors
/// ValidationException.
pub(super) fn refuse_unsupported(
    alpn: Option<&[String]>,
    mutual: Option<&wire::MutualAuthenticationAttributes>,
) -> Result<(), ApiError> {
    if alpn.is_some_and(|policy| !policy.is_empty()) {
        return Err(ApiError::validation("AlpnPolicy is not supported"));
    }
    if mutual.is_some_and(|mutual| mutual.mode.as_deref().is_some_and(|mode| mode != "off")) {
        return Err(ApiError::validation("MutualAuthentication is not supported"));
    }
    Ok(())
}

/// A certificate as requests name it.
pub(super) fn certificate(arn: &str) -> wire::Certificate {
    wire::Certificate { certificate_arn: Some(arn.to_owned()), is_default: None }
}
