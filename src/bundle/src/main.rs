//! `gantry-bundle`: turns the compiled dashboard, its style sheets and its static files into the folder that the server
//! serves.
//!
//! It links the wasm-bindgen of the lock file, so that the generated JavaScript always fits the compiled module and no
//! command of the right version has to be installed. What it writes:
//!
//! ```text
//! OUT/            the files of public/
//! OUT/pkg/        gantry.js, gantry_bg.wasm, gantry.css, snippets/
//! ```
//!
//! With `--release` the module goes through wasm-opt when that is installed, the names in `pkg/` carry a hash of their
//! content (so that a browser may keep them for ever), and a `.br` lies beside every file that compresses.
//!
//! The names are wasm-bindgen's own: the server must be compiled without `LEPTOS_OUTPUT_NAME`, which would make pages ask
//! for `gantry.wasm`. Read [`site::build`] first.

mod compress;
mod css;
mod optimise;
mod site;

use std::path::PathBuf;

use clap::Parser;

/// What to bundle, and where to.
#[derive(Debug, Parser)]
#[command(version, about = "Bundle Gantry's dashboard for the browser")]
struct Arguments {
    /// The module that cargo compiled for wasm32-unknown-unknown.
    #[arg(long)]
    wasm: PathBuf,
    /// The style sheet that imports all others.
    #[arg(long)]
    style: PathBuf,
    /// The folder of static files.
    #[arg(long)]
    public: PathBuf,
    /// The folder to write. It is replaced as a whole.
    #[arg(long)]
    out: PathBuf,
    /// Optimise, hash the names and compress.
    #[arg(long)]
    release: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let sources = site::Sources { wasm: &arguments.wasm, style: &arguments.style, public: &arguments.public };
    let files = site::build(&sources, &arguments.out, arguments.release)?;
    for file in files {
        eprintln!("{file}");
    }
    Ok(())
}
