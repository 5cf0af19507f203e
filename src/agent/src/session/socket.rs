//! A websocket to the control plane, opened by a signed GET.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use gantry_wire::schema::Service;
use gantry_wire::sigv4::SigError;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream};

use crate::api::{Api, CallError, refusal};

/// The longest that opening or a single write may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Why a socket is of no use.
#[derive(Debug, thiserror::Error)]
pub(super) enum SocketError {
    #[error("the socket failed")]
    Socket(#[source] Box<WsError>),
    #[error("the socket's request was not signed")]
    Sign(#[source] SigError),
    #[error("the socket was not opened or written to in time")]
    TimedOut,
    #[error("{0} is not an endpoint")]
    Endpoint(String),
    #[error(transparent)]
    Refused(CallError),
    #[error("a message could not be written")]
    Frame(#[source] gantry_wire::acs::FrameError),
}

impl From<WsError> for SocketError {
    fn from(error: WsError) -> Self {
        Self::Socket(Box::new(error))
    }
}

/// An open socket that carries text.
pub(super) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens `endpoint/ws` with `query`.
    pub(super) async fn open(api: &Api, endpoint: &str, query: &[(&str, &str)]) -> Result<Self, SocketError> {
        let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let url = format!("{}/ws?{}", websocket_url(endpoint)?, query.join("&"));
        let mut request = url.into_client_request()?;
        let uri = request.uri().clone();
        api.sign(Service::Ecs, "GET", &uri, request.headers_mut(), b"").map_err(SocketError::Sign)?;
        let tls = Some(Connector::Rustls(Arc::clone(&api.tls)));
        let opening = tokio_tungstenite::connect_async_tls_with_config(request, None, true, tls);
        match tokio::time::timeout(TIMEOUT, opening).await {
            Ok(Ok((stream, _))) => Ok(Self(stream)),
            Ok(Err(WsError::Http(response))) => {
                let body = response.body().as_deref().unwrap_or_default();
                Err(SocketError::Refused(refusal("the websocket", response.status().as_u16(), body)))
            }
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(SocketError::TimedOut),
        }
    }

    /// The next text; `None` when the other side has closed.
    pub(super) async fn next(&mut self) -> Result<Option<String>, SocketError> {
        loop {
            match self.0.next().await {
                None | Some(Ok(Message::Close(_)) | Err(WsError::ConnectionClosed | WsError::AlreadyClosed)) => {
                    return Ok(None);
                }
                Some(Ok(Message::Text(text))) => return Ok(Some(text.as_str().to_owned())),
                // Pings are answered by the library; the protocol has no binary messages.
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
            }
        }
    }

    pub(super) async fn send(&mut self, text: String) -> Result<(), SocketError> {
        let sending = self.0.send(Message::text(text));
        tokio::time::timeout(TIMEOUT, sending).await.map_err(|_| SocketError::TimedOut)?.map_err(Into::into)
    }
}

fn websocket_url(endpoint: &str) -> Result<String, SocketError> {
    let (scheme, rest) = endpoint.split_once("://").unwrap_or_default();
    let scheme = match scheme {
        "http" | "ws" => "ws",
        "https" | "wss" => "wss",
        _ => return Err(SocketError::Endpoint(endpoint.to_owned())),
    };
    Ok(format!("{scheme}://{}", rest.trim_end_matches('/')))
}

/// Encodes a query value as signatures want it: everything but the unreserved characters.
fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_become_websocket_urls() {
        assert_eq!(websocket_url("http://h:1").unwrap(), "ws://h:1");
        assert_eq!(websocket_url("http://h:1/tcs/").unwrap(), "ws://h:1/tcs");
        assert_eq!(websocket_url("https://h").unwrap(), "wss://h");
        assert!(websocket_url("ftp://h").is_err());
        assert!(websocket_url("").is_err());
    }

    #[test]
    fn query_values_are_encoded() {
        assert_eq!(encode("arn:aws:ecs:us-east-1:0:cluster/a b"), "arn%3Aaws%3Aecs%3Aus-east-1%3A0%3Acluster%2Fa%20b");
    }
}
