//! wasm-opt, when it is installed. A site without it works and is larger, so its absence or failure is told and is no
//! error.

use std::io::ErrorKind;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// Older versions of wasm-opt can run for hours on a module that they do not like.
const DEADLINE: Duration = Duration::from_secs(300);
const POLL: Duration = Duration::from_millis(50);

/// The features that rustc's wasm32 target turns on by itself.
const FLAGS: [&str; 7] = [
    "-Oz",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// Makes the module at `wasm` smaller, in place.
pub(crate) fn optimise(wasm: &Path) -> Result<()> {
    let smaller = wasm.with_extension("opt");
    let spawned = Command::new("wasm-opt").args(FLAGS).arg(wasm).arg("-o").arg(&smaller).stdin(Stdio::null()).spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("wasm-opt is not installed (Debian: binaryen): the module stays as the compiler left it");
            return Ok(());
        }
        Err(error) => return Err(error).context("start wasm-opt"),
    };
    match wait(&mut child)? {
        Some(status) if status.success() => {
            std::fs::rename(&smaller, wasm).with_context(|| format!("replace {}", wasm.display()))
        }
        outcome => {
            let why =
                outcome.map_or_else(|| format!("took over {} s", DEADLINE.as_secs()), |status| status.to_string());
            eprintln!("wasm-opt did not optimise the module ({why}): it stays as the compiler left it");
            match std::fs::remove_file(&smaller) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(error).context("remove wasm-opt's output"),
                _ => Ok(()),
            }
        }
    }
}

/// Waits for the child's end; `None` if it had to be ended at the deadline.
fn wait(child: &mut Child) -> Result<Option<ExitStatus>> {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(status) = child.try_wait().context("wait for wasm-opt")? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            child.kill().context("end wasm-opt")?;
            child.wait().context("wait for wasm-opt")?;
            return Ok(None);
        }
        std::thread::sleep(POLL);
    }
}
