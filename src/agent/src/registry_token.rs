//! The password for the control plane's registry: GetAuthorizationToken with the agent's own key, kept while it is good.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use gantry_model::UnixMillis;
use gantry_wire::schema::Service;
use gantry_wire::shapes::ecr::{GetAuthorizationTokenRequest, GetAuthorizationTokenResponse};
use tokio::sync::Mutex;

use crate::api::Api;
use crate::engine::RegistryAuth;
use crate::image::{Credentials, describe};

/// A token is asked for anew when less than this is left of its life.
const RENEW_BEFORE_S: i64 = 30 * 60;

/// The tokens of one control plane.
pub struct RegistryTokens {
    api: Api,
    kept: Mutex<Option<Token>>,
}

struct Token {
    username: String,
    password: String,
    expires_at: UnixMillis,
}

impl RegistryTokens {
    /// Tokens from `api`.
    #[must_use]
    pub fn new(api: Api) -> Self {
        Self { api, kept: Mutex::new(None) }
    }

    async fn get(&self, server: &str) -> Result<RegistryAuth, String> {
        // Held while asking, so that many pulls at the same time ask once.
        let mut kept = self.kept.lock().await;
        let renew = (self.api.clock)().plus_seconds(RENEW_BEFORE_S);
        if kept.as_ref().is_none_or(|token| token.expires_at <= renew) {
            *kept = Some(self.ask().await?);
        }
        let token = kept.as_ref().ok_or("the control plane gave no token")?;
        Ok(RegistryAuth {
            username: token.username.clone(),
            password: token.password.clone(),
            server: server.to_owned(),
        })
    }

    async fn ask(&self) -> Result<Token, String> {
        let input = GetAuthorizationTokenRequest::default();
        let answer: GetAuthorizationTokenResponse =
            self.api.call(Service::Ecr, "GetAuthorizationToken", &input).await.map_err(|e| describe(&e))?;
        let data =
            answer.authorization_data.and_then(|mut data| data.pop()).ok_or("the control plane gave no token")?;
        read(&data.authorization_token.unwrap_or_default(), data.expires_at.map(|at| at.to_unix_millis()))
            .ok_or_else(|| "the token is not base64 of user:password with a time of expiry".to_owned())
    }
}

fn read(token: &str, expires_at: Option<UnixMillis>) -> Option<Token> {
    let text = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
    let (username, password) = text.split_once(':')?;
    Some(Token { username: username.to_owned(), password: password.to_owned(), expires_at: expires_at? })
}

impl Credentials for RegistryTokens {
    fn for_registry(&self, server: &str) -> BoxFuture<'_, Result<RegistryAuth, String>> {
        let server = server.to_owned();
        async move { self.get(&server).await }.boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_a_user_and_a_password() {
        let token = read(&STANDARD.encode("AWS:pass:word"), Some(UnixMillis(5))).unwrap();
        assert_eq!((token.username.as_str(), token.password.as_str()), ("AWS", "pass:word"));
        assert!(read("?", Some(UnixMillis(5))).is_none());
        assert!(read(&STANDARD.encode("AWS"), Some(UnixMillis(5))).is_none());
        assert!(read(&STANDARD.encode("AWS:x"), None).is_none());
    }
}
