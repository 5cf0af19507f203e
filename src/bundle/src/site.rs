//! The site folder: what goes into it, under which names, and how the old one is replaced.
//!
//! A new folder is written beside the old one and takes its place by renames, so that a build that fails leaves the old
//! site whole.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};
use wasm_bindgen_cli_support::Bindgen;

use crate::{compress, css, optimise};

/// The stem of the files in `pkg/`.
const NAME: &str = "gantry";
/// Hexadecimal digits of the content's SHA-256 that a hashed name carries.
const HASH_DIGITS: usize = 12;

/// Where the parts of the site come from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sources<'a> {
    pub(crate) wasm: &'a Path,
    pub(crate) style: &'a Path,
    pub(crate) public: &'a Path,
}

/// Builds the site at `out` and returns a line for each file in `pkg/`: its name and its sizes in bytes.
pub(crate) fn build(sources: &Sources<'_>, out: &Path, release: bool) -> Result<Vec<String>> {
    let fresh = beside(out, "new")?;
    remove_if_there(&fresh)?;
    let pkg = fresh.join("pkg");
    fs::create_dir_all(&pkg).with_context(|| format!("create {}", pkg.display()))?;

    copy_tree(sources.public, &fresh)?;
    bind(sources.wasm, &pkg, release)?;
    let style = css::bundle(sources.style)?;
    let style = if release { css::minify(&style) } else { style };
    write(&pkg.join(format!("{NAME}.css")), style.as_bytes())?;

    if release {
        optimise::optimise(&pkg.join(format!("{NAME}_bg.wasm")))?;
        hash_names(&pkg)?;
        compress::compress_tree(&fresh)?;
    }
    let report = report(&pkg)?;
    replace(out, &fresh)?;
    Ok(report)
}

/// Generates the JavaScript that loads the module, and the module as that JavaScript expects it.
fn bind(wasm: &Path, pkg: &Path, release: bool) -> Result<()> {
    if !wasm.is_file() {
        bail!("no compiled module at {}", wasm.display());
    }
    Bindgen::new()
        .input_path(wasm)
        .out_name(NAME)
        .web(true)?
        .typescript(false)
        .omit_default_module_path(false)
        .remove_name_section(release)
        .remove_producers_section(release)
        .generate(pkg)
        .with_context(|| format!("wasm-bindgen on {}", wasm.display()))
}

/// Renames `gantry.js`, `gantry_bg.wasm` and `gantry.css` after their content. Pages name all three, and hand the
/// module's address to the script, so no file has to be rewritten.
fn hash_names(pkg: &Path) -> Result<()> {
    for (stem, extension) in [(NAME, "js"), ("gantry_bg", "wasm"), (NAME, "css")] {
        let plain = pkg.join(format!("{stem}.{extension}"));
        let bytes = fs::read(&plain).with_context(|| format!("read {}", plain.display()))?;
        let hash = hex::encode(Sha256::digest(&bytes));
        let hashed = pkg.join(format!("{stem}.{}.{extension}", &hash[..HASH_DIGITS]));
        fs::rename(&plain, &hashed).with_context(|| format!("rename {}", plain.display()))?;
    }
    Ok(())
}

/// Puts `fresh` where `out` is.
fn replace(out: &Path, fresh: &Path) -> Result<()> {
    let stale = beside(out, "old")?;
    remove_if_there(&stale)?;
    if out.exists() {
        fs::rename(out, &stale).with_context(|| format!("move {} aside", out.display()))?;
    }
    fs::rename(fresh, out).with_context(|| format!("move the new site to {}", out.display()))?;
    remove_if_there(&stale)
}

/// `dir/site` with `new` is `dir/site.new`.
fn beside(out: &Path, suffix: &str) -> Result<PathBuf> {
    let Some(name) = out.file_name() else {
        bail!("--out needs a folder name: {}", out.display());
    };
    Ok(out.with_file_name(format!("{}.{suffix}", name.to_string_lossy())))
}

fn remove_if_there(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("remove {}", dir.display()))
        }
        _ => Ok(()),
    }
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("create {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target).with_context(|| format!("copy {}", entry.path().display()))?;
        }
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("write {}", path.display()))
}

fn report(pkg: &Path) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for entry in fs::read_dir(pkg)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            lines.push(format!("{:>10} {}", entry.metadata()?.len(), entry.path().display()));
        }
    }
    lines.sort();
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_names_each_file_after_its_content() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["gantry.js", "gantry_bg.wasm", "gantry.css"] {
            fs::write(dir.path().join(name), "same").unwrap();
        }
        hash_names(dir.path()).unwrap();
        let mut names: Vec<_> =
            fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, ["gantry.0967115f2813.css", "gantry.0967115f2813.js", "gantry_bg.0967115f2813.wasm"]);
    }

    #[test]
    fn a_new_site_replaces_the_old_one_as_a_whole() {
        let dir = tempfile::tempdir().unwrap();
        let (out, fresh) = (dir.path().join("site"), dir.path().join("site.new"));
        for (folder, file) in [(&out, "gone"), (&fresh, "here")] {
            fs::create_dir_all(folder).unwrap();
            fs::write(folder.join(file), "").unwrap();
        }
        replace(&out, &fresh).unwrap();
        assert!(out.join("here").exists());
        assert!(!out.join("gone").exists());
        assert!(!fresh.exists());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside the site");
    }

    #[test]
    fn a_missing_module_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = bind(&dir.path().join("absent.wasm"), dir.path(), false).unwrap_err();
        assert!(error.to_string().contains("absent.wasm"), "{error}");
    }
}
