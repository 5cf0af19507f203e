//! How a host joins: a token that works once is given for an access key of the host's own, which is kept beside its state.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use gantry_model::{ClusterName, Region};
use http::{Request, Uri};
use http_body_util::{BodyExt as _, Full};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::transport::{Trust, TrustError, http_client, is_reachable, tls_for};

/// Where a control plane takes tokens.
pub const PATH: &str = "/agents/join";
const TIMEOUT: Duration = Duration::from_secs(30);

/// What a host gets for its token. `Debug` does not show the secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Membership {
    pub access_key_id: String,
    pub secret_access_key: String,
    pub region: Region,
    /// The cluster that the key registers hosts into.
    pub cluster: ClusterName,
    /// `host:port` of the control plane's registry, as image names have it.
    pub registry_host: String,
    /// The authority of the control plane's certificate, in PEM; none when it has no TLS or one that hosts know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
}

impl Membership {
    /// Whose certificate the member takes for the control plane's.
    #[must_use]
    pub fn trust(&self) -> Trust {
        self.authority.clone().map_or(Trust::System, Trust::Authority)
    }
}

impl fmt::Debug for Membership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Membership")
            .field("access_key_id", &self.access_key_id)
            .field("cluster", &self.cluster)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// Why a host did not join.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    #[error("this host has not joined yet, and no join token was given")]
    NoToken,
    #[error("{0} is not an http:// or https:// URL with a host")]
    ServerUrl(String),
    #[error("the join token is cut off or mistyped")]
    Token,
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error("the control plane was not reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the control plane refused the join token ({status}): {message}")]
    Refused { status: u16, message: String },
    #[error("the control plane's answer cannot be understood")]
    Malformed(#[source] serde_json::Error),
    #[error("{path} cannot be {done}")]
    File {
        path: PathBuf,
        done: &'static str,
        #[source]
        source: std::io::Error,
    },
}

/// The membership of the agent whose state is in `data_dir`: the one that it has, or a new one for `token`.
///
/// # Errors
/// [`JoinError`].
pub async fn membership(data_dir: &Path, server_url: &str, token: Option<&str>) -> Result<Membership, JoinError> {
    let path = data_dir.join("membership.json");
    match fs::read(&path) {
        Ok(text) => return serde_json::from_slice(&text).map_err(JoinError::Malformed),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(source) => return Err(JoinError::File { path, done: "read", source }),
    }
    // The folder first: a token that was used up for a key that cannot be kept is lost.
    fs::DirBuilder::new().recursive(true).mode(0o700).create(data_dir).map_err(|source| JoinError::File {
        path: data_dir.to_owned(),
        done: "made",
        source,
    })?;
    let membership = redeem(server_url, token.ok_or(JoinError::NoToken)?).await?;
    keep(&path, &membership)?;
    Ok(membership)
}

/// A token as it is typed: the secret, and after a dot the digest of the control plane's authority.
#[must_use]
pub fn typed(secret: &str, pin: Option<&str>) -> String {
    pin.map_or_else(|| secret.to_owned(), |pin| format!("{secret}.{pin}"))
}

fn parse(token: &str) -> Result<(&str, Trust), JoinError> {
    let Some((secret, pin)) = token.trim().split_once('.') else { return Ok((token.trim(), Trust::System)) };
    let mut sha256 = [0; 32];
    hex::decode_to_slice(pin, &mut sha256).map_err(|_| JoinError::Token)?;
    Ok((secret, Trust::Pin(sha256)))
}

async fn redeem(server_url: &str, token: &str) -> Result<Membership, JoinError> {
    let invalid = || JoinError::ServerUrl(server_url.to_owned());
    let uri: Uri = format!("{}{PATH}", server_url.trim_end_matches('/')).parse().map_err(|_| invalid())?;
    if !is_reachable(&uri) {
        return Err(invalid());
    }
    let (token, trust) = parse(token)?;
    let client = http_client(tls_for(&uri, &trust)?);
    let unreachable = |e: Box<dyn std::error::Error + Send + Sync>| JoinError::Unreachable(e);
    let body = Full::from(Bytes::from(json!({ "token": token }).to_string()));
    let request = Request::post(uri)
        .header("content-type", "application/json")
        .body(body)
        .map_err(|e| unreachable(Box::new(e)))?;
    let exchange = async {
        let response = client.request(request).await.map_err(|e| unreachable(Box::new(e)))?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.map_err(|e| unreachable(Box::new(e)))?;
        Ok::<_, JoinError>((status, body.to_bytes()))
    };
    let (status, body) = tokio::time::timeout(TIMEOUT, exchange).await.map_err(|e| unreachable(Box::new(e)))??;
    if status != 200 {
        let message = String::from_utf8_lossy(&body).into_owned();
        return Err(JoinError::Refused { status, message });
    }
    serde_json::from_slice(&body).map_err(JoinError::Malformed)
}

/// Writes the membership, readable by its owner alone, in one step.
fn keep(path: &Path, membership: &Membership) -> Result<(), JoinError> {
    let failed = |source| JoinError::File { path: path.to_owned(), done: "written", source };
    let fresh = path.with_extension("json.new");
    let text = serde_json::to_vec(membership).map_err(JoinError::Malformed)?;
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh).map_err(failed)?;
    file.write_all(&text).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    fs::rename(&fresh, path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn member() -> Membership {
        Membership {
            access_key_id: "AKIA".to_owned(),
            secret_access_key: "hush".to_owned(),
            region: Region::parse("us-east-1").unwrap(),
            cluster: ClusterName::parse("default").unwrap(),
            registry_host: "127.0.0.1:1".to_owned(),
            authority: None,
        }
    }

    #[tokio::test]
    async fn a_host_that_has_joined_needs_neither_token_nor_server() {
        let dir = tempfile::tempdir().unwrap();
        keep(&dir.path().join("membership.json"), &member()).unwrap();
        let mode = fs::metadata(dir.path().join("membership.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(membership(dir.path(), "http://nowhere", None).await.unwrap(), member());
    }

    #[tokio::test]
    async fn a_host_that_has_not_joined_is_told_what_it_lacks() {
        let dir = tempfile::tempdir().unwrap();
        let no_token = membership(dir.path(), "http://127.0.0.1:1", None).await.unwrap_err();
        assert!(matches!(no_token, JoinError::NoToken));
        let no_url = membership(dir.path(), "127.0.0.1:1", Some("t")).await.unwrap_err();
        assert!(matches!(no_url, JoinError::ServerUrl(_)), "{no_url}");
        let nobody = membership(dir.path(), "http://127.0.0.1:1", Some("t")).await.unwrap_err();
        assert!(matches!(nobody, JoinError::Unreachable(_)), "{nobody}");
    }

    #[test]
    fn a_token_names_the_authority_that_it_is_to_be_shown_to() {
        let pin = "ab".repeat(32);
        assert_eq!(parse(&typed("t", None)).unwrap(), ("t", Trust::System));
        assert_eq!(parse(&typed("t", Some(&pin))).unwrap(), ("t", Trust::Pin([0xab; 32])));
        assert!(matches!(parse("t.abcd"), Err(JoinError::Token)));
    }

    #[test]
    fn the_secret_is_not_shown() {
        assert!(!format!("{:?}", member()).contains("hush"));
    }
}
