//! The parser of the cluster query language: recursive descent over the text.
//!
//! ```text
//! or      := and (("or" | "||") and)*
//! and     := unary (("and" | "&&") unary)*
//! unary   := ("not" | "!") unary | "(" or ")" | test
//! test    := subject operator [argument]
//! ```

use regex_lite::Regex;

use super::{Expression, Node, Order, ParseError, Test, TextTest, date, version};

/// The longest expression that is taken, in characters (the API's limit of `placementConstraints[].expression`).
pub const MAX_LENGTH: usize = 2000;
/// How deep parentheses and negations may nest, so that the stack is bounded.
const MAX_DEPTH: usize = 64;

/// Parses an expression.
///
/// # Errors
/// [`ParseError`] where the text stops being one.
pub fn parse(text: &str) -> Result<Expression, ParseError> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    if text.chars().count() > MAX_LENGTH {
        return Err(parser.error(format!("the expression is longer than {MAX_LENGTH} characters")));
    }
    let node = parser.or()?;
    parser.skip_blanks();
    if parser.rest().is_empty() { Ok(Expression(node)) } else { Err(parser.error("unexpected text")) }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Is,
    Order(Order),
    Exists,
    In,
    Matches,
}

/// Every way to write an operator, with whether it negates; longer ones first where one begins another.
const OPERATORS: [(&str, Operator, bool); 22] = [
    ("==", Operator::Is, false),
    ("!=", Operator::Is, true),
    ("=~", Operator::Matches, false),
    ("!~", Operator::Matches, true),
    ("!exists", Operator::Exists, true),
    ("!in", Operator::In, true),
    (">=", Operator::Order(Order::GreaterEqual), false),
    ("<=", Operator::Order(Order::LessEqual), false),
    (">", Operator::Order(Order::Greater), false),
    ("<", Operator::Order(Order::Less), false),
    ("equals", Operator::Is, false),
    ("not_equals", Operator::Is, true),
    ("greater_than_equal", Operator::Order(Order::GreaterEqual), false),
    ("greater_than", Operator::Order(Order::Greater), false),
    ("less_than_equal", Operator::Order(Order::LessEqual), false),
    ("less_than", Operator::Order(Order::Less), false),
    ("exists", Operator::Exists, false),
    ("not_exists", Operator::Exists, true),
    ("in", Operator::In, false),
    ("not_in", Operator::In, true),
    ("matches", Operator::Matches, false),
    ("not_matches", Operator::Matches, true),
];

impl<'a> Parser<'a> {
    fn or(&mut self) -> Result<Node, ParseError> {
        let mut nodes = vec![self.and()?];
        while self.take_word("or") || self.take_symbol("||") {
            nodes.push(self.and()?);
        }
        Ok(single(nodes, Node::Or))
    }

    fn and(&mut self) -> Result<Node, ParseError> {
        let mut nodes = vec![self.unary()?];
        while self.take_word("and") || self.take_symbol("&&") {
            nodes.push(self.unary()?);
        }
        Ok(single(nodes, Node::And))
    }

    fn unary(&mut self) -> Result<Node, ParseError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error(format!("the expression is nested deeper than {MAX_DEPTH}")));
        }
        let node = if self.take_word("not") || self.take_symbol("!") {
            Node::Not(Box::new(self.unary()?))
        } else if self.take_symbol("(") {
            let node = self.or()?;
            if !self.take_symbol(")") {
                return Err(self.error("expected )"));
            }
            node
        } else {
            self.test()?
        };
        self.depth -= 1;
        Ok(node)
    }

    fn test(&mut self) -> Result<Node, ParseError> {
        self.skip_blanks();
        let start = self.at;
        let subject = self.subject()?;
        let (operator, negated, at) = self.operator(subject)?;
        let test = match subject {
            "agentConnected" => Test::AgentConnected(self.text_test(subject, operator, at)?),
            "ec2InstanceId" => Test::Ec2InstanceId(self.text_test(subject, operator, at)?),
            "task:group" => Test::Group(self.text_test(subject, operator, at)?),
            "agentVersion" => {
                let (order, value) = self.ordered(subject, operator, at, "a version such as 1.2.3", version)?;
                Test::AgentVersion(order, value)
            }
            "registeredAt" => {
                let (order, value) =
                    self.ordered(subject, operator, at, "a date such as 2018-06-18T22:28:28Z", date::epoch_seconds)?;
                Test::RegisteredAt(order, value)
            }
            "runningTasksCount" => {
                let (order, value) = self.ordered(subject, operator, at, "a number", |text| text.parse().ok())?;
                Test::RunningTasksCount(order, value)
            }
            _ => match subject.strip_prefix("attribute:") {
                Some("") | None => return Err(ParseError { position: start, message: unknown_subject(subject) }),
                Some(name) if operator == Operator::Exists => Test::AttributeExists(name.to_owned()),
                Some(name) => Test::Attribute(name.to_owned(), self.text_test(subject, operator, at)?),
            },
        };
        let node = Node::Test(test);
        Ok(if negated { Node::Not(Box::new(node)) } else { node })
    }

    fn subject(&mut self) -> Result<&'a str, ParseError> {
        let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '-' | '_' | '/' | '\\');
        let rest = self.rest();
        let end = rest.find(|c| !part(c)).unwrap_or(rest.len());
        if end == 0 {
            return Err(self.error("expected a subject such as attribute:NAME"));
        }
        self.at += end;
        Ok(&rest[..end])
    }

    fn operator(&mut self, subject: &str) -> Result<(Operator, bool, usize), ParseError> {
        self.skip_blanks();
        let at = self.at;
        for (spelling, operator, negated) in OPERATORS {
            let taken = if spelling.ends_with(|c: char| c.is_ascii_alphabetic()) {
                self.take_word(spelling)
            } else {
                self.take_symbol(spelling)
            };
            if taken {
                return Ok((operator, negated, at));
            }
        }
        Err(self.error(format!("expected an operator after {subject}")))
    }

    fn text_test(&mut self, subject: &str, operator: Operator, at: usize) -> Result<TextTest, ParseError> {
        match operator {
            Operator::Is => Ok(TextTest::Is(self.argument(false)?)),
            Operator::In => Ok(TextTest::In(self.list()?)),
            Operator::Matches => self.regex(),
            Operator::Exists | Operator::Order(_) => {
                Err(ParseError { position: at, message: format!("this operator cannot be used with {subject}") })
            }
        }
    }

    fn ordered<T>(
        &mut self,
        subject: &str,
        operator: Operator,
        at: usize,
        wanted: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<(Order, T), ParseError> {
        let order = match operator {
            Operator::Is => Order::Equal,
            Operator::Order(order) => order,
            Operator::Exists | Operator::In | Operator::Matches => {
                let message = format!("this operator cannot be used with {subject}");
                return Err(ParseError { position: at, message });
            }
        };
        self.skip_blanks();
        let position = self.at;
        let text = self.argument(false)?;
        let value = read(&text).ok_or_else(|| ParseError { position, message: format!("expected {wanted}") })?;
        Ok((order, value))
    }

    fn regex(&mut self) -> Result<TextTest, ParseError> {
        self.skip_blanks();
        let position = self.at;
        let pattern = self.argument(true)?;
        // Checked alone first, so that a stray parenthesis cannot close the group that anchors it.
        let invalid =
            |e: regex_lite::Error| ParseError { position, message: format!("invalid regular expression: {e}") };
        Regex::new(&pattern).map_err(invalid)?;
        Regex::new(&format!("^(?:{pattern})$")).map(TextTest::Matches).map_err(invalid)
    }

    fn list(&mut self) -> Result<Vec<String>, ParseError> {
        if !self.take_symbol("[") {
            return Err(self.error("expected ["));
        }
        let mut items = vec![self.argument(false)?];
        while self.take_symbol(",") {
            items.push(self.argument(false)?);
        }
        if self.take_symbol("]") { Ok(items) } else { Err(self.error("expected , or ]")) }
    }

    /// A bare or quoted value. A bare regular expression may hold balanced brackets.
    fn argument(&mut self, brackets: bool) -> Result<String, ParseError> {
        self.skip_blanks();
        match self.rest().chars().next() {
            Some(quote @ ('\'' | '"')) => self.quoted(quote),
            _ => self.bare(brackets),
        }
    }

    fn quoted(&mut self, quote: char) -> Result<String, ParseError> {
        let start = self.at;
        let mut value = String::new();
        let mut characters = self.rest().char_indices().skip(1).peekable();
        while let Some((offset, character)) = characters.next() {
            if character == quote {
                self.at = start + offset + 1;
                return Ok(value);
            }
            match characters.peek() {
                Some(&(_, next)) if character == '\\' && next == quote => {
                    value.push(quote);
                    characters.next();
                }
                _ => value.push(character),
            }
        }
        Err(ParseError { position: start, message: format!("the quote {quote} is not closed") })
    }

    fn bare(&mut self, brackets: bool) -> Result<String, ParseError> {
        let rest = self.rest();
        let mut open: usize = 0;
        let mut end = rest.len();
        for (offset, character) in rest.char_indices() {
            let ends = match character {
                '(' | '[' | '{' if brackets => {
                    open += 1;
                    false
                }
                ')' | ']' | '}' if brackets && open > 0 => {
                    open -= 1;
                    false
                }
                ',' => open == 0,
                '(' | ')' | '[' | ']' => true,
                _ => character.is_whitespace() || rest[offset..].starts_with("&&") || rest[offset..].starts_with("||"),
            };
            if ends {
                end = offset;
                break;
            }
        }
        if end == 0 {
            return Err(self.error("expected a value"));
        }
        self.at += end;
        Ok(rest[..end].to_owned())
    }

    /// Takes a word when it stands here whole.
    fn take_word(&mut self, word: &str) -> bool {
        self.skip_blanks();
        let whole = self.rest().strip_prefix(word).is_some_and(|after| {
            !after.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '-' | '.'))
        });
        if whole {
            self.at += word.len();
        }
        whole
    }

    fn take_symbol(&mut self, symbol: &str) -> bool {
        self.skip_blanks();
        let here = self.rest().starts_with(symbol);
        if here {
            self.at += symbol.len();
        }
        here
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn error(&self, message: impl Into<String>) -> ParseError {
        ParseError { position: self.at, message: message.into() }
    }
}

fn single(mut nodes: Vec<Node>, join: fn(Vec<Node>) -> Node) -> Node {
    match nodes.pop() {
        Some(only) if nodes.is_empty() => only,
        Some(last) => {
            nodes.push(last);
            join(nodes)
        }
        None => join(nodes),
    }
}

fn unknown_subject(subject: &str) -> String {
    format!(
        "unknown subject {subject}; expected agentConnected, agentVersion, attribute:NAME, ec2InstanceId, registeredAt, \
         runningTasksCount or task:group"
    )
}
