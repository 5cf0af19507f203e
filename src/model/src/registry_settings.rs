//! What is set for a whole registry: the repositories of one account in one region.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{RepositoryName, Scope};
use crate::image::{Repository, StoredLifecyclePolicy, TagMutability, wildcard_matches};
use crate::replication::ReplicationRule;
use crate::tag::Tag;
use crate::time::UnixMillis;

/// The settings of a registry. What was never set has the default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RegistrySettings {
    /// The text of the registry's policy.
    pub policy: Option<String>,
    /// Whether a push may take a layer over from another repository (`BLOB_MOUNTING`).
    pub blob_mounting: bool,
    /// The principals whose pulls leave the time of an image's last pull alone, by ARN, with when they were named.
    pub pull_time_exclusions: BTreeMap<String, UnixMillis>,
    /// What repositories that are made by themselves are like, by prefix.
    pub creation_templates: BTreeMap<String, CreationTemplate>,
    /// Which repositories are caches of other registries' ones, by prefix.
    pub pull_through: BTreeMap<String, PullThroughRule>,
    /// Which images are scanned by themselves.
    pub scanning: Vec<ScanningRule>,
    /// In which shape findings are told.
    pub scan_type: ScanType,
    /// Which images are copied to which other registries.
    pub replication: Vec<ReplicationRule>,
}

impl Default for RegistrySettings {
    fn default() -> Self {
        Self {
            policy: None,
            blob_mounting: true,
            pull_time_exclusions: BTreeMap::new(),
            creation_templates: BTreeMap::new(),
            pull_through: BTreeMap::new(),
            scanning: Vec::new(),
            scan_type: ScanType::Basic,
            replication: Vec::new(),
        }
    }
}

impl RegistrySettings {
    /// The template that a repository of this name is made by for `occasion`: the one with the longest prefix.
    #[must_use]
    pub fn template(&self, name: &RepositoryName, occasion: Occasion) -> Option<&CreationTemplate> {
        let fits =
            |template: &&CreationTemplate| template.applied_for.contains(&occasion) && template.prefix_fits(name);
        self.creation_templates.values().filter(fits).max_by_key(|template| template.prefix_length())
    }

    /// The rule by which the repository is a cache, and the name of what it caches there: the rule with the longest prefix.
    #[must_use]
    pub fn upstream(&self, name: &RepositoryName) -> Option<(&PullThroughRule, String)> {
        let fits = |rule: &PullThroughRule| Some((rest_below(&rule.prefix, name)?.to_owned(), rule.prefix.len()));
        let fitting = self.pull_through.values().filter_map(|rule| Some((rule, fits(rule)?)));
        let (rule, (rest, _)) =
            fitting.max_by_key(|(rule, (_, length))| if rule.prefix == ROOT { 0 } else { *length })?;
        Some((rule, rule.upstream_name(&rest)))
    }

    /// How often images of the repository are scanned by themselves, and the filters that say so.
    #[must_use]
    pub fn scan_frequency(&self, name: &RepositoryName) -> (ScanFrequency, Vec<&str>) {
        let mut frequency = ScanFrequency::Manual;
        let mut applied = Vec::new();
        for rule in &self.scanning {
            let fitting: Vec<&str> =
                rule.filters.iter().map(String::as_str).filter(|filter| filter_fits(filter, name)).collect();
            if !fitting.is_empty() {
                frequency = frequency.max(rule.frequency);
                applied.extend(fitting);
            }
        }
        (frequency, applied)
    }
}

/// Whether a scanning filter means the repository: with `*` for any run of characters, without one a part of the name.
fn filter_fits(filter: &str, name: &RepositoryName) -> bool {
    if filter.contains('*') { wildcard_matches(filter, name.as_str()) } else { name.as_str().contains(filter) }
}

/// The prefix of names that no other one fits.
pub const ROOT: &str = "ROOT";

/// What follows the prefix in a name that has more segments; the whole name below [`ROOT`].
fn rest_below<'a>(prefix: &str, name: &'a RepositoryName) -> Option<&'a str> {
    if prefix == ROOT {
        return Some(name.as_str());
    }
    name.as_str().strip_prefix(prefix.trim_end_matches('/'))?.strip_prefix('/')
}

/// That repositories under a prefix are caches of another registry's (`PullThroughCacheRule`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PullThroughRule {
    /// The first segments of the names, or [`ROOT`].
    pub prefix: String,
    /// The other registry: `host[:port]`, or a URL whose scheme says how it is spoken to.
    pub upstream_url: String,
    /// The kind of registry, as it was given.
    pub upstream_registry: Option<String>,
    /// What stands before the names there in the place of the prefix, or [`ROOT`] for nothing.
    pub upstream_prefix: String,
    /// The ARN of the secret with user and password of the other registry.
    #[serde(default)]
    pub credential_arn: Option<String>,
    /// Described as it was given: this registry needs no role for it.
    pub custom_role_arn: Option<String>,
    pub created_at: UnixMillis,
    pub updated_at: UnixMillis,
}

/// The hosts of Docker Hub, where an image without a namespace is one of `library/`.
const DOCKER_HUB: [&str; 3] = ["registry-1.docker.io", "index.docker.io", "docker.io"];

impl PullThroughRule {
    /// The other registry's `host[:port]`.
    #[must_use]
    pub fn upstream_host(&self) -> &str {
        let url = self.upstream_url.trim_end_matches('/');
        url.split_once("://").map_or(url, |(_, host)| host)
    }

    /// Whether it is spoken to without TLS.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.upstream_url.starts_with("http://")
    }

    fn upstream_name(&self, rest: &str) -> String {
        let prefix = self.upstream_prefix.trim_end_matches('/');
        if prefix != ROOT {
            return format!("{prefix}/{rest}");
        }
        let is_official = DOCKER_HUB.contains(&self.upstream_host()) && !rest.contains('/');
        if is_official { format!("library/{rest}") } else { rest.to_owned() }
    }
}

/// When images are scanned by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ScanFrequency {
    Manual,
    ScanOnPush,
    /// On push, and again when more is known of what is in it; here that is so in any case.
    ContinuousScan,
}

impl ScanFrequency {
    /// The frequency as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "MANUAL",
            Self::ScanOnPush => "SCAN_ON_PUSH",
            Self::ContinuousScan => "CONTINUOUS_SCAN",
        }
    }
}

/// In which shape findings are told; what is found is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ScanType {
    Basic,
    /// As Amazon Inspector writes them, too.
    Enhanced,
}

impl ScanType {
    /// The type as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "BASIC",
            Self::Enhanced => "ENHANCED",
        }
    }
}

/// How often the images of some repositories are scanned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScanningRule {
    pub frequency: ScanFrequency,
    /// Wildcard patterns of repository names.
    pub filters: Vec<String>,
}

/// Why a repository is made without somebody asking for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Occasion {
    Replication,
    PullThroughCache,
    CreateOnPush,
}

impl Occasion {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Replication, Self::PullThroughCache, Self::CreateOnPush];

    /// The occasion as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Replication => "REPLICATION",
            Self::PullThroughCache => "PULL_THROUGH_CACHE",
            Self::CreateOnPush => "CREATE_ON_PUSH",
        }
    }
}

/// What repositories under a prefix are like when they are made by themselves (`RepositoryCreationTemplate`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreationTemplate {
    /// The first segments of the names, or [`ROOT`].
    pub prefix: String,
    pub description: Option<String>,
    /// `encryptionConfiguration` in the shape of the API.
    pub encryption_configuration: Value,
    pub tags: Vec<Tag>,
    pub image_tag_mutability: TagMutability,
    pub mutability_exclusion_filters: Vec<String>,
    pub repository_policy: Option<String>,
    pub lifecycle_policy: Option<String>,
    pub applied_for: BTreeSet<Occasion>,
    /// Described as it was given: this registry makes repositories without a role.
    pub custom_role_arn: Option<String>,
    pub created_at: UnixMillis,
    pub updated_at: UnixMillis,
}

impl CreationTemplate {
    /// Whether the name is under the prefix. A prefix ends where a segment ends.
    fn prefix_fits(&self, name: &RepositoryName) -> bool {
        let under = |rest: &str| rest.is_empty() || rest.starts_with('/');
        let prefix = self.prefix.trim_end_matches('/');
        self.prefix == ROOT || name.as_str().strip_prefix(prefix).is_some_and(under)
    }

    fn prefix_length(&self) -> usize {
        if self.prefix == ROOT { 0 } else { self.prefix.trim_end_matches('/').len() }
    }

    /// A repository as the template has it.
    #[must_use]
    pub fn repository(&self, scope: Scope, name: RepositoryName, created_at: UnixMillis) -> Repository {
        let expires = |text: &String| StoredLifecyclePolicy { text: text.clone(), last_evaluated_at: None };
        Repository {
            image_tag_mutability: self.image_tag_mutability,
            mutability_exclusion_filters: self.mutability_exclusion_filters.clone(),
            encryption_configuration: self.encryption_configuration.clone(),
            tags: self.tags.clone(),
            policy: self.repository_policy.clone(),
            lifecycle_policy: self.lifecycle_policy.as_ref().map(expires),
            ..Repository::new(scope, name, created_at)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn template(prefix: &str, applied_for: &[Occasion]) -> (String, CreationTemplate) {
        let template = CreationTemplate {
            prefix: prefix.to_owned(),
            description: None,
            encryption_configuration: json!({}),
            tags: Vec::new(),
            image_tag_mutability: TagMutability::Mutable,
            mutability_exclusion_filters: Vec::new(),
            repository_policy: None,
            lifecycle_policy: None,
            applied_for: applied_for.iter().copied().collect(),
            custom_role_arn: None,
            created_at: UnixMillis(0),
            updated_at: UnixMillis(0),
        };
        (prefix.to_owned(), template)
    }

    #[test]
    fn the_template_with_the_longest_prefix_that_ends_with_a_segment_is_taken() {
        let (push, copy) = (Occasion::CreateOnPush, Occasion::Replication);
        let settings = RegistrySettings {
            creation_templates: [
                template("team", &[push]),
                template("team/web/", &[push]),
                template("team/web/canary", &[copy]),
                template("ROOT", &[copy]),
            ]
            .into(),
            ..RegistrySettings::default()
        };
        for (name, occasion, expected) in [
            ("team/api", push, Some("team")),
            ("team", push, Some("team")),
            ("teams/api", push, None),
            ("team/web/front", push, Some("team/web/")),
            ("team/web/canary/a", push, Some("team/web/")),
            ("team/web/canary/a", copy, Some("team/web/canary")),
            ("team/api", copy, Some("ROOT")),
        ] {
            let found = settings.template(&RepositoryName::parse(name).unwrap(), occasion);
            assert_eq!(found.map(|template| template.prefix.as_str()), expected, "{name} {occasion:?}");
        }
    }

    #[test]
    fn a_repository_under_a_prefix_is_a_cache_of_one_of_the_upstream() {
        let rule = |prefix: &str, url: &str, upstream: &str| {
            let rule = PullThroughRule {
                prefix: prefix.to_owned(),
                upstream_url: url.to_owned(),
                upstream_registry: None,
                upstream_prefix: upstream.to_owned(),
                credential_arn: None,
                custom_role_arn: None,
                created_at: UnixMillis(0),
                updated_at: UnixMillis(0),
            };
            (prefix.to_owned(), rule)
        };
        let mut settings = RegistrySettings {
            pull_through: [
                rule("hub", "registry-1.docker.io", "ROOT"),
                rule("hub/team", "https://other.test:5000/", "blue/"),
            ]
            .into(),
            ..RegistrySettings::default()
        };
        let upstream = |settings: &RegistrySettings, name: &str| {
            let found = settings.upstream(&RepositoryName::parse(name).unwrap());
            found.map(|(rule, name)| format!("{} {name}", rule.upstream_host()))
        };
        for (name, expected) in [
            ("hub/nginx", Some("registry-1.docker.io library/nginx")),
            ("hub/grafana/loki", Some("registry-1.docker.io grafana/loki")),
            ("hub/team/app", Some("other.test:5000 blue/app")),
            ("hub", None),
            ("hubs/nginx", None),
        ] {
            assert_eq!(upstream(&settings, name).as_deref(), expected, "{name}");
        }
        settings.pull_through.extend([rule("ROOT", "quay.io", "ROOT")]);
        assert_eq!(upstream(&settings, "any/app").as_deref(), Some("quay.io any/app"));
        assert_eq!(upstream(&settings, "hub/nginx").as_deref(), Some("registry-1.docker.io library/nginx"));
    }

    #[test]
    fn a_filter_without_a_wildcard_means_a_part_of_the_name() {
        let rule = |filters: &[&str]| ScanningRule {
            frequency: ScanFrequency::ScanOnPush,
            filters: filters.iter().map(|&filter| filter.to_owned()).collect(),
        };
        let settings = RegistrySettings { scanning: vec![rule(&["prod", "team/*"])], ..RegistrySettings::default() };
        for (name, expected) in [
            ("my-prod-app", (ScanFrequency::ScanOnPush, vec!["prod"])),
            ("team/prod", (ScanFrequency::ScanOnPush, vec!["prod", "team/*"])),
            ("a-team/x", (ScanFrequency::Manual, vec![])),
        ] {
            assert_eq!(settings.scan_frequency(&RepositoryName::parse(name).unwrap()), expected, "{name}");
        }
    }
}
