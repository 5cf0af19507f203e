//! Versions, in the order of each ecosystem.

use std::cmp::Ordering;
use std::str::FromStr;

/// Compares two versions of an ecosystem; `None` when the ecosystem's order is not known here, or a version is not one.
pub(crate) fn compare(ecosystem: &str, a: &str, b: &str) -> Option<Ordering> {
    match ecosystem.split(':').next().unwrap_or_default() {
        "Debian" | "Ubuntu" => parsed::<debversion::Version>(a, b),
        "Alpine" => Some(apk(a).cmp(&apk(b))),
        "PyPI" => parsed::<pep440_rs::Version>(a, b),
        "npm" | "Go" | "crates.io" => Some(semantic(a)?.cmp_precedence(&semantic(b)?)),
        _ => None,
    }
}

fn parsed<V: FromStr + Ord>(a: &str, b: &str) -> Option<Ordering> {
    Some(a.parse::<V>().ok()?.cmp(&b.parse::<V>().ok()?))
}

fn semantic(text: &str) -> Option<semver::Version> {
    text.parse().ok()
}

/// A version of apk (apk-package(5)): numbers, a letter, suffixes, a revision.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Apk<'a> {
    numbers: Vec<Number<'a>>,
    letter: Option<char>,
    /// With a last one that stands for none: what comes before the version itself is less than it.
    suffixes: Vec<Suffix>,
    revision: u64,
}

/// A number after the first that begins with a zero is a fraction, and compares as text.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Number<'a> {
    Fraction(&'a str),
    Whole(u64),
}

/// Where a suffix stands to the version without, and its number.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Suffix(i8, u64);

const NO_SUFFIX: Suffix = Suffix(0, 0);
const SUFFIXES: [(&str, i8); 9] =
    [("alpha", -4), ("beta", -3), ("pre", -2), ("rc", -1), ("cvs", 1), ("svn", 2), ("git", 3), ("hg", 4), ("p", 5)];

fn apk(text: &str) -> Apk<'_> {
    let (text, revision) = match text.rsplit_once("-r") {
        Some((text, number)) => (text, number.parse().unwrap_or(0)),
        None => (text, 0),
    };
    let mut parts = text.split('_');
    let numbers = parts.next().unwrap_or_default();
    let letter = numbers.chars().last().filter(char::is_ascii_alphabetic);
    let numbers = numbers.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    Apk {
        numbers: numbers.split('.').enumerate().map(number).collect(),
        letter,
        suffixes: parts.map(suffix).chain([NO_SUFFIX]).collect(),
        revision,
    }
}

fn number((place, text): (usize, &str)) -> Number<'_> {
    let is_fraction = place > 0 && text.len() > 1 && text.starts_with('0');
    if is_fraction { Number::Fraction(text) } else { Number::Whole(text.parse().unwrap_or(0)) }
}

fn suffix(text: &str) -> Suffix {
    let name = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let order = SUFFIXES.iter().find(|(known, _)| *known == name).map_or(0, |(_, order)| *order);
    Suffix(order, text[name.len()..].parse().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ecosystem_orders_its_versions() {
        for (ecosystem, rising) in [
            ("Debian:12", &["1.0~rc1", "1.0", "1.0-1", "1.0-1+deb12u1", "1.0-2", "1.10", "1:0.1"][..]),
            (
                "Alpine:v3.20",
                &[
                    "1.1.99",
                    "1.2_alpha1",
                    "1.2_rc1",
                    "1.2_rc2",
                    "1.2",
                    "1.2-r1",
                    "1.2-r10",
                    "1.2_p1",
                    "1.2a",
                    "1.2.1",
                    "1.10",
                ],
            ),
            ("PyPI", &["1.0.dev1", "1.0a1", "1.0rc1", "1.0", "1.0.post1", "1.2", "1.10", "1!0.1"]),
            ("npm", &["1.0.0-alpha.1", "1.0.0-alpha.2", "1.0.0", "1.2.0", "1.10.0"]),
            ("Go", &["0.0.0-20220101000000-abcdefabcdef", "0.1.0", "1.2.3-rc1", "1.2.3+incompatible", "1.10.0"]),
            ("crates.io", &["0.1.0-alpha", "0.1.0", "0.1.10"]),
        ] {
            for (place, version) in rising.iter().enumerate() {
                for (other_place, other) in rising.iter().enumerate() {
                    let expected = place.cmp(&other_place);
                    assert_eq!(compare(ecosystem, version, other), Some(expected), "{ecosystem} {version} {other}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_version_is_not_compared() {
        for (ecosystem, a, b) in [("npm", "1.0", "1.0.0"), ("PyPI", "one", "1"), ("Plan9", "1", "2")] {
            assert_eq!(compare(ecosystem, a, b), None, "{ecosystem} {a} {b}");
        }
    }
}
