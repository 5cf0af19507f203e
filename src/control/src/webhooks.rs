//! The way out to other people's servers. The control plane decides whom to tell what; how it is sent is the binary's.

use futures_util::future::BoxFuture;
use serde_json::Value;

/// What is posted: JSON, to a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    pub url: String,
    /// Headers beside the content type.
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Post {
    /// `body` without further headers.
    #[must_use]
    pub fn of(url: String, body: &Value) -> Self {
        Self { url, headers: Vec::new(), body: body.to_string() }
    }
}

/// Posts JSON.
pub trait Webhooks: Send + Sync {
    /// Posts and answers what came back with a 2xx.
    ///
    /// # Errors
    /// Why nothing came of it, in words.
    fn post(&self, post: Post) -> BoxFuture<'static, Result<Vec<u8>, String>>;
}
