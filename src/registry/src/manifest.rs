//! What a manifest says: its type, what it names, its subject. The bytes themselves are never rewritten.
//!
//! Types: OCI image manifest and index, Docker schema 2 manifest and list, and any other media type whose body is a JSON
//! object (its `config`, `layers`, `blobs` and `manifests` are then read if they are there). Docker schema 1 is refused.
//! A body that could be read as an image and as an index is refused too: two clients would pull two different things.

use bytes::Bytes;
use gantry_model::Digest;
use gantry_store::blob::DigestAlgorithm;
use serde_json::{Map, Value};

pub(crate) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
pub(crate) const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

/// Layer types whose bytes need not be in the registry (OCI image-spec "Non-Distributable Layers", Docker's foreign
/// layers).
const FOREIGN: [&str; 5] = [
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
    "application/vnd.docker.image.rootfs.foreign.diff.tar",
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
];

/// How deep indexes may name indexes where whole images are brought from or to another registry.
pub(crate) const DEEPEST: usize = 4;

/// A manifest on its way between registries.
#[derive(Debug, Clone)]
pub(crate) struct Carried {
    pub(crate) digest: Digest,
    pub(crate) media_type: String,
    pub(crate) bytes: Bytes,
}

/// Why a body is no manifest that we keep.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    #[error("the manifest is not JSON: {0}")]
    NotJson(String),
    #[error("the manifest is not a JSON object")]
    NotAnObject,
    #[error("schema 1 is not supported; push the image as Docker schema 2 or OCI")]
    SchemaOne,
    #[error("schemaVersion must be 2")]
    SchemaVersion,
    #[error("the manifest has no mediaType, and none was given with it")]
    NoMediaType,
    #[error("the mediaType of the manifest, {body}, differs from the media type that it was pushed with, {pushed}")]
    MediaTypesDiffer { body: String, pushed: String },
    #[error("{field} must {rule}")]
    Field { field: String, rule: &'static str },
    #[error("the manifest has both layers and manifests: it could be read as an image and as an index")]
    Ambiguous,
}

/// What the registry needs to know of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) media_type: String,
    pub(crate) artifact_type: Option<String>,
    pub(crate) subject: Option<Digest>,
    pub(crate) annotations: Option<String>,
    /// Blobs that must be in the repository: config and layers, foreign layers left out.
    pub(crate) blobs: Vec<Digest>,
    /// Manifests that must be in the repository: the children of an index.
    pub(crate) children: Vec<Digest>,
    /// The sizes of config and layers together.
    pub(crate) size: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Image,
    Index,
    Other,
}

/// One thing that a manifest names.
struct Descriptor {
    media_type: Option<String>,
    digest: Digest,
    size: i64,
}

impl Manifest {
    /// Reads `bytes`, pushed as `pushed` (a media type without parameters).
    pub(crate) fn parse(bytes: &[u8], pushed: Option<&str>) -> Result<Self, ManifestError> {
        let value: Value = serde_json::from_slice(bytes).map_err(|error| ManifestError::NotJson(error.to_string()))?;
        let Value::Object(body) = value else { return Err(ManifestError::NotAnObject) };
        if pushed.is_some_and(|pushed| pushed.starts_with("application/vnd.docker.distribution.manifest.v1+"))
            || body.get("schemaVersion") == Some(&Value::from(1))
        {
            return Err(ManifestError::SchemaOne);
        }
        let media_type = media_type(&body, pushed)?;
        let kind = kind(&media_type);
        if kind != Kind::Other && body.get("schemaVersion") != Some(&Value::from(2)) {
            return Err(ManifestError::SchemaVersion);
        }
        let config = optional(&body, "config", kind == Kind::Image)?;
        let mut layers = list(&body, "layers", kind == Kind::Image)?;
        let children = list(&body, "manifests", kind == Kind::Index)?;
        if body.contains_key("manifests") && (body.contains_key("layers") || body.contains_key("config")) {
            return Err(ManifestError::Ambiguous);
        }
        if kind == Kind::Other {
            layers.extend(list(&body, "blobs", false)?);
        }
        let artifact_type = text(&body, "artifactType")?.filter(|name| !name.is_empty());
        let config_type = config.as_ref().and_then(|config| config.media_type.clone());
        let parts = || config.iter().chain(&layers);
        Ok(Self {
            artifact_type: artifact_type.or(config_type),
            subject: optional(&body, "subject", false)?.map(|subject| subject.digest),
            annotations: annotations(&body)?,
            size: parts().fold(0_i64, |sum, part| sum.saturating_add(part.size)),
            blobs: parts().filter(|part| !is_foreign(part)).map(|part| part.digest.clone()).collect(),
            children: children.into_iter().map(|child| child.digest).collect(),
            media_type,
        })
    }
}

fn kind(media_type: &str) -> Kind {
    match media_type {
        OCI_MANIFEST | DOCKER_MANIFEST => Kind::Image,
        OCI_INDEX | DOCKER_LIST => Kind::Index,
        _ => Kind::Other,
    }
}

/// The media type: as pushed, else as the body says, else as its members tell. Generic types say nothing.
fn media_type(body: &Map<String, Value>, pushed: Option<&str>) -> Result<String, ManifestError> {
    let said = text(body, "mediaType")?.filter(|name| !name.is_empty());
    let pushed = pushed.filter(|name| !matches!(*name, "" | "application/json" | "application/octet-stream"));
    match (said, pushed) {
        (Some(said), Some(pushed)) if said != pushed => {
            Err(ManifestError::MediaTypesDiffer { body: said, pushed: pushed.to_owned() })
        }
        (_, Some(pushed)) => Ok(pushed.to_owned()),
        (Some(said), None) => Ok(said),
        (None, None) if body.contains_key("manifests") => Ok(OCI_INDEX.to_owned()),
        (None, None) if body.contains_key("config") => Ok(OCI_MANIFEST.to_owned()),
        (None, None) => Err(ManifestError::NoMediaType),
    }
}

fn is_foreign(part: &Descriptor) -> bool {
    part.media_type.as_deref().is_some_and(|media_type| FOREIGN.contains(&media_type))
}

fn field(field: impl Into<String>, rule: &'static str) -> ManifestError {
    ManifestError::Field { field: field.into(), rule }
}

fn text(body: &Map<String, Value>, name: &str) -> Result<Option<String>, ManifestError> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(field(name, "be a string")),
    }
}

fn annotations(body: &Map<String, Value>) -> Result<Option<String>, ManifestError> {
    match body.get("annotations") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(map)) if map.values().all(Value::is_string) => {
            Ok((!map.is_empty()).then(|| Value::Object(map.clone()).to_string()))
        }
        Some(_) => Err(field("annotations", "be an object of strings")),
    }
}

fn optional(body: &Map<String, Value>, name: &str, required: bool) -> Result<Option<Descriptor>, ManifestError> {
    match body.get(name) {
        None | Some(Value::Null) if required => Err(field(name, "be a descriptor")),
        None | Some(Value::Null) => Ok(None),
        Some(value) => descriptor(value, name).map(Some),
    }
}

fn list(body: &Map<String, Value>, name: &str, required: bool) -> Result<Vec<Descriptor>, ManifestError> {
    match body.get(name) {
        None | Some(Value::Null) if required => Err(field(name, "be a list of descriptors")),
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => {
            items.iter().enumerate().map(|(at, item)| descriptor(item, &format!("{name}[{at}]"))).collect()
        }
        Some(_) => Err(field(name, "be a list of descriptors")),
    }
}

fn descriptor(value: &Value, name: &str) -> Result<Descriptor, ManifestError> {
    let Value::Object(members) = value else { return Err(field(name, "be a descriptor")) };
    let digest = members.get("digest").and_then(Value::as_str).and_then(|text| Digest::parse(text).ok());
    let digest = digest.ok_or_else(|| field(format!("{name}.digest"), "be a sha256 or sha512 digest"))?;
    let size = match members.get("size") {
        None => 0,
        Some(size) => {
            let size = size.as_i64().filter(|&size| size >= 0);
            size.ok_or_else(|| field(format!("{name}.size"), "be a number of bytes"))?
        }
    };
    let media_type = text(members, "mediaType").map_err(|_| field(format!("{name}.mediaType"), "be a string"))?;
    Ok(Descriptor { media_type, digest, size })
}

/// The digest of a manifest: with the algorithm of `named` when it was pushed by digest.
pub(crate) fn digest_of(bytes: &[u8], named: Option<&Digest>) -> Option<Digest> {
    named.map_or(DigestAlgorithm::Sha256, DigestAlgorithm::of).digest(bytes).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn blob(fill: char, media_type: &str, size: i64) -> Value {
        json!({ "mediaType": media_type, "digest": format!("sha256:{}", fill.to_string().repeat(64)), "size": size })
    }

    fn image() -> Value {
        json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": blob('a', "application/vnd.oci.image.config.v1+json", 10),
            "layers": [blob('b', "application/vnd.oci.image.layer.v1.tar+gzip", 200), blob('c', FOREIGN[1], 3000)],
        })
    }

    fn parse(body: &Value, pushed: Option<&str>) -> Result<Manifest, ManifestError> {
        Manifest::parse(body.to_string().as_bytes(), pushed)
    }

    #[test]
    fn an_image_names_config_and_layers_but_no_foreign_ones() {
        let manifest = parse(&image(), Some(OCI_MANIFEST)).unwrap();
        assert_eq!(manifest.blobs.len(), 2);
        assert_eq!(manifest.size, 3210);
        assert_eq!(manifest.artifact_type.as_deref(), Some("application/vnd.oci.image.config.v1+json"));
    }

    #[test]
    fn the_type_is_that_of_the_push_then_of_the_body_then_told_by_the_members() {
        let mut silent = image();
        silent.as_object_mut().unwrap().remove("mediaType");
        for (body, pushed, expected) in [
            (&image(), Some(OCI_MANIFEST), OCI_MANIFEST),
            (&image(), None, OCI_MANIFEST),
            (&image(), Some("application/json"), OCI_MANIFEST),
            (&silent, Some(DOCKER_MANIFEST), DOCKER_MANIFEST),
            (&silent, None, OCI_MANIFEST),
            (&json!({ "schemaVersion": 2, "manifests": [] }), None, OCI_INDEX),
        ] {
            assert_eq!(parse(body, pushed).unwrap().media_type, expected, "{pushed:?}");
        }
        let differ = parse(&image(), Some(DOCKER_MANIFEST)).unwrap_err();
        assert!(matches!(differ, ManifestError::MediaTypesDiffer { .. }), "{differ}");
    }

    #[test]
    fn what_is_no_manifest_is_refused_with_the_field() {
        let with = |name: &str, value: Value| {
            let mut body = image();
            body[name] = value;
            parse(&body, None).unwrap_err().to_string()
        };
        assert_eq!(with("config", json!(7)), "config must be a descriptor");
        assert_eq!(with("layers", json!({})), "layers must be a list of descriptors");
        assert_eq!(with("layers", json!([{}])), "layers[0].digest must be a sha256 or sha512 digest");
        assert_eq!(with("subject", json!({ "digest": "x" })), "subject.digest must be a sha256 or sha512 digest");
        assert_eq!(with("annotations", json!({ "a": 1 })), "annotations must be an object of strings");
        assert_eq!(with("schemaVersion", json!(3)), "schemaVersion must be 2");
        assert!(with("schemaVersion", json!(1)).starts_with("schema 1"));
        assert!(with("manifests", json!([])).contains("both layers and manifests"));
        for junk in [&b""[..], b"{", b"[]", b"null", b"\xff\xfe", b"{\"schemaVersion\":2}"] {
            assert!(Manifest::parse(junk, None).is_err(), "{junk:?}");
        }
    }

    #[test]
    fn an_artifact_of_another_type_is_read_by_its_members() {
        let body = json!({ "mediaType": "application/vnd.example+json", "blobs": [blob('d', "x/y", 5)], "subject": blob('e', OCI_MANIFEST, 1) });
        let manifest = parse(&body, None).unwrap();
        assert_eq!((manifest.blobs.len(), manifest.size), (1, 5));
        assert!(manifest.subject.unwrap().as_str().ends_with("eeee"));
    }
}
