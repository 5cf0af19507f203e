//! dpkg's list of packages (deb-control(5), dpkg-query(1)).

use crate::inventory::Package;

/// The installed packages.
pub(super) fn packages(text: &str, path: &str, ecosystem: &str) -> Vec<Package> {
    text.split("\n\n").filter_map(|paragraph| package(paragraph, path, ecosystem)).collect()
}

fn package(paragraph: &str, path: &str, ecosystem: &str) -> Option<Package> {
    let field = |name: &str| {
        let value = paragraph.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        Some(value.trim().to_owned())
    };
    // Distroless images leave the status out: what is listed is installed.
    if field("Status").is_some_and(|status| !status.ends_with(" installed")) {
        return None;
    }
    let (name, version) = (field("Package")?, field("Version")?);
    // `Source: name (version)`; both are left out where they are the package's own.
    let source = field("Source").unwrap_or_else(|| name.clone());
    let (source, source_version) = match source.split_once(" (") {
        Some((source, version)) => (source.to_owned(), version.trim_end_matches(')').to_owned()),
        None => (source, version.clone()),
    };
    Some(Package {
        ecosystem: ecosystem.to_owned(),
        name,
        version,
        source,
        source_version,
        architecture: field("Architecture"),
        path: path.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installed_packages_are_read_with_their_sources() {
        let text = "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nSource: glibc\nVersion: 2.36-9\n\
                    Description: a library\n Package: not me\n\nPackage: gone\nStatus: deinstall ok config-files\n\
                    Version: 1\n\nPackage: bin\nSource: src (1.0-1)\nVersion: 1.0-1+b2\n\n";
        let found = packages(text, "p", "Debian:12");
        let told: Vec<_> =
            found.iter().map(|p| [&p.name, &p.version, &p.source, &p.source_version].map(String::as_str)).collect();
        assert_eq!(told, [["libc6", "2.36-9", "glibc", "2.36-9"], ["bin", "1.0-1+b2", "src", "1.0-1"]]);
    }
}
