//! What is installed in an image.

use serde::{Deserialize, Serialize};

/// The operating system and the packages of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inventory {
    pub os: Option<OperatingSystem>,
    pub packages: Vec<Package>,
}

/// What `/etc/os-release` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperatingSystem {
    pub id: String,
    pub version: String,
    pub name: String,
}

/// One installed package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Package {
    /// The ecosystem by OSV's name, such as `Debian:12`, `Alpine:v3.20`, `PyPI`, `npm`.
    pub ecosystem: String,
    pub name: String,
    pub version: String,
    /// What advisories are about: the source package of Debian and Alpine, else the name.
    pub source: String,
    pub source_version: String,
    pub architecture: Option<String>,
    /// The file that says so.
    pub path: String,
}

impl Package {
    /// A package of a language, whose advisories are about it by its own name.
    pub(crate) fn of_language(ecosystem: &str, name: String, version: String, path: &str) -> Self {
        Self {
            ecosystem: ecosystem.to_owned(),
            source: name.clone(),
            source_version: version.clone(),
            name,
            version,
            architecture: None,
            path: path.to_owned(),
        }
    }
}

impl OperatingSystem {
    /// Reads `/etc/os-release` (freedesktop's os-release).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let value = |key: &str| {
            let line = text.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='))?;
            Some(line.trim_matches(['"', '\'']).to_owned())
        };
        let id = value("ID")?;
        Some(Self {
            version: value("VERSION_ID").unwrap_or_default(),
            name: value("PRETTY_NAME").unwrap_or_else(|| id.clone()),
            id,
        })
    }

    /// The ecosystem of its packages, when OSV has one.
    #[must_use]
    pub fn ecosystem(&self) -> Option<String> {
        match self.id.as_str() {
            "debian" => Some(format!("Debian:{}", self.version.split('.').next().unwrap_or_default())),
            "ubuntu" => Some(format!("Ubuntu:{}", ubuntu_release(&self.version))),
            "alpine" => {
                let mut parts = self.version.split('.');
                Some(format!("Alpine:v{}.{}", parts.next().unwrap_or_default(), parts.next().unwrap_or_default()))
            }
            _ => None,
        }
    }
}

/// Releases of April in even years are maintained for long, and called so.
fn ubuntu_release(version: &str) -> String {
    let year: Option<u32> = version.strip_suffix(".04").and_then(|year| year.parse().ok());
    if year.is_some_and(|year| year % 2 == 0) { format!("{version}:LTS") } else { version.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ecosystem_follows_from_os_release() {
        for (text, ecosystem) in [
            ("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\n", Some("Debian:12")),
            ("ID=ubuntu\nVERSION_ID=\"22.04\"\n", Some("Ubuntu:22.04:LTS")),
            ("ID=ubuntu\nVERSION_ID=\"23.10\"\n", Some("Ubuntu:23.10")),
            ("NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.20.1\n", Some("Alpine:v3.20")),
            ("ID=arch\n", None),
        ] {
            assert_eq!(OperatingSystem::parse(text).unwrap().ecosystem().as_deref(), ecosystem, "{text}");
        }
        assert_eq!(OperatingSystem::parse("nothing"), None);
    }
}
