//! Installed Python distributions (Python packaging user guide, "Core metadata").

use crate::inventory::Package;

/// The distribution.
pub(super) fn package(text: &str, path: &str) -> Option<Package> {
    // The headers end with an empty line.
    let headers = text.lines().take_while(|line| !line.is_empty());
    let fields: Vec<(&str, &str)> = headers.filter_map(|line| line.split_once(':')).collect();
    let field = |name: &str| {
        let value = fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim());
        value.filter(|value| !value.is_empty()).map(str::to_owned)
    };
    let (name, version) = (normalized(&field("Name")?), field("Version")?);
    Some(Package::of_language("PyPI", name, version, path))
}

/// A name as the index compares it ("Names and normalization").
fn normalized(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '-' | '_' | '.' if out.ends_with('-') => {}
            '-' | '_' | '.' => out.push('-'),
            c => out.push(c.to_ascii_lowercase()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_is_read_from_its_headers() {
        let found =
            package("Metadata-Version: 2.1\nName: Zope._Interface\nVersion: 5.0\n\nName: not me\n", "p").unwrap();
        assert_eq!((found.name.as_str(), found.version.as_str()), ("zope-interface", "5.0"));
        assert_eq!(package("Name: x\n\nVersion: 1\n", "p"), None);
    }
}
