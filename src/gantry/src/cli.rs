//! The command line. Every flag can also be given as `GANTRY_…` in the environment.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use gantry_model::{AccountId, Region};

/// Amazon ECS and Amazon ECR, hosted by yourself.
#[derive(Debug, Parser)]
#[command(name = "gantry", version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs the control plane, the registry, the dashboard and, unless told not to, an agent on the local engine.
    Serve(ServeFlags),
}

#[derive(Debug, Args)]
pub(crate) struct ServeFlags {
    /// Where everything is kept: the database, the images, the credentials. Made when it is absent.
    #[arg(long, env = "GANTRY_DATA_DIR")]
    pub(crate) data_dir: PathBuf,
    /// The address to listen on.
    #[arg(long, env = "GANTRY_LISTEN", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// The account id that stands in every ARN.
    #[arg(long, env = "GANTRY_ACCOUNT", default_value = "000000000000")]
    pub(crate) account: AccountId,
    /// The region of the dashboard and of clients that name none.
    #[arg(long, env = "GANTRY_REGION", default_value = "us-east-1")]
    pub(crate) region: Region,
    /// Runs no agent: no cluster and no host until somebody makes them.
    #[arg(long, env = "GANTRY_NO_AGENT")]
    pub(crate) no_agent: bool,
    /// The engine that the embedded agent drives, such as unix:///var/run/docker.sock.
    #[arg(long, env = "GANTRY_DOCKER_HOST")]
    pub(crate) docker_host: Option<String>,
    /// The folder with the dashboard's built files (`pkg/` and what is public). Without it the dashboard has no style.
    #[arg(long, env = "GANTRY_SITE_DIR", default_value = "site")]
    pub(crate) site_dir: PathBuf,
    /// Seconds after which the tasks of a host whose agent is silent are handed over; without it they are left alone.
    #[arg(long, env = "GANTRY_DISCONNECT_TIMEOUT_S")]
    pub(crate) disconnect_timeout_s: Option<i64>,
    /// Adds POST /_gantry/reset, which empties everything but the account. For tests; only on a loopback address.
    #[arg(long, env = "GANTRY_DEV_RESET")]
    pub(crate) dev_reset: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_account_that_is_not_twelve_digits_is_refused() {
        let parsed = Cli::try_parse_from(["gantry", "serve", "--data-dir", "d", "--account", "12"]);
        assert!(parsed.is_err());
    }
}
