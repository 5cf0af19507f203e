//! The proxy as clients see it: real sockets, real targets.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use bytes::Bytes;
use gantry_model::load_balancing::{
    Action, Attributes, Condition, GroupWeight, HealthCheck, Kind, Listener, LoadBalancer, Protocol, ProtocolVersion,
    Rule, ServedCertificate, Target, TargetGroup, TargetKey, TargetState, TargetType, Traffic,
};
use gantry_model::{AccountId, Region, Scope, UnixMillis};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Notify;

use crate::table::Table;
use crate::{Proxy, Shared, tls};

const LONG: Duration = Duration::from_secs(20);

/// What connections look at, with nothing in it.
pub(crate) fn shared() -> Arc<Shared> {
    Arc::new(Shared {
        table: RwLock::new(Arc::new(Table::default())),
        news: Notify::new(),
        tls: tls::Outgoing::new().unwrap(),
    })
}

fn scope() -> Scope {
    Scope { account: AccountId::parse("000000000000").unwrap(), region: Region::parse("us-east-1").unwrap() }
}

fn balancer(name: &str, kind: Kind) -> LoadBalancer {
    LoadBalancer {
        scope: scope(),
        name: name.to_owned(),
        id: "0123456789abcdef".to_owned(),
        kind,
        internal: false,
        subnets: Vec::new(),
        security_groups: Vec::new(),
        ip_address_type: "ipv4".to_owned(),
        dns_name: format!("{name}.elb.localhost"),
        attributes: Attributes::new(),
        created_at: UnixMillis(0),
        tags: Vec::new(),
    }
}

fn group(name: &str, protocol: Protocol) -> TargetGroup {
    let check = if matches!(protocol, Protocol::Http | Protocol::Https) { protocol } else { Protocol::Tcp };
    TargetGroup {
        scope: scope(),
        name: name.to_owned(),
        id: "0123456789abcdef".to_owned(),
        protocol,
        protocol_version: ProtocolVersion::Http1,
        port: 80,
        target_type: TargetType::Ip,
        vpc_id: None,
        health_check: HealthCheck {
            protocol: check,
            port: None,
            path: "/health".to_owned(),
            interval_s: 5,
            timeout_s: 2,
            healthy_threshold: 2,
            unhealthy_threshold: 2,
            matcher: "200".to_owned(),
        },
        attributes: Attributes::new(),
        created_at: UnixMillis(0),
        tags: Vec::new(),
    }
}

fn target(group: &TargetGroup, address: SocketAddr) -> Target {
    Target {
        key: TargetKey { group: group.arn(), id: address.ip().to_string(), port: address.port() },
        address: address.ip().to_string(),
        availability_zone: None,
        task: None,
        registered_at: UnixMillis(0),
        draining_since: None,
        state: TargetState::Healthy,
        reason: None,
        description: None,
    }
}

/// A port that nobody had a moment ago.
fn free_port() -> u16 {
    std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// A load balancer with one listener, and a group for each list of targets.
struct Setting {
    traffic: Traffic,
    port: u16,
}

impl Setting {
    fn new(protocol: Protocol, groups: &[(TargetGroup, &[SocketAddr])]) -> Self {
        let kind = if matches!(protocol, Protocol::Http | Protocol::Https) { Kind::Application } else { Kind::Network };
        let balancer = balancer("front", kind);
        let port = free_port();
        let listener = Listener {
            arn: "listener/1".to_owned(),
            load_balancer: balancer.arn(),
            port,
            protocol,
            ssl_policy: None,
            certificates: Vec::new(),
            default_action: Action::forward_to(groups[0].0.arn()),
            default_rule: "rule/0".to_owned(),
            failure: None,
            tags: Vec::new(),
        };
        let targets = groups.iter().flat_map(|(group, all)| all.iter().map(|address| target(group, *address)));
        let traffic = Traffic {
            load_balancers: vec![balancer],
            listeners: vec![listener],
            rules: Vec::new(),
            target_groups: groups.iter().map(|(group, _)| group.clone()).collect(),
            targets: targets.collect(),
            certificates: Vec::new(),
        };
        Self { traffic, port }
    }

    fn start(&self) -> Proxy {
        let proxy = Proxy::new(Ipv4Addr::LOCALHOST.into()).unwrap();
        proxy.apply(&self.traffic);
        proxy
    }

    fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }
}

/// A server that answers every request with `name` and what it was asked; `/slow` takes until it is allowed to go on.
struct Server {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
    gate: Arc<Notify>,
    seen: Arc<std::sync::Mutex<HeaderMap>>,
}

async fn server(name: &'static str) -> Server {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server { address, asked: Arc::default(), gate: Arc::default(), seen: Arc::default() };
    let (asked, gate, seen) = (server.asked.clone(), server.gate.clone(), server.seen.clone());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (asked, gate, seen) = (asked.clone(), gate.clone(), seen.clone());
            let service = hyper::service::service_fn(move |request: Request<hyper::body::Incoming>| {
                let (asked, gate, seen) = (asked.clone(), gate.clone(), seen.clone());
                async move {
                    let path = request.uri().path().to_owned();
                    if path != "/health" {
                        asked.fetch_add(1, Ordering::SeqCst);
                        *seen.lock().unwrap() = request.headers().clone();
                    }
                    let body = request.into_body().collect().await.unwrap().to_bytes();
                    if path == "/slow" {
                        gate.notified().await;
                    }
                    let text = format!("{name} {path} {}", body.len());
                    Ok::<_, std::convert::Infallible>(http::Response::new(Full::new(Bytes::from(text))))
                }
            });
            tokio::spawn(async move {
                let builder = hyper_util::server::conn::auto::Builder::new(hyper_util::rt::TokioExecutor::new());
                _ = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
            });
        }
    });
    server
}

struct Got {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

async fn ask(address: SocketAddr, request: http::request::Builder, body: &'static str) -> Got {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = request.header("host", "x.example").body(Full::new(Bytes::from_static(body.as_bytes()))).unwrap();
    let response = tokio::time::timeout(LONG, sender.send_request(request)).await.unwrap().unwrap();
    let (head, body) = response.into_parts();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    Got { status: head.status, headers: head.headers, text }
}

async fn get(address: SocketAddr, path: &str) -> Got {
    ask(address, Request::get(path), "").await
}

/// Waits for `holds` with a deadline.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LONG, waiting).await.unwrap_or_else(|_| panic!("{what} did not come"));
}

#[tokio::test]
async fn requests_take_turns_over_targets_and_tell_them_of_the_client() {
    let (a, b) = (server("a").await, server("b").await);
    let setting = Setting::new(Protocol::Http, &[(group("g", Protocol::Http), &[a.address, b.address])]);
    let _proxy = setting.start();
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(
            ask(setting.address(), Request::post("/x?y=1").header("x-forwarded-for", "1.2.3.4"), "hello").await.text,
        );
    }
    answers.sort();
    assert_eq!(answers, ["a /x 5", "a /x 5", "b /x 5", "b /x 5"]);
    let seen = a.seen.lock().unwrap().clone();
    assert_eq!(seen["host"], "x.example");
    assert_eq!(seen["x-forwarded-for"], "1.2.3.4, 127.0.0.1");
    assert_eq!(seen["x-forwarded-proto"], "http");
    assert_eq!(seen["x-forwarded-port"], setting.port.to_string());
    assert!(seen["x-amzn-trace-id"].to_str().unwrap().starts_with("Root=1-"));
}

#[tokio::test]
async fn rules_send_answer_and_redirect() {
    let (a, b) = (server("a").await, server("b").await);
    let (main, other) = (group("main", Protocol::Http), group("other", Protocol::Http));
    let mut setting = Setting::new(Protocol::Http, &[(main, &[a.address]), (other.clone(), &[b.address])]);
    let rule = |priority, path: &str, action| Rule {
        arn: format!("rule/{priority}"),
        listener: "listener/1".to_owned(),
        priority,
        conditions: vec![Condition::PathPattern { values: vec![path.to_owned()] }],
        action,
        tags: Vec::new(),
    };
    let text = str::to_owned;
    setting.traffic.rules = vec![
        rule(1, "/other/*", Action::forward_to(other.arn())),
        rule(
            2,
            "/fixed",
            Action::FixedResponse { status: 418, content_type: None, body: Some(text("short and stout")) },
        ),
        rule(
            3,
            "/old/*",
            Action::Redirect {
                protocol: text("HTTPS"),
                host: text("#{host}"),
                port: text("443"),
                path: text("/#{path}"),
                query: text("#{query}"),
                status: 301,
            },
        ),
    ];
    let _proxy = setting.start();
    assert_eq!(get(setting.address(), "/x").await.text, "a /x 0");
    assert_eq!(get(setting.address(), "/other/x").await.text, "b /other/x 0");
    let fixed = get(setting.address(), "/fixed").await;
    assert_eq!((fixed.status.as_u16(), &*fixed.text), (418, "short and stout"));
    assert_eq!(fixed.headers["content-type"], "text/plain");
    let moved = get(setting.address(), "/old/a?b=1").await;
    assert_eq!(
        (moved.status.as_u16(), &moved.headers["location"]),
        (301, &"https://x.example/old/a?b=1".parse().unwrap())
    );
}

#[tokio::test]
async fn a_target_that_takes_no_connection_costs_no_request() {
    let a = server("a").await;
    let gone = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
    let setting = Setting::new(Protocol::Http, &[(group("g", Protocol::Http), &[gone, a.address])]);
    let proxy = setting.start();
    for _ in 0..10 {
        assert_eq!(get(setting.address(), "/x").await.status, StatusCode::OK);
    }
    until("the bad health of a target that is gone", || {
        proxy.report().targets.iter().any(|t| t.state == TargetState::Unhealthy && t.key.port == gone.port())
    })
    .await;
    let report = proxy.report();
    let bad = report.targets.iter().find(|t| t.key.port == gone.port()).unwrap();
    assert_eq!(bad.reason.as_deref(), Some("Target.Timeout"));
    assert_eq!(report.groups[0].errors, 0);
}

#[tokio::test]
async fn nobody_to_go_to_is_said_with_the_status_for_it() {
    let empty = Setting::new(Protocol::Http, &[(group("g", Protocol::Http), &[])]);
    let _proxy = empty.start();
    assert_eq!(get(empty.address(), "/").await.status, StatusCode::SERVICE_UNAVAILABLE);
    let gone = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
    let broken = Setting::new(Protocol::Http, &[(group("g", Protocol::Http), &[gone])]);
    let _proxy = broken.start();
    assert_eq!(get(broken.address(), "/").await.status, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn a_target_that_dies_in_its_answer_breaks_the_answer_off() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut some = [0; 1024];
            _ = stream.read(&mut some).await;
            _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf").await;
        }
    });
    let setting = Setting::new(Protocol::Http, &[(group("g", Protocol::Http), &[address])]);
    let _proxy = setting.start();
    let mut stream = TcpStream::connect(setting.address()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    // The connection is closed before the hundred bytes are there: a client can tell that something is missing.
    _ = tokio::time::timeout(LONG, stream.read_to_end(&mut answer)).await.unwrap();
    let text = String::from_utf8_lossy(&answer);
    assert!(text.starts_with("HTTP/1.1 200") && text.ends_with("half"), "{text}");
}

#[tokio::test]
async fn a_target_that_is_let_go_ends_what_it_has_and_gets_nothing_more() {
    let (a, b) = (server("a").await, server("b").await);
    let mut setting = Setting::new(Protocol::Http, &[(group("g", Protocol::Http), &[a.address])]);
    let proxy = setting.start();
    let address = setting.address();
    let slow = tokio::spawn(async move { get(address, "/slow").await });
    until("the slow request", || a.asked.load(Ordering::SeqCst) == 1).await;
    let group = setting.traffic.target_groups[0].clone();
    setting.traffic.targets[0].draining_since = Some(UnixMillis(1));
    setting.traffic.targets.push(target(&group, b.address));
    proxy.apply(&setting.traffic);
    for _ in 0..5 {
        assert_eq!(get(address, "/x").await.text, "b /x 0");
    }
    let drained = |proxy: &Proxy| proxy.report().targets.iter().any(|t| t.drained && t.key.port == a.address.port());
    assert!(!drained(&proxy));
    a.gate.notify_one();
    assert_eq!(slow.await.unwrap().text, "a /slow 0");
    until("the end of what was under way", || drained(&proxy)).await;
}

#[tokio::test]
async fn changes_cost_no_request() {
    let (a, b) = (server("a").await, server("b").await);
    let mut setting = Setting::new(Protocol::Http, &[(group("g", Protocol::Http), &[a.address, b.address])]);
    let proxy = Arc::new(setting.start());
    let address = setting.address();
    let load = tokio::spawn(async move {
        let stream = TcpStream::connect(address).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        for _ in 0..2000 {
            sender.ready().await.unwrap();
            let request = Request::get("/x").header("host", "x").body(Full::<Bytes>::default()).unwrap();
            let response = sender.send_request(request).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK);
            response.into_body().collect().await.unwrap();
        }
    });
    let mut turn = 0;
    while !load.is_finished() {
        turn += 1;
        setting.traffic.targets[0].draining_since = (turn % 2 == 1).then_some(UnixMillis(turn));
        proxy.apply(&setting.traffic);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    load.await.unwrap();
}

#[tokio::test]
async fn weights_share_and_a_cookie_ties() {
    let (a, b) = (server("a").await, server("b").await);
    let (blue, green) = (group("blue", Protocol::Http), group("green", Protocol::Http));
    let mut setting = Setting::new(Protocol::Http, &[(blue.clone(), &[a.address]), (green.clone(), &[b.address])]);
    let weights = |blue_weight, green_weight| Action::Forward {
        groups: vec![
            GroupWeight { group: blue.arn(), weight: blue_weight },
            GroupWeight { group: green.arn(), weight: green_weight },
        ],
        stickiness_s: Some(60),
    };
    setting.traffic.listeners[0].default_action = weights(0, 100);
    let proxy = setting.start();
    let first = get(setting.address(), "/x").await;
    assert_eq!(first.text, "b /x 0");
    let cookie = first.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert!(cookie.starts_with("AWSALBTG="), "{cookie}");
    setting.traffic.listeners[0].default_action = weights(1000, 1);
    proxy.apply(&setting.traffic);
    for _ in 0..5 {
        let tied = ask(setting.address(), Request::get("/x").header("cookie", cookie.clone()), "").await;
        assert_eq!(tied.text, "b /x 0");
    }
}

#[tokio::test]
async fn a_client_stays_with_its_target() {
    let (a, b) = (server("a").await, server("b").await);
    let mut sticky = group("g", Protocol::Http);
    sticky.attributes.insert("stickiness.enabled".to_owned(), "true".to_owned());
    let setting = Setting::new(Protocol::Http, &[(sticky, &[a.address, b.address])]);
    let _proxy = setting.start();
    let first = get(setting.address(), "/x").await;
    let cookie = first.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    for _ in 0..6 {
        assert_eq!(
            ask(setting.address(), Request::get("/x").header("cookie", cookie.clone()), "").await.text,
            first.text
        );
    }
}

#[tokio::test]
async fn a_connection_can_become_another_one() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut head = vec![0; 2048];
                let length = stream.read(&mut head).await.unwrap();
                let text = String::from_utf8_lossy(&head[..length]).to_lowercase();
                if !text.contains("upgrade: echo") {
                    return;
                }
                let answer = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
                stream.write_all(answer).await.unwrap();
                let (mut read, mut write) = stream.split();
                _ = tokio::io::copy(&mut read, &mut write).await;
            });
        }
    });
    let setting = Setting::new(Protocol::Http, &[(group("g", Protocol::Http), &[address])]);
    let _proxy = setting.start();
    let mut stream = TcpStream::connect(setting.address()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: echo\r\n\r\n").await.unwrap();
    let mut answer = vec![0; 1024];
    let length = tokio::time::timeout(LONG, stream.read(&mut answer)).await.unwrap().unwrap();
    let head = String::from_utf8_lossy(&answer[..length]).to_lowercase();
    assert!(head.starts_with("http/1.1 101") && head.contains("upgrade: echo"), "{head}");
    stream.write_all(b"ping").await.unwrap();
    let mut echo = [0; 4];
    tokio::time::timeout(LONG, stream.read_exact(&mut echo)).await.unwrap().unwrap();
    assert_eq!(&echo, b"ping");
}

#[tokio::test]
async fn connections_and_datagrams_are_carried_as_they_are() {
    let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = tcp.local_addr().unwrap();
    let udp = UdpSocket::bind(address).await.unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = tcp.accept().await.unwrap();
            tokio::spawn(async move {
                let (mut read, mut write) = stream.split();
                _ = tokio::io::copy(&mut read, &mut write).await;
            });
        }
    });
    tokio::spawn(async move {
        let mut buffer = [0; 1500];
        loop {
            let (length, from) = udp.recv_from(&mut buffer).await.unwrap();
            udp.send_to(&buffer[..length], from).await.unwrap();
        }
    });
    let mut wants_header = group("g", Protocol::TcpUdp);
    wants_header.attributes.insert("proxy_protocol_v2.enabled".to_owned(), "true".to_owned());
    let setting = Setting::new(Protocol::TcpUdp, &[(wants_header, &[address])]);
    let _proxy = setting.start();
    let mut stream = TcpStream::connect(setting.address()).await.unwrap();
    stream.write_all(b"ping").await.unwrap();
    let mut echo = [0; 32];
    tokio::time::timeout(LONG, stream.read_exact(&mut echo)).await.unwrap().unwrap();
    assert_eq!((&echo[..12], &echo[28..]), (&b"\r\n\r\n\0\r\nQUIT\n"[..], &b"ping"[..]));
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    socket.send_to(b"pong", setting.address()).await.unwrap();
    let length = tokio::time::timeout(LONG, socket.recv(&mut echo)).await.unwrap().unwrap();
    assert_eq!(&echo[..length], b"pong");
}

#[tokio::test]
async fn tls_has_the_certificate_of_the_name_that_is_asked_for() {
    let a = server("a").await;
    let mut setting = Setting::new(Protocol::Https, &[(group("g", Protocol::Http), &[a.address])]);
    let served = |arn: &str, name: &str| {
        let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
        let served = ServedCertificate {
            arn: arn.to_owned(),
            names: vec![name.to_owned()],
            chain: made.cert.pem(),
            key: made.signing_key.serialize_pem(),
        };
        (served, made.cert.der().clone())
    };
    let (one, one_der) = served("c/1", "one.example");
    let (two, two_der) = served("c/2", "*.two.example");
    setting.traffic.certificates = vec![one, two];
    setting.traffic.listeners[0].certificates = vec!["c/1".to_owned(), "c/2".to_owned()];
    let proxy = setting.start();
    assert_eq!(proxy.report().listeners, []);
    let outgoing = tls::Outgoing::new().unwrap();
    for (name, http2, der) in
        [("one.example", true, &one_der), ("a.two.example", false, &two_der), ("other.example", false, &one_der)]
    {
        let stream = TcpStream::connect(setting.address()).await.unwrap();
        let connector = tokio_rustls::TlsConnector::from(outgoing.config(http2));
        let stream = connector.connect(name.try_into().unwrap(), stream).await.unwrap();
        let connection = stream.get_ref().1;
        assert_eq!(&connection.peer_certificates().unwrap()[0], der, "{name}");
        let negotiated = connection.alpn_protocol().unwrap().to_vec();
        assert_eq!(negotiated, if http2 { &b"h2"[..] } else { b"http/1.1" });
        if http2 {
            let io = TokioIo::new(stream);
            let (mut sender, connection) =
                hyper::client::conn::http2::handshake(hyper_util::rt::TokioExecutor::new(), io).await.unwrap();
            tokio::spawn(connection);
            let request = Request::get("https://one.example/x").body(Full::<Bytes>::default()).unwrap();
            let response = sender.send_request(request).await.unwrap();
            let text = response.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(text, "a /x 0");
        }
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_reported_until_it_is_free() {
    let a = server("a").await;
    let setting = Setting::new(Protocol::Http, &[(group("g", Protocol::Http), &[a.address])]);
    let taken = std::net::TcpListener::bind(setting.address()).unwrap();
    let proxy = setting.start();
    let report = proxy.report();
    assert_eq!(report.listeners.len(), 1);
    assert!(report.listeners[0].failure.contains("cannot be listened on"), "{report:?}");
    drop(taken);
    proxy.retry();
    assert_eq!(proxy.report().listeners, []);
    assert_eq!(get(setting.address(), "/x").await.text, "a /x 0");
}

#[tokio::test]
async fn listeners_of_several_load_balancers_share_a_port_by_their_names() {
    let (a, b) = (server("a").await, server("b").await);
    let (one, two) = (group("one", Protocol::Http), group("two", Protocol::Http));
    let mut setting = Setting::new(Protocol::Http, &[(one, &[a.address]), (two.clone(), &[b.address])]);
    let second = LoadBalancer { id: "f".repeat(16), ..balancer("second", Kind::Application) };
    let listener = Listener {
        arn: "listener/2".to_owned(),
        load_balancer: second.arn(),
        default_action: Action::forward_to(two.arn()),
        ..setting.traffic.listeners[0].clone()
    };
    setting.traffic.load_balancers.push(second);
    setting.traffic.listeners.push(listener);
    let _proxy = setting.start();
    for (host, expected) in [("second.elb.localhost:1", "b / 0"), ("front.elb.localhost", "a / 0"), ("else", "a / 0")] {
        let mut stream = TcpStream::connect(setting.address()).await.unwrap();
        let request = format!("GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        tokio::time::timeout(LONG, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
        assert!(answer.ends_with(expected), "{host}: {answer}");
    }
}

#[tokio::test]
async fn a_head_that_has_no_end_is_refused() {
    let a = server("a").await;
    let setting = Setting::new(Protocol::Http, &[(group("g", Protocol::Http), &[a.address])]);
    let _proxy = setting.start();
    let mut stream = TcpStream::connect(setting.address()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    for n in 0..2000 {
        if stream.write_all(format!("x-{n}: {}\r\n", "y".repeat(200)).as_bytes()).await.is_err() {
            break;
        }
    }
    let mut answer = [0; 64];
    let length = tokio::time::timeout(LONG, stream.read(&mut answer)).await.unwrap().unwrap_or(0);
    let text = String::from_utf8_lossy(&answer[..length]);
    assert!(length == 0 || text.contains(" 431 "), "{text}");
    assert_eq!(a.asked.load(Ordering::SeqCst), 0);
}
