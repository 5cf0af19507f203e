//! Reading blobs: a stream of large pieces.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, Stream, StreamExt as _};
use gantry_model::Digest;

use super::object::Objects;
use super::{BlobError, failed};

/// The size of a piece. Copies of 8 KiB cost several times the processor time of these, and larger ones leave the
/// processor's cache before they are sent; two pieces a reader are held.
const PIECE: u64 = 256 << 10;

/// An open blob. A file stays readable even if the blob is removed meanwhile.
#[derive(Debug)]
pub struct BlobReader {
    source: Source,
    size: u64,
}

#[derive(Debug)]
enum Source {
    File(File),
    Object(Objects, Digest),
}

impl BlobReader {
    pub(super) fn open(path: &Path) -> Result<Option<Self>, BlobError> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("open", path)(error)),
        };
        let size = file.metadata().map_err(failed("examine", path))?.len();
        Ok(Some(Self { source: Source::File(file), size }))
    }

    pub(super) fn of_object(objects: Objects, digest: Digest, size: u64) -> Self {
        Self { source: Source::Object(objects, digest), size }
    }

    /// The length of the blob.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The `length` bytes from `start` on, in pieces.
    pub fn stream(self, start: u64, length: u64) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        match self.source {
            Source::File(file) => stream_file(file, start, length).left_stream(),
            Source::Object(objects, digest) => objects.stream(&digest, start, length).right_stream(),
        }
    }
}

/// What is left to read of a file.
struct Rest {
    file: Arc<File>,
    at: u64,
    left: u64,
    /// The pieces sent last, the older one first; one that was sent wholly is filled anew, which costs neither an allocation
    /// nor fresh pages.
    sent: [Bytes; 2],
}

fn stream_file(file: File, start: u64, length: u64) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let rest = Rest { file: Arc::new(file), at: start, left: length, sent: [Bytes::new(), Bytes::new()] };
    stream::try_unfold(rest, |mut rest| async move {
        if rest.left == 0 {
            return Ok(None);
        }
        let piece = rest.next().await?;
        Ok(Some((piece, rest)))
    })
}

impl Rest {
    /// The next piece. What the kernel has in memory is read right here, what it has to fetch on a blocking thread.
    async fn next(&mut self) -> io::Result<Bytes> {
        let wanted = usize::try_from(self.left.min(PIECE)).map_err(io::Error::other)?;
        let mut piece = self.buffer(wanted);
        let cached = read_cached(&self.file, &mut piece, self.at);
        let (mut piece, read) = match cached {
            Some(read) => (piece, read),
            None => {
                let (file, at) = (Arc::clone(&self.file), self.at);
                let read = move || file.read_at(&mut piece, at).map(|read| (piece, read));
                tokio::task::spawn_blocking(read).await.map_err(io::Error::other)??
            }
        };
        if read == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the blob is shorter than it was"));
        }
        piece.truncate(read);
        self.at += read as u64;
        self.left -= read as u64;
        let piece = piece.freeze();
        self.sent[1] = piece.clone();
        Ok(piece)
    }

    /// A buffer of `wanted` bytes, for the piece that becomes the last one sent.
    fn buffer(&mut self, wanted: usize) -> BytesMut {
        self.sent.rotate_left(1);
        match std::mem::take(&mut self.sent[1]).try_into_mut() {
            Ok(mut spare) if spare.len() >= wanted => {
                spare.truncate(wanted);
                spare
            }
            _ => BytesMut::zeroed(wanted),
        }
    }
}

/// Reads what the kernel has in memory; `None` when it would have to wait, or cannot tell.
#[cfg(target_os = "linux")]
fn read_cached(file: &File, piece: &mut [u8], at: u64) -> Option<usize> {
    let pieces = &mut [io::IoSliceMut::new(piece)];
    rustix::io::preadv2(file, pieces, at, rustix::io::ReadWriteFlags::NOWAIT).ok().filter(|&read| read > 0)
}

#[cfg(not(target_os = "linux"))]
fn read_cached(_file: &File, _piece: &mut [u8], _at: u64) -> Option<usize> {
    None
}
