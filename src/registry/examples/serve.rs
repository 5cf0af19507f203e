//! Serves a registry alone, for conformance suites and benchmarks: `serve FOLDER ADDRESS REPOSITORY…` makes the
//! repositories, writes the password of the user `AWS` to `FOLDER/password`, and serves until it is killed.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gantry_model::image::Repository;
use gantry_model::principal::{Principal, PrincipalKind};
use gantry_model::{AccountId, Region, RepositoryName, Scope, UnixMillis};
use gantry_registry::{Registry, RepositoryError, Settings, Tokens, router};
use gantry_store::Store;
use gantry_store::blob::BlobStore;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("the folder is missing")?);
    let address = arguments.next().ok_or("the address is missing")?;
    std::fs::create_dir_all(&folder)?;
    let store = Store::open(&folder.join("gantry.db")).await?;
    let blobs = BlobStore::open_disk(folder.join("registry")).await?;
    let tokens = Tokens::open(&store).await?;
    let account = AccountId::parse("000000000000")?;
    let scope = Scope { account: account.clone(), region: Region::parse("us-east-1")? };
    let arn = format!("arn:aws:iam::{account}:user/admin");
    let issued = tokens.issue(&Principal { account, arn, kind: PrincipalKind::Admin }, now()?);
    std::fs::write(folder.join("password"), issued.password)?;
    let registry = Arc::new(Registry::new(store, blobs, tokens, Settings::new(scope.clone())));
    for name in arguments {
        match registry.create_repository(repository(&scope, RepositoryName::parse(name)?)).await {
            Ok(_) | Err(RepositoryError::AlreadyExists { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let collector = Arc::clone(&registry);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let collected = match now() {
                Ok(now) => collector.collect_once(now).await.map_err(Failure::from),
                Err(error) => Err(error),
            };
            if let Err(error) = collected {
                tracing::error!(%error, "a collection failed");
            }
        }
    });
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(listener, router(registry)).await?;
    Ok(())
}

fn now() -> Result<UnixMillis, Failure> {
    Ok(UnixMillis(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?))
}

fn repository(scope: &Scope, name: RepositoryName) -> Repository {
    Repository::new(scope.clone(), name, UnixMillis(0))
}
