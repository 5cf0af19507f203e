//! Installed Node packages (npm documentation, "package.json").

use serde::Deserialize;

use crate::inventory::Package;

#[derive(Debug, Deserialize)]
struct PackageJson {
    name: Option<String>,
    version: Option<String>,
}

/// Whether the path is that of an installed package's own description: `node_modules/name/package.json`.
pub(super) fn is_package(path: &str) -> bool {
    let Some(folder) = path.strip_suffix("/package.json") else { return false };
    let Some((_, name)) = folder.rsplit_once("node_modules/") else { return false };
    let parts = name.split('/').count();
    if name.starts_with('@') { parts == 2 } else { parts == 1 }
}

/// The package.
pub(super) fn package(text: &str, path: &str) -> Option<Package> {
    let PackageJson { name, version } = serde_json::from_str(text).ok()?;
    let (name, version) = (name?, version?);
    Some(Package::of_language("npm", name, version, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_read_from_its_description() {
        let found = package(r#"{"name":"left-pad","version":"1.3.0","main":"index.js"}"#, "p").unwrap();
        assert_eq!((found.name.as_str(), found.version.as_str()), ("left-pad", "1.3.0"));
        for broken in ["{", "[]", r#"{"name":"x"}"#] {
            assert_eq!(package(broken, "p"), None, "{broken}");
        }
    }
}
