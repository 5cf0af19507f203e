//! What a path under `/v2/` names. Read from the right: `blobs`, `manifests` and `tags` are words that repository names
//! may hold too.

use gantry_model::{Digest, RepositoryName};
use gantry_store::image::Reference;
use gantry_store::upload::UploadId;
use percent_encoding::percent_decode_str;

use super::error::OciError;

/// What a request is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    Base,
    Catalog,
    Tags(RepositoryName),
    Referrers(RepositoryName, Digest),
    Uploads(RepositoryName),
    Upload(RepositoryName, UploadId),
    Blob(RepositoryName, Digest),
    Manifest(RepositoryName, Reference),
    /// What is in an image.
    Sbom(RepositoryName, Reference),
}

/// Reads the path of a request.
pub(super) fn target(path: &str) -> Result<Target, OciError> {
    let decoded = percent_decode_str(path).decode_utf8();
    let decoded = decoded.map_err(|_| OciError::bad_request("NAME_INVALID", "the path is not UTF-8"))?;
    let rest = decoded.strip_prefix("/v2").unwrap_or(&decoded).trim_start_matches('/');
    match rest {
        "" => return Ok(Target::Base),
        "_catalog" => return Ok(Target::Catalog),
        _ => {}
    }
    // A new upload is asked for at `…/uploads/`; some clients leave the last slash out.
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let mut parts = rest.rsplitn(4, '/');
    let last = parts.next().unwrap_or_default();
    let before = parts.next().unwrap_or_default();
    let third = parts.next();
    let head = |tail: usize| rest.get(..rest.len().saturating_sub(tail)).unwrap_or_default();
    match (third, before, last) {
        (_, "tags", "list") => Ok(Target::Tags(name(head("/tags/list".len()))?)),
        (Some("blobs"), "uploads", id) => {
            let name = name(head("/blobs/uploads/".len() + id.len()))?;
            let unknown = |_| OciError::not_found("BLOB_UPLOAD_UNKNOWN", "there is no upload of that id");
            Ok(Target::Upload(name, UploadId::parse(id).map_err(unknown)?))
        }
        (_, "blobs", "uploads") => Ok(Target::Uploads(name(head("/blobs/uploads".len()))?)),
        (_, "blobs", text) => Ok(Target::Blob(name(head("/blobs/".len() + text.len()))?, digest(text)?)),
        (_, "manifests", text) => Ok(Target::Manifest(name(head("/manifests/".len() + text.len()))?, reference(text)?)),
        (Some("_gantry"), "sbom", text) => {
            Ok(Target::Sbom(name(head("/_gantry/sbom/".len() + text.len()))?, reference(text)?))
        }
        (_, "referrers", text) => Ok(Target::Referrers(name(head("/referrers/".len() + text.len()))?, digest(text)?)),
        _ => Err(OciError::not_found("UNSUPPORTED", "there is nothing at this path")),
    }
}

fn name(text: &str) -> Result<RepositoryName, OciError> {
    RepositoryName::parse(text).map_err(|error| OciError::bad_request("NAME_INVALID", error.to_string()))
}

/// Reads a digest that a client sent.
pub(super) fn digest(text: &str) -> Result<Digest, OciError> {
    Digest::parse(text).map_err(|error| OciError::bad_request("DIGEST_INVALID", error.to_string()))
}

fn reference(text: &str) -> Result<Reference, OciError> {
    let code = if text.contains(':') { "DIGEST_INVALID" } else { "TAG_INVALID" };
    Reference::parse(text).map_err(|error| OciError::bad_request(code, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(text: &str) -> RepositoryName {
        RepositoryName::parse(text).unwrap()
    }

    #[test]
    fn paths_are_read_from_the_right() {
        let hex = format!("sha256:{}", "a".repeat(64));
        let digest = Digest::parse(hex.as_str()).unwrap();
        let id = "0b8ec1a5-0000-4000-8000-7e2f3b1c9d00";
        let tag = Reference::parse("v1").unwrap();
        for (path, expected) in [
            ("/v2".to_owned(), Target::Base),
            ("/v2/".to_owned(), Target::Base),
            ("/v2/_catalog".to_owned(), Target::Catalog),
            ("/v2/team/app/tags/list".to_owned(), Target::Tags(repository("team/app"))),
            ("/v2/team/tags/tags/list".to_owned(), Target::Tags(repository("team/tags"))),
            ("/v2/app/blobs/uploads/".to_owned(), Target::Uploads(repository("app"))),
            ("/v2/app/blobs/uploads".to_owned(), Target::Uploads(repository("app"))),
            (format!("/v2/app/blobs/uploads/{id}"), Target::Upload(repository("app"), UploadId::parse(id).unwrap())),
            (format!("/v2/app/blobs/{hex}"), Target::Blob(repository("app"), digest.clone())),
            (format!("/v2/app/blobs/{}", hex.replace(':', "%3A")), Target::Blob(repository("app"), digest.clone())),
            (format!("/v2/a1/blobs/uploads/blobs/{hex}"), Target::Blob(repository("a1/blobs/uploads"), digest.clone())),
            (
                "/v2/a1/manifests/b1/manifests/v1".to_owned(),
                Target::Manifest(repository("a1/manifests/b1"), tag.clone()),
            ),
            (
                format!("/v2/app/manifests/{hex}"),
                Target::Manifest(repository("app"), Reference::Digest(digest.clone())),
            ),
            ("/v2/team/app/_gantry/sbom/v1".to_owned(), Target::Sbom(repository("team/app"), tag)),
            (format!("/v2/app/referrers/{hex}"), Target::Referrers(repository("app"), digest)),
        ] {
            assert_eq!(target(&path).unwrap(), expected, "{path}");
        }
    }

    #[test]
    fn other_paths_are_refused() {
        for path in [
            "/v2/app",
            "/v2/app/nothing/here",
            "/v2/Upper/x/tags/list",
            "/v2/a//b/tags/list",
            "/v2/tags/list",
            "/v2/app/blobs/sha256:xyz",
            "/v2/app/manifests/.x",
            "/v2/app/manifests/a%20b",
            "/v2/app/blobs/uploads/../../x",
            "/v2/%ff/tags/list",
        ] {
            assert!(target(path).is_err(), "{path}");
        }
    }
}
