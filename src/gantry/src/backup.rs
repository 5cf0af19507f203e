//! `gantry backup`: a copy of the data directory of a server that may be running.

use std::io::Write as _;

use anyhow::Context as _;
use gantry_store::backup::{BackupError, back_up};

use crate::cli::BackupFlags;

/// Makes the copy and says in one line what it holds.
pub(crate) async fn run(flags: BackupFlags) -> anyhow::Result<()> {
    anyhow::ensure!(!flags.to.starts_with(&flags.data_dir), "--to lies in the data directory that is to be copied");
    let done = back_up(&flags.data_dir, &flags.to, !flags.no_layers).await;
    let advice = match &done {
        Err(BackupError::LayersMissing { .. }) => "with layers in an object store, use --no-layers: back up",
        _ => "back up",
    };
    let done = done.with_context(|| format!("{advice} {}", flags.data_dir.display()))?;
    let to = flags.to.display();
    writeln!(std::io::stdout(), "{} layers, {} of them copied now; start on {to}", done.layers, done.copied)
        .context("print what was done")
}
