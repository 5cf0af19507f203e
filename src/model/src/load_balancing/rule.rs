//! Rules: which requests they are for, and what is done with those.

use serde::{Deserialize, Serialize};

use crate::tag::Tag;

/// A rule of a listener. Those with lower priorities are asked first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    pub arn: String,
    /// The ARN of its listener.
    pub listener: String,
    /// 1 to 50,000, unique in its listener.
    pub priority: u32,
    /// All of them must hold.
    pub conditions: Vec<Condition>,
    pub action: Action,
    #[serde(default)]
    pub tags: Vec<Tag>,
}

/// What a request must have; one of the values is enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "field")]
pub enum Condition {
    /// Host names with `*` and `?`, in whatever case.
    HostHeader { values: Vec<String> },
    /// Paths with `*` and `?`; case counts.
    PathPattern { values: Vec<String> },
    /// Values with `*` and `?`, in whatever case.
    HttpHeader { name: String, values: Vec<String> },
    /// Methods as they are.
    HttpRequestMethod { values: Vec<String> },
    /// Parameters with `*` and `?`, in whatever case; without a key any will do.
    QueryString { values: Vec<(Option<String>, String)> },
    /// Networks in CIDR notation; the address is that of the connection.
    SourceIp { values: Vec<String> },
}

/// What is done with a request or a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum Action {
    #[serde(rename_all = "camelCase")]
    Forward {
        groups: Vec<GroupWeight>,
        /// For how many seconds a client stays with a group, when there are several.
        stickiness_s: Option<u32>,
    },
    /// Parts are as the API has them: `#{host}` stands for the request's own.
    #[serde(rename_all = "camelCase")]
    Redirect {
        protocol: String,
        host: String,
        port: String,
        path: String,
        query: String,
        /// 301 or 302.
        status: u16,
    },
    #[serde(rename_all = "camelCase")]
    FixedResponse { status: u16, content_type: Option<String>, body: Option<String> },
}

/// A target group and its share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupWeight {
    /// The ARN of the target group.
    pub group: String,
    /// 0 to 999.
    pub weight: u32,
}

impl Action {
    /// All to one group.
    #[must_use]
    pub fn forward_to(group: impl Into<String>) -> Self {
        Self::Forward { groups: vec![GroupWeight { group: group.into(), weight: 1 }], stickiness_s: None }
    }

    /// The ARNs of the groups that it may send to.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        let groups = match self {
            Self::Forward { groups, .. } => groups.as_slice(),
            Self::Redirect { .. } | Self::FixedResponse { .. } => &[],
        };
        groups.iter().map(|weighted| weighted.group.as_str())
    }
}

/// Whether `text` is what `pattern` says, where `*` stands for any run of characters and `?` for any one.
#[must_use]
pub fn is_wildcard_match(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut to) = (0, 0);
    // Where to go back to: after the last star, and the character that it takes next.
    let mut star: Option<(usize, usize)> = None;
    while to < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at + 1, to));
                at += 1;
            }
            Some(&c) if c == b'?' || c == text[to] => {
                at += 1;
                to += 1;
            }
            _ => match star {
                Some((after, taken)) => {
                    star = Some((after, taken + 1));
                    at = after;
                    to = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|&c| c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_stand_for_others() {
        for (pattern, text, matches) in [
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*.example.com", "www.example.com", true),
            ("*.example.com", "example.com", false),
            ("/img/*/pics", "/img/a/b/pics", true),
            ("/img/*", "/img", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("**", "anything", true),
        ] {
            assert_eq!(is_wildcard_match(pattern, text), matches, "{pattern} {text}");
        }
    }

    #[test]
    fn many_stars_take_no_longer_than_the_text_is_long_for_each() {
        let pattern = "*a".repeat(200);
        assert!(!is_wildcard_match(&pattern, &"a".repeat(199)));
        assert!(is_wildcard_match(&pattern, &"a".repeat(10_000)));
    }
}
