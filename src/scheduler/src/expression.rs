//! The cluster query language: which hosts an expression selects.
//!
//! Source: ECS developer guide, "Cluster query language". [`parse()`] checks everything once, operators against subjects,
//! regular expressions and dates included, so that a parsed [`Expression`] only ever answers yes or no.
//!
//! Choices where the guide is silent: a negative test (`!=`, `!in`, `!~`, `!exists`) is the negation of the positive one,
//! so it holds on a host that lacks the attribute; an attribute without a value satisfies `exists` alone;
//! `task:group` tests hold when they hold for any group that runs on the host; keywords are lower case.

mod date;
mod parse;
#[cfg(test)]
mod tests;

use regex_lite::Regex;

pub use parse::{MAX_LENGTH, parse};

/// A parsed expression.
#[derive(Debug, Clone)]
pub struct Expression(Node);

/// Text that is not an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} at position {position}")]
pub struct ParseError {
    /// Where, in bytes from the start.
    pub position: usize,
    pub message: String,
}

/// What an expression may ask of a host.
pub(crate) trait Facts {
    fn agent_connected(&self) -> bool;
    fn agent_version(&self) -> &str;
    fn ec2_instance_id(&self) -> &str;
    fn registered_at_ms(&self) -> i64;
    fn running_tasks_count(&self) -> u32;
    /// The attribute called `name`, when there is one; the inner option is its value.
    fn attribute(&self, name: &str) -> Option<Option<&str>>;
    /// Whether tasks of a group run here.
    fn runs_group(&self, name: &str) -> bool;
    /// The groups that run tasks here.
    fn groups(&self) -> Vec<&str>;
}

#[derive(Debug, Clone)]
enum Node {
    Or(Vec<Node>),
    And(Vec<Node>),
    Not(Box<Node>),
    Test(Test),
}

/// A subject and what is asked of it.
#[derive(Debug, Clone)]
enum Test {
    AgentConnected(TextTest),
    Ec2InstanceId(TextTest),
    AgentVersion(Order, Vec<u64>),
    /// Seconds since the Unix epoch.
    RegisteredAt(Order, i64),
    RunningTasksCount(Order, u64),
    AttributeExists(String),
    Attribute(String, TextTest),
    Group(TextTest),
}

/// A positive test of a text; negative operators are parsed as its negation.
#[derive(Debug, Clone)]
enum TextTest {
    Is(String),
    In(Vec<String>),
    /// Anchored at both ends.
    Matches(Regex),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Equal,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
}

impl Expression {
    pub(crate) fn matches(&self, facts: &dyn Facts) -> bool {
        self.0.matches(facts)
    }
}

impl Node {
    fn matches(&self, facts: &dyn Facts) -> bool {
        match self {
            Self::Or(nodes) => nodes.iter().any(|node| node.matches(facts)),
            Self::And(nodes) => nodes.iter().all(|node| node.matches(facts)),
            Self::Not(node) => !node.matches(facts),
            Self::Test(test) => test.holds(facts),
        }
    }
}

impl Test {
    fn holds(&self, facts: &dyn Facts) -> bool {
        match self {
            Self::AgentConnected(test) => test.holds(if facts.agent_connected() { "true" } else { "false" }),
            Self::Ec2InstanceId(test) => test.holds(facts.ec2_instance_id()),
            Self::AgentVersion(order, wanted) => {
                version(facts.agent_version()).is_some_and(|have| order.holds(&have, wanted))
            }
            Self::RegisteredAt(order, wanted) => order.holds(&facts.registered_at_ms().div_euclid(1000), wanted),
            Self::RunningTasksCount(order, wanted) => order.holds(&u64::from(facts.running_tasks_count()), wanted),
            Self::AttributeExists(name) => facts.attribute(name).is_some(),
            Self::Attribute(name, test) => facts.attribute(name).flatten().is_some_and(|value| test.holds(value)),
            Self::Group(TextTest::Is(wanted)) => facts.runs_group(wanted),
            Self::Group(TextTest::In(wanted)) => wanted.iter().any(|group| facts.runs_group(group)),
            Self::Group(test @ TextTest::Matches(_)) => facts.groups().into_iter().any(|group| test.holds(group)),
        }
    }
}

impl TextTest {
    fn holds(&self, value: &str) -> bool {
        match self {
            Self::Is(wanted) => value == wanted,
            Self::In(wanted) => wanted.iter().any(|one| one == value),
            Self::Matches(regex) => regex.is_match(value),
        }
    }
}

impl Order {
    fn holds<T: Ord>(self, have: &T, wanted: &T) -> bool {
        match self {
            Self::Equal => have == wanted,
            Self::Greater => have > wanted,
            Self::GreaterEqual => have >= wanted,
            Self::Less => have < wanted,
            Self::LessEqual => have <= wanted,
        }
    }
}

/// The numbers of a dotted version, trailing zeros left off so that 1.2 and 1.2.0 are equal.
fn version(text: &str) -> Option<Vec<u64>> {
    let mut numbers = text.split('.').map(|part| part.parse().ok()).collect::<Option<Vec<u64>>>()?;
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    Some(numbers)
}
