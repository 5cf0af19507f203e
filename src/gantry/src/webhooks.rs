//! Posting to other people's servers, over HTTP or over TLS by the authorities that the host knows.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Request, Uri};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use gantry_agent::transport::{Trust, http_client, tls_for};
use gantry_control::error::chain;
use gantry_control::webhooks::{Post, Webhooks};
use http_body_util::{BodyExt as _, Full, Limited};

const TIMEOUT: Duration = Duration::from_secs(60);
/// The longest answer that is read.
const MOST_BYTES: usize = 64 * 1024;

/// The binary's way out.
pub(crate) struct HttpWebhooks;

impl Webhooks for HttpWebhooks {
    fn post(&self, post: Post) -> BoxFuture<'static, Result<Vec<u8>, String>> {
        async move {
            let answer = tokio::time::timeout(TIMEOUT, send(post)).await;
            answer.map_err(|_| format!("no answer within {} s", TIMEOUT.as_secs()))?
        }
        .boxed()
    }
}

async fn send(Post { url, headers, body }: Post) -> Result<Vec<u8>, String> {
    let uri: Uri = url.parse().map_err(|error| format!("{url} is not a URL: {error}"))?;
    let client = http_client(tls_for(&uri, &Trust::System).map_err(|error| chain(&error))?);
    let json = Request::post(uri).header("content-type", "application/json");
    let request = headers
        .into_iter()
        .fold(json, |request, (name, value)| request.header(name, value))
        .body(Full::from(Bytes::from(body)))
        .map_err(|error| chain(&error))?;
    let response = client.request(request).await.map_err(|error| chain(&error))?;
    let status = response.status();
    if !status.is_success() {
        return Err(format!("it answered {status}"));
    }
    let read = Limited::new(response.into_body(), MOST_BYTES).collect().await;
    read.map(|body| body.to_bytes().to_vec()).map_err(|error| format!("its answer could not be read: {error}"))
}
