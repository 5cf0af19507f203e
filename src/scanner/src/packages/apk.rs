//! apk's list of packages (Alpine wiki, "Apk spec", "installed database").

use crate::inventory::Package;

/// The installed packages.
pub(super) fn packages(text: &str, path: &str, ecosystem: &str) -> Vec<Package> {
    text.split("\n\n").filter_map(|paragraph| package(paragraph, path, ecosystem)).collect()
}

fn package(paragraph: &str, path: &str, ecosystem: &str) -> Option<Package> {
    let field = |letter: char| {
        let value = paragraph.lines().find_map(|line| line.strip_prefix(letter)?.strip_prefix(':'))?;
        Some(value.trim().to_owned())
    };
    let (name, version) = (field('P')?, field('V')?);
    Some(Package {
        ecosystem: ecosystem.to_owned(),
        source: field('o').unwrap_or_else(|| name.clone()),
        source_version: version.clone(),
        name,
        version,
        architecture: field('A'),
        path: path.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_read_with_their_origins() {
        let text = "C:Q1=\nP:libcrypto3\nV:3.3.1-r3\nA:x86_64\no:openssl\nF:lib\n\nP:musl\nV:1.2.5-r0\n\n";
        let found = packages(text, "p", "Alpine:v3.20");
        let told: Vec<_> = found.iter().map(|p| [&p.name, &p.version, &p.source].map(String::as_str)).collect();
        assert_eq!(told, [["libcrypto3", "3.3.1-r3", "openssl"], ["musl", "1.2.5-r0", "musl"]]);
    }
}
