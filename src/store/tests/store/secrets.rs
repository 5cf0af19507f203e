//! Values that are sealed: with which key, and what becomes of them when it changes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use gantry_model::parameter::{Parameter, ParameterTier, ParameterType, ParameterVersion};
use gantry_model::secret::Secret;
use gantry_model::{AccountId, ParameterName, Region, Scope, SecretName, UnixMillis};
use gantry_store::secret::SecretValue;
use gantry_store::vault::{Vault, VaultError};
use gantry_store::{Store, StoreError, parameter, secret};

fn scope() -> Scope {
    Scope { account: AccountId::parse("000000000000").unwrap(), region: Region::parse("us-east-1").unwrap() }
}

fn a_secret() -> Secret {
    Secret {
        scope: scope(),
        name: SecretName::parse("db").unwrap(),
        suffix: "AbCdEf".to_owned(),
        description: None,
        created_at: UnixMillis(0),
        changed_at: UnixMillis(0),
        accessed_on: None,
        deletion: None,
        tags: Vec::new(),
        stages: BTreeMap::new(),
    }
}

fn a_parameter() -> (Parameter, ParameterVersion) {
    let parameter = Parameter { scope: scope(), name: ParameterName::parse("/db").unwrap(), tags: Vec::new() };
    let version = ParameterVersion {
        version: 1,
        kind: ParameterType::SecureString,
        tier: ParameterTier::Standard,
        description: None,
        allowed_pattern: None,
        modified_at: UnixMillis(0),
        modified_by: String::new(),
        labels: BTreeSet::new(),
    };
    (parameter, version)
}

async fn opened(folder: &Path) -> Store {
    Store::open(&folder.join("gantry.db")).await.unwrap()
}

/// Writes a secret and a parameter, both `hunter2`.
async fn write(store: &Store) {
    let vault = store.vault().unwrap();
    let written: Result<(), StoreError> = store
        .write(move |tx| {
            Box::pin(async move {
                let stored = secret::create(tx, a_secret()).await?.unwrap();
                secret::put_version(tx, &vault, stored.id, "v1", &SecretValue::Text("hunter2".to_owned())).await?;
                let (parameter, version) = a_parameter();
                parameter::create(tx, &vault, &parameter, &version, "hunter2").await
            })
        })
        .await;
    written.unwrap();
}

/// Reads both, with the keys that the store was given.
async fn read(store: &Store) -> Result<(SecretValue, String), StoreError> {
    let vault = store.vault()?;
    let mut reader = store.read().await?;
    let id = secret::find(&mut reader, &scope(), "db").await?.unwrap().id;
    let (_, value) = secret::version(&mut reader, &vault, id, "v1").await?.unwrap();
    let id = parameter::get(&mut reader, &scope(), &a_parameter().0.name).await?.unwrap().id;
    Ok((value, parameter::value(&mut reader, &vault, id, 1).await?.unwrap()))
}

fn both() -> (SecretValue, String) {
    (SecretValue::Text("hunter2".to_owned()), "hunter2".to_owned())
}

fn cause(result: Result<(), StoreError>) -> VaultError {
    match result {
        Err(StoreError::Vault { source, .. }) => source,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_key_is_made_at_the_first_start_and_used_at_the_next() {
    let (folder, keys) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = keys.path().join("secrets.key");
    let store = opened(folder.path()).await;
    assert!(matches!(store.vault(), Err(StoreError::Vault { source: VaultError::Locked, .. })));
    store.unlock_with_file(&file).await.unwrap();
    write(&store).await;
    drop(store);
    let again = opened(folder.path()).await;
    again.unlock_with_file(&file).await.unwrap();
    assert_eq!(read(&again).await.unwrap(), both());
}

#[tokio::test]
async fn without_the_key_that_was_used_nothing_starts_and_no_other_is_made() {
    let (folder, keys) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = keys.path().join("secrets.key");
    let store = opened(folder.path()).await;
    store.unlock_with_file(&file).await.unwrap();
    let used = store.vault().unwrap().sealing_key();
    write(&store).await;
    drop(store);
    let lost = file.with_extension("lost");
    std::fs::rename(&file, &lost).unwrap();
    let again = opened(folder.path()).await;
    assert!(matches!(cause(again.unlock_with_file(&file).await), VaultError::Missing { key, .. } if key == used));
    assert!(!file.exists());
    Vault::add_key(&file).unwrap();
    assert!(matches!(cause(again.unlock_with_file(&file).await), VaultError::UnknownKey(key) if key == used));
    std::fs::rename(&lost, &file).unwrap();
    again.unlock_with_file(&file).await.unwrap();
    assert_eq!(read(&again).await.unwrap(), both());
}

#[tokio::test]
async fn a_new_key_seals_everything_anew_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(folder.path()).await;
    store.unlock(Vault::with_keys([1; 32], &[])).await.unwrap();
    write(&store).await;
    drop(store);
    let rotated = opened(folder.path()).await;
    rotated.unlock(Vault::with_keys([2; 32], &[[1; 32]])).await.unwrap();
    drop(rotated);
    let later = opened(folder.path()).await;
    later.unlock(Vault::with_keys([2; 32], &[])).await.unwrap();
    assert_eq!(read(&later).await.unwrap(), both());
}
