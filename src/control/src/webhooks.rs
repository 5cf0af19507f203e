//! The way out to other people's servers. The control plane decides whom to call; how it is done is the binary's.

use futures_util::future::BoxFuture;
use serde_json::Value;

/// Posts JSON.
pub trait Webhooks: Send + Sync {
    /// Posts `body` to `url` and answers what came back with a 2xx.
    ///
    /// # Errors
    /// Why nothing came of it, in words.
    fn post(&self, url: String, body: Value) -> BoxFuture<'static, Result<Vec<u8>, String>>;
}
