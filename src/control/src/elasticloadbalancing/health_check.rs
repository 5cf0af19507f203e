//! How targets are checked: what CreateTargetGroup and ModifyTargetGroup read alike, with the defaults of the API.

use gantry_model::load_balancing::{HealthCheck, Kind, Protocol, ProtocolVersion};
use gantry_wire::ApiError;
use gantry_wire::shapes::elasticloadbalancing::{CreateTargetGroupInput, Matcher, ModifyTargetGroupInput};

/// What a request says of a check.
#[derive(Default)]
pub(super) struct Given {
    protocol: Option<String>,
    port: Option<String>,
    enabled: Option<bool>,
    path: Option<String>,
    interval_s: Option<i32>,
    timeout_s: Option<i32>,
    healthy: Option<i32>,
    unhealthy: Option<i32>,
    matcher: Option<Matcher>,
}

impl From<&CreateTargetGroupInput> for Given {
    fn from(input: &CreateTargetGroupInput) -> Self {
        Self {
            protocol: input.health_check_protocol.clone(),
            port: input.health_check_port.clone(),
            enabled: input.health_check_enabled,
            path: input.health_check_path.clone(),
            interval_s: input.health_check_interval_seconds,
            timeout_s: input.health_check_timeout_seconds,
            healthy: input.healthy_threshold_count,
            unhealthy: input.unhealthy_threshold_count,
            matcher: input.matcher.clone(),
        }
    }
}

impl From<&ModifyTargetGroupInput> for Given {
    fn from(input: &ModifyTargetGroupInput) -> Self {
        Self {
            protocol: input.health_check_protocol.clone(),
            port: input.health_check_port.clone(),
            enabled: input.health_check_enabled,
            path: input.health_check_path.clone(),
            interval_s: input.health_check_interval_seconds,
            timeout_s: input.health_check_timeout_seconds,
            healthy: input.healthy_threshold_count,
            unhealthy: input.unhealthy_threshold_count,
            matcher: input.matcher.clone(),
        }
    }
}

/// The check of a new group (API reference, `CreateTargetGroup`).
#[must_use]
pub(super) fn default(protocol: Protocol, version: ProtocolVersion) -> HealthCheck {
    let is_request = Kind::Application.speaks(protocol);
    let grpc = version == ProtocolVersion::Grpc;
    HealthCheck {
        protocol: if is_request { protocol } else { Protocol::Tcp },
        port: None,
        path: if grpc { "/AWS.ALB/healthcheck" } else { "/" }.to_owned(),
        interval_s: 30,
        timeout_s: if is_request { 5 } else { 10 },
        healthy_threshold: 5,
        unhealthy_threshold: 2,
        matcher: match (grpc, is_request) {
            (true, _) => "12",
            (false, true) => "200",
            (false, false) => "200-399",
        }
        .to_owned(),
    }
}

/// Reads what is given into `check`, of a group of `protocol`; what is omitted stays.
///
/// # Errors
/// ValidationException.
pub(super) fn read(
    check: &mut HealthCheck,
    given: &Given,
    protocol: Protocol,
    version: ProtocolVersion,
) -> Result<(), ApiError> {
    let invalid = |text: String| Err(ApiError::validation(text));
    if given.enabled == Some(false) {
        return invalid("Health checks cannot be disabled for target groups of this target type".to_owned());
    }
    if let Some(text) = &given.protocol {
        let of_requests = Kind::Application.speaks(protocol);
        let possible = Protocol::parse(text).filter(|wanted| match wanted {
            Protocol::Http | Protocol::Https => true,
            Protocol::Tcp => !of_requests,
            Protocol::Tls | Protocol::Udp | Protocol::TcpUdp => false,
        });
        let Some(wanted) = possible else {
            return invalid(format!(
                "Health check protocol '{text}' is not for target groups of {}",
                protocol.as_str()
            ));
        };
        check.protocol = wanted;
    }
    match given.port.as_deref() {
        None => {}
        Some("traffic-port") => check.port = None,
        Some(text) => match text.parse::<u16>() {
            Ok(port) if port > 0 => check.port = Some(port),
            _ => return invalid(format!("Health check port '{text}' must be 'traffic-port' or a port")),
        },
    }
    if let Some(path) = &given.path {
        if !path.starts_with('/') || path.parse::<http::Uri>().is_err() {
            return invalid(format!("Health check path '{path}' must begin with a '/' character and be a path"));
        }
        check.path.clone_from(path);
    }
    let number = |given: Option<i32>, own: u32| given.map_or(Some(own), |n| u32::try_from(n).ok()).unwrap_or(0);
    check.interval_s = number(given.interval_s, check.interval_s);
    check.timeout_s = number(given.timeout_s, check.timeout_s);
    check.healthy_threshold = number(given.healthy, check.healthy_threshold);
    check.unhealthy_threshold = number(given.unhealthy, check.unhealthy_threshold);
    if !(5..=300).contains(&check.interval_s) || !(2..=120).contains(&check.timeout_s) {
        return invalid("Health check interval must be 5 to 300 seconds and its timeout 2 to 120 seconds".to_owned());
    }
    if check.timeout_s > check.interval_s {
        return invalid(format!(
            "Health check timeout '{}' must be smaller than or equal to the interval '{}'",
            check.timeout_s, check.interval_s
        ));
    }
    if !(2..=10).contains(&check.healthy_threshold) || !(2..=10).contains(&check.unhealthy_threshold) {
        return invalid("Health check thresholds must be between 2 and 10".to_owned());
    }
    matcher(check, given.matcher.as_ref(), version)
}

fn matcher(check: &mut HealthCheck, given: Option<&Matcher>, version: ProtocolVersion) -> Result<(), ApiError> {
    let Some(given) = given else { return Ok(()) };
    let grpc = version == ProtocolVersion::Grpc;
    let (codes, other, range) = match grpc {
        true => (&given.grpc_code, &given.http_code, 0..=99),
        false => (&given.http_code, &given.grpc_code, 200..=599),
    };
    if other.is_some() {
        let name = if grpc { "HttpCode" } else { "GrpcCode" };
        return Err(ApiError::validation(format!("{name} is not for the protocol version {}", version.as_str())));
    }
    let Some(codes) = codes else { return Ok(()) };
    let valid = codes.split(',').all(|part| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        match (from.trim().parse::<u16>(), to.trim().parse::<u16>()) {
            (Ok(from), Ok(to)) => range.contains(&from) && range.contains(&to) && from <= to,
            _ => false,
        }
    });
    if !valid {
        let text = format!("Health check matcher codes '{codes}' must be within {} and {}", range.start(), range.end());
        return Err(ApiError::validation(text));
    }
    check.matcher.clone_from(codes);
    Ok(())
}
