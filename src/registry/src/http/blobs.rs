//! Pulling and deleting blobs.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use gantry_model::{AccountId, Digest, Region, RepositoryName, Scope};
use gantry_store::StoreError;
use gantry_store::blob::rows::{self, VisibleBlob};
use gantry_store::image;
use http::{HeaderMap, Method, StatusCode, header};

use super::error::OciError;
use super::query::Query;
use super::range::{Wanted, wanted};
use super::{Answer, Call, build, empty, method_not_allowed, path};
use crate::access::authorise;
use crate::registry::Registry;
use crate::repository::{find, not_found};
use crate::upload::UploadError;

/// Blobs never change.
const CACHE_CONTROL: &str = "private, max-age=31536000, immutable";

/// From which length on clients are sent elsewhere for a blob: for a shorter one the way costs more than the blob.
const SENT_FROM_BYTES: u64 = 4 << 20;
/// How long a client that is sent elsewhere has to begin.
const ADDRESS_VALID_FOR: Duration = Duration::from_secs(20 * 60);

/// `/v2/<name>/blobs/<digest>`.
pub(super) async fn blob(call: &Call, name: &RepositoryName, digest: &Digest) -> Answer {
    match call.method {
        Method::GET => {
            call.authorise("ecr:GetDownloadUrlForLayer", Some(name))?;
            let mut found = visible(&call.registry, &call.scope, name, digest).await;
            if found.is_err()
                && authorise(&call.principal, "ecr:BatchImportUpstreamImage", Some(name)).is_ok()
                && call.registry.import_blob(&call.scope, name, digest).await?
            {
                found = visible(&call.registry, &call.scope, name, digest).await;
            }
            let blob = found?;
            send(&call.registry, digest, blob, &call.headers).await
        }
        Method::HEAD => {
            call.authorise("ecr:BatchCheckLayerAvailability", Some(name))?;
            let blob = visible(&call.registry, &call.scope, name, digest).await?;
            if !promise(&call.registry, digest, blob).await? {
                return Err(unknown(digest));
            }
            describe(digest, blob)
        }
        Method::DELETE => {
            call.authorise("ecr:BatchDeleteImage", Some(name))?;
            delete(call, name, digest).await
        }
        _ => Err(method_not_allowed("GET, HEAD, DELETE")),
    }
}

/// `/_gantry/blob/<name>/<digest>`, the address that `GetDownloadUrlForLayer` hands out: the signature is the permission.
pub(crate) async fn download(State(registry): State<Arc<Registry>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let answer = async {
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            return Err(method_not_allowed("GET, HEAD"));
        }
        let refused = || OciError::new(StatusCode::FORBIDDEN, "DENIED", "the address is not signed, or has expired");
        let query = Query::parse(parts.uri.query().unwrap_or_default())?;
        let rest = parts.uri.path().strip_prefix("/_gantry/blob/").unwrap_or_default();
        let path::Target::Blob(name, digest) = path::target(&blob_path(rest))? else { return Err(refused()) };
        let scope = download_scope(&query).ok_or_else(refused)?;
        let expires = query.get("expires").and_then(|text| text.parse().ok()).ok_or_else(refused)?;
        let signature = query.get("signature").ok_or_else(refused)?;
        if !registry.tokens.grants_download(&scope, &name, &digest, (expires, signature), registry.now()) {
            return Err(refused());
        }
        let blob = visible(&registry, &scope, &name, &digest).await?;
        if parts.method == Method::HEAD {
            describe(&digest, blob)
        } else {
            send(&registry, &digest, blob, &parts.headers).await
        }
    };
    answer.await.unwrap_or_else(OciError::into_response)
}

/// The path of the same blob under `/v2/`.
fn blob_path(rest: &str) -> String {
    match rest.rsplit_once('/') {
        Some((name, digest)) => format!("/v2/{name}/blobs/{digest}"),
        None => String::new(),
    }
}

fn download_scope(query: &Query) -> Option<Scope> {
    let account = AccountId::parse(query.get("account")?).ok()?;
    let region = Region::parse(query.get("region")?).ok()?;
    Some(Scope { account, region })
}

/// The blob as the repository shows it.
async fn visible(
    registry: &Registry,
    scope: &Scope,
    name: &RepositoryName,
    digest: &Digest,
) -> Result<VisibleBlob, OciError> {
    let mut reader = registry.store.read().await?;
    let found = rows::find(&mut reader, scope, name, digest).await?;
    let (_, blob) = found.ok_or_else(|| not_found(scope, name))?;
    blob.ok_or_else(|| unknown(digest))
}

fn unknown(digest: &Digest) -> OciError {
    OciError::not_found("BLOB_UNKNOWN", format!("the repository has no blob {digest}"))
}

/// Makes sure that a blob that a client was told of stays for the time of grace. Answers false when it is gone already.
async fn promise(registry: &Registry, digest: &Digest, blob: VisibleBlob) -> Result<bool, StoreError> {
    let now = registry.now();
    // A promise that has half its time left is good enough, and one without an end is a manifest's.
    let half = now.plus_millis(registry.settings.blob_grace_millis / 2);
    if blob.leased_until.is_none_or(|until| until >= half) {
        return Ok(true);
    }
    let (digest, until) = (digest.clone(), registry.lease_from(now));
    registry
        .store
        .write(move |tx| Box::pin(async move { rows::lease(tx, blob.repository, &digest, until).await }))
        .await
}

fn describe(digest: &Digest, blob: VisibleBlob) -> Answer {
    let (length, etag) = (blob.size.to_string(), etag(digest));
    empty(
        StatusCode::OK,
        &[
            ("content-type", "application/octet-stream"),
            ("content-length", &length),
            ("docker-content-digest", digest.as_str()),
            ("etag", &etag),
            ("accept-ranges", "bytes"),
            ("cache-control", CACHE_CONTROL),
        ],
    )
}

pub(super) fn etag(digest: &Digest) -> String {
    format!("\"{digest}\"")
}

/// Whether `If-None-Match` holds the tag, or anything.
pub(super) fn is_cached(headers: &HeaderMap, etag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(',')).map(|tag| tag.trim().trim_start_matches("W/"));
    tags.any(|tag| tag == "*" || tag == etag)
}

/// Sends a blob, or the part of it that was asked for.
async fn send(registry: &Registry, digest: &Digest, blob: VisibleBlob, headers: &HeaderMap) -> Answer {
    let etag = etag(digest);
    if is_cached(headers, &etag) {
        let digest = ("docker-content-digest", digest.as_str());
        return empty(StatusCode::NOT_MODIFIED, &[("etag", &etag), digest, ("cache-control", CACHE_CONTROL)]);
    }
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    // A range of another version than the one at hand would be a range of nothing that the client knows.
    let same = text(header::IF_RANGE).is_none_or(|tag| tag == etag);
    let size = u64::try_from(blob.size).unwrap_or_default();
    let wanted = wanted(text(header::RANGE).filter(|_| same), size);
    if wanted == Wanted::Nothing {
        let message = format!("the blob has {size} bytes");
        return Err(OciError::new(StatusCode::RANGE_NOT_SATISFIABLE, "SIZE_INVALID", message)
            .with_header("content-range", format!("bytes */{size}")));
    }
    if size >= SENT_FROM_BYTES
        && let Some(address) = address_elsewhere(registry, digest).await?
    {
        let digest = ("docker-content-digest", digest.as_str());
        return empty(StatusCode::TEMPORARY_REDIRECT, &[("location", &address), digest, ("content-length", "0")]);
    }
    let opened = registry.blobs.read(digest).await.map_err(|error| OciError::internal("read the blob", &error))?;
    // Deleted between the look at its row and now.
    let reader = opened.ok_or_else(|| unknown(digest))?;
    let (status, first, length) = match wanted {
        Wanted::Part { first, last } => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
        Wanted::All | Wanted::Nothing => (StatusCode::OK, 0, size),
    };
    let (length_text, range) =
        (length.to_string(), format!("bytes {first}-{}/{size}", (first + length).saturating_sub(1)));
    let mut answer = vec![
        ("content-type", "application/octet-stream"),
        ("content-length", length_text.as_str()),
        ("docker-content-digest", digest.as_str()),
        ("etag", &etag),
        ("accept-ranges", "bytes"),
        ("cache-control", CACHE_CONTROL),
    ];
    if status == StatusCode::PARTIAL_CONTENT {
        answer.push(("content-range", &range));
    }
    build(status, &answer, Body::from_stream(reader.stream(first, length)))
}

/// Where the client can fetch the blob itself, when it is kept where clients are sent to.
async fn address_elsewhere(registry: &Registry, digest: &Digest) -> Result<Option<String>, OciError> {
    let signed = registry.blobs.signed_url(digest, ADDRESS_VALID_FOR).await;
    signed.map_err(|error| OciError::internal("sign the address of the blob", &error))
}

/// Takes a blob out of the repository. One that a manifest names stays.
async fn delete(call: &Call, name: &RepositoryName, digest: &Digest) -> Answer {
    let (scope, name, digest) = (call.scope.clone(), name.clone(), digest.clone());
    let deletion = call.registry.store.write(move |tx| {
        Box::pin(async move {
            let row = find::<UploadError>(tx, &scope, &name).await?;
            if image::is_referenced(tx, row.id, &digest).await? {
                return Ok(None);
            }
            Ok::<_, UploadError>(Some((rows::hide(tx, row.id, &digest).await?, digest)))
        })
    });
    match deletion.await? {
        Some((true, _)) => empty(StatusCode::ACCEPTED, &[("content-length", "0")]),
        Some((false, digest)) => Err(unknown(&digest)),
        None => {
            let message = "a manifest of the repository names the blob; delete the manifest, and the blob goes with it";
            Err(OciError::new(StatusCode::METHOD_NOT_ALLOWED, "DENIED", message).with_header("allow", "GET, HEAD"))
        }
    }
}
