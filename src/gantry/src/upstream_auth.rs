//! Credentials of other registries, in the file that `docker login` writes.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

/// What Docker Hub is called in such a file, and the host that it is.
const DOCKER_HUB: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

#[derive(Debug, Deserialize)]
struct ConfigFile {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
}

/// `auth` is `user:password` in base64; the two may stand by themselves.
#[derive(Debug, Deserialize)]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
}

/// User and password by host.
///
/// # Errors
/// When the file cannot be read, or an entry makes no sense.
pub(crate) fn read(path: Option<&Path>) -> anyhow::Result<BTreeMap<String, (String, String)>> {
    let Some(path) = path else { return Ok(BTreeMap::new()) };
    let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    parse(&text).with_context(|| format!("read {}", path.display()))
}

fn parse(text: &str) -> anyhow::Result<BTreeMap<String, (String, String)>> {
    let file: ConfigFile = serde_json::from_str(text)?;
    let mut credentials = BTreeMap::new();
    for (name, entry) in file.auths {
        let credential = entry.credential().with_context(|| format!("the entry of {name}"))?;
        let host = host(&name);
        if DOCKER_HUB.contains(&host) {
            credentials.extend(DOCKER_HUB.map(|hub| (hub.to_owned(), credential.clone())));
        } else {
            credentials.insert(host.to_owned(), credential);
        }
    }
    Ok(credentials)
}

/// The host of `https://host/v1/` and the like.
fn host(name: &str) -> &str {
    let host = name.split_once("://").map_or(name, |(_, rest)| rest);
    host.split('/').next().unwrap_or(host)
}

impl Entry {
    fn credential(self) -> anyhow::Result<(String, String)> {
        if let (Some(user), Some(password)) = (self.username, self.password) {
            return Ok((user, password));
        }
        let auth = self.auth.context("it has neither auth nor username and password")?;
        let text = String::from_utf8(STANDARD.decode(auth.trim())?)?;
        let (user, password) = text.split_once(':').context("auth is not user:password in base64")?;
        Ok((user.to_owned(), password.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_read_by_host_as_docker_writes_them() {
        let file = r#"{"auths":{"https://index.docker.io/v1/":{"auth":"bWU6c2VjcmV0"},
            "registry.test:5000":{"username":"you","password":"pass:word"}},"credsStore":"none"}"#;
        let credentials = parse(file).unwrap();
        let of = |host: &str| credentials.get(host).map(|(user, password)| format!("{user} {password}"));
        for (host, expected) in [
            ("registry-1.docker.io", Some("me secret")),
            ("docker.io", Some("me secret")),
            ("registry.test:5000", Some("you pass:word")),
            ("other.test", None),
        ] {
            assert_eq!(of(host).as_deref(), expected, "{host}");
        }
    }

    #[test]
    fn an_entry_that_makes_no_sense_is_named() {
        for entry in [r#"{}"#, r#"{"auth":"?"}"#, r#"{"auth":"bWU="}"#] {
            let error = parse(&format!(r#"{{"auths":{{"a.test":{entry}}}}}"#)).unwrap_err();
            assert!(error.to_string().contains("the entry of a.test"), "{entry}: {error}");
        }
    }
}
