//! Reading a blob again, to see whether its bytes are still what its digest says.

use std::fs::File;
use std::io;
use std::path::Path;

use gantry_model::Digest;

use super::hasher::DigestAlgorithm;
use super::partial::hash_file;
use super::{BlobError, failed};

/// The error of the system when a disk cannot read a sector.
const EIO: i32 = 5;

/// What a blob's bytes are found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Whole,
    /// They are not what was pushed; why, as a sentence.
    Damaged(String),
}

pub(super) fn verify(path: &Path, digest: &Digest, size: u64) -> Result<Verdict, BlobError> {
    let algorithm = DigestAlgorithm::of(digest);
    let hashed = File::open(path).and_then(|mut file| hash_file(&mut file, algorithm));
    let (hasher, length) = match hashed {
        Ok(hashed) => hashed,
        // Without the folder it is not the file that is missing, but the disk.
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.parent().is_some_and(Path::is_dir) => {
            return Ok(Verdict::Damaged("its file is gone".to_owned()));
        }
        Err(error) if error.raw_os_error() == Some(EIO) => {
            return Ok(Verdict::Damaged("the disk cannot read it".to_owned()));
        }
        Err(error) => return Err(failed("read", path)(error)),
    };
    if length != size {
        return Ok(Verdict::Damaged(format!("it has {length} bytes in the place of {size}")));
    }
    let actual = hasher.digest().map_err(|error| failed("name", path)(io::Error::other(error)))?;
    if actual == *digest {
        return Ok(Verdict::Whole);
    }
    Ok(Verdict::Damaged(format!("its bytes have the digest {actual}")))
}
