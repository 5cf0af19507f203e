//! `gantry secrets-key`: the file with the keys under which secrets are sealed.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use gantry_store::vault::Vault;

use crate::cli::RotateSecretsKey;

/// The file in a data directory, unless another is given.
const FILE: &str = "secrets.key";

/// Where the keys are.
pub(crate) fn path(data_dir: &Path, given: Option<&Path>) -> PathBuf {
    given.map_or_else(|| data_dir.join(FILE), Path::to_owned)
}

/// Puts a new key before those that are there. The next start of the server seals everything anew with it.
pub(crate) fn rotate(flags: &RotateSecretsKey) -> anyhow::Result<()> {
    let path = path(&flags.data_dir, flags.secrets_key_file.as_deref());
    anyhow::ensure!(path.exists(), "there is no key in {}: start `gantry serve` first", path.display());
    let vault = Vault::add_key(&path).context("add a key")?;
    writeln!(
        std::io::stdout(),
        "{} begins with the key {}; restart the server to seal everything anew with it. The keys before it are needed for \
         backups that are older.",
        path.display(),
        vault.sealing_key()
    )
    .context("print what was done")
}
