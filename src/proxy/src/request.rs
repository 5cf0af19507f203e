//! A request's way: to its listener, by the rules to a group, to a target of it, and back.
//!
//! A target that takes no connection is not the client's trouble: another is tried, and what was not sent is sent again.
//! What was sent is sent again only if it may be (RFC 9110, 9.2.2) and nothing of it is lost: a request without a body on a
//! connection that was kept.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use gantry_model::load_balancing::{Action, ForwardedFor, GroupWeight, Protocol, Stickiness};
use http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue, LOCATION, SERVER,
    SET_COOKIE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode, Uri, Version};
use hyper::body::{Body as _, Incoming};
use hyper_util::rt::TokioIo;

use crate::activity::Activity;
use crate::backend::{Backend, InFlight};
use crate::body::{Answer, Forwarded, Upload};
use crate::table::{Front, Group, Port, Table};
use crate::upstream::{self, Connection, Lease, SendError};
use crate::{Shared, balance, cookie, matching, redirect};

/// How many targets are tried before a client is told that none takes connections.
const TRIES: usize = 3;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// Who is at the other end of a client's connection.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
    /// The port that it came to.
    pub(crate) port: Arc<Port>,
    pub(crate) number: u16,
}

/// Why a client is not answered by a target.
enum Refusal {
    BadRequest,
    NoTarget,
    Broken,
    TimedOut,
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::NoTarget => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken => StatusCode::BAD_GATEWAY,
            Self::TimedOut => StatusCode::GATEWAY_TIMEOUT,
        }
    }
}

/// Answers a request.
pub(crate) async fn answer(shared: Arc<Shared>, client: Client, request: Request<Incoming>) -> Response<Answer> {
    let table = shared.table();
    let is_grpc = request.headers().get(CONTENT_TYPE).is_some_and(|v| v.as_bytes().starts_with(b"application/grpc"));
    let exchange = Exchange { shared, table, client };
    exchange.run(request).await.unwrap_or_else(|refusal| refused(&refusal, is_grpc))
}

fn refused(refusal: &Refusal, is_grpc: bool) -> Response<Answer> {
    let status = refusal.status();
    if is_grpc {
        // 14 UNAVAILABLE, 4 DEADLINE_EXCEEDED (gRPC, "HTTP to gRPC status code mapping").
        let code = if matches!(refusal, Refusal::TimedOut) { "4" } else { "14" };
        let mut response = Response::new(Answer::own(""));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        response.headers_mut().insert("grpc-status", HeaderValue::from_static(code));
        return response;
    }
    own(status, Some("text/html"), own_page(status))
}

fn own_page(status: StatusCode) -> String {
    let title = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or_default());
    format!(
        "<html>\n<head><title>{title}</title></head>\n<body>\n<center><h1>{title}</h1></center>\n</body>\n</html>\n"
    )
}

/// An answer of the load balancer's own.
fn own(status: StatusCode, content_type: Option<&str>, text: String) -> Response<Answer> {
    let mut response = Response::new(Answer::own(text));
    *response.status_mut() = status;
    response.headers_mut().insert(SERVER, HeaderValue::from_static("gantry"));
    if let Some(value) = content_type.and_then(|text| HeaderValue::from_str(text).ok()) {
        response.headers_mut().insert(CONTENT_TYPE, value);
    }
    response
}

struct Exchange {
    shared: Arc<Shared>,
    table: Arc<Table>,
    client: Client,
}

/// What a response is made from.
struct Received {
    response: Response<Incoming>,
    lease: Lease,
    backend: Arc<Backend>,
    /// Those that tie the client to the target or its group.
    cookies: Vec<String>,
    activity: Activity,
}

impl Exchange {
    async fn run(&self, request: Request<Incoming>) -> Result<Response<Answer>, Refusal> {
        let (mut parts, body) = request.into_parts();
        let host = host(&parts).ok_or(Refusal::BadRequest)?;
        // The port that the connection came to may have changed since.
        let transport = crate::table::Transport::Tcp;
        let port = self.table.ports.get(&(transport, self.client.number)).unwrap_or(&self.client.port);
        let front = port.front(&host).ok_or(Refusal::NoTarget)?;
        let action = matching::action(
            &front.rules,
            &front.listener.default_action,
            &matching::Seen {
                host: &host,
                path: parts.uri.path(),
                query: parts.uri.query().unwrap_or_default(),
                method: parts.method.as_str(),
                headers: &parts.headers,
                client: self.client.address.ip(),
            },
        );
        match action {
            Action::Forward { groups, stickiness_s } => {
                self.prepare(&mut parts, front, &host)?;
                self.forward(front, groups, *stickiness_s, parts, body).await
            }
            Action::Redirect { status, .. } => {
                let asked = redirect::Asked {
                    protocol: front.listener.protocol.as_str(),
                    host: host.rsplit_once(':').map_or(&*host, |(name, _)| name),
                    port: front.listener.port,
                    path: parts.uri.path(),
                    query: parts.uri.query().unwrap_or_default(),
                };
                let location = redirect::location(action, &asked).unwrap_or_default();
                let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::FOUND);
                let mut response = own(status, Some("text/html"), own_page(status));
                let location = HeaderValue::from_str(&location).map_err(|_| Refusal::BadRequest)?;
                response.headers_mut().insert(LOCATION, location);
                Ok(response)
            }
            Action::FixedResponse { status, content_type, body } => {
                let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::OK);
                let kind = content_type.as_deref().or(body.as_ref().map(|_| "text/plain"));
                Ok(own(status, kind, body.clone().unwrap_or_default()))
            }
        }
    }

    /// Makes a head what targets are to see: nothing that is between the client and us alone, and who the client is.
    fn prepare(&self, parts: &mut Parts, front: &Front, host: &str) -> Result<(), Refusal> {
        let upgrade = upgrade_of(&parts.headers);
        strip_hop_by_hop(&mut parts.headers);
        parts.headers.remove(EXPECT);
        if front.balancer.drops_invalid_headers() {
            drop_invalid(&mut parts.headers);
        }
        let value = |text: &str| HeaderValue::from_str(text).map_err(|_| Refusal::BadRequest);
        parts.headers.insert(HOST, value(host)?);
        if let Some(upgrade) = upgrade {
            parts.headers.insert(UPGRADE, upgrade);
            parts.headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        }
        let address = self.client.address;
        let ip = address.ip().to_canonical();
        let own =
            if front.balancer.forwards_client_port() { format!("{ip}:{}", address.port()) } else { ip.to_string() };
        match front.balancer.forwarded_for() {
            ForwardedFor::Append => {
                let before: Vec<&str> =
                    parts.headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok()).collect();
                let all = if before.is_empty() { own } else { format!("{}, {own}", before.join(", ")) };
                parts.headers.insert(FORWARDED_FOR, value(&all)?);
            }
            ForwardedFor::Preserve => {}
            ForwardedFor::Remove => drop(parts.headers.remove(FORWARDED_FOR)),
        }
        let proto = if front.listener.protocol == Protocol::Https { "https" } else { "http" };
        parts.headers.insert(FORWARDED_PROTO, HeaderValue::from_static(proto));
        parts.headers.insert(FORWARDED_PORT, HeaderValue::from(front.listener.port));
        if !parts.headers.contains_key(TRACE_ID) {
            parts.headers.insert(TRACE_ID, value(&trace_id(front, &self.table))?);
        }
        Ok(())
    }

    async fn forward(
        &self,
        front: &Front,
        groups: &[GroupWeight],
        stickiness_s: Option<u32>,
        mut parts: Parts,
        body: Incoming,
    ) -> Result<Response<Answer>, Refusal> {
        let (group, group_cookie) = self.group(groups, stickiness_s, &parts.headers).ok_or(Refusal::NoTarget)?;
        group.counts.request();
        let idle = Duration::from_secs(u64::from(front.balancer.idle_timeout_s()));
        let upgrade = parts.headers.contains_key(UPGRADE);
        let on_client = upgrade.then(|| parts.extensions.remove::<hyper::upgrade::OnUpgrade>()).flatten();
        let received = self.exchange(&group, group_cookie, parts, body, idle).await;
        match received {
            Ok(received) if received.response.status() == StatusCode::SWITCHING_PROTOCOLS => {
                switch(received, on_client, idle).ok_or(Refusal::Broken)
            }
            Ok(received) => Ok(response(received, idle)),
            Err(refusal) => {
                group.counts.error();
                Err(refusal)
            }
        }
    }

    /// The group of an action that a request goes to: the one that its client is tied to, or one by weight.
    fn group(
        &self,
        groups: &[GroupWeight],
        stickiness_s: Option<u32>,
        headers: &HeaderMap,
    ) -> Option<(Arc<Group>, Option<String>)> {
        let find = |weighted: &GroupWeight| self.table.groups.get(&weighted.group).map(Arc::clone);
        if let [only] = groups {
            return Some((find(only)?, None));
        }
        let tied = stickiness_s.and_then(|_| cookie::get(headers, cookie::GROUP));
        let of_cookie = tied.and_then(|value| {
            groups.iter().find(|weighted| weighted.weight > 0 && cookie::of_group(&weighted.group) == value)
        });
        let chosen = match of_cookie {
            Some(weighted) => weighted,
            None => {
                let turn = groups.first().and_then(find)?.turn.clone();
                groups.get(balance::by_weight(groups.iter().map(|weighted| weighted.weight), &turn)?)?
            }
        };
        let cookie = stickiness_s.map(|s| cookie::set(cookie::GROUP, &cookie::of_group(&chosen.group), s));
        Some((find(chosen)?, cookie))
    }

    /// Sends a request to targets of `group` until one answers it.
    async fn exchange(
        &self,
        group: &Arc<Group>,
        group_cookie: Option<String>,
        parts: Parts,
        body: Incoming,
        idle: Duration,
    ) -> Result<Received, Refusal> {
        let activity = Activity::default();
        let again = may_be_repeated(&parts.method, &body).then(|| parts.clone());
        let tie = Tie::of(group, &parts.headers);
        let mut tried: Vec<Arc<Backend>> = Vec::new();
        let mut request = Some(Request::from_parts(parts, Upload::new(body, activity.clone())));
        let mut fresh = false;
        while tried.len() < TRIES {
            let (backend, in_flight) = self.choose(group, &tie, &tried).ok_or(match tried.is_empty() {
                true => Refusal::NoTarget,
                false => Refusal::Broken,
            })?;
            let connection = match fresh {
                false => upstream::connection(&backend, &group.config, &self.shared).await,
                true => upstream::fresh(&backend, &group.config, &self.shared).await,
            };
            let connection = match connection {
                Ok(connection) => connection,
                Err(error) => {
                    tracing::debug!(target = %backend.address, "{error}");
                    drop(in_flight);
                    tried.push(backend);
                    continue;
                }
            };
            let was_kept = matches!(connection, Connection::Http1 { is_kept: true, .. } | Connection::Http2(_));
            let Some(mut next) = request.take() else { return Err(Refusal::Broken) };
            address(&mut next, group, &connection)?;
            let sent = activity.within(idle, upstream::send(connection, next, in_flight)).await;
            let Ok(sent) = sent else { return Err(Refusal::TimedOut) };
            match sent {
                Ok((response, lease)) => {
                    let cookies = tie.cookies(group, &backend, response.headers());
                    let cookies = group_cookie.into_iter().chain(cookies).collect();
                    return Ok(Received { response, lease, backend, cookies, activity });
                }
                Err((SendError::Unsent(unsent), _)) => {
                    request = Some(*unsent);
                    // Once more to the same target, on a connection that cannot have been closed meanwhile.
                    if fresh {
                        tried.push(backend);
                    }
                    fresh = true;
                }
                Err((SendError::Broken(error), _)) => {
                    tracing::debug!(target = %backend.address, "a target broke a request off: {error}");
                    let Some(parts) = again.as_ref().filter(|_| was_kept && !fresh) else {
                        return Err(Refusal::Broken);
                    };
                    request = Some(Request::from_parts(parts.clone(), Upload::none()));
                    fresh = true;
                }
            }
        }
        Err(Refusal::Broken)
    }

    /// A target that has not been tried, with the request counted as under way to it.
    fn choose(&self, group: &Group, tie: &Tie, tried: &[Arc<Backend>]) -> Option<(Arc<Backend>, InFlight)> {
        let tied = tie.backend.as_ref().filter(|backend| !tried.iter().any(|other| Arc::ptr_eq(other, backend)));
        let backend = match tied {
            Some(backend) => Arc::clone(backend),
            None => {
                let candidates = balance::candidates(&group.backends, tried);
                let slow_start = Duration::from_secs(u64::from(group.config.slow_start_s()));
                Arc::clone(balance::choose(&candidates, group.config.algorithm(), slow_start, &group.turn)?)
            }
        };
        let in_flight = backend.begin(&self.shared);
        Some((backend, in_flight))
    }
}

/// What ties a client to a target.
struct Tie {
    backend: Option<Arc<Backend>>,
}

impl Tie {
    /// The target that a request's cookie names, if it can be gone to. One that is let go still serves those who are tied to it.
    fn of(group: &Group, headers: &HeaderMap) -> Self {
        let name = match group.stickiness {
            Stickiness::Cookie(_) => cookie::TARGET,
            Stickiness::AppCookie(..) => cookie::APP,
            Stickiness::None | Stickiness::SourceIp => return Self { backend: None },
        };
        let Some(value) = cookie::get(headers, name) else { return Self { backend: None } };
        let healthy = |backend: &&Arc<Backend>| backend.state() != gantry_model::load_balancing::TargetState::Unhealthy;
        let mut all = group.backends.iter().chain(&group.draining).filter(healthy);
        Self { backend: all.find(|backend| cookie::of_backend(backend) == value).map(Arc::clone) }
    }

    /// What the client is told to keep once `backend` has answered.
    fn cookies(&self, group: &Group, backend: &Backend, answer: &HeaderMap) -> Option<String> {
        match &group.stickiness {
            Stickiness::Cookie(seconds) => Some(cookie::set(cookie::TARGET, &cookie::of_backend(backend), *seconds)),
            Stickiness::AppCookie(name, seconds) => {
                let begins = |value: &HeaderValue| value.to_str().is_ok_and(|v| v.split('=').next() == Some(name));
                let sets = answer.get_all(SET_COOKIE).iter().any(begins);
                sets.then(|| cookie::set(cookie::APP, &cookie::of_backend(backend), *seconds))
            }
            Stickiness::None | Stickiness::SourceIp => None,
        }
    }
}

/// The host that a request asks for.
fn host(parts: &Parts) -> Option<String> {
    if let Some(authority) = parts.uri.authority() {
        return Some(authority.as_str().to_owned());
    }
    let mut given = parts.headers.get_all(HOST).iter();
    let host = given.next().and_then(|value| value.to_str().ok()).map(str::to_owned);
    match (given.next(), host) {
        (None, Some(host)) => Some(host),
        (None, None) if parts.version == Version::HTTP_10 => Some(String::new()),
        _ => None,
    }
}

/// Takes away what is between two neighbours alone (RFC 9110, 7.6.1).
fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| HeaderName::from_bytes(name.trim().as_bytes()).ok())
        .collect();
    let trailers = headers.get(TE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"trailers"));
    for name in named {
        headers.remove(name);
    }
    for name in [CONNECTION, KEEP_ALIVE, PROXY_CONNECTION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE] {
        headers.remove(name);
    }
    if trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
}

/// What a request wants its connection to become.
fn upgrade_of(headers: &HeaderMap) -> Option<HeaderValue> {
    let asks = |value: &HeaderValue| {
        value.to_str().is_ok_and(|text| text.split(',').any(|part| part.trim().eq_ignore_ascii_case("upgrade")))
    };
    headers.get(UPGRADE).filter(|_| headers.get_all(CONNECTION).iter().any(asks)).cloned()
}

/// Leaves headers out whose names have other characters than letters, digits and hyphens.
fn drop_invalid(headers: &mut HeaderMap) {
    let plain = |name: &HeaderName| name.as_str().bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
    let invalid: Vec<HeaderName> = headers.keys().filter(|name| !plain(name)).cloned().collect();
    for name in invalid {
        headers.remove(name);
    }
}

/// A trace id as X-Ray writes them: when, and which.
fn trace_id(front: &Front, table: &Table) -> String {
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs();
    let turn = front.default_groups().first().and_then(|group| table.groups.get(&group.group)).map(|group| &group.turn);
    let roll = |most| turn.map_or(seconds, |turn| turn.roll(most));
    format!("Root=1-{seconds:08x}-{:016x}{:08x}", roll(u64::MAX), roll(u64::from(u32::MAX)))
}

/// Whether the same request may be sent twice.
fn may_be_repeated(method: &Method, body: &Incoming) -> bool {
    let idempotent = [Method::GET, Method::HEAD, Method::OPTIONS, Method::PUT, Method::DELETE, Method::TRACE];
    idempotent.contains(method) && body.is_end_stream()
}

/// Writes a request's target and version as `connection` has them.
fn address(request: &mut Request<Upload>, group: &Group, connection: &Connection) -> Result<(), Refusal> {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let uri = match connection {
        Connection::Http1 { .. } => {
            *request.version_mut() = Version::HTTP_11;
            path.parse::<Uri>()
        }
        Connection::Http2(_) => {
            *request.version_mut() = Version::HTTP_2;
            let host = request.headers_mut().remove(HOST);
            let host = host.as_ref().and_then(|host| host.to_str().ok()).filter(|host| !host.is_empty());
            let scheme = if group.config.protocol == Protocol::Https { "https" } else { "http" };
            format!("{scheme}://{}{path}", host.unwrap_or("localhost")).parse::<Uri>()
        }
    };
    *request.uri_mut() = uri.map_err(|_| Refusal::BadRequest)?;
    Ok(())
}

/// What the client gets of what a target answered.
fn response(received: Received, idle: Duration) -> Response<Answer> {
    let Received { response, lease, cookies, activity, .. } = received;
    let (mut head, body) = response.into_parts();
    strip_hop_by_hop(&mut head.headers);
    for cookie in cookies {
        if let Ok(value) = HeaderValue::from_str(&cookie) {
            head.headers.append(SET_COOKIE, value);
        }
    }
    head.version = Version::HTTP_11;
    let lease = if body.is_end_stream() {
        lease.give_back();
        None
    } else {
        Some(lease)
    };
    Response::from_parts(head, Answer::Forwarded(Forwarded { inner: body, activity, idle, sleep: None, lease }))
}

/// Joins a client's connection to a target's after both agreed to speak something else.
fn switch(
    received: Received,
    on_client: Option<hyper::upgrade::OnUpgrade>,
    idle: Duration,
) -> Option<Response<Answer>> {
    let Received { mut response, lease, backend, .. } = received;
    let on_client = on_client?;
    let on_target = hyper::upgrade::on(&mut response);
    let cut = backend.cut.clone();
    tokio::spawn(async move {
        let Ok((client, target)) = tokio::try_join!(on_client, on_target) else { return };
        let activity = Activity::default();
        let watched = |inner| crate::activity::Watched { inner: TokioIo::new(inner), activity: activity.clone() };
        let (mut client, mut target) = (watched(client), watched(target));
        let copy = tokio::io::copy_bidirectional(&mut client, &mut target);
        tokio::select! {
            _ = activity.within(idle, copy) => {}
            () = cut.cancelled() => {}
        }
        drop(lease);
    });
    let (mut head, _) = response.into_parts();
    head.headers.remove(CONTENT_LENGTH);
    Some(Response::from_parts(head, Answer::own("")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn what_is_between_two_neighbours_goes_no_further() {
        let mut given = headers(&[
            ("connection", "keep-alive, X-Secret"),
            ("x-secret", "1"),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
            ("te", "trailers"),
            ("upgrade", "h2c"),
            ("accept", "*/*"),
        ]);
        strip_hop_by_hop(&mut given);
        let left: Vec<&str> = given.keys().map(HeaderName::as_str).collect();
        assert_eq!(left, ["accept", "te"]);
    }

    #[test]
    fn an_upgrade_is_one_only_when_the_connection_says_so() {
        assert!(upgrade_of(&headers(&[("connection", "keep-alive, Upgrade"), ("upgrade", "websocket")])).is_some());
        assert!(upgrade_of(&headers(&[("upgrade", "websocket")])).is_none());
        assert!(upgrade_of(&headers(&[("connection", "upgrade")])).is_none());
    }

    #[test]
    fn a_request_names_one_host() {
        let parts = |build: http::request::Builder| build.body(()).unwrap().into_parts().0;
        assert_eq!(host(&parts(Request::get("/x").header(HOST, "a:80"))).as_deref(), Some("a:80"));
        assert_eq!(host(&parts(Request::get("http://b/x").header(HOST, "a"))).as_deref(), Some("b"));
        assert_eq!(host(&parts(Request::get("/x"))), None);
        assert_eq!(host(&parts(Request::get("/x").header(HOST, "a").header(HOST, "b"))), None);
        assert_eq!(host(&parts(Request::get("/x").version(Version::HTTP_10))).as_deref(), Some(""));
    }

    #[test]
    fn headers_with_odd_names_can_be_left_out() {
        let mut given = headers(&[("x_odd", "1"), ("x-plain", "2")]);
        drop_invalid(&mut given);
        assert_eq!(given.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["x-plain"]);
    }
}
