//! Repositories: made, listed, changed and deleted as ECR's operations do.

use gantry_model::event::{EventKind, NewEvent};
use gantry_model::image::Repository;
use gantry_model::scan::ImageScan;
use gantry_model::{AccountId, Arn, Digest, ImageTag, RepositoryName, Scope, uuid_from_random};
use gantry_store::repository::{self, RepositoryRow};
use gantry_store::{Conn, StoreError, Tx};
use gantry_wire::event_bridge::ServiceEvent;
use serde_json::{Value, json};

use crate::registry::Registry;

/// No repository of that name. Every operation that names one can answer this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The repository with name '{name}' does not exist in the registry with id '{account}'")]
pub struct RepositoryNotFound {
    pub name: RepositoryName,
    pub account: AccountId,
}

/// Why an operation on a repository failed; the messages are AWS's.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    #[error(transparent)]
    NotFound(#[from] RepositoryNotFound),
    #[error("The repository with name '{name}' already exists in the registry with id '{account}'")]
    AlreadyExists { name: RepositoryName, account: AccountId },
    #[error(
        "The repository with name '{name}' in registry with id '{account}' cannot be deleted because it still contains images"
    )]
    NotEmpty { name: RepositoryName, account: AccountId },
    #[error("The repository with name '{name}' cannot be deleted because {user} uses an image of it")]
    InUse { name: RepositoryName, user: String },
    #[error("the registry's database failed")]
    Store(#[from] StoreError),
}

impl Registry {
    /// Makes a repository. Its `created_at` is set here.
    ///
    /// # Errors
    /// [`RepositoryError::AlreadyExists`] when the name is taken.
    pub async fn create_repository(&self, mut repository: Repository) -> Result<Repository, RepositoryError> {
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    repository.created_at = tx.now();
                    let Repository { name, scope, .. } = &repository;
                    if repository::insert(tx, &repository).await?.is_none() {
                        let (name, account) = (name.clone(), scope.account.clone());
                        return Err(RepositoryError::AlreadyExists { name, account });
                    }
                    append_event(tx, &repository, "CREATE");
                    Ok(repository)
                })
            })
            .await
    }

    /// The repository `name`.
    ///
    /// # Errors
    /// [`RepositoryError::NotFound`] when there is none.
    pub async fn repository(&self, scope: &Scope, name: &RepositoryName) -> Result<Repository, RepositoryError> {
        let mut reader = self.store.read().await?;
        Ok(find::<RepositoryError>(&mut reader, scope, name).await?.repository)
    }

    /// At most `limit` repositories after the name `after`, by name.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn repositories(
        &self,
        scope: &Scope,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Repository>, RepositoryError> {
        let mut reader = self.store.read().await?;
        let rows = repository::list(&mut reader, scope, after, limit_of(limit)).await?;
        Ok(rows.into_iter().map(|row| row.repository).collect())
    }

    /// Changes a repository's settings or tags; `change` must leave name, scope and creation alone. When it refuses,
    /// nothing is changed.
    ///
    /// # Errors
    /// [`RepositoryNotFound`] when there is none, and what `change` answers.
    pub async fn update_repository<E>(
        &self,
        scope: &Scope,
        name: &RepositoryName,
        change: impl FnOnce(&mut Repository) -> Result<(), E> + Send + 'static,
    ) -> Result<Repository, E>
    where
        E: From<RepositoryNotFound> + From<StoreError> + Send + 'static,
    {
        let (scope, name) = (scope.clone(), name.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut row = find::<E>(tx, &scope, &name).await?;
                    change(&mut row.repository)?;
                    repository::update(tx, &row).await?;
                    append_event(tx, &row.repository, "UPDATE");
                    Ok(row.repository)
                })
            })
            .await
    }

    /// Deletes a repository, with its images when `force`; answers what it was.
    ///
    /// # Errors
    /// [`RepositoryError::NotFound`], [`RepositoryError::NotEmpty`] without `force`, [`RepositoryError::InUse`] with it.
    pub async fn delete_repository(
        &self,
        scope: &Scope,
        name: &RepositoryName,
        force: bool,
    ) -> Result<Repository, RepositoryError> {
        let (scope, name) = (scope.clone(), name.clone());
        let user = self.users(&scope, &name).await?.any().map(str::to_owned);
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let row = find::<RepositoryError>(tx, &scope, &name).await?;
                    let has_images = repository::has_images(tx, row.id).await?;
                    if !force && has_images {
                        return Err(RepositoryError::NotEmpty { name, account: scope.account });
                    }
                    if let Some(user) = user.filter(|_| has_images) {
                        return Err(RepositoryError::InUse { name, user });
                    }
                    repository::delete(tx, row.id).await?;
                    append_event(tx, &row.repository, "DELETE");
                    Ok(row.repository)
                })
            })
            .await
    }
}

/// The repository's row, or the error that there is none.
pub(crate) async fn find<E: From<RepositoryNotFound> + From<StoreError>>(
    conn: &mut Conn,
    scope: &Scope,
    name: &RepositoryName,
) -> Result<RepositoryRow, E> {
    let row = repository::find(conn, scope, name).await?;
    row.ok_or_else(|| not_found(scope, name).into())
}

/// The error that there is no repository `name`.
pub(crate) fn not_found(scope: &Scope, name: &RepositoryName) -> RepositoryNotFound {
    RepositoryNotFound { name: name.clone(), account: scope.account.clone() }
}

/// A limit as the store takes it.
pub(crate) fn limit_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn append_event(tx: &mut Tx, repository: &Repository, action: &str) {
    tx.append(NewEvent {
        scope: repository.scope.clone(),
        kind: EventKind::Repository,
        cluster: None,
        subject: Arn::repository(&repository.scope, &repository.name).to_string(),
        payload: json!({
            "action": action,
            "repositoryName": repository.name,
            "imageTagMutability": repository.image_tag_mutability,
        }),
    });
}

/// The event of something that happened to an image, for the log and for those who asked to be told; `fields` are added to
/// the repository's name and the action.
///
/// # Errors
/// When it cannot be written.
pub(crate) async fn append_image_event(
    tx: &mut Tx,
    of: &Repository,
    action: &str,
    fields: Value,
) -> Result<(), StoreError> {
    tell(tx, of, ("ECR Image Action", action), json!({}), &fields).await?;
    log(tx, of, action, fields);
    Ok(())
}

/// The event of an image that came as a copy from another registry.
///
/// # Errors
/// When it cannot be written.
pub(crate) async fn append_copy_event(
    tx: &mut Tx,
    of: &Repository,
    from: &Scope,
    fields: Value,
) -> Result<(), StoreError> {
    let source = json!({ "source-account": from.account, "source-region": from.region });
    tell(tx, of, ("ECR Replication Action", "REPLICATE"), source, &fields).await?;
    log(tx, of, "REPLICATE", fields);
    Ok(())
}

fn log(tx: &mut Tx, of: &Repository, action: &str, fields: Value) {
    let mut payload = json!({ "action": action, "repositoryName": of.name });
    extend(&mut payload, fields);
    tx.append(NewEvent {
        scope: of.scope.clone(),
        kind: EventKind::Image,
        cluster: None,
        subject: Arn::repository(&of.scope, &of.name).to_string(),
        payload,
    });
}

/// Tells what EventBridge tells of an image: one event a tag, or one of the digest alone (Amazon ECR user guide, "Amazon ECR
/// events and EventBridge").
async fn tell(
    tx: &mut Tx,
    of: &Repository,
    (detail_type, action): (&str, &str),
    more: Value,
    fields: &Value,
) -> Result<(), StoreError> {
    if !tx.notifies() {
        return Ok(());
    }
    let tags: Vec<Option<&Value>> = match fields.get("imageTags").and_then(Value::as_array) {
        Some(tags) if !tags.is_empty() => tags.iter().map(Some).collect(),
        _ => vec![None],
    };
    for tag in tags {
        let mut detail = json!({
            "action-type": action,
            "result": "SUCCESS",
            "repository-name": of.name,
            "image-digest": fields.get("imageDigest"),
        });
        extend(&mut detail, more.clone());
        if let Some(tag) = tag {
            extend(&mut detail, json!({ "image-tag": tag }));
        }
        let event = service_event(tx, of, detail_type, detail)?;
        gantry_store::notification::append(tx, &event).await?;
    }
    Ok(())
}

/// Adds the members of one object to another.
fn extend(object: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (object, more) {
        object.extend(more);
    }
}

/// The event of a scan that is done.
///
/// # Errors
/// When it cannot be written.
pub(crate) async fn append_scan_event(
    tx: &mut Tx,
    of: &Repository,
    digest: &Digest,
    tags: &[ImageTag],
    scan: &ImageScan,
) -> Result<(), StoreError> {
    if tx.notifies() {
        let detail = json!({
            "scan-status": scan.status.as_str(),
            "repository-name": of.name,
            "finding-severity-counts": scan.severity_counts,
            "image-digest": digest,
            "image-tags": tags,
        });
        let event = service_event(tx, of, "ECR Image Scan", detail)?;
        gantry_store::notification::append(tx, &event).await?;
    }
    tx.append(NewEvent {
        scope: of.scope.clone(),
        kind: EventKind::Image,
        cluster: None,
        subject: Arn::repository(&of.scope, &of.name).to_string(),
        payload: json!({
            "action": "SCAN",
            "repositoryName": of.name,
            "imageDigest": digest,
            "imageTags": tags,
            "scanStatus": scan.status,
            "findingSeverityCounts": scan.severity_counts,
        }),
    });
    Ok(())
}

fn service_event(tx: &Tx, of: &Repository, detail_type: &str, detail: Value) -> Result<Value, StoreError> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|_| StoreError::Closed)?;
    let event = ServiceEvent {
        id: uuid_from_random(random),
        source: "aws.ecr",
        detail_type,
        scope: &of.scope,
        at: tx.now(),
        resource: Arn::repository(&of.scope, &of.name).to_string(),
        detail,
    };
    Ok(event.to_json())
}
