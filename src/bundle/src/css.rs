//! The style sheet that the browser loads: `main.css` with everything that it imports put in the place of the import.
//!
//! Follows CSS Cascading and Inheritance 5, "Conditional @import rules" and "Layered @import rules": an import with
//! `layer(name)` becomes `@layer name { … }`, `supports(…)` and media queries become the rules of the same meaning, and
//! `@layer a, b;` statements stay where they are, since their order is the cascade's. What a browser would ignore in
//! silence (an import after a rule) or fetch from somewhere else (an import or a picture by address) is an error here.
//!
//! Deliberately not done: lowering new syntax for old browsers, and rewriting of `url()`: an address in a style sheet is
//! absolute (`/fonts/x.woff2`), a fragment or a `data:` URL.

mod scan;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

pub(crate) use scan::minify;
use scan::{Import, Statement};

/// Why a style sheet cannot be bundled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CssError {
    #[error("cannot read the style sheet {path}")]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{path}:{line}: {fault}")]
    Fault { path: PathBuf, line: usize, fault: Fault },
    #[error("style sheets import each other in a circle: {chain}")]
    Circle { chain: String },
}

/// What is wrong at one place of one style sheet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("{0} is not closed")]
    NotClosed(&'static str),
    #[error("a `}}` closes nothing")]
    NotOpened,
    #[error("@import after a rule: a browser ignores it")]
    LateImport,
    #[error("@import without a file: {0}")]
    NoTarget(String),
    #[error("@import from outside the style folder: {0}")]
    Outside(String),
    #[error("url({0}) is relative: write it from the root of the site, as /…")]
    RelativeUrl(String),
}

/// Reads `entry` and everything that it imports into one sheet.
pub(crate) fn bundle(entry: &Path) -> Result<String, CssError> {
    let mut out = String::new();
    inline(entry, &mut Vec::new(), &mut out)?;
    Ok(out)
}

/// Appends `path`'s sheet to `out`. `importers` is the way from the entry to here.
fn inline(path: &Path, importers: &mut Vec<PathBuf>, out: &mut String) -> Result<(), CssError> {
    if importers.iter().any(|importer| importer == path) {
        let chain = importers.iter().map(PathBuf::as_path).chain([path]);
        return Err(CssError::Circle {
            chain: chain.map(|p| p.display().to_string()).collect::<Vec<_>>().join(" → ")
        });
    }
    let text = std::fs::read_to_string(path).map_err(|source| CssError::Read { path: path.to_owned(), source })?;
    let fault = |(at, fault)| CssError::Fault { path: path.to_owned(), line: line_of(&text, at), fault };

    importers.push(path.to_owned());
    let mut past_imports = false;
    for (at, statement) in scan::statements(&text).map_err(fault)? {
        match statement {
            Statement::Import(_) if past_imports => return Err(fault((at, Fault::LateImport))),
            Statement::Import(import) => inline_import(path, &import, importers, out)?,
            Statement::Charset => {}
            Statement::Layers(text) => push_line(out, text),
            Statement::Rule(text) => {
                past_imports = true;
                scan::refuse_relative_urls(text).map_err(|(inner, kind)| fault((at + inner, kind)))?;
                push_line(out, text);
            }
        }
    }
    importers.pop();
    Ok(())
}

/// Appends an imported sheet, wrapped in the rules that the import's conditions stand for.
fn inline_import(
    importer: &Path,
    import: &Import<'_>,
    importers: &mut Vec<PathBuf>,
    out: &mut String,
) -> Result<(), CssError> {
    let mut wrappers = 0;
    let mut open = |out: &mut String, rule: &str, argument: &str| {
        let space = if argument.is_empty() { "" } else { " " };
        // Writing to a String cannot fail.
        let _ = writeln!(out, "@{rule}{space}{argument} {{");
        wrappers += 1;
    };
    if let Some(query) = import.media {
        open(out, "media", query);
    }
    if let Some(condition) = import.supports {
        open(out, "supports", &supports_condition(condition));
    }
    if let Some(layer) = import.layer {
        open(out, "layer", layer);
    }
    inline(&importer.with_file_name(import.file), importers, out)?;
    for _ in 0..wrappers {
        out.push_str("}\n");
    }
    Ok(())
}

/// `@import … supports(display: grid)` may leave out the parentheses that `@supports` demands around a declaration.
fn supports_condition(condition: &str) -> String {
    let declaration = condition.split_once(':').is_some_and(|(property, _)| {
        property.trim_end().chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
    });
    if declaration { format!("({condition})") } else { condition.to_owned() }
}

fn push_line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}
