//! Lists: the root that clients probe, the catalog, tags, and referrers. Cut lists carry a `Link` to the rest.

use axum::body::Body;
use gantry_model::{Digest, RepositoryName};
use gantry_store::image;
use http::{Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::error::OciError;
use super::{Answer, Call, build, method_not_allowed, path};
use crate::image::ImageError;
use crate::manifest::OCI_INDEX;
use crate::repository::{find, limit_of};

/// The longest list of tags or repositories; who asks for more gets this many and a link.
const MAX_PAGE: usize = 10_000;
/// The longest list of referrers. Their annotations make them large.
const MAX_REFERRERS: usize = 500;
/// What stays as it is in a query.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// `/v2/`: says that the registry is here and that the credentials are good.
pub(super) fn base(call: &Call) -> Answer {
    require_get(call)?;
    json_answer(&json!({}), "application/json", &[])
}

/// `/v2/_catalog`.
pub(super) async fn catalog(call: &Call) -> Answer {
    require_get(call)?;
    call.authorise("ecr:DescribeRepositories", None)?;
    let limit = page_size(call)?;
    let mut names: Vec<String> = if limit == 0 {
        Vec::new()
    } else {
        let found = call.registry.repositories(&call.scope, call.query.get("last"), limit + 1).await?;
        found.into_iter().map(|repository| repository.name.to_string()).collect()
    };
    let link = cut(&mut names, limit, |name| name.as_str()).map(|last| link("/v2/_catalog", limit, &last, None));
    json_answer(&json!({ "repositories": names }), "application/json", &link_header(link.as_ref()))
}

/// `/v2/<name>/tags/list`.
pub(super) async fn tags(call: &Call, name: &RepositoryName) -> Answer {
    require_get(call)?;
    call.authorise("ecr:ListImages", Some(name))?;
    let limit = page_size(call)?;
    let mut tags: Vec<String> = {
        let mut reader = call.registry.store.read().await?;
        let row = find::<ImageError>(&mut reader, &call.scope, name).await?;
        let wanted = if limit == 0 { 0 } else { limit_of(limit + 1) };
        let found = image::tags(&mut reader, row.id, call.query.get("last"), wanted).await?;
        found.into_iter().map(|(tag, _)| tag.to_string()).collect()
    };
    let last = cut(&mut tags, limit, |tag| tag.as_str());
    let link = last.map(|last| link(&format!("/v2/{name}/tags/list"), limit, &last, None));
    json_answer(&json!({ "name": name, "tags": tags }), "application/json", &link_header(link.as_ref()))
}

/// `/v2/<name>/referrers/<digest>`.
pub(super) async fn referrers(call: &Call, name: &RepositoryName, subject: &Digest) -> Answer {
    require_get(call)?;
    call.authorise("ecr:BatchGetImage", Some(name))?;
    let filter = call.query.get("artifactType").filter(|text| !text.is_empty());
    let after = call.query.get("last").map(path::digest).transpose()?;
    let limit = match call.query.get("n") {
        Some(_) => page_size(call)?.clamp(1, MAX_REFERRERS),
        None => MAX_REFERRERS,
    };
    let registry = &call.registry;
    let mut found = registry.referrers(&call.scope, name, subject, filter, after.as_ref(), limit + 1).await?;
    let last = cut(&mut found, limit, |referrer| referrer.digest.as_str());
    let link = last.map(|last| link(&format!("/v2/{name}/referrers/{subject}"), limit, &last, filter));
    let manifests: Vec<Value> = found.iter().map(descriptor).collect();
    let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests });
    let mut headers = link_header(link.as_ref());
    if filter.is_some() {
        headers.push(("oci-filters-applied", "artifactType"));
    }
    json_answer(&index, OCI_INDEX, &headers)
}

fn descriptor(referrer: &image::referrers::Referrer) -> Value {
    let mut descriptor = json!({
        "mediaType": referrer.media_type,
        "digest": referrer.digest,
        "size": referrer.size,
    });
    if let Some(artifact_type) = &referrer.artifact_type {
        descriptor["artifactType"] = json!(artifact_type);
    }
    // Written by us as the text of an object.
    let annotations = referrer.annotations.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    if let Some(annotations) = annotations {
        descriptor["annotations"] = annotations;
    }
    descriptor
}

fn require_get(call: &Call) -> Result<(), OciError> {
    if matches!(call.method, Method::GET | Method::HEAD) { Ok(()) } else { Err(method_not_allowed("GET, HEAD")) }
}

/// How many entries the client wants at most.
fn page_size(call: &Call) -> Result<usize, OciError> {
    match call.query.get("n") {
        None => Ok(MAX_PAGE),
        Some(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok(text.parse().unwrap_or(MAX_PAGE).min(MAX_PAGE))
        }
        Some(_) => Err(OciError::bad_request("PAGINATION_NUMBER_INVALID", "n must be a number that is not negative")),
    }
}

/// Cuts a list that was fetched one entry too long; answers the last entry that stays, if it was cut.
fn cut<T>(list: &mut Vec<T>, limit: usize, key: impl Fn(&T) -> &str) -> Option<String> {
    if list.len() <= limit {
        return None;
    }
    list.truncate(limit);
    list.last().map(|last| key(last).to_owned())
}

fn link(path: &str, limit: usize, last: &str, artifact_type: Option<&str>) -> String {
    let encode = |text: &str| utf8_percent_encode(text, QUERY).to_string();
    let filter = artifact_type.map(|text| format!("&artifactType={}", encode(text))).unwrap_or_default();
    format!("<{path}?n={limit}&last={}{filter}>; rel=\"next\"", encode(last))
}

fn link_header(link: Option<&String>) -> Vec<(&'static str, &str)> {
    link.map(|link| ("link", link.as_str())).into_iter().collect()
}

fn json_answer(value: &Value, content_type: &str, headers: &[(&str, &str)]) -> Answer {
    let body = value.to_string();
    let length = body.len().to_string();
    let mut all = vec![("content-type", content_type), ("content-length", length.as_str())];
    all.extend_from_slice(headers);
    build(StatusCode::OK, &all, Body::from(body))
}
