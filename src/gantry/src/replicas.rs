//! The registries that images are replicated to, from the file of `--replication-destinations`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use gantry_model::Scope;
use gantry_registry::{Replica, ReplicaConfig};
use gantry_wire::sigv4::Credentials;
use serde::Deserialize;

/// One registry, as the file has it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    url: String,
    access_key_id: String,
    secret_access_key: String,
    ca_file: Option<PathBuf>,
}

/// The registries by account and region.
///
/// # Errors
/// When the file or an authority cannot be read, or an entry makes no sense.
pub(crate) fn read(path: Option<&Path>) -> anyhow::Result<BTreeMap<Scope, Arc<Replica>>> {
    let Some(path) = path else { return Ok(BTreeMap::new()) };
    let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    parse(&text).with_context(|| format!("read {}", path.display()))
}

fn parse(text: &str) -> anyhow::Result<BTreeMap<Scope, Arc<Replica>>> {
    let entries: BTreeMap<String, Entry> = serde_json::from_str(text)?;
    let mut replicas = BTreeMap::new();
    for (name, entry) in entries {
        let (destination, replica) = replica(&name, entry).with_context(|| format!("the entry of {name}"))?;
        replicas.insert(destination, Arc::new(replica));
    }
    Ok(replicas)
}

fn replica(name: &str, entry: Entry) -> anyhow::Result<(Scope, Replica)> {
    let destination: Scope = name.parse()?;
    let is_url = entry.url.starts_with("http://") || entry.url.starts_with("https://");
    anyhow::ensure!(is_url, "url must be an address that begins with https:// or http://");
    let read = |path: PathBuf| std::fs::read(&path).with_context(|| format!("read {}", path.display()));
    let credentials = Credentials {
        access_key_id: entry.access_key_id,
        secret_access_key: entry.secret_access_key,
        session_token: None,
    };
    let config = ReplicaConfig { url: entry.url, credentials, authority: entry.ca_file.map(read).transpose()? };
    let replica = Replica::new(destination.clone(), config).context("caFile is no certificate in PEM")?;
    Ok((destination, replica))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_are_read_by_account_and_region() {
        let file = r#"{"000000000000/eu-west-1": {"url": "https://gantry.test:8443/", "accessKeyId": "AK",
            "secretAccessKey": "s"}}"#;
        let replicas = parse(file).unwrap();
        let names: Vec<String> = replicas.keys().map(ToString::to_string).collect();
        assert_eq!(names, ["000000000000/eu-west-1"]);
        let shown = format!("{replicas:?}");
        assert!(!shown.contains("\"s\""), "{shown}");
    }

    #[test]
    fn an_entry_that_makes_no_sense_is_named() {
        let entry = |name: &str, url: &str, more: &str| {
            format!(r#"{{"{name}": {{"url": "{url}", "accessKeyId": "k", "secretAccessKey": "s"{more}}}}}"#)
        };
        for file in [
            entry("eu-west-1", "https://a.test", ""),
            entry("000000000000/eu-west-1", "a.test", ""),
            entry("000000000000/eu-west-1", "https://a.test", r#", "caFile": "/nowhere.pem""#),
        ] {
            let error = parse(&file).unwrap_err();
            assert!(error.to_string().starts_with("the entry of"), "{file}: {error}");
        }
        assert!(parse(&entry("000000000000/eu-west-1", "https://a.test", r#", "other": 1"#)).is_err());
    }
}
