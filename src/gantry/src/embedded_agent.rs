//! The agent inside `gantry serve`: the same agent as on any host, talking to this process through its own listener.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use gantry_agent::{AgentConfig, AgentError};
use gantry_control::error::chain;
use tokio_util::sync::CancellationToken;

const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Runs the agent until `shutdown`; one that ends early, because the engine is not there say, is started again.
pub(crate) async fn keep_running(config: AgentConfig, shutdown: CancellationToken) {
    let mut pause = SHORTEST_PAUSE;
    while !shutdown.is_cancelled() {
        let started = tokio::time::Instant::now();
        match Box::pin(run(config.clone(), shutdown.clone().cancelled_owned())).await {
            Ok(()) => return,
            Err(error) => tracing::warn!("the embedded agent stopped and is started again: {}", chain(&error)),
        }
        pause = if started.elapsed() > LONGEST_PAUSE { SHORTEST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn run(config: AgentConfig, shutdown: impl Future<Output = ()> + Send + 'static) -> Result<(), AgentError> {
    gantry_agent::run(config, shutdown).await
}

/// Where the embedded agent keeps its state.
pub(crate) fn data_dir(data_dir: &std::path::Path) -> PathBuf {
    data_dir.join("agent")
}
