//! The house rules that the compiler does not keep: which crate may use which, and what no pure crate may touch.
//!
//! The table is ARCHITECTURE.md's; a change here is a change of the architecture and belongs into its decisions.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Which of our crates each may use, apart from in its tests.
const MAY_USE: &[(&str, &[&str])] = &[
    ("gantry-model", &[]),
    ("gantry-scheduler", &["gantry-model"]),
    ("gantry-sim", &["gantry-model", "gantry-scheduler"]),
    ("gantry-wire", &["gantry-model"]),
    ("gantry-wiregen", &[]),
    ("gantry-store", &["gantry-model"]),
    ("gantry-scanner", &[]),
    ("gantry-registry", &["gantry-model", "gantry-wire", "gantry-scanner", "gantry-store"]),
    ("gantry-control", &["gantry-model", "gantry-scheduler", "gantry-wire", "gantry-store", "gantry-registry"]),
    ("gantry-agent", &["gantry-model", "gantry-wire"]),
    ("gantry-proxy", &["gantry-model"]),
    ("gantry-web", &["gantry-model"]),
    ("gantry-bundle", &[]),
    (
        "gantry",
        &[
            "gantry-model",
            "gantry-wire",
            "gantry-store",
            "gantry-registry",
            "gantry-control",
            "gantry-agent",
            "gantry-proxy",
            "gantry-web",
        ],
    ),
    ("gantry-testkit", &["gantry-model", "gantry-wire", "gantry-store", "gantry-registry", "gantry-control"]),
];

/// Crates that decide and therefore do nothing: no runtime, no I/O, no chance.
const PURE: &[&str] = &["gantry-model", "gantry-scheduler", "gantry-sim"];
const NOT_IN_PURE: &[&str] = &["tokio", "sqlx", "axum", "hyper", "rand", "getrandom", "leptos", "bollard", "tracing"];

fn metadata() -> Metadata {
    MetadataCommand::new().no_deps().other_options(["--offline".to_owned()]).exec().unwrap()
}

fn root() -> PathBuf {
    metadata().workspace_root.into_std_path_buf()
}

fn dependencies(package: &Package) -> BTreeSet<String> {
    package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal).map(|d| d.name.clone()).collect()
}

#[test]
fn crates_use_only_the_crates_that_the_architecture_lets_them() {
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        MAY_USE.iter().map(|(name, uses)| (*name, uses.iter().copied().collect())).collect();
    let mut broken = Vec::new();
    for package in &metadata().packages {
        let Some(allowed) = allowed.get(package.name.as_str()) else {
            broken.push(format!("{} stands in no row of the table", package.name));
            continue;
        };
        let ours = dependencies(package).into_iter().filter(|d| d.starts_with("gantry"));
        broken.extend(ours.filter(|d| !allowed.contains(d.as_str())).map(|d| format!("{} uses {d}", package.name)));
    }
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn pure_crates_have_no_runtime_no_io_and_no_chance() {
    let mut broken = Vec::new();
    for package in metadata().packages.iter().filter(|p| PURE.contains(&p.name.as_str())) {
        let banned = dependencies(package).into_iter().filter(|d| NOT_IN_PURE.contains(&d.as_str()));
        broken.extend(banned.map(|d| format!("{} uses {d}", package.name)));
    }
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn only_the_store_knows_sql() {
    let users: Vec<String> =
        metadata().packages.iter().filter(|p| dependencies(p).contains("sqlx")).map(|p| p.name.to_string()).collect();
    assert_eq!(users, ["gantry-store"]);
}

fn rust_files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_file_says_what_lives_in_it() {
    let mut files = Vec::new();
    rust_files(&root().join("src"), &mut files);
    let silent: Vec<_> = files
        .iter()
        .filter(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            !text.starts_with("//!") && !text.starts_with("// @generated")
        })
        .collect();
    assert!(silent.is_empty(), "no module doc: {silent:#?}");
}

#[test]
fn no_file_holds_more_than_one_idea_can_fill() {
    const MOST_LINES: usize = 700;
    let mut files = Vec::new();
    rust_files(&root().join("src"), &mut files);
    let long: Vec<_> = files
        .iter()
        .filter(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            !text.starts_with("// @generated") && text.lines().count() > MOST_LINES
        })
        .collect();
    assert!(long.is_empty(), "over {MOST_LINES} lines: {long:#?}");
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |kind: &str| -> BTreeSet<String> {
        std::fs::read_dir(root().join("migrations").join(kind))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
}

#[test]
fn components_hold_no_colour_and_no_pixel() {
    let mut broken = Vec::new();
    for folder in ["components", "pages"] {
        let dir = root().join("style").join(folder);
        let Ok(entries) = std::fs::read_dir(&dir) else { continue };
        for path in entries.map(|e| e.unwrap().path()) {
            let text = std::fs::read_to_string(&path).unwrap();
            let bad = text.lines().enumerate().filter(|(_, line)| holds_a_colour(line));
            broken.extend(bad.map(|(n, line)| format!("{}:{}: {}", path.display(), n + 1, line.trim())));
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}

/// Whether a line of CSS names a colour by its value instead of by a token.
fn holds_a_colour(line: &str) -> bool {
    let code = line.split("/*").next().unwrap_or_default();
    let hex = code.split('#').skip(1).any(|rest| {
        let digits = rest.chars().take_while(char::is_ascii_hexdigit).count();
        let ends = rest.chars().nth(digits).is_none_or(|c| !c.is_alphanumeric() && c != '-');
        matches!(digits, 3 | 4 | 6 | 8) && ends && code.contains(':')
    });
    hex || ["rgb(", "rgba(", "hsl(", "oklch("].iter().any(|f| code.contains(f) && !code.contains("from var("))
}
