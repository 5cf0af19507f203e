//! Actions of listeners and rules: read from requests, and as they are answered.

use gantry_model::load_balancing::{Action, GroupWeight, Kind, LoadBalancer, Protocol};
use gantry_store::Conn;
use gantry_wire::ApiError;
use gantry_wire::shapes::elasticloadbalancing as wire;

use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// The most groups that one action sends to.
const MOST_GROUPS: usize = 5;
const MOST_WEIGHT: u32 = 999;
const MOST_STICKINESS_S: u32 = 604_800;

/// Reads the actions of a request for a listener of `protocol`; there is exactly one, since none authenticates.
///
/// # Errors
/// ValidationException, TargetGroupNotFoundException, IncompatibleProtocolsException.
pub(super) async fn read(
    conn: &mut Conn,
    call: &Call,
    balancer: &LoadBalancer,
    protocol: Protocol,
    given: Option<&[wire::Action]>,
) -> Result<Action, Failure> {
    let [given] = given.unwrap_or_default() else {
        return Err(
            ApiError::validation("Actions must have exactly one action, which forwards, redirects or answers").into()
        );
    };
    let kind = given.r#type.as_deref().unwrap_or_default();
    if balancer.kind == Kind::Network && kind != "forward" {
        return Err(ApiError::validation(format!("The action type '{kind}' is not for Network Load Balancers")).into());
    }
    match kind {
        "forward" => forward(conn, call, protocol, given).await,
        "redirect" => Ok(redirect(given)?),
        "fixed-response" => Ok(fixed_response(given)?),
        other => Err(ApiError::validation(format!("The action type '{other}' is not supported")).into()),
    }
}

async fn forward(conn: &mut Conn, call: &Call, protocol: Protocol, given: &wire::Action) -> Result<Action, Failure> {
    let config = given.forward_config.as_ref();
    let mut groups = Vec::new();
    for tuple in config.and_then(|config| config.target_groups.as_deref()).unwrap_or_default() {
        let weight = u32::try_from(tuple.weight.unwrap_or(1)).ok().filter(|weight| *weight <= MOST_WEIGHT);
        let weight =
            weight.ok_or_else(|| ApiError::validation("The weight of a target group must be between 0 and 999"))?;
        groups.push(GroupWeight { group: tuple.target_group_arn.clone().unwrap_or_default(), weight });
    }
    if let Some(arn) = &given.target_group_arn {
        match groups.as_slice() {
            [] => groups.push(GroupWeight { group: arn.clone(), weight: 1 }),
            [only] if only.group == *arn => {}
            _ => {
                return Err(
                    ApiError::validation("TargetGroupArn and ForwardConfig name different target groups").into()
                );
            }
        }
    }
    if groups.is_empty() || groups.len() > MOST_GROUPS {
        return Err(ApiError::validation("A forward action must name between 1 and 5 target groups").into());
    }
    for (at, weighted) in groups.iter().enumerate() {
        if groups[..at].iter().any(|other| other.group == weighted.group) {
            return Err(ApiError::validation(format!("Target group '{}' is named twice", weighted.group)).into());
        }
        let group = resolve::target_group(conn, call, &weighted.group).await?;
        if !goes_to(protocol, group.protocol) {
            return Err(ApiError::incompatible_protocols(protocol.as_str(), group.protocol.as_str()).into());
        }
    }
    Ok(Action::Forward { groups, stickiness_s: stickiness(config)? })
}

fn stickiness(config: Option<&wire::ForwardActionConfig>) -> Result<Option<u32>, ApiError> {
    let given = config.and_then(|config| config.target_group_stickiness_config.as_ref());
    let Some(given) = given.filter(|given| given.enabled == Some(true)) else { return Ok(None) };
    let seconds = given.duration_seconds.and_then(|s| u32::try_from(s).ok());
    let seconds = seconds.filter(|s| (1..=MOST_STICKINESS_S).contains(s));
    let text = "TargetGroupStickinessConfig.DurationSeconds must be between 1 and 604800";
    seconds.map(Some).ok_or_else(|| ApiError::validation(text))
}

/// Whether a listener of one protocol can send to a group of another (user guides, "Listener configuration").
fn goes_to(listener: Protocol, group: Protocol) -> bool {
    match listener {
        Protocol::Http | Protocol::Https => matches!(group, Protocol::Http | Protocol::Https),
        Protocol::Tcp => matches!(group, Protocol::Tcp | Protocol::TcpUdp),
        Protocol::Tls => matches!(group, Protocol::Tcp | Protocol::Tls),
        Protocol::Udp => matches!(group, Protocol::Udp | Protocol::TcpUdp),
        Protocol::TcpUdp => group == Protocol::TcpUdp,
    }
}

fn redirect(given: &wire::Action) -> Result<Action, ApiError> {
    let Some(config) = &given.redirect_config else {
        return Err(ApiError::validation("A redirect action must have a RedirectConfig"));
    };
    let part = |given: &Option<String>, own: &str| given.clone().unwrap_or_else(|| own.to_owned());
    let port = part(&config.port, "#{port}");
    if port != "#{port}" && port.parse::<u16>().is_err() {
        return Err(ApiError::validation(format!("RedirectConfig.Port '{port}' is neither a port nor #{{port}}")));
    }
    let path = part(&config.path, "/#{path}");
    if !path.starts_with('/') {
        return Err(ApiError::validation("RedirectConfig.Path must start with a '/'"));
    }
    let action = Action::Redirect {
        protocol: part(&config.protocol, "#{protocol}"),
        host: part(&config.host, "#{host}"),
        port,
        path,
        query: part(&config.query, "#{query}"),
        status: if config.status_code.as_deref() == Some("HTTP_301") { 301 } else { 302 },
    };
    let own = |part: &Option<String>, own: &str| part.as_deref().is_none_or(|part| part == own);
    let same = own(&config.protocol, "#{protocol}")
        && own(&config.host, "#{host}")
        && own(&config.port, "#{port}")
        && own(&config.path, "/#{path}");
    if same {
        return Err(ApiError::validation("A redirect must change the protocol, the host, the port or the path"));
    }
    Ok(action)
}

fn fixed_response(given: &wire::Action) -> Result<Action, ApiError> {
    const TYPES: [&str; 5] = ["text/plain", "text/css", "text/html", "application/javascript", "application/json"];
    let Some(config) = &given.fixed_response_config else {
        return Err(ApiError::validation("A fixed-response action must have a FixedResponseConfig"));
    };
    let code = config.status_code.as_deref().and_then(|code| code.parse::<u16>().ok());
    let status = code.filter(|code| matches!(code, 200..=299 | 400..=599));
    let status =
        status.ok_or_else(|| ApiError::validation("FixedResponseConfig.StatusCode must be 2XX, 4XX or 5XX"))?;
    if let Some(kind) = config.content_type.as_deref().filter(|kind| !TYPES.contains(kind)) {
        let text = format!("FixedResponseConfig.ContentType '{kind}' is not one of [{}]", TYPES.join(", "));
        return Err(ApiError::validation(text));
    }
    let (content_type, body) = (config.content_type.clone(), config.message_body.clone());
    Ok(Action::FixedResponse { status, content_type, body })
}

/// An action as it is answered.
pub(super) fn view(action: &Action) -> wire::Action {
    let empty = wire::Action { order: Some(1), ..wire::Action::default() };
    match action {
        Action::Forward { groups, stickiness_s } => wire::Action {
            r#type: Some("forward".to_owned()),
            target_group_arn: match groups.as_slice() {
                [only] => Some(only.group.clone()),
                _ => None,
            },
            forward_config: Some(wire::ForwardActionConfig {
                target_groups: Some(groups.iter().map(tuple).collect()),
                target_group_stickiness_config: Some(wire::TargetGroupStickinessConfig {
                    enabled: Some(stickiness_s.is_some()),
                    duration_seconds: stickiness_s.and_then(|s| i32::try_from(s).ok()),
                }),
            }),
            ..empty
        },
        Action::Redirect { protocol, host, port, path, query, status } => wire::Action {
            r#type: Some("redirect".to_owned()),
            redirect_config: Some(wire::RedirectActionConfig {
                protocol: Some(protocol.clone()),
                port: Some(port.clone()),
                host: Some(host.clone()),
                path: Some(path.clone()),
                query: Some(query.clone()),
                status_code: Some(format!("HTTP_{status}")),
            }),
            ..empty
        },
        Action::FixedResponse { status, content_type, body } => wire::Action {
            r#type: Some("fixed-response".to_owned()),
            fixed_response_config: Some(wire::FixedResponseActionConfig {
                message_body: body.clone(),
                status_code: Some(status.to_string()),
                content_type: content_type.clone(),
            }),
            ..empty
        },
    }
}

fn tuple(weighted: &GroupWeight) -> wire::TargetGroupTuple {
    wire::TargetGroupTuple {
        target_group_arn: Some(weighted.group.clone()),
        weight: i32::try_from(weighted.weight).ok(),
    }
}
