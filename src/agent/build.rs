//! Compiles the pause container's program (`pause/pause.rs`) and leaves it in `OUT_DIR` for the crate to embed.
//!
//! It is compiled by itself, outside the workspace's lints, because it makes system calls by hand (`unsafe`).

use std::env;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=pause/pause.rs");
    match compile() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("cargo::error=the pause program was not built: {why}");
            ExitCode::FAILURE
        }
    }
}

fn compile() -> Result<(), String> {
    let variable = |name: &str| env::var(name).map_err(|e| format!("{name}: {e}"));
    let output = PathBuf::from(variable("OUT_DIR")?).join("pause");
    let mut rustc = Command::new(variable("RUSTC")?);
    rustc.args(["--edition=2024", "--crate-type=bin", "--crate-name=pause", "pause/pause.rs"]);
    rustc.arg("--target").arg(variable("TARGET")?).arg("-o").arg(&output);
    for flag in ["panic=abort", "opt-level=z", "strip=symbols", "relocation-model=static"] {
        rustc.args(["-C", flag]);
    }
    // No C start-up code, no dynamic loader, and one small page instead of one a section.
    for argument in
        ["-nostartfiles", "-nostdlib", "-static", "-no-pie", "-Wl,--build-id=none", "-Wl,-z,noseparate-code"]
    {
        rustc.arg("-C").arg(format!("link-arg={argument}"));
    }
    match rustc.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("rustc ended with {status}")),
        Err(error) => Err(error.to_string()),
    }
}
