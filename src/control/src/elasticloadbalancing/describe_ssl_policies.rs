//! DescribeSSLPolicies (Elastic Load Balancing API reference): which versions of TLS each policy allows.

use gantry_wire::ApiError;
use gantry_wire::shapes::elasticloadbalancing::{DescribeSSLPoliciesInput, DescribeSSLPoliciesOutput, SslPolicy};

use super::listener::POLICIES;
use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// Answers DescribeSSLPolicies. Which ciphers there are is not told: that is the TLS library's.
///
/// # Errors
/// SSLPolicyNotFoundException, ValidationException.
pub(super) async fn describe_ssl_policies(
    _call: Call,
    input: DescribeSSLPoliciesInput,
) -> Result<DescribeSSLPoliciesOutput, Failure> {
    let names = input.names.unwrap_or_default();
    if let Some(missing) = names.iter().find(|name| !POLICIES.iter().any(|(known, _)| known == name)) {
        return Err(ApiError::new("SSLPolicyNotFoundException", format!("SSL policy '{missing}' not found")).into());
    }
    let meant = POLICIES.iter().filter(|(name, _)| names.is_empty() || names.iter().any(|wanted| wanted == name));
    let view = |(name, versions): &(&str, &[&str])| SslPolicy {
        name: Some((*name).to_owned()),
        ssl_protocols: Some(versions.iter().map(|&version| version.to_owned()).collect()),
        supported_load_balancer_types: Some(vec!["application".to_owned(), "network".to_owned()]),
        ciphers: None,
    };
    let key = |policy: &SslPolicy| policy.name.clone().unwrap_or_default();
    let (page, next_marker) = resolve::page(meant.map(view).collect(), key, input.marker.as_deref(), input.page_size)?;
    Ok(DescribeSSLPoliciesOutput { ssl_policies: Some(page), next_marker })
}
