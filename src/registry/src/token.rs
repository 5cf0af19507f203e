//! Tokens: the passwords of `docker login`, and the signatures of download addresses.
//!
//! A token is `<claims>.<mac>`, both base64url: the claims are the principal and the expiry as JSON, the MAC is
//! HMAC-SHA-256 over them with a key that the store keeps. Checking one costs microseconds and no look-up. What a MAC is
//! for is part of what it covers, so that one can never be used as the other.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gantry_model::principal::Principal;
use gantry_model::{Digest, RepositoryName, Scope, UnixMillis};
use gantry_store::{Store, StoreError, kv};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// How long a token lives (ECR: 12 hours).
const TOKEN_MILLIS: i64 = 12 * 3_600_000;
/// How long a download address lives.
const DOWNLOAD_MILLIS: i64 = 3_600_000;
/// The setting that keeps the key.
const KEY_SETTING: &str = "registry-token-key";

/// Why a token was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is not one of ours.
    #[error("the token is not valid")]
    Invalid,
    /// It was ours, and its time is over. Who it was for is kept: an upload that it started may be finished.
    #[error("Your authorization token has expired. Reauthenticate and try again.")]
    Expired { principal: Principal, expired_at: UnixMillis },
}

/// A token as `GetAuthorizationToken` answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedToken {
    /// The password that goes with the user name `AWS`.
    pub password: String,
    pub expires_at: UnixMillis,
}

impl IssuedToken {
    /// User name and password as `authorizationToken` carries them.
    #[must_use]
    pub fn authorization_token(&self) -> String {
        STANDARD.encode(format!("AWS:{}", self.password))
    }
}

#[derive(Serialize, Deserialize)]
struct Claims {
    principal: Principal,
    expires_at: UnixMillis,
}

/// Issues and checks tokens.
#[derive(Clone)]
pub struct Tokens {
    key: [u8; 32],
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

impl Tokens {
    /// Tokens under a given key.
    #[must_use]
    pub fn with_key(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// Tokens under the key that the store keeps; the first call makes it.
    ///
    /// # Errors
    /// When the store fails, or the system has no randomness.
    pub async fn open(store: &Store) -> Result<Self, StoreError> {
        let mut fresh = [0; 32];
        getrandom::fill(&mut fresh).map_err(|_| StoreError::Closed)?;
        let text = store
            .write(move |tx| {
                Box::pin(async move {
                    if let Some(text) = kv::get(tx, KEY_SETTING).await? {
                        return Ok::<_, StoreError>(text);
                    }
                    let text = hex::encode(fresh);
                    kv::put(tx, KEY_SETTING, &text).await?;
                    Ok(text)
                })
            })
            .await?;
        // A key that was damaged by hand is replaced by this process's own: tokens then end with the process.
        let key = hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok()).unwrap_or(fresh);
        Ok(Self { key })
    }

    /// A token for `principal`, valid for twelve hours from `now`.
    #[must_use]
    pub fn issue(&self, principal: &Principal, now: UnixMillis) -> IssuedToken {
        let expires_at = now.plus_millis(TOKEN_MILLIS);
        let claims = Claims { principal: principal.clone(), expires_at };
        // Serialising strings and numbers to memory cannot fail; an empty token would only be refused.
        let claims = serde_json::to_vec(&claims).unwrap_or_default();
        let mac = self.mac("token", &claims).finalize().into_bytes();
        let password = format!("{}.{}", URL_SAFE_NO_PAD.encode(&claims), URL_SAFE_NO_PAD.encode(mac));
        IssuedToken { password, expires_at }
    }

    /// Whose token `password` is.
    ///
    /// # Errors
    /// [`TokenError`] when it is not ours or has expired.
    pub fn check(&self, password: &str, now: UnixMillis) -> Result<Principal, TokenError> {
        let (claims, mac) = password.split_once('.').ok_or(TokenError::Invalid)?;
        let claims = URL_SAFE_NO_PAD.decode(claims).map_err(|_| TokenError::Invalid)?;
        let mac = URL_SAFE_NO_PAD.decode(mac).map_err(|_| TokenError::Invalid)?;
        self.mac("token", &claims).verify_slice(&mac).map_err(|_| TokenError::Invalid)?;
        let Claims { principal, expires_at } = serde_json::from_slice(&claims).map_err(|_| TokenError::Invalid)?;
        if now < expires_at { Ok(principal) } else { Err(TokenError::Expired { principal, expired_at: expires_at }) }
    }

    /// Signs the right to download one blob of a repository for an hour; answers expiry and signature.
    pub(crate) fn sign_download(
        &self,
        scope: &Scope,
        repository: &RepositoryName,
        digest: &Digest,
        now: UnixMillis,
    ) -> (i64, String) {
        let expires = now.plus_millis(DOWNLOAD_MILLIS).0;
        let mac = self.mac("download", download_text(scope, repository, digest, expires).as_bytes());
        (expires, hex::encode(mac.finalize().into_bytes()))
    }

    /// Whether `signature` grants the download at `now`.
    pub(crate) fn grants_download(
        &self,
        scope: &Scope,
        repository: &RepositoryName,
        digest: &Digest,
        (expires, signature): (i64, &str),
        now: UnixMillis,
    ) -> bool {
        let Ok(signature) = hex::decode(signature) else { return false };
        let mac = self.mac("download", download_text(scope, repository, digest, expires).as_bytes());
        mac.verify_slice(&signature).is_ok() && now.0 < expires
    }

    /// A MAC of `text`, good only for `purpose`. Its comparison takes the same time wherever two MACs differ.
    fn mac(&self, purpose: &str, text: &[u8]) -> Hmac<Sha256> {
        #[expect(clippy::unwrap_used, reason = "HMAC takes keys of every length")]
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&self.key).unwrap();
        mac.update(purpose.as_bytes());
        mac.update(b"\n");
        mac.update(text);
        mac
    }
}

fn download_text(scope: &Scope, repository: &RepositoryName, digest: &Digest, expires: i64) -> String {
    format!("{}\n{}\n{repository}\n{digest}\n{expires}", scope.account, scope.region)
}

#[cfg(test)]
mod tests {
    use gantry_model::AccountId;
    use gantry_model::principal::PrincipalKind;

    use super::*;

    fn admin() -> Principal {
        Principal {
            account: AccountId::parse("000000000000").unwrap(),
            arn: "arn:aws:iam::000000000000:user/admin".to_owned(),
            kind: PrincipalKind::Admin,
        }
    }

    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

    #[test]
    fn a_token_is_its_principals_for_twelve_hours() {
        let tokens = Tokens::with_key([7; 32]);
        let issued = tokens.issue(&admin(), NOW);
        assert!(issued.password.len() < 2048);
        assert_eq!(issued.expires_at, NOW.plus_seconds(12 * 3600));
        assert_eq!(tokens.check(&issued.password, NOW), Ok(admin()));
        assert_eq!(tokens.check(&issued.password, issued.expires_at.plus_millis(-1)), Ok(admin()));
        let expired = tokens.check(&issued.password, issued.expires_at).unwrap_err();
        assert!(expired.to_string().starts_with("Your authorization token has expired"));
    }

    #[test]
    fn a_token_with_any_character_changed_is_refused() {
        let tokens = Tokens::with_key([7; 32]);
        let password = tokens.issue(&admin(), NOW).password;
        for at in 0..password.len() - 1 {
            let mut changed = password.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(tokens.check(&changed, NOW), Err(TokenError::Invalid), "{at}");
        }
        assert_eq!(Tokens::with_key([8; 32]).check(&password, NOW), Err(TokenError::Invalid));
        for junk in ["", ".", "a.b", "wrong"] {
            assert_eq!(tokens.check(junk, NOW), Err(TokenError::Invalid), "{junk}");
        }
    }
}
