//! How people get into the dashboard: by the one-time link, or by an access key.

use std::sync::Arc;

use async_trait::async_trait;
use gantry_control::Control;
use gantry_control::error::chain;
use gantry_model::principal::Principal;
use gantry_store::{StoreError, access_key, sign_in_token};
use gantry_web::Accounts;
use sha2::{Digest as _, Sha256};

/// Accounts as the store keeps them.
pub(crate) struct StoredAccounts(pub(crate) Arc<Control>);

/// The form in which a sign-in token is stored: whoever reads the database cannot sign in with it.
pub(crate) fn token_hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

#[async_trait]
impl Accounts for StoredAccounts {
    async fn redeem_sign_in_token(&self, token: &str) -> Result<Option<Principal>, String> {
        let hash = token_hash(token);
        let redeemed = self.0.store.write(move |tx| {
            Box::pin(async move {
                let now = tx.now();
                if sign_in_token::redeem(tx, &hash, now).await? { access_key::admin(tx).await } else { Ok(None) }
            })
        });
        redeemed.await.map(|key| key.map(|k| k.principal)).map_err(|e: StoreError| chain(&e))
    }

    async fn sign_in_with_access_key(&self, id: &str, secret: &str) -> Result<Option<Principal>, String> {
        let key = async {
            let mut reader = self.0.store.read().await?;
            access_key::get(&mut reader, id).await
        };
        let key = key.await.map_err(|e: StoreError| chain(&e))?;
        Ok(key.filter(|k| !k.disabled && same(&k.secret, secret)).map(|k| k.principal))
    }
}

/// Compares digests, so that the time that it takes says nothing about the secret.
fn same(one: &str, other: &str) -> bool {
    Sha256::digest(one.as_bytes()) == Sha256::digest(other.as_bytes())
}
