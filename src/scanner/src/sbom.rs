//! An inventory as the two formats that others read: CycloneDX 1.5 and SPDX 2.3, both in JSON; packages are named by package
//! URLs (the purl specification).

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::inventory::{Inventory, Package};

/// A format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SbomFormat {
    CycloneDx,
    Spdx,
}

impl SbomFormat {
    /// The format that a client calls so.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "cyclonedx" => Some(Self::CycloneDx),
            "spdx" => Some(Self::Spdx),
            _ => None,
        }
    }

    /// The media type of a document.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::CycloneDx => "application/vnd.cyclonedx+json",
            Self::Spdx => "application/spdx+json",
        }
    }
}

/// The image that a document is about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The repository, such as `team/app`.
    pub repository: &'a str,
    pub digest: &'a str,
    /// When the document is made, in RFC 3339.
    pub created: &'a str,
}

/// The document.
#[must_use]
pub fn sbom(format: SbomFormat, subject: Subject<'_>, inventory: &Inventory) -> Value {
    match format {
        SbomFormat::CycloneDx => cyclone_dx(subject, inventory),
        SbomFormat::Spdx => spdx(subject, inventory),
    }
}

fn cyclone_dx(subject: Subject<'_>, inventory: &Inventory) -> Value {
    let component = |package: &Package| {
        let property = json!({ "name": "gantry:path", "value": package.path });
        let mut component = json!({
            "type": "library", "name": package.name, "version": package.version, "properties": [property],
        });
        if let Some(purl) = purl(package) {
            component["purl"] = purl.into();
        }
        component
    };
    let mut components: Vec<Value> = inventory.packages.iter().map(component).collect();
    if let Some(os) = &inventory.os {
        components.push(json!({ "type": "operating-system", "name": os.id, "version": os.version }));
    }
    let tool = json!({ "type": "application", "name": "gantry", "version": env!("CARGO_PKG_VERSION") });
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": subject.created,
            "tools": { "components": [tool] },
            "component": { "type": "container", "name": subject.repository, "version": subject.digest },
        },
        "components": components,
    })
}

fn spdx(subject: Subject<'_>, inventory: &Inventory) -> Value {
    const IMAGE: &str = "SPDXRef-image";
    let described = |id: &str, name: &str, version: &str| {
        json!({
            "SPDXID": id, "name": name, "versionInfo": version, "downloadLocation": "NOASSERTION",
            "filesAnalyzed": false, "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION",
            "copyrightText": "NOASSERTION",
        })
    };
    let relation = |from: &str, kind: &str, to: &str| json!({ "spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to });
    let mut packages = vec![described(IMAGE, subject.repository, subject.digest)];
    let mut relations = vec![relation("SPDXRef-DOCUMENT", "DESCRIBES", IMAGE)];
    for (number, package) in inventory.packages.iter().enumerate() {
        let id = format!("SPDXRef-package-{number}");
        let mut entry = described(&id, &package.name, &package.version);
        entry["sourceInfo"] = format!("found in {}", package.path).into();
        if let Some(purl) = purl(package) {
            entry["externalRefs"] = json!([{
                "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl,
            }]);
        }
        packages.push(entry);
        relations.push(relation(IMAGE, "CONTAINS", &id));
    }
    json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": format!("{}@{}", subject.repository, subject.digest),
        "documentNamespace": format!("urn:gantry:{}:{}", subject.repository, subject.digest),
        "creationInfo": {
            "created": subject.created,
            "creators": [concat!("Tool: gantry-", env!("CARGO_PKG_VERSION"))],
        },
        "packages": packages,
        "relationships": relations,
    })
}

/// The package URL of a package, when its ecosystem has one.
fn purl(package: &Package) -> Option<String> {
    let (ecosystem, release) = match package.ecosystem.split_once(':') {
        Some((ecosystem, release)) => (ecosystem, Some(release)),
        None => (package.ecosystem.as_str(), None),
    };
    let (kind, namespace, version) = match ecosystem {
        "Debian" => ("deb", "debian/", package.version.clone()),
        "Ubuntu" => ("deb", "ubuntu/", package.version.clone()),
        "Alpine" => ("apk", "alpine/", package.version.clone()),
        "PyPI" => ("pypi", "", package.version.clone()),
        "npm" => ("npm", "", package.version.clone()),
        "crates.io" => ("cargo", "", package.version.clone()),
        "Go" => ("golang", "", format!("v{}", package.version)),
        _ => return None,
    };
    let mut purl = format!("pkg:{kind}/{namespace}{}@{}", escaped(&package.name), escaped(&version));
    let qualifiers = [
        package.architecture.as_deref().map(|arch| format!("arch={}", escaped(arch))),
        release.map(|release| format!("distro={}{}", namespace.replace('/', "-"), escaped(release))),
    ];
    let qualifiers: Vec<String> = qualifiers.into_iter().flatten().collect();
    if !qualifiers.is_empty() {
        let _ = write!(purl, "?{}", qualifiers.join("&"));
    }
    Some(purl)
}

/// What may stand in a package URL stays; a slash parts the segments of a name.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'~' | b'/' | b':') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(ecosystem: &str, name: &str, version: &str) -> Package {
        Package::of_language(ecosystem, name.to_owned(), version.to_owned(), "the/file")
    }

    #[test]
    fn packages_are_named_by_their_ecosystem() {
        let debian = Package { architecture: Some("amd64".to_owned()), ..package("Debian:12", "libstdc++6", "12.2-1") };
        for (package, expected) in [
            (debian, Some("pkg:deb/debian/libstdc%2B%2B6@12.2-1?arch=amd64&distro=debian-12")),
            (package("Alpine:v3.20", "musl", "1.2.5-r0"), Some("pkg:apk/alpine/musl@1.2.5-r0?distro=alpine-v3.20")),
            (package("npm", "@scope/pad", "1.0.0"), Some("pkg:npm/%40scope/pad@1.0.0")),
            (package("Go", "golang.org/x/net", "0.17.0"), Some("pkg:golang/golang.org/x/net@v0.17.0")),
            (package("crates.io", "time", "0.1.43"), Some("pkg:cargo/time@0.1.43")),
            (package("PyPI", "requests", "2.30.0"), Some("pkg:pypi/requests@2.30.0")),
            (package("Plan9", "x", "1"), None),
        ] {
            assert_eq!(purl(&package).as_deref(), expected, "{}", package.name);
        }
    }

    #[test]
    fn both_formats_name_the_image_and_every_package() {
        let inventory =
            Inventory { os: None, packages: vec![package("Plan9", "x", "1"), package("npm", "pad", "2.0.0")] };
        let subject = Subject { repository: "team/app", digest: "sha256:00", created: "2026-11-27T00:00:00Z" };
        let cyclone = sbom(SbomFormat::CycloneDx, subject, &inventory);
        assert_eq!(cyclone["metadata"]["component"]["name"], "team/app");
        assert_eq!((&cyclone["components"][0]["purl"], &cyclone["components"][0]["name"]), (&Value::Null, &json!("x")));
        assert_eq!(cyclone["components"][1]["purl"], "pkg:npm/pad@2.0.0");
        let spdx = sbom(SbomFormat::Spdx, subject, &inventory);
        assert_eq!(spdx["name"], "team/app@sha256:00");
        assert_eq!(spdx["packages"][2]["externalRefs"][0]["referenceLocator"], "pkg:npm/pad@2.0.0");
        assert_eq!(spdx["relationships"].as_array().unwrap().len(), 3);
    }
}
