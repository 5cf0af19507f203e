//! CreateTargetGroup (Elastic Load Balancing API reference): the same request again answers the one that it made.

use gantry_model::load_balancing::{Attributes, Kind, Protocol, ProtocolVersion, TargetGroup, TargetType};
use gantry_store::{Tx, target_group};
use gantry_wire::ApiError;
use gantry_wire::shapes::elasticloadbalancing::{CreateTargetGroupInput, CreateTargetGroupOutput};

use super::{health_check, record, resolve, view};
use crate::context::Call;
use crate::error::Failure;
use crate::ids;

/// Answers CreateTargetGroup.
///
/// # Errors
/// DuplicateTargetGroupNameException, TooManyTagsException, ValidationException, also for targets that are Lambda functions or
/// load balancers.
pub(super) async fn create_target_group(
    call: Call,
    input: CreateTargetGroupInput,
) -> Result<CreateTargetGroupOutput, Failure> {
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let wanted = wanted(&call, &input)?;
                let all = target_group::list(tx, &call.scope).await?;
                let group = match all.into_iter().find(|present| present.name == wanted.name) {
                    None => {
                        record::put_target_group(tx, &wanted).await?;
                        wanted
                    }
                    Some(present) if is_same(&present, &wanted) => present,
                    Some(present) => return Err(ApiError::duplicate_target_group(&present.name).into()),
                };
                Ok(CreateTargetGroupOutput { target_groups: Some(vec![view::target_group(&group, &[])]) })
            })
        })
        .await
}

fn wanted(call: &Call, input: &CreateTargetGroupInput) -> Result<TargetGroup, ApiError> {
    let target_type = match input.target_type.as_deref() {
        None | Some("instance") => TargetType::Instance,
        Some("ip") => TargetType::Ip,
        Some(other) => return Err(ApiError::validation(format!("Targets of the type '{other}' are not supported"))),
    };
    let given = input.protocol.as_deref();
    let text = given.ok_or_else(|| ApiError::validation("A protocol must be specified"))?;
    let protocol =
        Protocol::parse(text).ok_or_else(|| ApiError::validation(format!("The protocol '{text}' is not supported")))?;
    let of_requests = Kind::Application.speaks(protocol);
    let protocol_version = match input.protocol_version.as_deref() {
        None | Some("HTTP1") => ProtocolVersion::Http1,
        Some("HTTP2") if of_requests => ProtocolVersion::Http2,
        Some("GRPC") if of_requests => ProtocolVersion::Grpc,
        Some(other) => return Err(ApiError::validation(format!("The protocol version '{other}' is not for {text}"))),
    };
    if input.ip_address_type.as_deref().is_some_and(|kind| kind != "ipv4") {
        return Err(ApiError::validation("The IP address type of a target group must be 'ipv4'"));
    }
    if input.target_control_port.is_some() {
        return Err(ApiError::validation("TargetControlPort is not supported"));
    }
    let mut check = health_check::default(protocol, protocol_version);
    health_check::read(&mut check, &input.into(), protocol, protocol_version)?;
    Ok(TargetGroup {
        scope: call.scope.clone(),
        name: resolve::name(input.name.clone(), "target group")?,
        id: ids::load_balancing_id()?,
        protocol,
        protocol_version,
        port: resolve::port(input.port)?,
        target_type,
        vpc_id: input.vpc_id.clone(),
        health_check: check,
        attributes: Attributes::new(),
        created_at: call.now,
        tags: resolve::tags(input.tags.clone())?,
    })
}

fn is_same(a: &TargetGroup, b: &TargetGroup) -> bool {
    let settings = |group: &TargetGroup| {
        let TargetGroup { protocol, protocol_version, port, target_type, vpc_id, health_check, tags, .. } =
            group.clone();
        (protocol, protocol_version, port, target_type, vpc_id, health_check, tags)
    };
    settings(a) == settings(b)
}
