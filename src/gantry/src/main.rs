//! The `gantry` binary: command line, configuration and wiring. Everything that it wires stands in the other crates.

mod backup;
mod boards;
mod bootstrap;
mod cli;
mod embedded_agent;
mod events;
mod http;
mod join;
mod metrics;
mod proxy;
mod replicas;
mod schedules;
mod secrets_key;
mod serve;
mod sessions;
mod sign_in;
mod telemetry;
mod tls;
mod upstream_auth;
mod webhooks;

use clap::Parser as _;

fn main() -> anyhow::Result<()> {
    let command = cli::Cli::parse();
    telemetry::start();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match command.command {
        cli::Command::Serve(flags) => runtime.block_on(serve::serve(*flags)),
        cli::Command::Agent(flags) => runtime.block_on(join::run_agent(flags)),
        cli::Command::Backup(flags) => runtime.block_on(backup::run(flags)),
        cli::Command::Proxy(flags) => runtime.block_on(proxy::run(flags)),
        cli::Command::ProxyKey { command: cli::ProxyKeyCommand::Create(flags) } => {
            runtime.block_on(proxy::create_key(flags))
        }
        cli::Command::SecretsKey { command: cli::SecretsKeyCommand::Rotate(flags) } => secrets_key::rotate(&flags),
        cli::Command::JoinToken { command: cli::JoinTokenCommand::Create(flags) } => {
            runtime.block_on(join::create_token(flags))
        }
    }
}
