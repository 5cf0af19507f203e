//! Terms of an unstructured line: all of the plain ones, any of the optional ones, none of the excluded ones.

use regex_lite::Regex;

use super::{InvalidPattern, Scan, regex};

#[derive(Debug, Clone, Default)]
pub(super) struct Terms {
    all: Vec<Term>,
    any: Vec<Term>,
    none: Vec<Term>,
}

#[derive(Debug, Clone)]
enum Term {
    Text(String),
    Regex(Regex),
}

impl Term {
    fn is_in(&self, line: &str) -> bool {
        match self {
            Self::Text(text) => line.contains(text.as_str()),
            Self::Regex(regex) => regex.is_match(line),
        }
    }
}

impl Terms {
    pub(super) fn match_line(&self, line: &str) -> bool {
        self.all.iter().all(|term| term.is_in(line))
            && (self.any.is_empty() || self.any.iter().any(|term| term.is_in(line)))
            && !self.none.iter().any(|term| term.is_in(line))
    }
}

pub(super) fn read(scan: &mut Scan<'_>) -> Result<Terms, InvalidPattern> {
    let mut terms = Terms::default();
    loop {
        scan.blanks();
        if scan.peek().is_none() {
            return Ok(terms);
        }
        let among = if scan.take("?") {
            &mut terms.any
        } else if scan.take("-") {
            &mut terms.none
        } else {
            &mut terms.all
        };
        among.push(term(scan)?);
    }
}

fn term(scan: &mut Scan<'_>) -> Result<Term, InvalidPattern> {
    match scan.peek() {
        Some('"') => Ok(Term::Text(scan.between('"')?)),
        Some('%') => Ok(Term::Regex(regex(&scan.between('%')?)?)),
        _ => match scan.while_in(|c| !c.is_whitespace() && c != '"') {
            "" => Err(scan.expected("a term")),
            text => Ok(Term::Text(text.to_owned())),
        },
    }
}
