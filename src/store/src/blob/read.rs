//! Reading blobs: a stream of large pieces, the next one read ahead while the last one is being sent.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt as _};
use gantry_model::Digest;
use tokio::task::JoinHandle;

use super::object::Objects;
use super::{BlobError, failed};

/// The size of a piece. Copies of 8 KiB cost several times the processor time of these; two pieces a reader are held.
const PIECE: u64 = 512 << 10;

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

/// A piece being read, which hands the file on to the next.
type Reading = JoinHandle<io::Result<(File, Bytes)>>;

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

fn stream_file(file: File, start: u64, length: u64) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let first = (length > 0).then(|| read_piece(file, Some(start), length));
    stream::unfold((first, length), |(reading, left)| async move {
        let (file, piece) = match reading?.await.map_err(io::Error::other).flatten() {
            Ok(read) => read,
            Err(error) => return Some((Err(error), (None, 0))),
        };
        let left = left - piece.len() as u64;
        let next = (left > 0).then(|| read_piece(file, None, left));
        Some((Ok(piece), (next, left)))
    })
}

/// Reads the next piece of at most `left` bytes on a blocking thread, from `start` if given.
fn read_piece(mut file: File, start: Option<u64>, left: u64) -> Reading {
    tokio::task::spawn_blocking(move || {
        if let Some(start) = start.filter(|&start| start > 0) {
            file.seek(SeekFrom::Start(start))?;
        }
        let wanted = left.min(PIECE);
        let mut piece = Vec::with_capacity(usize::try_from(wanted).map_err(io::Error::other)?);
        (&file).take(wanted).read_to_end(&mut piece)?;
        if (piece.len() as u64) < wanted {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the blob is shorter than it was"));
        }
        Ok((file, Bytes::from(piece)))
    })
}
