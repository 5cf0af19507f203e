//! The query language by table: what it selects, what it refuses, and that no text makes it panic.

use proptest::prelude::*;

use super::{Facts, parse};

struct Host {
    attributes: Vec<(&'static str, Option<&'static str>)>,
    groups: Vec<&'static str>,
}

impl Facts for Host {
    fn agent_connected(&self) -> bool {
        true
    }
    fn agent_version(&self) -> &'static str {
        "1.57.1"
    }
    fn ec2_instance_id(&self) -> &'static str {
        "i-0abc"
    }
    fn registered_at_ms(&self) -> i64 {
        1_529_360_908_250
    }
    fn running_tasks_count(&self) -> u32 {
        3
    }
    fn attribute(&self, name: &str) -> Option<Option<&str>> {
        self.attributes.iter().find(|(have, _)| *have == name).map(|(_, value)| *value)
    }
    fn runs_group(&self, name: &str) -> bool {
        self.groups.contains(&name)
    }
    fn groups(&self) -> Vec<&str> {
        self.groups.clone()
    }
}

fn check(text: &str, expected: bool) {
    let host = Host {
        attributes: vec![
            ("ecs.instance-type", Some("t2.small")),
            ("ecs.availability-zone", Some("us-east-1a")),
            ("stack", Some("prod")),
            ("note", Some("it's, (a) note")),
            ("flag", None),
        ],
        groups: vec!["service:web", "databases"],
    };
    let expression = parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
    assert_eq!(expression.matches(&host), expected, "{text}");
}

#[test]
fn every_operator_in_both_spellings() {
    for (text, expected) in [
        ("attribute:stack == prod", true),
        ("attribute:stack==prod", true),
        ("attribute:stack equals test", false),
        ("attribute:stack != test", true),
        ("attribute:stack not_equals prod", false),
        ("attribute:stack exists", true),
        ("attribute:rack exists", false),
        ("attribute:rack !exists", true),
        ("attribute:stack not_exists", false),
        ("attribute:ecs.availability-zone in [us-east-1a, us-east-1b]", true),
        ("attribute:ecs.availability-zone in ['us-east-1b','us-east-1c']", false),
        ("attribute:ecs.availability-zone !in [us-east-1b]", true),
        ("attribute:ecs.availability-zone not_in [us-east-1a]", false),
        ("attribute:ecs.instance-type =~ t2.*", true),
        ("attribute:ecs.instance-type matches g2.*", false),
        ("attribute:ecs.instance-type !~ g2.*", true),
        ("attribute:ecs.instance-type not_matches t2.*", false),
        ("runningTasksCount == 3", true),
        ("runningTasksCount greater_than 3", false),
        ("runningTasksCount >= 3", true),
        ("runningTasksCount greater_than_equal 4", false),
        ("runningTasksCount<4", true),
        ("runningTasksCount less_than 3", false),
        ("runningTasksCount less_than_equal 3", true),
        ("runningTasksCount != 3", false),
    ] {
        check(text, expected);
    }
}

#[test]
fn every_subject() {
    for (text, expected) in [
        ("agentConnected == true", true),
        ("agentConnected == false", false),
        ("agentVersion >= 1.9", true),
        ("agentVersion == 1.57.1.0", true),
        ("agentVersion < 1.57", false),
        ("ec2InstanceId in ['i-0abc', 'i-0def']", true),
        ("ec2InstanceId =~ i-0.*", true),
        ("registeredAt > 2018-06-18", true),
        ("registeredAt == 2018-06-18T22:28:28+00:00", true),
        ("registeredAt < 2018-06-18T22:28:28Z", false),
        ("task:group == databases", true),
        ("task:group == service:web", true),
        ("not(task:group == databases)", false),
        ("task:group != queues", true),
        ("task:group =~ service:.*", true),
        ("task:group in [queues, databases]", true),
        ("task:group !in [queues, databases]", false),
    ] {
        check(text, expected);
    }
}

#[test]
fn and_binds_closer_than_or_and_not_closest() {
    for (text, expected) in [
        ("attribute:stack == prod or attribute:stack == x and attribute:stack == y", true),
        ("(attribute:stack == prod or attribute:stack == x) and attribute:stack == y", false),
        ("not attribute:stack == x and attribute:stack == prod", true),
        ("!(attribute:stack == x) && !(attribute:stack == y)", true),
        ("attribute:stack == x || attribute:stack == prod", true),
        ("attribute:stack==x||attribute:stack==prod&&attribute:flag exists", true),
        ("not not attribute:stack exists", true),
        ("attribute:ecs.instance-type =~ t2.* and attribute:ecs.availability-zone != us-east-1d", true),
    ] {
        check(text, expected);
    }
}

#[test]
fn a_pattern_must_match_the_whole_value() {
    for (text, expected) in [
        ("attribute:ecs.instance-type =~ t2", false),
        ("attribute:ecs.instance-type =~ (t2|t3)\\..*", true),
        ("(attribute:ecs.instance-type =~ (t2|t3)[.]small)", true),
        ("attribute:ecs.instance-type =~ 't2\\.small|t3'", true),
        ("attribute:ecs.instance-type =~ small|t2", false),
    ] {
        check(text, expected);
    }
}

#[test]
fn a_missing_attribute_satisfies_negative_tests_only() {
    for (text, expected) in [
        ("attribute:rack == a", false),
        ("attribute:rack != a", true),
        ("attribute:rack !in [a, b]", true),
        ("attribute:rack !~ .*", true),
        ("attribute:flag exists", true),
        ("attribute:flag == true", false),
    ] {
        check(text, expected);
    }
}

#[test]
fn quotes_hold_what_bare_words_cannot() {
    check(r"attribute:note == 'it\'s, (a) note'", true);
    check("attribute:note == \"it's, (a) note\"", true);
}

#[test]
fn errors_say_where() {
    for (text, position, part) in [
        ("", 0, "expected a subject"),
        ("attribute:stack", 15, "expected an operator"),
        ("attribute:stack ==", 18, "expected a value"),
        ("attribute: == x", 0, "unknown subject"),
        ("colour == red", 0, "unknown subject colour"),
        ("attribute:stack > 3", 16, "cannot be used with attribute:stack"),
        ("task:group exists", 11, "cannot be used with task:group"),
        ("agentVersion in [1.2]", 13, "cannot be used with agentVersion"),
        ("runningTasksCount > many", 20, "expected a number"),
        ("registeredAt > yesterday", 15, "expected a date"),
        ("agentVersion > x", 15, "expected a version"),
        ("(attribute:stack == x", 21, "expected )"),
        ("attribute:stack == x y", 21, "unexpected text"),
        ("attribute:stack in x", 19, "expected ["),
        ("attribute:stack in [x", 21, "expected , or ]"),
        ("attribute:stack == 'x", 19, "is not closed"),
        ("attribute:stack =~ *", 19, "invalid regular expression"),
        ("attribute:stack =~ 'a)(b'", 19, "invalid regular expression"),
    ] {
        let error = parse(text).expect_err(text);
        assert_eq!(error.position, position, "{text}: {error}");
        assert!(error.message.contains(part), "{text}: {error}");
    }
}

#[test]
fn length_and_depth_are_bounded() {
    let long = format!("attribute:stack == {}", "x".repeat(2000));
    assert!(parse(&long).unwrap_err().message.contains("longer than 2000"));
    let deep = format!("{}attribute:stack exists{}", "(".repeat(300), ")".repeat(300));
    assert!(parse(&deep).unwrap_err().message.contains("nested deeper"));
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in r#"[ -~é\n]{0,60}"#) {
        let _ = parse(&text);
    }

    #[test]
    fn any_sequence_of_tokens_is_parsed_or_refused(tokens in proptest::collection::vec(
        prop::sample::select(vec![
            "attribute:a", "task:group", "agentVersion", "==", "!=", "=~", "in", "[", "]", "(", ")", ",", "not", "!", "and",
            "or", "'x'", "1.2", "exists", "x*", "||",
        ]), 0..16))
    {
        let _ = parse(&tokens.join(" "));
    }
}
