//! The files that say what is installed, by who wrote them.

mod apk;
mod dpkg;
mod go;
mod node;
mod python;
mod rust;

use crate::inventory::Package;

/// Which kind of file a path is, if it says what is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    OsRelease,
    Dpkg,
    Apk,
    Python,
    Node,
}

impl Kind {
    /// The kind of the file at `path`, which is relative to the root.
    pub(crate) fn of(path: &str) -> Option<Self> {
        match path {
            "etc/os-release" | "usr/lib/os-release" => return Some(Self::OsRelease),
            "var/lib/dpkg/status" => return Some(Self::Dpkg),
            "lib/apk/db/installed" | "usr/lib/apk/db/installed" => return Some(Self::Apk),
            _ => {}
        }
        if let Some(name) = path.strip_prefix("var/lib/dpkg/status.d/") {
            // Beside each package lies the list of its checksums.
            return (!name.contains('/') && !name.ends_with(".md5sums")).then_some(Self::Dpkg);
        }
        if path.ends_with(".dist-info/METADATA") || path.ends_with(".egg-info/PKG-INFO") {
            return Some(Self::Python);
        }
        node::is_package(path).then_some(Self::Node)
    }

    /// The packages that the text at `path` tells of; those of the system are of `ecosystem`.
    pub(crate) fn packages(self, text: &str, path: &str, ecosystem: Option<&str>) -> Vec<Package> {
        match (self, ecosystem) {
            (Self::Dpkg, Some(ecosystem)) => dpkg::packages(text, path, ecosystem),
            (Self::Apk, Some(ecosystem)) => apk::packages(text, path, ecosystem),
            (Self::Python, _) => python::package(text, path).into_iter().collect(),
            (Self::Node, _) => node::package(text, path).into_iter().collect(),
            _ => Vec::new(),
        }
    }
}

/// The first bytes of a program (ELF).
pub(crate) const PROGRAM: [u8; 4] = *b"\x7fELF";

/// What a program of Go or Rust says that it was built of.
pub(crate) fn of_program(program: &[u8], path: &str) -> Vec<Package> {
    let mut packages = go::packages(program, path);
    packages.extend(rust::packages(program, path));
    packages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_paths() {
        for (path, kind) in [
            ("etc/os-release", Some(Kind::OsRelease)),
            ("var/lib/dpkg/status", Some(Kind::Dpkg)),
            ("var/lib/dpkg/status.d/base", Some(Kind::Dpkg)),
            ("var/lib/dpkg/status.d/base.md5sums", None),
            ("lib/apk/db/installed", Some(Kind::Apk)),
            ("usr/lib/python3/dist-packages/six-1.16.0.dist-info/METADATA", Some(Kind::Python)),
            ("usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO", Some(Kind::Python)),
            ("app/node_modules/left-pad/package.json", Some(Kind::Node)),
            ("app/node_modules/@scope/pad/package.json", Some(Kind::Node)),
            ("app/node_modules/pad/test/package.json", None),
            ("app/package.json", None),
            ("home/etc/os-release", None),
        ] {
            assert_eq!(Kind::of(path), kind, "{path}");
        }
    }
}
