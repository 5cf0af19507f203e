//! The command line. Every flag can also be given as `GANTRY_…` in the environment.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use gantry_model::{AccountId, ClusterName, Region};

use crate::join::NamedValue;

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
    Serve(Box<ServeFlags>),
    /// Runs an agent that makes this host a container instance of a cluster.
    Agent(AgentFlags),
    /// Copies a data directory while it is in use; the copy is one that a server starts on.
    Backup(BackupFlags),
    /// Tokens with which other hosts join.
    JoinToken {
        #[command(subcommand)]
        command: JoinTokenCommand,
    },
    /// Runs a proxy that carries the traffic of load balancers on this host.
    Proxy(ProxyFlags),
    /// Keys with which proxies on other hosts ask what to carry.
    ProxyKey {
        #[command(subcommand)]
        command: ProxyKeyCommand,
    },
    /// The keys that secrets are sealed with.
    SecretsKey {
        #[command(subcommand)]
        command: SecretsKeyCommand,
    },
}

#[derive(Debug, Args)]
pub(crate) struct BackupFlags {
    /// The data directory of the control plane, on its own machine.
    #[arg(long, env = "GANTRY_DATA_DIR")]
    pub(crate) data_dir: PathBuf,
    /// The folder that becomes the copy. When it holds one already, only what is new is copied.
    #[arg(long)]
    pub(crate) to: PathBuf,
    /// Leaves the layers out: an object store keeps them.
    #[arg(long)]
    pub(crate) no_layers: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum JoinTokenCommand {
    /// Makes a token with which one host may join, and prints it.
    Create(CreateJoinToken),
}

#[derive(Debug, Args)]
pub(crate) struct CreateJoinToken {
    /// The data directory of the control plane, on its own machine.
    #[arg(long, env = "GANTRY_DATA_DIR")]
    pub(crate) data_dir: PathBuf,
    /// The cluster that the host joins.
    #[arg(long, default_value = "default")]
    pub(crate) cluster: ClusterName,
    /// For how many minutes the token works.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=10_080))]
    pub(crate) minutes: u32,
}

#[derive(Debug, Args)]
pub(crate) struct ProxyFlags {
    /// The control plane, such as https://10.0.0.5:8080.
    #[arg(long, env = "GANTRY_SERVER")]
    pub(crate) server: String,
    /// The key that `gantry proxy-key create` made, ID:SECRET.
    #[arg(long, env = "GANTRY_PROXY_KEY", hide_env_values = true)]
    pub(crate) key: String,
    /// The authority of the control plane's certificate, in PEM, when it is not one that the host knows.
    #[arg(long, env = "GANTRY_SERVER_CA")]
    pub(crate) server_ca: Option<PathBuf>,
    /// Where the proxy keeps what it was told last, so that it can start while the control plane is down.
    #[arg(long, env = "GANTRY_DATA_DIR", default_value = "/var/lib/gantry-proxy")]
    pub(crate) data_dir: PathBuf,
    /// The address on which load balancers listen.
    #[arg(long, env = "GANTRY_PROXY_ADDRESS", default_value = "0.0.0.0")]
    pub(crate) address: IpAddr,
    /// The region that requests to the control plane are signed for.
    #[arg(long, env = "GANTRY_REGION", default_value = "us-east-1")]
    pub(crate) region: Region,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProxyKeyCommand {
    /// Makes a key for one proxy, and prints it.
    Create(CreateProxyKey),
}

#[derive(Debug, Args)]
pub(crate) struct CreateProxyKey {
    /// The data directory of the control plane, on its own machine.
    #[arg(long, env = "GANTRY_DATA_DIR")]
    pub(crate) data_dir: PathBuf,
    /// The account of the control plane.
    #[arg(long, env = "GANTRY_ACCOUNT", default_value = "000000000000")]
    pub(crate) account: AccountId,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SecretsKeyCommand {
    /// Makes a new key; the next start of the server seals every secret anew with it.
    Rotate(RotateSecretsKey),
}

#[derive(Debug, Args)]
pub(crate) struct RotateSecretsKey {
    /// The data directory of the control plane, on its own machine.
    #[arg(long, env = "GANTRY_DATA_DIR")]
    pub(crate) data_dir: PathBuf,
    /// The key file, when it is not in the data directory.
    #[arg(long, env = "GANTRY_SECRETS_KEY_FILE")]
    pub(crate) secrets_key_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct AgentFlags {
    /// The control plane, such as https://10.0.0.5:8080.
    #[arg(long, env = "GANTRY_SERVER")]
    pub(crate) server: String,
    /// The token to join with; not needed once the host has joined.
    #[arg(long, env = "GANTRY_JOIN_TOKEN", hide_env_values = true)]
    pub(crate) join_token: Option<String>,
    /// Where the agent keeps its key and its state.
    #[arg(long, env = "GANTRY_DATA_DIR", default_value = "/var/lib/gantry-agent")]
    pub(crate) data_dir: PathBuf,
    /// The availability zone that the host stands in; the region's first unless given.
    #[arg(long, env = "GANTRY_AVAILABILITY_ZONE")]
    pub(crate) availability_zone: Option<String>,
    /// The instance type that the host says.
    #[arg(long, env = "GANTRY_INSTANCE_TYPE")]
    pub(crate) instance_type: Option<String>,
    /// A custom attribute, NAME=VALUE; may be given several times.
    #[arg(long = "attribute")]
    pub(crate) attributes: Vec<NamedValue>,
    /// CPU units to offer, 1024 a core; all of the host's unless given.
    #[arg(long, env = "GANTRY_CPU")]
    pub(crate) cpu: Option<u32>,
    /// MiB of memory to offer; the host's less a reserve unless given.
    #[arg(long, env = "GANTRY_MEMORY_MIB")]
    pub(crate) memory_mib: Option<u32>,
    /// The engine to drive, such as unix:///var/run/docker.sock.
    #[arg(long, env = "GANTRY_DOCKER_HOST")]
    pub(crate) docker_host: Option<String>,
    /// What tells this agent's containers from those of others on the same engine; follows from the data directory unless
    /// given.
    #[arg(long, env = "GANTRY_AGENT_LABEL")]
    pub(crate) label: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ServeFlags {
    /// Where everything is kept: the database, the images, the credentials. Made when it is absent.
    #[arg(long, env = "GANTRY_DATA_DIR")]
    pub(crate) data_dir: PathBuf,
    /// The file with the keys that secrets are sealed with, made when it is absent; in the data directory unless given. Who has
    /// it and the database has the secrets: put it elsewhere and back it up by itself.
    #[arg(long, env = "GANTRY_SECRETS_KEY_FILE")]
    pub(crate) secrets_key_file: Option<PathBuf>,
    /// The address to listen on.
    #[arg(long, env = "GANTRY_LISTEN", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// The URL by which clients and other hosts reach it, when that is not the address it listens on.
    #[arg(long, env = "GANTRY_EXTERNAL_URL")]
    pub(crate) external_url: Option<String>,
    /// Speaks TLS, with a certificate of an authority that the data directory keeps (`tls/ca.pem`).
    #[arg(long, env = "GANTRY_TLS")]
    pub(crate) tls: bool,
    /// Speaks TLS with this certificate, the file in PEM, its chain after it.
    #[arg(long, env = "GANTRY_TLS_CERT", requires = "tls_key", conflicts_with = "tls")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The private key of that certificate, in PEM.
    #[arg(long, env = "GANTRY_TLS_KEY", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// The authority of that certificate, in PEM, when it is not one that every host knows.
    #[arg(long, env = "GANTRY_TLS_CA", requires = "tls_cert")]
    pub(crate) tls_ca: Option<PathBuf>,
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
    /// Carries no traffic of load balancers; proxies on other hosts do (`gantry proxy`).
    #[arg(long, env = "GANTRY_NO_PROXY")]
    pub(crate) no_proxy: bool,
    /// The address on which load balancers listen.
    #[arg(long, env = "GANTRY_PROXY_ADDRESS", default_value = "0.0.0.0", conflicts_with = "no_proxy")]
    pub(crate) proxy_address: IpAddr,
    /// The domain that the DNS names of load balancers are in; `*.elb.DOMAIN` should lead to the proxies.
    #[arg(long, env = "GANTRY_LOAD_BALANCER_DOMAIN", default_value = "localhost")]
    pub(crate) load_balancer_domain: String,
    /// Seconds after which the tasks of a host whose agent is silent are handed over; without it they are left alone.
    #[arg(long, env = "GANTRY_DISCONNECT_TIMEOUT_S")]
    pub(crate) disconnect_timeout_s: Option<i64>,
    /// Hours for which a stopped task can be described; it is listed for one.
    #[arg(long, env = "GANTRY_STOPPED_TASK_RETENTION_HOURS", default_value_t = 720,
        value_parser = clap::value_parser!(u32).range(1..=87_600))]
    pub(crate) stopped_task_retention_hours: u32,
    /// Where layers are kept instead of the data directory: s3://bucket/prefix, gs://bucket/prefix or az://container/prefix.
    #[arg(long, env = "GANTRY_STORAGE")]
    pub(crate) storage: Option<String>,
    /// A setting of that storage, NAME=VALUE, such as region=eu-west-1, endpoint=…, allow_http=true,
    /// access_key_id=… and secret_access_key=…; may be given several times. Without keys the environment's are used.
    #[arg(
        long = "storage-option",
        env = "GANTRY_STORAGE_OPTIONS",
        hide_env_values = true,
        value_delimiter = ' ',
        requires = "storage"
    )]
    pub(crate) storage_options: Vec<NamedValue>,
    /// Passes layers through instead of sending clients to the storage by signed addresses.
    #[arg(long, env = "GANTRY_STORAGE_PROXY", requires = "storage")]
    pub(crate) storage_proxy: bool,
    /// Who we are to the registries of pull-through cache rules: a file like Docker's config.json, with "auths" by host.
    #[arg(long, env = "GANTRY_UPSTREAM_AUTH")]
    pub(crate) upstream_auth: Option<PathBuf>,
    /// Minutes after which a cached tag is looked up in its upstream again.
    #[arg(long, env = "GANTRY_UPSTREAM_CHECK_MINUTES", default_value_t = 1440)]
    pub(crate) upstream_check_minutes: u32,
    /// The registries elsewhere that images can be replicated to: a file of JSON with an entry for each,
    /// "ACCOUNT/REGION": {"url": …, "accessKeyId": …, "secretAccessKey": …, "caFile": …}; the last one may be left out.
    #[arg(long, env = "GANTRY_REPLICATION_DESTINATIONS")]
    pub(crate) replication_destinations: Option<PathBuf>,
    /// Days after which the bytes of a layer are read again and compared with their digest; 0 for never. Layers in an object
    /// store are left to it.
    #[arg(long, env = "GANTRY_SCRUB_DAYS", default_value_t = 7)]
    pub(crate) scrub_days: u32,
    /// A folder of advisories in the OSV format, *.json or *.zip as osv.dev has them, that images are scanned against.
    #[arg(long, env = "GANTRY_VULNERABILITY_DATABASE")]
    pub(crate) vulnerability_database: Option<PathBuf>,
    /// Lets images be deleted and expire that tasks or services use.
    #[arg(long, env = "GANTRY_ALLOW_DELETING_USED_IMAGES")]
    pub(crate) allow_deleting_used_images: bool,
    /// A URL that is told what happens to tasks, hosts, services, deployments and images; may be given several times.
    #[arg(long = "event-webhook", env = "GANTRY_EVENT_WEBHOOK", value_delimiter = ' ', requires = "event_webhook_key")]
    pub(crate) event_webhooks: Vec<String>,
    /// The key that what they are told is signed with: 24 to 64 bytes in base64, with or without whsec_ before it.
    #[arg(long, env = "GANTRY_EVENT_WEBHOOK_KEY", hide_env_values = true)]
    pub(crate) event_webhook_key: Option<String>,
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
