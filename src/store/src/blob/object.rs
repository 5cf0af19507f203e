//! The object store backend: Amazon S3 and what speaks its protocol, Google Cloud Storage, Azure Blob Storage.
//!
//! What is complete is an object under `blobs/<algorithm>/<first two digits>/<hex>`. What still arrives is a file on the
//! local disk, as with the disk backend: an upload can be resumed after a restart, and what a client gave up costs the
//! bucket nothing. Publishing is a multipart upload of that file, which is visible when it is completed. Parts that a crash
//! left in the bucket are taken away by a rule of the bucket (`AbortIncompleteMultipartUpload`).

use std::fmt;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, Stream, StreamExt as _, TryStreamExt as _};
use gantry_model::Digest;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::path::Path;
use object_store::signer::Signer;
use object_store::{ObjectStore, ObjectStoreExt as _, ObjectStoreScheme, PutPayload, WriteMultipart};
use reqwest::{Method, Url};
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;

use super::hasher::DigestAlgorithm;
use super::{BlobError, failed};

/// The length of a part. S3 takes 10,000 of them: 160 GiB.
const PART: usize = 16 << 20;
/// Parts of one blob that are on their way at once.
const PARTS_AT_ONCE: usize = 3;
/// Bytes that are fetched at once. Two pieces a reader are held.
const PIECE: u64 = 4 << 20;

/// Where objects are kept, and how they are reached.
#[derive(Clone, PartialEq, Eq)]
pub struct ObjectLocation {
    /// `s3://bucket/prefix`, `gs://bucket/prefix` or `az://container/prefix`.
    pub url: String,
    /// Settings of the client by the names of the `object_store` crate (`endpoint`, `region`, `allow_http`, keys). They
    /// go before what the environment says (`AWS_…`, `GOOGLE_…`, `AZURE_…`).
    pub options: Vec<(String, String)>,
    /// Whether clients are sent to the store by signed addresses, or get the bytes through us.
    pub redirects: bool,
}

impl fmt::Debug for ObjectLocation {
    /// Without the options, which hold keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectLocation")
            .field("url", &self.url)
            .field("redirects", &self.redirects)
            .finish_non_exhaustive()
    }
}

/// Blobs as objects. Cheap to clone.
#[derive(Clone)]
pub(super) struct Objects {
    store: Arc<dyn ObjectStore>,
    signer: Option<Arc<dyn Signer>>,
    prefix: Path,
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Objects").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Objects {
    /// Over the store at `location`, which is asked for a list to see that it answers.
    pub(super) async fn open(location: &ObjectLocation) -> Result<Self, BlobError> {
        let objects = Self::connect(location)?;
        let found = objects.store.list(Some(&objects.prefix.clone().join("blobs"))).next().await.transpose();
        found.map_err(objects.failed("list", &objects.prefix.clone()))?;
        Ok(objects)
    }

    fn connect(location: &ObjectLocation) -> Result<Self, BlobError> {
        crate::crypto::install_provider();
        let invalid = |reason: String| BlobError::Location { url: location.url.clone(), reason };
        let url = Url::parse(&location.url).map_err(|error| invalid(error.to_string()))?;
        let (scheme, prefix) = ObjectStoreScheme::parse(&url).map_err(|error| invalid(error.to_string()))?;
        let unknown = |name: &str| invalid(format!("there is no option '{name}' for it"));
        let refused = |error: object_store::Error| invalid(error.to_string());
        let signed = location.redirects;
        match scheme {
            ObjectStoreScheme::AmazonS3 => {
                let mut builder = AmazonS3Builder::from_env().with_url(location.url.as_str());
                for (name, value) in &location.options {
                    let key: AmazonS3ConfigKey = name.parse().map_err(|_| unknown(name))?;
                    builder = builder.with_config(key, value);
                }
                Ok(Self::over(Arc::new(builder.build().map_err(refused)?), signed, prefix))
            }
            ObjectStoreScheme::GoogleCloudStorage => {
                let mut builder = GoogleCloudStorageBuilder::from_env().with_url(location.url.as_str());
                for (name, value) in &location.options {
                    let key: GoogleConfigKey = name.parse().map_err(|_| unknown(name))?;
                    builder = builder.with_config(key, value);
                }
                Ok(Self::over(Arc::new(builder.build().map_err(refused)?), signed, prefix))
            }
            ObjectStoreScheme::MicrosoftAzure => {
                let mut builder = MicrosoftAzureBuilder::from_env().with_url(location.url.as_str());
                for (name, value) in &location.options {
                    let key: AzureConfigKey = name.parse().map_err(|_| unknown(name))?;
                    builder = builder.with_config(key, value);
                }
                Ok(Self::over(Arc::new(builder.build().map_err(refused)?), signed, prefix))
            }
            _ => Err(invalid("it must begin with s3://, gs:// or az://".to_owned())),
        }
    }

    fn over<S: ObjectStore + Signer>(store: Arc<S>, signed: bool, prefix: Path) -> Self {
        let signer = signed.then(|| Arc::clone(&store) as Arc<dyn Signer>);
        Self { store, signer, prefix }
    }

    /// In memory, for tests.
    #[cfg(test)]
    pub(super) fn in_memory() -> Self {
        let store = Arc::new(object_store::memory::InMemory::new());
        Self { store, signer: None, prefix: Path::from("prefix") }
    }

    fn key(&self, digest: &Digest) -> Path {
        let hex = digest.hex();
        // Digests hold at least 64 hexadecimal digits.
        let shelf = hex.get(..2).unwrap_or("00");
        self.prefix.clone().join("blobs").join(digest.algorithm()).join(shelf).join(hex)
    }

    /// Makes the file the object of `digest`.
    pub(super) async fn publish(&self, from: &FilePath, size: u64, digest: &Digest) -> Result<(), BlobError> {
        let key = self.key(digest);
        let mut file = File::open(from).await.map_err(failed("open", from))?;
        if size <= PART as u64 {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).await.map_err(failed("read", from))?;
            let put = self.store.put(&key, PutPayload::from(bytes)).await;
            return put.map(drop).map_err(self.failed("write", &key));
        }
        let upload = self.store.put_multipart(&key).await.map_err(self.failed("begin", &key))?;
        let mut writer = WriteMultipart::new_with_chunk_size(upload, PART);
        match self.send(&mut file, from, &mut writer, &key).await {
            Ok(()) => writer.finish().await.map(drop).map_err(self.failed("complete", &key)),
            Err(error) => {
                // The bucket's rule takes away what is left if this fails too.
                drop(writer.abort().await);
                Err(error)
            }
        }
    }

    async fn send(
        &self,
        file: &mut File,
        from: &FilePath,
        writer: &mut WriteMultipart,
        key: &Path,
    ) -> Result<(), BlobError> {
        loop {
            let mut part = BytesMut::with_capacity(PART);
            while part.len() < PART && file.read_buf(&mut part).await.map_err(failed("read", from))? > 0 {}
            if part.is_empty() {
                return Ok(());
            }
            writer.wait_for_capacity(PARTS_AT_ONCE).await.map_err(self.failed("write", key))?;
            writer.put(part.freeze());
        }
    }

    /// The length of the object of `digest`, when there is one.
    pub(super) async fn size(&self, digest: &Digest) -> Result<Option<u64>, BlobError> {
        let key = self.key(digest);
        match self.store.head(&key).await {
            Ok(found) => Ok(Some(found.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed("examine", &key)(error)),
        }
    }

    pub(super) async fn remove(&self, digest: &Digest) -> Result<(), BlobError> {
        let key = self.key(digest);
        match self.store.delete(&key).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed("remove", &key)(error)),
        }
    }

    /// The blobs of one shelf that were written more than `age_millis` ago.
    pub(super) async fn shelf(&self, shelf: u8, age_millis: i64) -> Result<Vec<Digest>, BlobError> {
        let mut found = Vec::new();
        for algorithm in [DigestAlgorithm::Sha256, DigestAlgorithm::Sha512] {
            let folder = self.prefix.clone().join("blobs").join(algorithm.as_str()).join(format!("{shelf:02x}"));
            let listed: Vec<_> =
                self.store.list(Some(&folder)).try_collect().await.map_err(self.failed("list", &folder))?;
            let now = std::time::SystemTime::now();
            for object in listed {
                let written = std::time::SystemTime::from(object.last_modified);
                let age = now.duration_since(written).unwrap_or_default().as_millis();
                let is_old = i64::try_from(age).unwrap_or(i64::MAX) >= age_millis;
                let hex = object.location.filename().unwrap_or_default();
                let digest = Digest::parse(format!("{}:{hex}", algorithm.as_str()));
                found.extend(digest.ok().filter(|_| is_old));
            }
        }
        Ok(found)
    }

    /// An address where the object can be fetched for so long without credentials; `None` when clients are not sent there.
    pub(super) async fn signed_url(&self, digest: &Digest, valid_for: Duration) -> Result<Option<String>, BlobError> {
        let Some(signer) = &self.signer else { return Ok(None) };
        let key = self.key(digest);
        let url = signer.signed_url(Method::GET, &key, valid_for).await.map_err(self.failed("sign", &key))?;
        Ok(Some(url.into()))
    }

    /// The `length` bytes from `start` on, the next piece fetched while the last one is being sent.
    pub(super) fn stream(
        self,
        digest: &Digest,
        start: u64,
        length: u64,
    ) -> impl Stream<Item = std::io::Result<Bytes>> + Send + use<> {
        let key = self.key(digest);
        let end = start + length;
        let starts = (start..end).step_by(usize::try_from(PIECE).unwrap_or(usize::MAX));
        let fetch = move |at: u64| {
            let (store, key) = (Arc::clone(&self.store), key.clone());
            async move {
                let range = at..end.min(at + PIECE);
                let wanted = range.end - range.start;
                let piece = store.get_range(&key, range).await.map_err(std::io::Error::other)?;
                if piece.len() as u64 == wanted { Ok(piece) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
            }
        };
        stream::iter(starts).map(fetch).buffered(2)
    }

    fn failed(&self, action: &'static str, key: &Path) -> impl FnOnce(object_store::Error) -> BlobError + use<> {
        let key = key.to_string();
        move |source| BlobError::Object { action, key, source: Box::new(source) }
    }
}
