//! Pushing blobs: every form of upload of OCI Distribution 1.1.

use gantry_model::registry_settings::Occasion;
use gantry_model::{Digest, RepositoryName};
use gantry_store::StoreError;
use gantry_store::blob::{DigestAlgorithm, rows};
use gantry_store::repository;
use gantry_store::upload::UploadId;
use http::{Method, StatusCode};

use super::error::OciError;
use super::range::of_chunk;
use super::{Answer, Call, Incoming, empty, method_not_allowed, path, take};
use crate::access::authorise;
use crate::upload::{Chunk, Place, Session, UploadError};

/// The `Range` of a session that holds `received` bytes. An empty one says `0-0` as docker's registry does; there is no
/// way to write it better.
pub(super) fn range(received: u64) -> String {
    format!("0-{}", received.saturating_sub(1))
}

fn location(place: &Place, id: &UploadId) -> String {
    format!("/v2/{}/blobs/uploads/{}", place.name, id.as_str())
}

/// `/v2/<name>/blobs/uploads/`: mount, push in one request, or begin a session.
pub(super) async fn collection(call: &Call, body: &mut Option<Incoming>, name: &RepositoryName) -> Answer {
    if call.method != Method::POST {
        return Err(method_not_allowed("POST"));
    }
    call.authorise("ecr:InitiateLayerUpload", Some(name))?;
    let place = pushed_to(call, name).await?;
    if let Some(text) = call.query.get("mount") {
        let digest = path::digest(text)?;
        if mount(call, &place, &digest).await? {
            return created(&place, &digest);
        }
    }
    let algorithm = match call.query.get("digest-algorithm") {
        None => DigestAlgorithm::Sha256,
        Some(text) => DigestAlgorithm::parse(text).ok_or_else(|| {
            OciError::bad_request("DIGEST_INVALID", "the digest algorithms here are sha256 and sha512")
        })?,
    };
    if let Some(text) = call.query.get("digest") {
        let digest = path::digest(text)?;
        let session = call.registry.begin_upload(&place, DigestAlgorithm::of(&digest))?;
        let chunk = Chunk { at: None, length: None, body: take(body) };
        return finish(call, place, session, chunk, digest).await;
    }
    let session = call.registry.begin_upload(&place, algorithm)?;
    progress(StatusCode::ACCEPTED, &place, &session)
}

/// The repository that is pushed to. One that is not there is made by the registry's template for it, if it has one; for a
/// copy of another registry's image also without.
pub(super) async fn pushed_to(call: &Call, name: &RepositoryName) -> Result<Place, OciError> {
    if call.copied_from.is_some() {
        call.authorise("ecr:ReplicateImage", Some(name))?;
    }
    let found = call.registry.place(&call.scope, name).await;
    if !matches!(found, Err(UploadError::RepositoryNotFound(_)))
        || authorise(&call.principal, "ecr:CreateRepository", Some(name)).is_err()
    {
        return Ok(found?);
    }
    match &call.copied_from {
        Some(_) => call.registry.ensure_repository(&call.scope, name, Occasion::Replication).await?,
        None if call.registry.create_by_template(&call.scope, name, Occasion::CreateOnPush).await? => {}
        None => return Ok(found?),
    }
    Ok(call.registry.place(&call.scope, name).await?)
}

/// `/v2/<name>/blobs/uploads/<id>`: a session's chunks, end, state and cancellation.
pub(super) async fn session(call: &Call, body: &mut Option<Incoming>, name: &RepositoryName, id: &UploadId) -> Answer {
    let action = match call.method {
        Method::PATCH => "ecr:UploadLayerPart",
        Method::PUT => "ecr:CompleteLayerUpload",
        Method::GET | Method::DELETE => "ecr:InitiateLayerUpload",
        _ => return Err(method_not_allowed("GET, PATCH, PUT, DELETE")),
    };
    call.authorise(action, Some(name))?;
    let place = call.registry.place(&call.scope, name).await?;
    let session = call.registry.upload_session(&place, id).await?;
    match call.method {
        Method::PATCH => {
            let chunk = chunk(call, body)?;
            let appended = call.registry.append(session.clone(), chunk).await;
            appended.map_err(|error| with_location(error, &place, &session))?;
            progress(StatusCode::ACCEPTED, &place, &session)
        }
        Method::PUT => {
            let digest = call.query.get("digest");
            let digest = digest.ok_or_else(|| OciError::bad_request("DIGEST_INVALID", "the digest is missing"))?;
            let digest = path::digest(digest)?;
            let chunk = chunk(call, body)?;
            finish(call, place, session, chunk, digest).await
        }
        Method::DELETE => {
            call.registry.cancel(session).await?;
            empty(StatusCode::NO_CONTENT, &[])
        }
        _ => progress(StatusCode::NO_CONTENT, &place, &session),
    }
}

/// The chunk of a PATCH or PUT, where its `Content-Range` puts it.
fn chunk(call: &Call, body: &mut Option<Incoming>) -> Result<Chunk<Incoming>, OciError> {
    let length: Option<u64> = call.header("content-length").and_then(|text| text.parse().ok());
    let Some(header) = call.headers.get("content-range") else {
        return Ok(Chunk { at: None, length: None, body: take(body) });
    };
    let range = header.to_str().ok().and_then(of_chunk);
    let (at, span) =
        range.ok_or_else(|| OciError::bad_request("BLOB_UPLOAD_INVALID", "Content-Range must be first-last"))?;
    if length.is_some_and(|length| length != span) {
        let message = "Content-Length and Content-Range tell two different lengths";
        return Err(OciError::bad_request("SIZE_INVALID", message));
    }
    Ok(Chunk { at: Some(at), length: Some(span), body: take(body) })
}

async fn finish(
    call: &Call,
    place: Place,
    session: std::sync::Arc<Session>,
    chunk: Chunk<Incoming>,
    digest: Digest,
) -> Answer {
    let finished = call.registry.finish(place.clone(), session.clone(), chunk, digest.clone()).await;
    finished.map_err(|error| with_location(error, &place, &session))?;
    created(&place, &digest)
}

/// An error, with where the session is that the client can go on with.
fn with_location(error: UploadError, place: &Place, session: &Session) -> OciError {
    let goes_on = matches!(
        error,
        UploadError::OutOfOrder { .. } | UploadError::LengthDiffers { .. } | UploadError::CutOff { .. }
    );
    let error = OciError::from(error);
    if goes_on { error.with_header("location", location(place, &session.id)) } else { error }
}

fn progress(status: StatusCode, place: &Place, session: &Session) -> Answer {
    let (location, range) = (location(place, &session.id), range(session.received()));
    let headers = [
        ("location", location.as_str()),
        ("range", range.as_str()),
        ("docker-upload-uuid", session.id.as_str()),
        ("content-length", "0"),
    ];
    // 204 has no length.
    let count = if status == StatusCode::NO_CONTENT { headers.len() - 1 } else { headers.len() };
    empty(status, &headers[..count])
}

fn created(place: &Place, digest: &Digest) -> Answer {
    let location = format!("/v2/{}/blobs/{digest}", place.name);
    empty(
        StatusCode::CREATED,
        &[("location", &location), ("docker-content-digest", digest.as_str()), ("content-length", "0")],
    )
}

/// Shows a blob of another repository here. Whatever stands in the way, a session is the answer instead: a push goes on.
async fn mount(call: &Call, place: &Place, digest: &Digest) -> Result<bool, OciError> {
    let from = match call.query.get("from") {
        Some(text) => RepositoryName::parse(text).ok(),
        None => {
            let mut reader = call.registry.store.read().await?;
            rows::shown_by(&mut reader, &place.scope, digest).await?
        }
    };
    let Some(from) = from else { return Ok(false) };
    if !call.registry.registry_settings(&call.scope).await?.blob_mounting {
        return Ok(false);
    }
    if authorise(&call.principal, "ecr:GetDownloadUrlForLayer", Some(&from)).is_err() {
        return Ok(false);
    }
    let (place, digest) = (place.clone(), digest.clone());
    let grace = call.registry.settings.blob_grace_millis;
    let mounted = call.registry.store.write(move |tx| {
        Box::pin(async move {
            let Some(source) = repository::find(tx, &place.scope, &from).await? else {
                return Ok::<_, StoreError>(false);
            };
            let until = tx.now().plus_millis(grace);
            rows::mount(tx, source.id, place.repository, &digest, until).await
        })
    });
    Ok(mounted.await?)
}
