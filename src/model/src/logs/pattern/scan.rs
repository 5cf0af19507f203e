//! Reading a pattern from left to right.

use super::InvalidPattern;

/// The part of a pattern that is not read yet.
pub(super) struct Scan<'a> {
    whole: &'a str,
    rest: &'a str,
}

impl<'a> Scan<'a> {
    pub(super) fn new(whole: &'a str) -> Self {
        Self { whole, rest: whole }
    }

    /// A second reader from here on; this one stays where it is.
    pub(super) fn ahead(&self) -> Self {
        Self { whole: self.whole, rest: self.rest }
    }

    /// What comes next, without reading it.
    pub(super) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// Reads `text`, after any blanks, if it is what comes next.
    pub(super) fn take(&mut self, text: &str) -> bool {
        self.blanks();
        let found = self.rest.strip_prefix(text);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    /// Reads `text`, after any blanks, which must come next.
    pub(super) fn expect(&mut self, text: &str) -> Result<(), InvalidPattern> {
        if self.take(text) { Ok(()) } else { Err(self.expected(&format!("'{text}'"))) }
    }

    pub(super) fn blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Reads as long as `part` says so.
    pub(super) fn while_in(&mut self, part: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !part(c)).unwrap_or(self.rest.len());
        let (read, rest) = self.rest.split_at(end);
        self.rest = rest;
        read
    }

    /// Reads what stands between two of `mark`, the first of which comes next; a backslash keeps the mark after it.
    pub(super) fn between(&mut self, mark: char) -> Result<String, InvalidPattern> {
        let mut text = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            if c == mark {
                self.rest = &self.rest[at + c.len_utf8()..];
                return Ok(text);
            }
            if c != '\\' {
                text.push(c);
                continue;
            }
            match chars.next() {
                Some((_, next)) if next == mark || next == '\\' && mark == '"' => text.push(next),
                Some((_, next)) => text.extend([c, next]),
                None => text.push(c),
            }
        }
        Err(InvalidPattern(format!("{mark} is opened and not closed")))
    }

    /// Nothing but blanks must be left.
    pub(super) fn end(&mut self) -> Result<(), InvalidPattern> {
        self.blanks();
        if self.rest.is_empty() { Ok(()) } else { Err(self.expected("the end")) }
    }

    /// That something else was expected here.
    pub(super) fn expected(&self, what: &str) -> InvalidPattern {
        let at = self.whole.len() - self.rest.len();
        InvalidPattern(format!("expected {what} at character {}", self.whole[..at].chars().count() + 1))
    }
}
