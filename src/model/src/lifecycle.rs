//! Lifecycle policies: which images of a repository expire or go to the archive (Amazon ECR user guide, "Lifecycle policies").
//!
//! [`LifecyclePolicy::parse`] reads the text, [`LifecyclePolicy::evaluate`] applies it to a repository as it is. All rules
//! look at the same images, then act in the order of their priority: an image that meets what a rule asks of tags is out of
//! reach of every later rule, whether or not that rule acted on it, and still counts for later ones. A rule sees the images
//! of one storage class: those that are served, or those in the archive.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::ids::{Digest, ImageTag};
use crate::image::wildcard_matches;
use crate::time::UnixMillis;

const MOST_RULES: usize = 50;
const MOST_WILDCARDS: usize = 4;
/// How long an image stays in the archive at least (Amazon ECR user guide, "Archiving an image").
const SHORTEST_ARCHIVE_DAYS: i64 = 90;
const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// A policy whose text was found valid. Its rules are in the order of their priority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifecyclePolicy {
    rules: Vec<Rule>,
}

/// Why a text is no policy, as a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidLifecyclePolicy(pub String);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    priority: u32,
    class: StorageClass,
    tags: TagStatus,
    count: Count,
    action: Action,
}

/// Whether an image is served (`STANDARD`) or kept away (`ARCHIVE`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StorageClass {
    Standard,
    Archive,
}

/// What becomes of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Expire,
    /// To the archive.
    Transition,
}

/// What a policy does to an image, and the rule that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    pub action: Action,
    pub rule_priority: u32,
}

/// What a rule asks of an image's tags.
#[derive(Debug, Clone, PartialEq, Eq)]
enum TagStatus {
    Any,
    Untagged,
    /// Each pattern is met by one of the image's tags.
    Tagged(Vec<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Count {
    /// All but so many of the newest.
    ImagesMoreThan(usize),
    /// Those pushed more than so many days ago.
    DaysSincePushed(i64),
    /// Those that nobody pulled for more than so many days; a push and a return from the archive count as a pull.
    DaysSincePulled(i64),
    /// Those that went to the archive more than so many days ago.
    DaysSinceTransitioned(i64),
}

/// An image as rules see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub digest: Digest,
    pub tags: Vec<ImageTag>,
    pub pushed_at: UnixMillis,
    pub last_pulled_at: Option<UnixMillis>,
    /// When it last left the archive.
    pub activated_at: Option<UnixMillis>,
    /// When it went to the archive, if it is there.
    pub archived_at: Option<UnixMillis>,
    /// Whether an index of the repository names it, or its subject is there: then it goes with that, and no rule for
    /// untagged images sees it.
    pub belongs_to_another: bool,
}

impl LifecyclePolicy {
    /// Reads a policy.
    ///
    /// # Errors
    /// [`InvalidLifecyclePolicy`] for a text that is not JSON of that form or breaks a rule of the grammar.
    pub fn parse(text: &str) -> Result<Self, InvalidLifecyclePolicy> {
        let read: PolicyText = serde_json::from_str(text).map_err(|error| InvalidLifecyclePolicy(error.to_string()))?;
        if read.rules.is_empty() || read.rules.len() > MOST_RULES {
            return invalid(format!("rules must be 1 to {MOST_RULES}"));
        }
        let mut rules = read.rules.iter().map(RuleText::rule).collect::<Result<Vec<_>, _>>()?;
        rules.sort_by_key(|rule| rule.priority);
        if let Some(pair) = rules.windows(2).find(|pair| pair[0].priority == pair[1].priority) {
            return invalid(format!("rulePriority {} is given twice", pair[0].priority));
        }
        for class in [StorageClass::Standard, StorageClass::Archive] {
            let of_class: Vec<&Rule> = rules.iter().filter(|rule| rule.class == class).collect();
            check_together(&of_class)?;
        }
        Ok(Self { rules })
    }

    /// What happens to which images at `now`.
    #[must_use]
    pub fn evaluate(&self, images: &[Candidate], now: UnixMillis) -> BTreeMap<Digest, Applied> {
        let mut applied = BTreeMap::new();
        let mut claimed: BTreeSet<&Digest> = BTreeSet::new();
        for rule in &self.rules {
            let mut selected: Vec<&Candidate> = images.iter().filter(|image| rule.selects(image)).collect();
            selected.sort_by(|a, b| (b.pushed_at, &b.digest).cmp(&(a.pushed_at, &a.digest)));
            let old = |since: UnixMillis, days: i64| now.millis_since(since) > days.saturating_mul(DAY_MILLIS);
            for (newer, image) in selected.iter().enumerate() {
                let is_over = match rule.count {
                    Count::ImagesMoreThan(most) => newer >= most,
                    Count::DaysSincePushed(days) => old(image.pushed_at, days),
                    Count::DaysSincePulled(days) => old(image.last_wanted_at(), days),
                    Count::DaysSinceTransitioned(days) => image.archived_at.is_some_and(|at| old(at, days)),
                };
                if is_over && !claimed.contains(&image.digest) && !image.belongs_to_another {
                    let Rule { action, priority, .. } = *rule;
                    applied.insert(image.digest.clone(), Applied { action, rule_priority: priority });
                }
            }
            claimed.extend(selected.iter().map(|image| &image.digest));
        }
        applied
    }
}

/// Refuses rules of one storage class that get in each other's way. They are in the order of their priority.
fn check_together(rules: &[&Rule]) -> Result<(), InvalidLifecyclePolicy> {
    if let Some((_, before)) = rules.split_last()
        && before.iter().any(|rule| rule.tags == TagStatus::Any)
    {
        return invalid("a rule with tagStatus any must have the highest rulePriority");
    }
    if rules.iter().filter(|rule| rule.tags == TagStatus::Untagged).count() > 1 {
        return invalid("only one rule may have tagStatus untagged");
    }
    let mut asked = BTreeSet::new();
    for rule in rules {
        let TagStatus::Tagged(patterns) = &rule.tags else { continue };
        let mut patterns = patterns.clone();
        patterns.sort_unstable();
        if !asked.insert(patterns) {
            return invalid("two rules ask for the same tags");
        }
    }
    Ok(())
}

impl Candidate {
    fn storage_class(&self) -> StorageClass {
        if self.archived_at.is_some() { StorageClass::Archive } else { StorageClass::Standard }
    }

    /// When somebody last had use for it.
    fn last_wanted_at(&self) -> UnixMillis {
        [self.last_pulled_at, self.activated_at].into_iter().flatten().fold(self.pushed_at, Ord::max)
    }
}

impl Rule {
    fn selects(&self, image: &Candidate) -> bool {
        self.class == image.storage_class() && self.tags.selects(image)
    }
}

impl TagStatus {
    fn selects(&self, image: &Candidate) -> bool {
        match self {
            Self::Any => !(image.tags.is_empty() && image.belongs_to_another),
            Self::Untagged => image.tags.is_empty() && !image.belongs_to_another,
            Self::Tagged(patterns) => {
                patterns.iter().all(|pattern| image.tags.iter().any(|tag| wildcard_matches(pattern, tag.as_str())))
            }
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyText {
    rules: Vec<RuleText>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RuleText {
    rule_priority: i64,
    #[serde(default)]
    #[expect(dead_code, reason = "kept in the text, which is what is answered")]
    description: Option<String>,
    selection: SelectionText,
    action: ActionText,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SelectionText {
    tag_status: String,
    tag_pattern_list: Option<Vec<String>>,
    tag_prefix_list: Option<Vec<String>>,
    storage_class: Option<String>,
    count_type: String,
    count_unit: Option<String>,
    count_number: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ActionText {
    r#type: String,
    target_storage_class: Option<String>,
}

fn invalid<T>(why: impl Into<String>) -> Result<T, InvalidLifecyclePolicy> {
    Err(InvalidLifecyclePolicy(why.into()))
}

impl RuleText {
    fn rule(&self) -> Result<Rule, InvalidLifecyclePolicy> {
        let Some(priority) = u32::try_from(self.rule_priority).ok().filter(|&priority| priority > 0) else {
            return invalid("rulePriority must be at least 1");
        };
        let action = self.action.action()?;
        let class = self.selection.class()?;
        let count = self.selection.count()?;
        match (action, class, count) {
            (Action::Transition, StorageClass::Archive, _) => {
                invalid("the action transition is for storageClass standard")
            }
            (Action::Expire, StorageClass::Standard, Count::DaysSincePulled(_)) => {
                invalid("countType sinceImagePulled does not go with the action expire")
            }
            (_, StorageClass::Standard, Count::DaysSinceTransitioned(_)) => {
                invalid("countType sinceImageTransitioned is for storageClass archive")
            }
            (Action::Expire, StorageClass::Archive, Count::DaysSinceTransitioned(days))
                if days < SHORTEST_ARCHIVE_DAYS =>
            {
                invalid(format!("countNumber must be at least {SHORTEST_ARCHIVE_DAYS} for sinceImageTransitioned"))
            }
            (Action::Expire, StorageClass::Archive, count) if !matches!(count, Count::DaysSinceTransitioned(_)) => {
                invalid("storageClass archive needs countType sinceImageTransitioned")
            }
            _ => Ok(Rule { priority, class, tags: self.selection.tags()?, count, action }),
        }
    }
}

impl ActionText {
    fn action(&self) -> Result<Action, InvalidLifecyclePolicy> {
        match (self.r#type.as_str(), self.target_storage_class.as_deref()) {
            ("expire", None) => Ok(Action::Expire),
            ("expire", Some(_)) => invalid("targetStorageClass is only for the action transition"),
            ("transition", Some("archive")) => Ok(Action::Transition),
            ("transition", _) => invalid("the action transition needs the targetStorageClass archive"),
            (other, _) => invalid(format!("unknown action '{other}'")),
        }
    }
}

impl SelectionText {
    fn class(&self) -> Result<StorageClass, InvalidLifecyclePolicy> {
        match self.storage_class.as_deref() {
            None | Some("standard") => Ok(StorageClass::Standard),
            Some("archive") => Ok(StorageClass::Archive),
            Some(other) => invalid(format!("unknown storageClass '{other}'")),
        }
    }

    fn tags(&self) -> Result<TagStatus, InvalidLifecyclePolicy> {
        let lists = (self.tag_pattern_list.as_deref(), self.tag_prefix_list.as_deref());
        match (self.tag_status.as_str(), lists) {
            ("any", (None, None)) => Ok(TagStatus::Any),
            ("untagged", (None, None)) => Ok(TagStatus::Untagged),
            ("any" | "untagged", _) => invalid("tagPatternList and tagPrefixList are only for tagStatus tagged"),
            ("tagged", (Some(patterns), None)) if !patterns.is_empty() => {
                let many = patterns.iter().find(|pattern| pattern.matches('*').count() > MOST_WILDCARDS);
                match many {
                    Some(pattern) => invalid(format!("the pattern '{pattern}' has more than {MOST_WILDCARDS} *")),
                    None => Ok(TagStatus::Tagged(patterns.to_vec())),
                }
            }
            ("tagged", (None, Some(prefixes))) if !prefixes.is_empty() => {
                Ok(TagStatus::Tagged(prefixes.iter().map(|prefix| format!("{prefix}*")).collect()))
            }
            ("tagged", _) => invalid("tagStatus tagged needs either a tagPatternList or a tagPrefixList"),
            (other, _) => invalid(format!("unknown tagStatus '{other}'")),
        }
    }

    fn count(&self) -> Result<Count, InvalidLifecyclePolicy> {
        if self.count_number < 1 {
            return invalid("countNumber must be at least 1");
        }
        match (self.count_type.as_str(), self.count_unit.as_deref()) {
            ("imageCountMoreThan", None) => {
                Ok(Count::ImagesMoreThan(usize::try_from(self.count_number).unwrap_or(usize::MAX)))
            }
            ("imageCountMoreThan", Some(_)) => invalid("countUnit is not for imageCountMoreThan"),
            ("sinceImagePushed", Some("days")) => Ok(Count::DaysSincePushed(self.count_number)),
            ("sinceImagePulled", Some("days")) => Ok(Count::DaysSincePulled(self.count_number)),
            ("sinceImageTransitioned", Some("days")) => Ok(Count::DaysSinceTransitioned(self.count_number)),
            ("sinceImagePushed" | "sinceImagePulled" | "sinceImageTransitioned", _) => {
                invalid("countUnit must be days")
            }
            (other, _) => invalid(format!("unknown countType '{other}'")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOW: UnixMillis = UnixMillis(100 * DAY_MILLIS);

    fn digest(number: u32) -> Digest {
        Digest::parse(format!("sha256:{number:064x}")).unwrap()
    }

    /// A moment more than so many days ago.
    fn days_ago(days: i64) -> UnixMillis {
        UnixMillis(NOW.0 - days * DAY_MILLIS - 1)
    }

    /// An image `number`, pushed so many days ago, with tags.
    fn image(number: u32, days: i64, tags: &[&str]) -> Candidate {
        Candidate {
            digest: digest(number),
            tags: tags.iter().map(|tag| ImageTag::parse(*tag).unwrap()).collect(),
            pushed_at: days_ago(days),
            last_pulled_at: None,
            activated_at: None,
            archived_at: None,
            belongs_to_another: false,
        }
    }

    fn rule(priority: i64, selection: &Value) -> Value {
        json!({ "rulePriority": priority, "selection": selection, "action": { "type": "expire" } })
    }

    fn newest(priority: i64, tag_status: &str, patterns: Option<&[&str]>, most: i64) -> Value {
        let mut selection = json!({ "tagStatus": tag_status, "countType": "imageCountMoreThan", "countNumber": most });
        if let Some(patterns) = patterns {
            selection["tagPatternList"] = json!(patterns);
        }
        rule(priority, &selection)
    }

    fn older(priority: i64, tag_status: &str, days: i64) -> Value {
        let count = ("sinceImagePushed", "days");
        rule(
            priority,
            &json!({
                "tagStatus": tag_status, "countType": count.0, "countUnit": count.1, "countNumber": days,
            }),
        )
    }

    fn since(priority: i64, class: &str, count_type: &str, days: i64, to: Option<&str>) -> Value {
        let selection = json!({
            "tagStatus": "any", "storageClass": class, "countType": count_type, "countUnit": "days", "countNumber": days,
        });
        let mut rule = rule(priority, &selection);
        if let Some(to) = to {
            rule["action"] = json!({ "type": "transition", "targetStorageClass": to });
        }
        rule
    }

    /// The numbers of the images that expire, with the priorities of their rules.
    fn expired(rules: &[Value], images: &[Candidate]) -> Vec<(u32, u32)> {
        let policy = LifecyclePolicy::parse(&json!({ "rules": rules }).to_string()).unwrap();
        let expired = policy.evaluate(images, NOW);
        let number = |digest: &Digest| u32::from_str_radix(&digest.as_str()[7 + 56..], 16).unwrap();
        expired.iter().map(|(digest, applied)| (number(digest), applied.rule_priority)).collect()
    }

    #[test]
    fn rules_expire_by_number_and_by_age() {
        let images = [image(1, 1, &["a"]), image(2, 2, &["b"]), image(3, 3, &[]), image(4, 4, &[])];
        for (name, rules, expected) in [
            ("all but two", vec![newest(1, "any", None, 2)], vec![(3, 1), (4, 1)]),
            ("untagged alone", vec![newest(1, "untagged", None, 1)], vec![(4, 1)]),
            ("older than three days", vec![older(1, "any", 3)], vec![(3, 1), (4, 1)]),
            ("untagged older than three days", vec![older(1, "untagged", 4)], vec![(4, 1)]),
            ("tagged", vec![newest(1, "tagged", Some(&["*"]), 1)], vec![(2, 1)]),
        ] {
            assert_eq!(expired(&rules, &images), expected, "{name}");
        }
    }

    #[test]
    fn every_pattern_of_a_rule_must_be_met() {
        let images =
            [image(1, 1, &["prod-1", "stable"]), image(2, 2, &["prod-2"]), image(3, 3, &["prod-3", "stable-old"])];
        let both = [newest(1, "tagged", Some(&["prod*", "stable*"]), 1)];
        assert_eq!(expired(&both, &images), [(3, 1)]);
    }

    #[test]
    fn an_image_is_out_of_reach_of_rules_after_one_that_asks_for_its_tags_and_counts_for_them() {
        let images = [image(1, 1, &["prod-1"]), image(2, 2, &["prod-2"]), image(3, 3, &["dev"]), image(4, 4, &[])];
        let rules = [newest(1, "tagged", Some(&["prod*"]), 5), newest(2, "any", None, 1)];
        assert_eq!(expired(&rules, &images), [(3, 2), (4, 2)], "the two of prod are kept, and are the newest");
        let rules = [newest(1, "tagged", Some(&["prod*"]), 1), newest(2, "any", None, 3)];
        assert_eq!(expired(&rules, &images), [(2, 1), (4, 2)], "what the first expires counts for the second");
    }

    #[test]
    fn what_belongs_to_an_index_or_a_subject_goes_with_that() {
        let mut child = image(2, 90, &[]);
        child.belongs_to_another = true;
        let mut tagged_child = image(3, 91, &["arm64"]);
        tagged_child.belongs_to_another = true;
        let images = [image(1, 1, &["index"]), child, tagged_child, image(4, 2, &[])];
        assert_eq!(expired(&[older(1, "untagged", 1)], &images), [(4, 1)]);
        assert_eq!(expired(&[newest(1, "any", None, 1)], &images), [(4, 1)]);
    }

    #[test]
    fn a_prefix_is_a_pattern() {
        let selection = json!({
            "tagStatus": "tagged", "tagPrefixList": ["v"], "countType": "imageCountMoreThan", "countNumber": 1,
        });
        let images = [image(1, 1, &["v1"]), image(2, 2, &["v2"]), image(3, 3, &["w"])];
        assert_eq!(expired(&[rule(1, &selection)], &images), [(2, 1)]);
    }

    #[test]
    fn what_breaks_the_grammar_is_refused_with_the_reason() {
        let refused = |rules: Value| LifecyclePolicy::parse(&json!({ "rules": rules }).to_string()).unwrap_err().0;
        let selection = |change: (&str, Value)| {
            let mut selection = json!({ "tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 1 });
            selection[change.0] = change.1;
            json!([rule(1, &selection)])
        };
        for (rules, reason) in [
            (json!([]), "rules must be 1 to 50"),
            (json!([newest(0, "any", None, 1)]), "rulePriority must be at least 1"),
            (json!([newest(1, "untagged", None, 1), newest(1, "any", None, 1)]), "given twice"),
            (json!([newest(1, "any", None, 1), newest(2, "untagged", None, 1)]), "highest rulePriority"),
            (
                json!([newest(1, "untagged", None, 1), older(2, "untagged", 1)]),
                "only one rule may have tagStatus untagged",
            ),
            (json!([newest(1, "tagged", Some(&["a"]), 1), newest(2, "tagged", Some(&["a"]), 2)]), "the same tags"),
            (json!([newest(1, "tagged", None, 1)]), "needs either"),
            (json!([newest(1, "tagged", Some(&["*a*b*c*d*"]), 1)]), "more than 4 *"),
            (selection(("tagPatternList", json!(["a"]))), "only for tagStatus tagged"),
            (selection(("countNumber", json!(0))), "countNumber"),
            (selection(("countUnit", json!("days"))), "not for imageCountMoreThan"),
            (selection(("countType", json!("sinceImagePushed"))), "countUnit must be days"),
            (selection(("countType", json!("sinceImagePulled"))), "countUnit must be days"),
            (json!([since(1, "standard", "sinceImagePulled", 9, None)]), "does not go with the action expire"),
            (json!([since(1, "standard", "sinceImageTransitioned", 99, None)]), "is for storageClass archive"),
            (json!([since(1, "archive", "sinceImagePushed", 99, None)]), "needs countType sinceImageTransitioned"),
            (json!([since(1, "archive", "sinceImageTransitioned", 89, None)]), "at least 90"),
            (json!([since(1, "archive", "sinceImagePulled", 9, Some("archive"))]), "for storageClass standard"),
            (json!([since(1, "standard", "sinceImagePulled", 9, Some("glacier"))]), "targetStorageClass archive"),
            (selection(("tagStatus", json!("other"))), "unknown tagStatus"),
            (selection(("storageClass", json!("cold"))), "unknown storageClass"),
            (selection(("more", json!(1))), "unknown field"),
        ] {
            let why = refused(rules.clone());
            assert!(why.contains(reason), "{rules}: {why}");
        }
    }

    #[test]
    fn images_that_nobody_pulls_go_to_the_archive_and_expire_there() {
        let mut pulled = image(2, 60, &["b"]);
        pulled.last_pulled_at = Some(days_ago(5));
        let mut returned = image(3, 60, &[]);
        returned.activated_at = Some(days_ago(1));
        let mut archived = image(4, 300, &[]);
        archived.archived_at = Some(days_ago(90));
        let mut lately_archived = image(5, 300, &[]);
        lately_archived.archived_at = Some(days_ago(80));
        let images = [image(1, 60, &["a"]), pulled, returned, archived, lately_archived];
        let rules = json!({ "rules": [
            since(1, "standard", "sinceImagePulled", 30, Some("archive")),
            since(2, "archive", "sinceImageTransitioned", 90, None),
        ] });
        let applied = LifecyclePolicy::parse(&rules.to_string()).unwrap().evaluate(&images, NOW);
        let expected = [
            (digest(1), Applied { action: Action::Transition, rule_priority: 1 }),
            (digest(4), Applied { action: Action::Expire, rule_priority: 2 }),
        ];
        assert_eq!(applied, BTreeMap::from(expected));
    }
}
