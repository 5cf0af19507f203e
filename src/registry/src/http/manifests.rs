//! Pushing, pulling and deleting manifests.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use gantry_model::{Digest, ImageTag, RepositoryName};
use gantry_store::chain;
use gantry_store::image::{ManifestRow, Reference};
use http::{HeaderMap, Method, StatusCode, header};

use super::blobs::{etag, is_cached};
use super::error::OciError;
use super::uploads::pushed_to;
use super::{Answer, Call, Incoming, build, empty, method_not_allowed, take};
use crate::access::authorise;
use crate::image::{ImageError, ImageId};
use crate::manifest::Carried;
use crate::push::{MAX_MANIFEST_BYTES, PutManifest, PutManifestError};

/// The most tags that one push may make by `?tag=`.
const MAX_TAG_PARAMETERS: usize = 100;

/// `/v2/<name>/manifests/<reference>`.
pub(super) async fn manifest(
    call: &Call,
    body: &mut Option<Incoming>,
    name: &RepositoryName,
    reference: &Reference,
) -> Answer {
    match call.method {
        Method::GET | Method::HEAD => {
            call.authorise("ecr:BatchGetImage", Some(name))?;
            get(call, name, reference).await
        }
        Method::PUT => {
            call.authorise("ecr:PutImage", Some(name))?;
            put(call, body, name, reference).await
        }
        Method::DELETE => {
            call.authorise("ecr:BatchDeleteImage", Some(name))?;
            delete(call, name, reference).await
        }
        _ => Err(method_not_allowed("GET, HEAD, PUT, DELETE")),
    }
}

async fn get(call: &Call, name: &RepositoryName, reference: &Reference) -> Answer {
    let found = call.registry.served_manifest(&call.scope, name, reference).await;
    let is_current = matches!(&found, Ok(Some((_, manifest))) if !call.registry.is_stale(manifest));
    if !is_current && let Some(fetched) = from_upstream(call, name, reference, &found).await? {
        return answer_fetched(call, fetched);
    }
    let (repository, manifest) = found?.ok_or_else(|| unknown(name, reference))?;
    if !accepts(&call.headers, &manifest.media_type) {
        let message =
            format!("the manifest is a {}, which the Accept header of the request leaves out", manifest.media_type);
        return Err(OciError::not_found("MANIFEST_UNKNOWN", message));
    }
    let etag = etag(&manifest.digest);
    if is_cached(&call.headers, &etag) {
        let digest = ("docker-content-digest", manifest.digest.as_str());
        return empty(StatusCode::NOT_MODIFIED, &[("etag", &etag), digest]);
    }
    if call.method == Method::GET {
        call.registry.note_pull(&call.scope, &call.principal, repository, &manifest).await?;
    }
    let length = manifest.bytes.len().to_string();
    let headers = [
        ("content-type", manifest.media_type.as_str()),
        ("content-length", length.as_str()),
        ("docker-content-digest", manifest.digest.as_str()),
        ("etag", etag.as_str()),
    ];
    let body = if call.method == Method::HEAD { Body::empty() } else { Body::from(manifest.bytes) };
    build(StatusCode::OK, &headers, body)
}

/// The manifest from the upstream of the repository, when that is a cache. What is here serves when the upstream fails.
async fn from_upstream(
    call: &Call,
    name: &RepositoryName,
    reference: &Reference,
    found: &Result<Option<(i64, ManifestRow)>, ImageError>,
) -> Result<Option<Carried>, OciError> {
    let known = found.as_ref().ok().and_then(Option::as_ref).map(|(_, manifest)| manifest);
    if authorise(&call.principal, "ecr:BatchImportUpstreamImage", Some(name)).is_err() {
        return Ok(None);
    }
    match call.registry.pull_through(&call.scope, name, reference, known).await {
        Ok(fetched) => Ok(fetched),
        Err(error) if known.is_some() => {
            let reason = chain(&error);
            tracing::warn!(repository = %name, reason, "an upstream was not asked; what is here is served");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn answer_fetched(call: &Call, fetched: Carried) -> Answer {
    let (length, etag) = (fetched.bytes.len().to_string(), etag(&fetched.digest));
    let headers = [
        ("content-type", fetched.media_type.as_str()),
        ("content-length", length.as_str()),
        ("docker-content-digest", fetched.digest.as_str()),
        ("etag", etag.as_str()),
    ];
    let body = if call.method == Method::HEAD { Body::empty() } else { Body::from(fetched.bytes) };
    build(StatusCode::OK, &headers, body)
}

fn unknown(name: &RepositoryName, reference: &Reference) -> OciError {
    let what = match reference {
        Reference::Tag(tag) => format!("tag {tag}"),
        Reference::Digest(digest) => format!("digest {digest}"),
    };
    OciError::not_found("MANIFEST_UNKNOWN", format!("the repository {name} has no manifest with {what}"))
}

/// Whether the client takes `media_type`. Docker and skopeo send one `Accept` line a type; none means anything.
fn accepts(headers: &HeaderMap, media_type: &str) -> bool {
    let mut lines = headers.get_all(header::ACCEPT).iter().peekable();
    if lines.peek().is_none() {
        return true;
    }
    let ranges = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
    let mut ranges = ranges.map(|range| range.split(';').next().unwrap_or_default().trim());
    ranges.any(|range| match range.strip_suffix("/*") {
        Some("*") => true,
        Some(kind) => media_type.split('/').next().is_some_and(|of| of.eq_ignore_ascii_case(kind)),
        None => range.eq_ignore_ascii_case(media_type),
    })
}

async fn put(call: &Call, body: &mut Option<Incoming>, name: &RepositoryName, reference: &Reference) -> Answer {
    let content_type = call.header("content-type").and_then(|value| value.split(';').next());
    let media_type = content_type.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    let mut tags = tag_parameters(call)?;
    let digest = match reference {
        Reference::Digest(digest) => Some(digest.clone()),
        Reference::Tag(tag) => {
            tags.insert(0, tag.clone());
            None
        }
    };
    pushed_to(call, name).await?;
    let bytes = read(call, body).await?;
    let made: Vec<String> = tags.iter().map(ToString::to_string).collect();
    let by_digest = digest.is_some();
    let copied_from = call.copied_from.clone();
    let push = PutManifest { bytes, media_type, digest, tags, refuse_existing: false, copied_from };
    let done = call.registry.put_manifest(&call.scope, name, push).await?;
    let location = format!("/v2/{name}/manifests/{}", done.digest);
    let subject = done.subject.as_ref().map(Digest::as_str);
    let mut headers =
        vec![("location", location.as_str()), ("docker-content-digest", done.digest.as_str()), ("content-length", "0")];
    headers.extend(subject.map(|subject| ("oci-subject", subject)));
    if by_digest {
        headers.extend(made.iter().map(|tag| ("oci-tag", tag.as_str())));
    }
    empty(StatusCode::CREATED, &headers)
}

/// The tags of `?tag=a&tag=b`, which go with a push by digest.
fn tag_parameters(call: &Call) -> Result<Vec<ImageTag>, OciError> {
    let tags: Result<Vec<_>, _> = call.query.all("tag").map(ImageTag::parse).collect();
    let tags = tags.map_err(|error| OciError::bad_request("TAG_INVALID", error.to_string()))?;
    if tags.len() > MAX_TAG_PARAMETERS {
        let message = format!("one push may make {MAX_TAG_PARAMETERS} tags");
        return Err(OciError::new(StatusCode::URI_TOO_LONG, "TAG_INVALID", message));
    }
    Ok(tags)
}

/// The whole manifest, if it is not too long.
async fn read(call: &Call, body: &mut Option<Incoming>) -> Result<Bytes, OciError> {
    let mut pieces = take(body);
    let said: Option<usize> = call.header("content-length").and_then(|text| text.parse().ok());
    let mut bytes = BytesMut::with_capacity(said.unwrap_or(0).min(MAX_MANIFEST_BYTES));
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| OciError::bad_request("MANIFEST_INVALID", "the manifest was cut off"))?;
        if bytes.len() + piece.len() > MAX_MANIFEST_BYTES {
            // What follows is read and thrown away by the caller.
            *body = Some(pieces);
            return Err(PutManifestError::TooLarge.into());
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes.freeze())
}

async fn delete(call: &Call, name: &RepositoryName, reference: &Reference) -> Answer {
    match reference {
        Reference::Tag(tag) => call.registry.untag_image(&call.scope, name, tag, call.origin()).await?,
        Reference::Digest(digest) => {
            let id = ImageId { digest: Some(digest.clone()), tag: None };
            call.registry.delete_image(&call.scope, name, &id, call.origin()).await?;
        }
    }
    empty(StatusCode::ACCEPTED, &[("content-length", "0")])
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn accept_may_come_in_several_lines_with_parameters_and_wildcards() {
        let oci = "application/vnd.oci.image.manifest.v1+json";
        for (lines, expected) in [
            (&[][..], true),
            (&["application/json", oci][..], true),
            (&["text/html, application/vnd.oci.image.manifest.v1+json;q=0.5"][..], true),
            (&["*/*"][..], true),
            (&["application/*"][..], true),
            (&["application/vnd.docker.distribution.manifest.v2+json"][..], false),
            (&["text/*"][..], false),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::ACCEPT, HeaderValue::from_static(line));
            }
            assert_eq!(accepts(&headers, oci), expected, "{lines:?}");
        }
    }
}
