//! The first start: the keys without which nobody could make any, and the file that tells them to the operator.
//!
//! There is no default password anywhere. The admin's key is random, made once, and written to `credentials.env`, which
//! only its owner can read; the sign-in link in it works once and is made anew at every start.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use gantry_model::AccountId;
use gantry_model::principal::{Principal, PrincipalKind};
use gantry_store::access_key::AccessKey;
use gantry_store::{Store, StoreError, access_key, kv, sign_in_token};

use crate::sign_in::token_hash;

/// How long the printed sign-in link works, in seconds.
const SIGN_IN_LINK_LIFE_S: i64 = 30 * 60;
/// The setting that names the embedded agent's access key.
const AGENT_KEY: &str = "embedded-agent-access-key";
/// The setting that names the embedded proxy's.
const PROXY_KEY: &str = "embedded-proxy-access-key";

/// The admin's key: the stored one, or a new one at the first start.
pub(crate) async fn admin_key(store: &Store, account: &AccountId) -> anyhow::Result<AccessKey> {
    let found = access_key::admin(&mut *store.read().await?).await?;
    if let Some(key) = found {
        return Ok(key);
    }
    let key = new_key(account, "user/admin", PrincipalKind::Admin)?;
    put(store, &key).await?;
    Ok(key)
}

/// The embedded agent's key, likewise.
pub(crate) async fn agent_key(store: &Store, account: &AccountId) -> anyhow::Result<AccessKey> {
    own_key(store, account, AGENT_KEY, "role/gantry-agent", PrincipalKind::Agent).await
}

/// The embedded proxy's key, likewise.
pub(crate) async fn proxy_key(store: &Store, account: &AccountId) -> anyhow::Result<AccessKey> {
    own_key(store, account, PROXY_KEY, "role/gantry-proxy", PrincipalKind::Proxy).await
}

/// The key that `setting` names, or a new one for `name`.
async fn own_key(
    store: &Store,
    account: &AccountId,
    setting: &'static str,
    name: &str,
    kind: PrincipalKind,
) -> anyhow::Result<AccessKey> {
    let found = {
        let mut reader = store.read().await?;
        match kv::get(&mut reader, setting).await? {
            Some(id) => access_key::get(&mut reader, &id).await?,
            None => None,
        }
    };
    if let Some(key) = found {
        return Ok(key);
    }
    let key = new_key(account, name, kind)?;
    put(store, &key).await?;
    let id = key.id.clone();
    store
        .write(move |tx| Box::pin(async move { kv::put(tx, setting, &id).await }))
        .await
        .map_err(|e: StoreError| anyhow::Error::new(e))?;
    Ok(key)
}

pub(crate) async fn put(store: &Store, key: &AccessKey) -> anyhow::Result<()> {
    let key = key.clone();
    store
        .write(move |tx| Box::pin(async move { access_key::put(tx, &key).await }))
        .await
        .map_err(|e: StoreError| anyhow::Error::new(e))
}

/// A new key for `name`, such as `user/admin`.
pub(crate) fn new_key(account: &AccountId, name: &str, kind: PrincipalKind) -> anyhow::Result<AccessKey> {
    Ok(AccessKey {
        id: format!("AKIA{}", random_hex(8)?.to_uppercase()),
        secret: random_hex(20)?,
        principal: Principal { account: account.clone(), arn: format!("arn:aws:iam::{account}:{name}"), kind },
        disabled: false,
    })
}

/// `bytes` random bytes in hexadecimal.
pub(crate) fn random_hex(bytes: usize) -> anyhow::Result<String> {
    let mut random = vec![0_u8; bytes];
    getrandom::fill(&mut random).map_err(|e| anyhow::anyhow!("the system gave no randomness: {e}"))?;
    Ok(hex::encode(random))
}

/// Makes a sign-in token that works once within half an hour, and answers it.
pub(crate) async fn sign_in_token(store: &Store) -> anyhow::Result<String> {
    let token = random_hex(24)?;
    let hash = token_hash(&token);
    store
        .write(move |tx| {
            Box::pin(async move {
                let expires = tx.now().plus_seconds(SIGN_IN_LINK_LIFE_S);
                sign_in_token::put(tx, &hash, expires).await
            })
        })
        .await
        .map_err(|e: StoreError| anyhow::Error::new(e))?;
    Ok(token)
}

/// What a client needs to know, as `credentials.env` says it.
pub(crate) struct Credentials<'a> {
    pub(crate) endpoint_url: &'a str,
    pub(crate) key: &'a AccessKey,
    pub(crate) region: &'a str,
    pub(crate) registry: &'a str,
    pub(crate) admin_url: &'a str,
    /// The authority of the listener's certificate, for clients that do not know it.
    pub(crate) authority: Option<&'a Path>,
}

impl Credentials<'_> {
    /// Writes the file, readable by its owner alone, in one step: a reader sees the old one or the new one.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut text = format!(
            "AWS_ENDPOINT_URL={}\nAWS_ACCESS_KEY_ID={}\nAWS_SECRET_ACCESS_KEY={}\nAWS_DEFAULT_REGION={}\n\
             GANTRY_REGISTRY={}\nGANTRY_ADMIN_URL={}\n",
            self.endpoint_url, self.key.id, self.key.secret, self.region, self.registry, self.admin_url
        );
        if let Some(authority) = self.authority {
            text.push_str(&format!("AWS_CA_BUNDLE={}\n", authority.display()));
        }
        let fresh = path.with_extension("env.new");
        if fresh.exists() {
            std::fs::remove_file(&fresh).with_context(|| format!("remove {}", fresh.display()))?;
        }
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&fresh)
            .with_context(|| format!("write {}", fresh.display()))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&fresh, path).with_context(|| format!("write {}", path.display()))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[tokio::test]
    async fn the_admin_key_is_made_once_and_is_random() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("a.db")).await.unwrap();
        let account = AccountId::parse("000000000000").unwrap();
        let first = admin_key(&store, &account).await.unwrap();
        let again = admin_key(&store, &account).await.unwrap();
        assert_eq!((first.id.as_str(), first.secret.as_str()), (again.id.as_str(), again.secret.as_str()));
        let other = Store::open(&dir.path().join("b.db")).await.unwrap();
        assert_ne!(first.secret, admin_key(&other, &account).await.unwrap().secret);
    }

    #[tokio::test]
    async fn only_its_owner_can_read_the_credentials() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("a.db")).await.unwrap();
        let key = admin_key(&store, &AccountId::parse("000000000000").unwrap()).await.unwrap();
        let path = dir.path().join("credentials.env");
        let credentials = Credentials {
            endpoint_url: "http://127.0.0.1:1",
            key: &key,
            region: "us-east-1",
            registry: "127.0.0.1:1",
            admin_url: "http://127.0.0.1:1/login?token=t",
            authority: None,
        };
        credentials.write(&path).unwrap();
        credentials.write(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(&format!("AWS_SECRET_ACCESS_KEY={}\n", key.secret)));
    }
}
