//! Holding an inventory against advisories.

use std::cmp::Ordering;
use std::str::FromStr as _;

use cvss::Cvss;
use serde::{Deserialize, Serialize};

use crate::advisory::{Advisory, Affected, Range, Score};
use crate::inventory::{Inventory, Package};
use crate::versions::compare;

/// A package that an advisory is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The CVE if there is one, else the advisory's own id.
    pub id: String,
    pub severity: Severity,
    /// The vector of CVSS, and its score.
    pub vector: Option<String>,
    pub score: Option<f64>,
    pub description: String,
    pub url: Option<String>,
    pub package: Package,
    /// The lowest version above the installed one that is not affected.
    pub fixed_version: Option<String>,
}

/// How bad it is, in ECR's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Severity {
    Undefined,
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    /// The severity as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Undefined => "UNDEFINED",
            Self::Informational => "INFORMATIONAL",
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
        }
    }

    /// A vendor's word. Debian says how urgent, GitHub how severe.
    fn parse(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "critical" => Some(Self::Critical),
            "high" | "important" => Some(Self::High),
            "medium" | "moderate" => Some(Self::Medium),
            "low" => Some(Self::Low),
            "unimportant" | "negligible" | "none" => Some(Self::Informational),
            _ => None,
        }
    }

    fn of_score(score: f64) -> Self {
        match score {
            score if score >= 9.0 => Self::Critical,
            score if score >= 7.0 => Self::High,
            score if score >= 4.0 => Self::Medium,
            score if score > 0.0 => Self::Low,
            _ => Self::Informational,
        }
    }
}

/// What is wrong with the packages of an inventory: the worst first. `advisories` answers what is known of a package of an
/// ecosystem, by the source's name.
///
/// # Errors
/// What `advisories` answers.
pub fn findings<E>(
    inventory: &Inventory,
    mut advisories: impl FnMut(&Package) -> Result<Vec<Advisory>, E>,
) -> Result<Vec<Finding>, E> {
    let mut found = Vec::new();
    for package in &inventory.packages {
        let known = advisories(package)?;
        found.extend(known.iter().filter_map(|advisory| finding(advisory, package)));
    }
    found.sort_by(|a, b| (b.severity, &a.id, &a.package).cmp(&(a.severity, &b.id, &b.package)));
    // Two advisories may tell of one CVE.
    found.dedup_by(|a, b| a.id == b.id && a.package == b.package);
    Ok(found)
}

fn finding(advisory: &Advisory, package: &Package) -> Option<Finding> {
    let affected = advisory.affected.iter().find(|affected| is_affected(affected, package))?;
    let (vector, score) = scored(&affected.severity).or_else(|| scored(&advisory.severity)).unzip();
    let vendor = [&affected.ecosystem_specific, &affected.database_specific, &advisory.database_specific]
        .into_iter()
        .find_map(|specific| Severity::parse(specific.get("severity").or_else(|| specific.get("urgency"))?.as_str()?));
    let is_summarised = !advisory.summary.is_empty();
    Some(Finding {
        id: name(advisory).to_owned(),
        severity: vendor.or_else(|| score.map(Severity::of_score)).unwrap_or(Severity::Undefined),
        vector,
        score,
        description: if is_summarised { advisory.summary.clone() } else { advisory.details.clone() },
        url: advisory
            .references
            .iter()
            .find(|link| link.kind == "ADVISORY")
            .or(advisory.references.first())
            .map(|l| l.url.clone()),
        package: package.clone(),
        fixed_version: affected.ranges.iter().find_map(|range| fixed_above(range, package)),
    })
}

/// The CVE among the names of an advisory, else its id.
fn name(advisory: &Advisory) -> &str {
    let names = [&advisory.id].into_iter().chain(&advisory.aliases).chain(&advisory.upstream);
    names.into_iter().find(|name| name.starts_with("CVE-")).unwrap_or(&advisory.id)
}

/// The newest vector that can be read, and its score.
fn scored(severity: &[Score]) -> Option<(String, f64)> {
    let mut scores: Vec<&Score> = severity.iter().collect();
    scores.sort_by(|a, b| b.kind.cmp(&a.kind));
    scores.into_iter().find_map(|score| Some((score.score.clone(), Cvss::from_str(&score.score).ok()?.score())))
}

fn is_affected(affected: &Affected, package: &Package) -> bool {
    affected.versions.contains(&package.source_version) || affected.ranges.iter().any(|range| is_within(range, package))
}

/// The evaluation of OSV ("Evaluation"): the events in the order of their versions, up to the installed one.
fn is_within(range: &Range, package: &Package) -> bool {
    if range.kind == "GIT" {
        return false;
    }
    let Some(mut events) = sorted(range, package) else { return false };
    events.retain(|(order, _)| *order != Ordering::Greater);
    match events.last() {
        Some((_, At::Introduced)) => true,
        Some((order, At::LastAffected)) => *order == Ordering::Equal,
        Some((_, At::Fixed)) | None => false,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum At {
    Introduced,
    LastAffected,
    Fixed,
}

/// Where each event's version stands to the installed one; in the order of the versions. `None` when one cannot be compared.
fn sorted(range: &Range, package: &Package) -> Option<Vec<(Ordering, At)>> {
    let ecosystem = package.ecosystem.as_str();
    let mut events: Vec<(&str, At)> = Vec::new();
    for event in &range.events {
        events.extend(event.introduced.as_deref().map(|version| (version, At::Introduced)));
        events.extend(event.fixed.as_deref().map(|version| (version, At::Fixed)));
        events.extend(event.last_affected.as_deref().map(|version| (version, At::LastAffected)));
    }
    let order = |a: &str, b: &str| match (a, b) {
        ("0", "0") => Some(Ordering::Equal),
        ("0", _) => Some(Ordering::Less),
        (_, "0") => Some(Ordering::Greater),
        _ => compare(ecosystem, a, b),
    };
    let mut out: Vec<(Ordering, &str, At)> = Vec::new();
    for (version, at) in events {
        let standing = order(version, &package.source_version)?;
        let place = out.iter().position(|(_, other, kind)| match order(version, other) {
            Some(Ordering::Less) => true,
            Some(Ordering::Equal) => at < *kind,
            _ => false,
        });
        out.insert(place.unwrap_or(out.len()), (standing, version, at));
    }
    Some(out.into_iter().map(|(standing, _, at)| (standing, at)).collect())
}

fn fixed_above(range: &Range, package: &Package) -> Option<String> {
    let above =
        |version: &&String| compare(&package.ecosystem, version, &package.source_version) == Some(Ordering::Greater);
    let fixes = range.events.iter().filter_map(|event| event.fixed.as_ref()).filter(above);
    fixes.min_by(|a, b| compare(&package.ecosystem, a, b).unwrap_or(Ordering::Equal)).cloned()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use serde_json::{Value, json};

    use super::*;

    fn package(version: &str) -> Package {
        Package {
            ecosystem: "Debian:12".to_owned(),
            name: "libssl3".to_owned(),
            version: version.to_owned(),
            source: "openssl".to_owned(),
            source_version: version.to_owned(),
            architecture: None,
            path: "var/lib/dpkg/status".to_owned(),
        }
    }

    fn advisory(change: Value) -> Advisory {
        let mut whole = json!({
            "id": "DEBIAN-CVE-2024-1", "upstream": ["CVE-2024-1"], "details": "It breaks.",
            "affected": [{ "package": { "ecosystem": "Debian:12", "name": "openssl" },
                "ranges": [{ "type": "ECOSYSTEM", "events": [{ "introduced": "0" }, { "fixed": "3.0.11-1" }] }] }],
        });
        if let (Some(whole), Value::Object(change)) = (whole.as_object_mut(), change) {
            whole.extend(change);
        }
        Advisory::parse(whole.to_string().as_bytes()).unwrap()
    }

    fn found(advisory: &Advisory, version: &str) -> Option<Finding> {
        let inventory = Inventory { os: None, packages: vec![package(version)] };
        findings(&inventory, |_| Ok::<_, Infallible>(vec![advisory.clone(), advisory.clone()])).unwrap().pop()
    }

    #[test]
    fn versions_before_the_fix_are_affected() {
        let advisory = advisory(json!({}));
        let finding = found(&advisory, "3.0.9-1").unwrap();
        assert_eq!((finding.id.as_str(), finding.fixed_version.as_deref()), ("CVE-2024-1", Some("3.0.11-1")));
        assert_eq!((finding.severity, finding.description.as_str()), (Severity::Undefined, "It breaks."));
        for fixed in ["3.0.11-1", "3.1"] {
            assert_eq!(found(&advisory, fixed), None, "{fixed}");
        }
    }

    #[test]
    fn events_are_read_in_the_order_of_their_versions() {
        let range = |events: Value| {
            let affected = json!([{ "package": { "ecosystem": "Debian:12", "name": "openssl" },
                "ranges": [{ "type": "ECOSYSTEM", "events": events }] }]);
            advisory(json!({ "affected": affected }))
        };
        let twice =
            range(json!([{ "introduced": "2.0" }, { "fixed": "2.5" }, { "fixed": "1.5" }, { "introduced": "1.0" }]));
        for (version, affected) in [
            ("0.9", false),
            ("1.0", true),
            ("1.4", true),
            ("1.5", false),
            ("1.9", false),
            ("2.1", true),
            ("2.5", false),
        ] {
            assert_eq!(found(&twice, version).is_some(), affected, "{version}");
        }
        let last = range(json!([{ "introduced": "0" }, { "last_affected": "1.2" }]));
        for (version, affected) in [("1.1", true), ("1.2", true), ("1.2-1", false), ("1.3", false)] {
            assert_eq!(found(&last, version).is_some(), affected, "{version}");
        }
        assert_eq!(found(&range(json!([{ "introduced": "nonsense version" }])), "1.0"), None);
    }

    #[test]
    fn a_listed_version_is_affected_and_a_commit_range_says_nothing() {
        let affected = json!([{ "package": { "ecosystem": "Debian:12", "name": "openssl" }, "versions": ["1.0"],
            "ranges": [{ "type": "GIT", "events": [{ "introduced": "0" }] }] }]);
        let advisory = advisory(json!({ "affected": affected }));
        assert!(found(&advisory, "1.0").is_some());
        assert_eq!(found(&advisory, "1.1"), None);
    }

    #[test]
    fn the_vendors_severity_goes_before_the_score() {
        let vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
        let scored = json!([{ "type": "CVSS_V3", "score": vector }]);
        for (change, severity) in [
            (json!({ "severity": scored }), Severity::Critical),
            (json!({ "severity": scored, "database_specific": { "severity": "MODERATE" } }), Severity::Medium),
            (json!({ "severity": [{ "type": "CVSS_V3", "score": "nonsense" }] }), Severity::Undefined),
        ] {
            let finding = found(&advisory(change.clone()), "1.0").unwrap();
            assert_eq!(finding.severity, severity, "{change}");
        }
        let finding = found(&advisory(json!({ "severity": scored })), "1.0").unwrap();
        assert_eq!((finding.vector.as_deref(), finding.score), (Some(vector), Some(9.8)));
    }

    #[test]
    fn an_advisory_is_kept_for_each_package_and_not_when_it_was_withdrawn() {
        let of = |name: &str| json!({ "package": { "ecosystem": "npm", "name": name }, "versions": ["1.0.0"] });
        let kept = advisory(json!({ "affected": [of("a"), of("b"), of("a")] })).by_package();
        let counts: Vec<_> =
            kept.iter().map(|(name, advisory)| (name.name.as_str(), advisory.affected.len())).collect();
        assert_eq!(counts, [("a", 2), ("b", 1)]);
        assert_eq!(advisory(json!({ "withdrawn": "2024-01-01T00:00:00Z" })).by_package(), []);
    }
}
