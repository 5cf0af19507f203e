//! Conditions on parts of a line, joined by `&&`, `||` and parentheses. `&&` binds stronger.

use regex_lite::Regex;

use super::{InvalidPattern, Scan, regex};

/// What must hold of parts that an `S` selects.
#[derive(Debug, Clone)]
pub(super) enum Condition<S> {
    All(Vec<Condition<S>>),
    Any(Vec<Condition<S>>),
    One(S, Check),
}

/// What must hold of one part.
#[derive(Debug, Clone)]
pub(super) enum Check {
    Compare(Comparison, Operand),
    IsNull,
    Is(bool),
    Exists,
    NotExists,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What a part is compared with.
#[derive(Debug, Clone)]
pub(super) enum Operand {
    /// A number, and how it was written.
    Number(f64, String),
    /// A text in which asterisks stand for anything.
    Text(String),
    Regex(Regex),
}

impl<S> Condition<S> {
    /// Whether the condition holds, when `check` says whether one part is as it must be.
    pub(super) fn holds(&self, check: &impl Fn(&S, &Check) -> bool) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(check)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(check)),
            Self::One(selector, wanted) => check(selector, wanted),
        }
    }
}

impl Check {
    /// Whether a text is as it must be.
    pub(super) fn holds_of(&self, text: &str) -> bool {
        match self {
            Self::Compare(comparison, operand) => operand.compare(*comparison, text),
            Self::IsNull | Self::NotExists => false,
            Self::Is(wanted) => text.parse() == Ok(*wanted),
            Self::Exists => true,
        }
    }
}

impl Operand {
    fn compare(&self, comparison: Comparison, text: &str) -> bool {
        match (comparison, self) {
            (Comparison::Equal, Self::Number(number, written)) => {
                text == written || text.parse().is_ok_and(|value: f64| value.total_cmp(number).is_eq())
            }
            (Comparison::Equal, Self::Text(wanted)) => is_like(text, wanted),
            (Comparison::Equal, Self::Regex(regex)) => regex.is_match(text),
            (Comparison::NotEqual, _) => !self.compare(Comparison::Equal, text),
            (_, Self::Number(number, _)) => text.parse().is_ok_and(|value: f64| match comparison {
                Comparison::Less => value < *number,
                Comparison::LessOrEqual => value <= *number,
                Comparison::Greater => value > *number,
                _ => value >= *number,
            }),
            // Only numbers have an order; reading a pattern has refused the rest.
            _ => false,
        }
    }
}

/// Whether `text` is `wanted`, where each asterisk stands for anything.
fn is_like(text: &str, wanted: &str) -> bool {
    let Some((start, rest)) = wanted.split_once('*') else { return text == wanted };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return text.ends_with(part);
        }
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    true
}

/// Reads a condition; `selector` reads what one is about.
pub(super) fn read<S>(
    scan: &mut Scan<'_>,
    selector: &impl Fn(&mut Scan<'_>) -> Result<S, InvalidPattern>,
) -> Result<Condition<S>, InvalidPattern> {
    let mut any = vec![all(scan, selector)?];
    while scan.take("||") {
        any.push(all(scan, selector)?);
    }
    Ok(Condition::Any(any))
}

fn all<S>(
    scan: &mut Scan<'_>,
    selector: &impl Fn(&mut Scan<'_>) -> Result<S, InvalidPattern>,
) -> Result<Condition<S>, InvalidPattern> {
    let mut all = vec![one(scan, selector)?];
    while scan.take("&&") {
        all.push(one(scan, selector)?);
    }
    Ok(Condition::All(all))
}

fn one<S>(
    scan: &mut Scan<'_>,
    selector: &impl Fn(&mut Scan<'_>) -> Result<S, InvalidPattern>,
) -> Result<Condition<S>, InvalidPattern> {
    if scan.take("(") {
        let inner = read(scan, selector)?;
        scan.expect(")")?;
        return Ok(inner);
    }
    Ok(Condition::One(selector(scan)?, check(scan)?))
}

fn check(scan: &mut Scan<'_>) -> Result<Check, InvalidPattern> {
    if scan.take("IS") {
        scan.blanks();
        return match scan.while_in(|c| c.is_ascii_alphabetic()) {
            "NULL" => Ok(Check::IsNull),
            "TRUE" => Ok(Check::Is(true)),
            "FALSE" => Ok(Check::Is(false)),
            _ => Err(scan.expected("NULL, TRUE or FALSE")),
        };
    }
    if scan.take("NOT") {
        scan.expect("EXISTS")?;
        return Ok(Check::NotExists);
    }
    if scan.take("EXISTS") {
        return Ok(Check::Exists);
    }
    let comparison = comparison(scan).ok_or_else(|| scan.expected("a comparison"))?;
    let operand = operand(scan)?;
    let ordered = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
    if ordered && !matches!(operand, Operand::Number(..)) {
        return Err(InvalidPattern("only numbers can be compared by < and >".to_owned()));
    }
    Ok(Check::Compare(comparison, operand))
}

/// The comparison that comes next, if one does.
pub(super) fn comparison(scan: &mut Scan<'_>) -> Option<Comparison> {
    const ALL: [(&str, Comparison); 6] = [
        ("<=", Comparison::LessOrEqual),
        (">=", Comparison::GreaterOrEqual),
        ("!=", Comparison::NotEqual),
        ("=", Comparison::Equal),
        ("<", Comparison::Less),
        (">", Comparison::Greater),
    ];
    ALL.into_iter().find_map(|(text, comparison)| scan.take(text).then_some(comparison))
}

fn operand(scan: &mut Scan<'_>) -> Result<Operand, InvalidPattern> {
    const ENDS: [char; 8] = ['&', '|', '(', ')', '{', '}', ',', ']'];
    scan.blanks();
    match scan.peek() {
        Some('"') => Ok(Operand::Text(scan.between('"')?)),
        Some('%') => Ok(Operand::Regex(regex(&scan.between('%')?)?)),
        _ => {
            let text = scan.while_in(|c| !c.is_whitespace() && !ENDS.contains(&c));
            match text.parse() {
                _ if text.is_empty() => Err(scan.expected("a value")),
                Ok(number) => Ok(Operand::Number(number, text.to_owned())),
                Err(_) => Ok(Operand::Text(text.to_owned())),
            }
        }
    }
}
