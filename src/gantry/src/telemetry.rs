//! What the process writes to its log: one line an event, on standard error.

use tracing_subscriber::EnvFilter;

/// Starts writing. `GANTRY_LOG` sets the level as `RUST_LOG` would; `info` when it is absent.
pub(crate) fn start() {
    let filter = EnvFilter::try_from_env("GANTRY_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
