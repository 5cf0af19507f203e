//! Conditions on a line of columns: `[ip, ..., status = 5* && status != 503, bytes > 1000]`.
//!
//! Columns are parted by blanks; what stands in quotes or brackets is one column. Three dots stand for any number of
//! columns. A line with another number of columns does not match.

use super::condition::{self, Condition};
use super::{InvalidPattern, Scan};

/// What must hold of a column, if anything.
type Column = Option<Condition<()>>;

#[derive(Debug, Clone)]
pub(super) struct Columns {
    /// What stands before the dots, or all.
    head: Vec<Column>,
    /// What stands after the dots, when there are any.
    tail: Option<Vec<Column>>,
}

impl Columns {
    pub(super) fn match_line(&self, line: &str) -> bool {
        let columns = split(line);
        let tail = self.tail.as_deref().unwrap_or_default();
        let wanted = self.head.len() + tail.len();
        if columns.len() < wanted || self.tail.is_none() && columns.len() > wanted {
            return false;
        }
        let (head, rest) = columns.split_at(self.head.len());
        let ends = &rest[rest.len() - tail.len()..];
        self.head.iter().zip(head).chain(tail.iter().zip(ends)).all(|(condition, column)| {
            condition.as_ref().is_none_or(|condition| condition.holds(&|(), check| check.holds_of(column)))
        })
    }
}

fn split(line: &str) -> Vec<&str> {
    let mut columns = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let closing = match first {
            '"' => Some('"'),
            '[' => Some(']'),
            _ => None,
        };
        let closed = closing.and_then(|mark| rest[1..].find(mark));
        let (column, end) = match closed {
            Some(at) => (&rest[1..=at], at + 2),
            None => {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                (&rest[..end], end)
            }
        };
        columns.push(column);
        rest = rest[end..].trim_start();
    }
    columns
}

pub(super) fn read(scan: &mut Scan<'_>) -> Result<Columns, InvalidPattern> {
    scan.expect("[")?;
    let mut columns = Columns { head: Vec::new(), tail: None };
    loop {
        if scan.take("...") {
            if columns.tail.is_some() {
                return Err(InvalidPattern("... may stand only once".to_owned()));
            }
            columns.tail = Some(Vec::new());
        } else {
            let column = column(scan)?;
            columns.tail.as_mut().unwrap_or(&mut columns.head).push(column);
        }
        if scan.take("]") {
            return Ok(columns);
        }
        scan.expect(",")?;
    }
}

/// A name, or a condition in which it stands each time.
fn column(scan: &mut Scan<'_>) -> Result<Column, InvalidPattern> {
    scan.blanks();
    if matches!(scan.peek(), Some(',' | ']')) {
        return Ok(None);
    }
    if scan.peek() != Some('(') {
        let mut ahead = scan.ahead();
        name(&mut ahead)?;
        if condition::comparison(&mut ahead).is_none() {
            name(scan)?;
            return Ok(None);
        }
    }
    condition::read(scan, &name).map(Some)
}

fn name(scan: &mut Scan<'_>) -> Result<(), InvalidPattern> {
    scan.blanks();
    match scan.while_in(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | '.')) {
        "" => Err(scan.expected("the name of a column")),
        _ => Ok(()),
    }
}
