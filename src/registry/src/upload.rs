//! Uploads: bytes on their way to being a blob, over HTTP in any split and by ECR's layer parts.
//!
//! A session lives in memory with its running hasher. Its row is written when the first chunk comes that is not the
//! closing one, so that it can be resumed after a restart (the file is then hashed once); a session that never got a
//! chunk has no row and no file.
//!
//! Invariants:
//! - one request at a time writes to a session; a newer one makes an older one stop (its connection is most likely
//!   dead), and what had arrived stays;
//! - the work runs in a task of its own, so that a client that hangs up never leaves it half done;
//! - a blob is shown only after its digest was compared, its file synced and renamed, and its row committed.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use gantry_model::{Digest, RepositoryName, Scope, UnixMillis};
use gantry_store::blob::{BlobError, DigestAlgorithm, PartialBlob, rows as blob};
use gantry_store::upload::{self as row, Upload, UploadId};
use gantry_store::{StoreError, Tx};
use tokio::task::JoinHandle;

use crate::registry::Registry;
use crate::repository::{RepositoryNotFound, find, not_found};

mod session;

pub(crate) use session::{Session, Sessions, Turn};

/// Bytes that are gathered before they are handed to the disk. Two batches a writer are held.
const BATCH: usize = 512 << 10;
/// What is read and thrown away of a refused body, so that the client gets to read the answer.
const DRAIN: usize = 64 << 20;
/// The row of a session notes its use at most this often.
const TOUCH_MILLIS: i64 = 600_000;

/// Why an upload failed.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    #[error(transparent)]
    RepositoryNotFound(#[from] RepositoryNotFound),
    #[error("the upload '{}' is not known; it was finished, cancelled or has expired", .0.as_str())]
    Unknown(UploadId),
    #[error("the chunk does not start at byte {received}, where the upload is")]
    OutOfOrder { received: u64 },
    #[error("the chunk is not as long as its range says")]
    LengthDiffers { received: u64 },
    #[error("the digest {given} is not that of the bytes, which is {actual}")]
    DigestDiffers { given: Digest, actual: Digest },
    #[error("the chunk was cut off; {received} bytes have arrived")]
    CutOff { received: u64 },
    #[error("the registry's files failed")]
    Blob(#[from] BlobError),
    #[error("the registry's database failed")]
    Store(#[from] StoreError),
}

/// A repository that was found, as uploads need it.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) scope: Scope,
    pub(crate) name: RepositoryName,
    pub(crate) repository: i64,
}

/// Bytes to append.
pub(crate) struct Chunk<S> {
    /// Where the client says that they start.
    pub(crate) at: Option<u64>,
    /// How many the client says that they are.
    pub(crate) length: Option<u64>,
    pub(crate) body: S,
}

/// What a chunk's body is: pieces, or the news that the connection broke.
pub(crate) trait Body: Stream<Item = Result<Bytes, BrokenOff>> + Send + Unpin + 'static {}
impl<S: Stream<Item = Result<Bytes, BrokenOff>> + Send + Unpin + 'static> Body for S {}

/// The body ended before its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BrokenOff;

impl Registry {
    /// The repository, as uploads need it.
    pub(crate) async fn place(&self, scope: &Scope, name: &RepositoryName) -> Result<Place, UploadError> {
        let mut reader = self.store.read().await?;
        let found = find::<UploadError>(&mut reader, scope, name).await?;
        Ok(Place { scope: scope.clone(), name: name.clone(), repository: found.id })
    }

    /// Opens a session.
    pub(crate) fn begin_upload(&self, place: &Place, algorithm: DigestAlgorithm) -> Result<Arc<Session>, UploadError> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|_| BlobError::Interrupted)?;
        let session = Session::new(UploadId::from_random(random), place.repository, algorithm, self.now());
        Ok(self.sessions.insert(session))
    }

    /// The session `id` of a repository, from memory or from its row and file.
    pub(crate) async fn upload_session(&self, place: &Place, id: &UploadId) -> Result<Arc<Session>, UploadError> {
        let unknown = || UploadError::Unknown(id.clone());
        if let Some(session) = self.sessions.get(id) {
            return if session.repository == place.repository { Ok(session) } else { Err(unknown()) };
        }
        let found = {
            let mut reader = self.store.read().await?;
            row::find(&mut reader, place.repository, id).await?
        };
        let found = found.ok_or_else(unknown)?;
        let partial = self.blobs.reopen(id, found.algorithm).await?;
        Ok(self.sessions.insert(Session::resumed(&found, partial)))
    }

    /// Appends a chunk; answers how many bytes have arrived in all.
    pub(crate) async fn append(
        self: &Arc<Self>,
        session: Arc<Session>,
        chunk: Chunk<impl Body>,
    ) -> Result<u64, UploadError> {
        let registry = Arc::clone(self);
        to_the_end(async move {
            let mut turn = session.take_turn().await?;
            registry.record(&session, &mut turn).await?;
            registry.receive(&session, &mut turn, chunk).await
        })
        .await
    }

    /// Appends the last chunk, compares the digest, and makes the blob visible in the repository.
    pub(crate) async fn finish(
        self: &Arc<Self>,
        place: Place,
        session: Arc<Session>,
        chunk: Chunk<impl Body>,
        digest: Digest,
    ) -> Result<(), UploadError> {
        let registry = Arc::clone(self);
        to_the_end(async move {
            let mut turn = session.take_turn().await?;
            registry.receive(&session, &mut turn, chunk).await?;
            let partial = registry.partial(&session, &mut turn).await?;
            let actual = partial.digest(DigestAlgorithm::of(&digest)).await?;
            if actual != digest {
                registry.end(&session, &mut turn).await?;
                return Err(UploadError::DigestDiffers { given: digest, actual });
            }
            registry.publish(&place, &session, &partial, digest).await?;
            turn.ended = true;
            registry.sessions.remove(&session.id);
            Ok(())
        })
        .await
    }

    /// Ends a session without a blob.
    pub(crate) async fn cancel(self: &Arc<Self>, session: Arc<Session>) -> Result<(), UploadError> {
        let registry = Arc::clone(self);
        to_the_end(async move {
            let mut turn = session.take_turn().await?;
            registry.end(&session, &mut turn).await
        })
        .await
    }

    /// Forgets a session, its row and its bytes.
    pub(crate) async fn end(&self, session: &Session, turn: &mut Turn) -> Result<(), UploadError> {
        turn.ended = true;
        self.sessions.remove(&session.id);
        if turn.recorded_at.is_some() {
            let id = session.id.clone();
            self.store.write(move |tx| Box::pin(async move { row::delete(tx, &id).await })).await?;
        }
        if turn.partial.take().is_some() {
            self.blobs.discard(&session.id).await?;
        }
        Ok(())
    }

    /// Writes the session's row, or notes in it that the session is used.
    pub(crate) async fn record(&self, session: &Session, turn: &mut Turn) -> Result<(), UploadError> {
        let now = self.now();
        if turn.recorded_at.is_some_and(|at| now.millis_since(at) < TOUCH_MILLIS) {
            return Ok(());
        }
        let upload = Upload {
            id: session.id.clone(),
            repository: session.repository,
            algorithm: session.algorithm,
            touched_at: now,
        };
        let known = turn.recorded_at.is_some();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    if known { row::touch(tx, &upload.id, now).await } else { row::insert(tx, &upload).await }
                })
            })
            .await?;
        turn.recorded_at = Some(now);
        Ok(())
    }

    async fn partial(&self, session: &Session, turn: &mut Turn) -> Result<PartialBlob, UploadError> {
        if let Some(partial) = &turn.partial {
            return Ok(partial.clone());
        }
        let partial = self.blobs.begin(&session.id, session.algorithm).await?;
        turn.partial = Some(partial.clone());
        Ok(partial)
    }

    /// Reads a chunk to its end: while one batch is written and hashed, the next one is gathered.
    pub(crate) async fn receive(
        &self,
        session: &Session,
        turn: &mut Turn,
        mut chunk: Chunk<impl Body>,
    ) -> Result<u64, UploadError> {
        let received = session.received();
        if chunk.at.is_some_and(|at| at != received) {
            drain(&mut chunk.body).await;
            return Err(UploadError::OutOfOrder { received });
        }
        session.touch(self.now());
        let mut writer = BatchWriter { partial: None, batch: Vec::new(), bytes: 0, writing: None };
        let mut taken = 0;
        let ended = loop {
            let piece = tokio::select! {
                biased;
                () = turn.interrupted() => break Err(BrokenOff),
                piece = chunk.body.next() => piece,
            };
            match piece {
                None => break Ok(()),
                Some(Err(broken)) => break Err(broken),
                Some(Ok(piece)) if piece.is_empty() => {}
                Some(Ok(piece)) => {
                    taken += piece.len() as u64;
                    if chunk.length.is_some_and(|length| taken > length) {
                        drain(&mut chunk.body).await;
                        break Ok(());
                    }
                    if writer.partial.is_none() {
                        writer.partial = Some(self.partial(session, turn).await?);
                    }
                    writer.push(piece).await?;
                }
            }
        };
        writer.flush().await?;
        let received = turn.partial.as_ref().map_or(0, PartialBlob::received);
        session.set_received(received);
        session.touch(self.now());
        match ended {
            Err(BrokenOff) => Err(UploadError::CutOff { received }),
            Ok(()) if chunk.length.is_some_and(|length| taken != length) => {
                Err(UploadError::LengthDiffers { received })
            }
            Ok(()) => Ok(received),
        }
    }

    /// Makes the verified bytes a blob of the repository. A blob that is here already is only shown.
    async fn publish(
        &self,
        place: &Place,
        session: &Session,
        partial: &PartialBlob,
        digest: Digest,
    ) -> Result<(), UploadError> {
        let size = partial.received();
        let known = {
            let mut reader = self.store.read().await?;
            blob::size(&mut reader, &digest).await?
        };
        let stored_size = i64::try_from(size).unwrap_or(i64::MAX);
        if known == Some(stored_size)
            && self.blobs.holds(&digest, size).await?
            && self.show(place, &session.id, &digest, None).await?
        {
            self.blobs.discard(&session.id).await?;
            return Ok(());
        }
        self.blobs.settle(partial, &digest).await?;
        let right = self.blobs.publication().await;
        self.blobs.publish(partial, &digest, &right).await?;
        self.show(place, &session.id, &digest, Some(stored_size)).await?;
        drop(right);
        Ok(())
    }

    /// Shows the blob in the repository and ends the session's row, after recording the blob if it is `new`. Answers
    /// false when there is no such blob.
    async fn show(&self, place: &Place, id: &UploadId, digest: &Digest, new: Option<i64>) -> Result<bool, UploadError> {
        let (place, id, digest) = (place.clone(), id.clone(), digest.clone());
        let grace = self.settings.blob_grace_millis;
        self.store
            .write(move |tx: &mut Tx| {
                Box::pin(async move {
                    let now: UnixMillis = tx.now();
                    // The repository may have been deleted, and even made again, since the upload began.
                    let found = find::<UploadError>(tx, &place.scope, &place.name).await?;
                    if found.id != place.repository {
                        return Err(not_found(&place.scope, &place.name).into());
                    }
                    if let Some(size) = new {
                        blob::publish(tx, &digest, size, now).await?;
                    }
                    let shown = blob::show(tx, place.repository, &digest, now.plus_millis(grace)).await?;
                    if shown {
                        row::delete(tx, &id).await?;
                    }
                    Ok(shown)
                })
            })
            .await
    }
}

/// Gathers pieces and writes them a batch at a time, one batch behind.
struct BatchWriter {
    partial: Option<PartialBlob>,
    batch: Vec<Bytes>,
    bytes: usize,
    writing: Option<JoinHandle<Result<(), BlobError>>>,
}

impl BatchWriter {
    async fn push(&mut self, piece: Bytes) -> Result<(), BlobError> {
        self.bytes += piece.len();
        self.batch.push(piece);
        if self.bytes >= BATCH { self.write().await } else { Ok(()) }
    }

    /// Waits for the batch before, then starts to write this one.
    async fn write(&mut self) -> Result<(), BlobError> {
        self.settle().await?;
        self.bytes = 0;
        let batch = std::mem::take(&mut self.batch);
        if let Some(partial) = self.partial.clone().filter(|_| !batch.is_empty()) {
            self.writing = Some(tokio::spawn(async move { partial.append(batch).await }));
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), BlobError> {
        self.write().await?;
        self.settle().await
    }

    async fn settle(&mut self) -> Result<(), BlobError> {
        match self.writing.take() {
            Some(writing) => writing.await.map_err(|_| BlobError::Interrupted)?,
            None => Ok(()),
        }
    }
}

/// Reads on and throws away, up to a bound.
pub(crate) async fn drain(body: &mut impl Body) {
    let mut left = DRAIN;
    while let Some(Ok(piece)) = body.next().await {
        match left.checked_sub(piece.len()) {
            Some(rest) => left = rest,
            None => break,
        }
    }
}

/// Runs work that must not stop half way, whatever becomes of the request that wants it.
pub(crate) async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, UploadError>> + Send + 'static,
) -> Result<T, UploadError> {
    tokio::spawn(work).await.map_err(|_| BlobError::Interrupted)?
}
