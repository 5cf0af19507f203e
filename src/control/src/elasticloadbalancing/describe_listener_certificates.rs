//! DescribeListenerCertificates (Elastic Load Balancing API reference).

use gantry_wire::shapes::elasticloadbalancing::{
    Certificate, DescribeListenerCertificatesInput, DescribeListenerCertificatesOutput,
};

use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// Answers DescribeListenerCertificates.
///
/// # Errors
/// ListenerNotFoundException, ValidationException.
pub(super) async fn describe_listener_certificates(
    call: Call,
    input: DescribeListenerCertificatesInput,
) -> Result<DescribeListenerCertificatesOutput, Failure> {
    let mut reader = call.control.store.read().await?;
    let found = resolve::listener(&mut reader, &call, &input.listener_arn.unwrap_or_default()).await?;
    let default = found.certificates.first().cloned();
    let (page, next_marker) =
        resolve::page(found.certificates, String::clone, input.marker.as_deref(), input.page_size)?;
    let view =
        |arn: String| Certificate { is_default: Some(Some(&arn) == default.as_ref()), certificate_arn: Some(arn) };
    Ok(DescribeListenerCertificatesOutput { certificates: Some(page.into_iter().map(view).collect()), next_marker })
}
