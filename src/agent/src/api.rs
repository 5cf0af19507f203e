//! The control plane's API, as far as an agent calls it: signed awsJson1.1 requests.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use gantry_wire::schema::Service;
use gantry_wire::sigv4::{Credentials, SigError, Signer};
use http::header::{CONTENT_TYPE, DATE};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use http_body_util::{BodyExt, Full};
use rustls::ClientConfig;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::config::AgentConfig;
use crate::skew::Skew;
use crate::transport::{HttpClient, TrustError, http_client, is_reachable, tls_for};
use crate::worker::Clock;

/// The longest that a call may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error("the control plane was not reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It answered with an error of its API.
    #[error("{operation} was answered {status} {code}: {message}")]
    Refused { operation: String, status: u16, code: String, message: String },
    #[error("the answer of {operation} is not what it should be")]
    Malformed {
        operation: String,
        #[source]
        source: serde_json::Error,
    },
    #[error("the request could not be written")]
    Request(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl CallError {
    /// Whether the same call may succeed later: nobody answered, or the answer was the server's fault.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Refused { status, code, .. } => *status >= 500 || code == "ThrottlingException",
            Self::Malformed { .. } | Self::Request(_) => false,
        }
    }
}

/// A client of one control plane. Clones share its connections.
#[derive(Clone)]
pub struct Api {
    base: Uri,
    pub(crate) credentials: Arc<Credentials>,
    pub(crate) region: String,
    /// The host's, put right where it was found to be wrong.
    pub(crate) clock: Clock,
    skew: Skew,
    client: HttpClient,
    pub(crate) tls: Arc<ClientConfig>,
}

/// A server that the agent cannot speak to.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error("{0} is not an http:// or https:// URL with a host")]
    Url(String),
    #[error(transparent)]
    Trust(#[from] TrustError),
}

impl Api {
    /// A client with the configuration's key.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn new(config: &AgentConfig, clock: Clock) -> Result<Self, ServerError> {
        let invalid = || ServerError::Url(config.server_url.clone());
        let base: Uri = config.server_url.parse().map_err(|_| invalid())?;
        if !is_reachable(&base) {
            return Err(invalid());
        }
        let tls = tls_for(&base, &config.trust)?;
        let credentials = Credentials {
            access_key_id: config.access_key_id.clone(),
            secret_access_key: config.secret_access_key.clone(),
            session_token: None,
        };
        let skew = Skew::default();
        Ok(Self {
            base,
            credentials: Arc::new(credentials),
            region: config.region.to_string(),
            clock: skew.corrected(clock),
            skew,
            client: http_client(tls.clone()),
            tls: Arc::new(tls),
        })
    }

    /// The same client for what lies in another region.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        Self { region: region.to_owned(), ..self.clone() }
    }

    /// Calls `operation` of `service`; again when the host's clock was why it was refused.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn call<I, O>(&self, service: Service, operation: &str, input: &I) -> Result<O, CallError>
    where
        I: Serialize + Sync,
        O: DeserializeOwned,
    {
        let body = serde_json::to_vec(input).map_err(|e| CallError::Request(Box::new(e)))?;
        let mut answer = self.exchange(service, operation, body.clone()).await?;
        if answer.refuses_signature() && self.skew.learn(answer.date.as_deref(), (self.clock)()) {
            answer = self.exchange(service, operation, body).await?;
        }
        if answer.status != 200 {
            return Err(refusal(operation, answer.status, &answer.body));
        }
        let body: &[u8] = if answer.body.is_empty() { b"{}" } else { &answer.body };
        serde_json::from_slice(body).map_err(|source| CallError::Malformed { operation: operation.to_owned(), source })
    }

    /// Asks for what is no operation: sends `body`, or nothing, to `path` with its query, and reads the answer; again when the
    /// host's clock was why it was refused. No longer than `patience`.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn ask<O: DeserializeOwned>(
        &self,
        service: Service,
        method: Method,
        path: &str,
        body: Vec<u8>,
        patience: Duration,
    ) -> Result<O, CallError> {
        let send = |body: Vec<u8>| async {
            let request = self.signed(service, method.clone(), path, HeaderMap::new(), body)?;
            self.send(request, patience).await
        };
        let mut answer = send(body.clone()).await?;
        if answer.refuses_signature() && self.skew.learn(answer.date.as_deref(), (self.clock)()) {
            answer = send(body).await?;
        }
        if answer.status != 200 {
            return Err(refusal(path, answer.status, &answer.body));
        }
        serde_json::from_slice(&answer.body)
            .map_err(|source| CallError::Malformed { operation: path.to_owned(), source })
    }

    async fn exchange(&self, service: Service, operation: &str, body: Vec<u8>) -> Result<Answer, CallError> {
        self.send(self.request(service, operation, body)?, TIMEOUT).await
    }

    async fn send(&self, request: Request<Full<Bytes>>, patience: Duration) -> Result<Answer, CallError> {
        let exchange = async {
            let response = self.client.request(request).await.map_err(|e| CallError::Unreachable(Box::new(e)))?;
            let status = response.status().as_u16();
            let date = response.headers().get(DATE).and_then(|date| date.to_str().ok()).map(str::to_owned);
            let body = response.into_body().collect().await.map_err(|e| CallError::Unreachable(Box::new(e)))?;
            Ok(Answer { status, date, body: body.to_bytes() })
        };
        let timed_out = |e| CallError::Unreachable(Box::new(e));
        tokio::time::timeout(patience, exchange).await.map_err(timed_out)?
    }

    fn request(&self, service: Service, operation: &str, body: Vec<u8>) -> Result<Request<Full<Bytes>>, CallError> {
        let failed = |e: http::Error| CallError::Request(Box::new(e));
        let target = format!("{}.{operation}", service.model().target_prefix.unwrap_or_default());
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(gantry_wire::json::CONTENT_TYPE));
        headers.insert(gantry_wire::json::TARGET, HeaderValue::from_str(&target).map_err(|e| failed(e.into()))?);
        self.signed(service, Method::POST, "/", headers, body)
    }

    fn signed(
        &self,
        service: Service,
        method: Method,
        path: &str,
        mut headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Request<Full<Bytes>>, CallError> {
        let failed = |e: http::Error| CallError::Request(Box::new(e));
        let mut parts = self.base.clone().into_parts();
        parts.path_and_query = Some(path.parse().map_err(|e: http::uri::InvalidUri| failed(e.into()))?);
        let uri = Uri::from_parts(parts).map_err(|e| failed(e.into()))?;
        self.sign(service, method.as_str(), &uri, &mut headers, &body).map_err(|e| CallError::Request(Box::new(e)))?;
        let mut request = Request::builder().method(method).uri(uri).body(Full::from(body)).map_err(failed)?;
        *request.headers_mut() = headers;
        Ok(request)
    }

    pub(crate) fn sign(
        &self,
        service: Service,
        method: &str,
        uri: &Uri,
        headers: &mut HeaderMap,
        body: &[u8],
    ) -> Result<(), SigError> {
        let signer = Signer { credentials: &self.credentials, region: &self.region, service: service.signing_name() };
        signer.sign_headers(method, uri, headers, body, (self.clock)())
    }
}

/// What came back.
struct Answer {
    status: u16,
    /// The server's time.
    date: Option<String>,
    body: Bytes,
}

impl Answer {
    fn refuses_signature(&self) -> bool {
        let is_refused =
            |error| matches!(error, CallError::Refused { code, .. } if code == "InvalidSignatureException");
        self.status != 200 && is_refused(refusal("", self.status, &self.body))
    }
}

/// Reads an error answer: its code stands in `__type`, perhaps after a `#`.
pub(crate) fn refusal(operation: &str, status: u16, body: &[u8]) -> CallError {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let text =
        |names: [&str; 2]| names.iter().find_map(|name| answer.get(name)?.as_str()).unwrap_or_default().to_owned();
    let code = text(["__type", "code"]);
    CallError::Refused {
        operation: operation.to_owned(),
        status,
        code: code.rsplit('#').next().unwrap_or_default().to_owned(),
        message: text(["message", "Message"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_failures_that_may_pass_are_tried_again() {
        let case = |status, body: &str| refusal("X", status, body.as_bytes()).may_pass();
        assert!(case(500, "{}"));
        assert!(case(503, "<html>"));
        assert!(case(400, r#"{"__type":"com.amazon#ThrottlingException"}"#));
        assert!(!case(400, r#"{"__type":"ClientException","message":"no"}"#));
        assert!(!case(403, r#"{"__type":"AccessDeniedException"}"#));
    }

    #[test]
    fn other_schemes_are_refused_in_words() {
        let region = gantry_model::Region::parse("us-east-1").unwrap();
        let clock: Clock = Arc::new(|| gantry_model::UnixMillis(0));
        for url in ["ftp://x", "x:1", "", "http://"] {
            let config = AgentConfig::new(url.to_owned(), String::new(), String::new(), region.clone(), "/".into());
            assert!(Api::new(&config, Arc::clone(&clock)).is_err(), "{url}");
        }
    }

    /// Answers the first request with a refusal and its own time, the rest with `{}`; tells when each was signed.
    async fn server_at(date: &'static str) -> (String, tokio::sync::mpsc::UnboundedReceiver<String>) {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (signed, times) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut first = true;
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = Vec::new();
                while !String::from_utf8_lossy(&request).contains("\r\n\r\n") {
                    let mut some = [0; 4096];
                    let read = stream.read(&mut some).await.unwrap();
                    request.extend_from_slice(&some[..read]);
                }
                let text = String::from_utf8_lossy(&request).to_lowercase();
                let time = text.lines().find_map(|line| line.strip_prefix("x-amz-date: ")).unwrap();
                signed.send(time.to_owned()).unwrap();
                let (status, body) = match first {
                    true => {
                        ("403 Forbidden", r#"{"__type":"InvalidSignatureException","message":"Signature expired"}"#)
                    }
                    false => ("200 OK", "{}"),
                };
                first = false;
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status}\r\ndate: {date}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        (url, times)
    }

    #[tokio::test]
    async fn a_refused_signature_of_a_wrong_clock_is_made_again_with_the_servers_time() {
        let (url, mut times) = server_at("Fri, 27 Nov 2026 00:51:02 GMT").await;
        let region = gantry_model::Region::parse("us-east-1").unwrap();
        let config = AgentConfig::new(url, "AKID".to_owned(), "secret".to_owned(), region, "/".into());
        let clock: Clock = Arc::new(|| gantry_model::UnixMillis(1_795_740_662_000 - 3_600_000));
        let api = Api::new(&config, clock).unwrap();
        let answer: Result<Value, CallError> = api.call(Service::Ecs, "ListClusters", &serde_json::json!({})).await;
        assert_eq!(answer.unwrap(), serde_json::json!({}));
        assert_eq!(times.recv().await.unwrap(), "20261126t235102z");
        assert_eq!(times.recv().await.unwrap(), "20261127t005102z");
    }
}
