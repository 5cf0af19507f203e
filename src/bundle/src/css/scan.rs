//! Cuts a style sheet into its top-level statements. Knows strings, comments and brackets, and no more of CSS than that.

use super::Fault;

/// A place in the text, in bytes, and what is wrong there.
pub(super) type Misplaced = (usize, Fault);

/// One top-level statement, comments before it left out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Statement<'a> {
    Import(Import<'a>),
    /// `@charset`: the bundle is UTF-8 as every file of it.
    Charset,
    /// `@layer a, b;`, which names an order and has no rules.
    Layers(&'a str),
    Rule(&'a str),
}

/// `@import "file" layer(name) supports(condition) media;`
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Import<'a> {
    pub(super) file: &'a str,
    /// Empty for an anonymous layer.
    pub(super) layer: Option<&'a str>,
    pub(super) supports: Option<&'a str>,
    pub(super) media: Option<&'a str>,
}

/// The statements of `text`, each with its place.
pub(super) fn statements(text: &str) -> Result<Vec<(usize, Statement<'_>)>, Misplaced> {
    let mut found = Vec::new();
    let mut at = skip_blank(text, 0)?;
    while at < text.len() {
        let end = end_of_statement(text, at)?;
        let statement = classify(&text[at..end]).map_err(|fault| (at, fault))?;
        found.push((at, statement));
        at = skip_blank(text, end)?;
    }
    Ok(found)
}

fn classify(text: &str) -> Result<Statement<'_>, Fault> {
    let keyword_end =
        text[1..].find(|c: char| !c.is_ascii_alphanumeric() && c != '-').map_or(text.len(), |offset| offset + 1);
    match text[..keyword_end].to_ascii_lowercase().as_str() {
        "@import" => import(text[keyword_end..].trim_end_matches(';').trim()).map(Statement::Import),
        "@charset" => Ok(Statement::Charset),
        "@layer" if text.ends_with(';') => Ok(Statement::Layers(text)),
        _ => Ok(Statement::Rule(text)),
    }
}

fn import(prelude: &str) -> Result<Import<'_>, Fault> {
    let no_target = || Fault::NoTarget(prelude.to_owned());
    let (file, rest) = match call(prelude, "url") {
        Some((argument, rest)) => (unquote(argument), rest),
        None => quoted(prelude).ok_or_else(no_target)?,
    };
    if file.is_empty() {
        return Err(no_target());
    }
    if file.contains(':') || file.starts_with('/') {
        return Err(Fault::Outside(file.to_owned()));
    }
    let (layer, rest) = match call(rest, "layer") {
        Some((name, rest)) => (Some(name), rest),
        None => match rest.strip_prefix("layer") {
            Some(rest) if rest.is_empty() || rest.starts_with(char::is_whitespace) => (Some(""), rest.trim_start()),
            _ => (None, rest),
        },
    };
    let (supports, rest) = match call(rest, "supports") {
        Some((condition, rest)) => (Some(condition), rest),
        None => (None, rest),
    };
    Ok(Import { file, layer, supports, media: (!rest.is_empty()).then_some(rest) })
}

/// Splits `name(argument) rest`; parentheses inside the argument are balanced.
fn call<'a>(text: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let inner = text.strip_prefix(name)?.strip_prefix('(')?;
    let mut depth = 1_usize;
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((inner[..at].trim(), inner[at + 1..].trim_start()));
        }
    }
    None
}

/// Splits `"string" rest`.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (inside, rest) = text[1..].split_once(quote)?;
    Some((inside, rest.trim_start()))
}

fn unquote(text: &str) -> &str {
    quoted(text).map_or(text, |(inside, _)| inside)
}

/// The byte after the `;` or the `}` that ends the statement at `start`.
fn end_of_statement(text: &str, start: usize) -> Result<usize, Misplaced> {
    let bytes = text.as_bytes();
    let (mut braces, mut parentheses) = (0_usize, 0_usize);
    let mut at = start;
    while at < bytes.len() {
        match bytes[at] {
            b'"' | b'\'' => {
                at = end_of_string(text, at)?;
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at = end_of_comment(text, at)?;
                continue;
            }
            b'\\' => at += 1,
            b'(' => parentheses += 1,
            b')' => parentheses = parentheses.saturating_sub(1),
            b'{' => braces += 1,
            b'}' if braces == 0 => return Err((at, Fault::NotOpened)),
            b'}' if braces == 1 => return Ok(at + 1),
            b'}' => braces -= 1,
            b';' if braces == 0 && parentheses == 0 => return Ok(at + 1),
            _ => {}
        }
        at += 1;
    }
    Err((start, Fault::NotClosed("a statement")))
}

/// The byte after the string that starts at `start`.
fn end_of_string(text: &str, start: usize) -> Result<usize, Misplaced> {
    let bytes = text.as_bytes();
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'\n' => break,
            byte if byte == bytes[start] => return Ok(at + 1),
            _ => {}
        }
        at += 1;
    }
    Err((start, Fault::NotClosed("a string")))
}

/// The byte after the comment that starts at `start`.
fn end_of_comment(text: &str, start: usize) -> Result<usize, Misplaced> {
    let after = start + 2;
    text[after..].find("*/").map(|offset| after + offset + 2).ok_or((start, Fault::NotClosed("a comment")))
}

/// The first byte from `start` on that is neither white space nor in a comment.
fn skip_blank(text: &str, start: usize) -> Result<usize, Misplaced> {
    let mut at = start;
    loop {
        let rest = &text[at..];
        at += rest.len() - rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}').len();
        if !text[at..].starts_with("/*") {
            return Ok(at);
        }
        at = end_of_comment(text, at)?;
    }
}

/// Fails at the first `url(…)` of `text` that depends on the folder of the sheet that it stands in.
pub(super) fn refuse_relative_urls(text: &str) -> Result<(), Misplaced> {
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            at = end_of_comment(text, at)?;
        } else if let Some((argument, _)) = call(rest, "url") {
            let address = unquote(argument);
            if !["/", "#", "data:"].iter().any(|start| address.starts_with(start)) {
                return Err((at, Fault::RelativeUrl(address.to_owned())));
            }
            at += "url(".len() + argument.len();
        } else if rest.starts_with(['"', '\'']) {
            at = end_of_string(text, at)?;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    Ok(())
}

/// Leaves out comments, and white space where it means nothing. `text` is a sheet that [`statements`] accepts.
pub(crate) fn minify(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let next = rest.chars().next().unwrap_or(' ');
        if matches!(next, '"' | '\'')
            && let Ok(end) = end_of_string(text, at)
        {
            out.push_str(&text[at..end]);
            at = end;
            continue;
        }
        if rest.starts_with("/*")
            && let Ok(end) = end_of_comment(text, at)
        {
            push_blank(&mut out);
            at = end;
            continue;
        }
        at += next.len_utf8();
        match next {
            _ if next.is_whitespace() => push_blank(&mut out),
            '{' | '}' | ';' | ',' => push_tight(&mut out, next),
            _ => out.push(next),
        }
    }
    out
}

/// A space, unless the character before needs none after itself.
fn push_blank(out: &mut String) {
    if !out.is_empty() && !out.ends_with(['{', '}', ';', ',', ' ']) {
        out.push(' ');
    }
}

/// A character that needs no space before itself; a `}` needs no `;` either.
fn push_tight(out: &mut String, tight: char) {
    if out.ends_with(' ') {
        out.pop();
    }
    if tight == '}' && out.ends_with(';') {
        out.pop();
    }
    out.push(tight);
}
