//! Reading layers: tar archives, plain or packed, one after the other as they lie in the image.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use crate::inventory::{Inventory, OperatingSystem, Package};
use crate::packages::{Kind, PROGRAM, of_program};

/// The longest file that is read; longer ones are passed over.
pub const MAX_FILE_BYTES: u64 = 64 << 20;
/// What a layer may unpack to.
pub const MAX_LAYER_BYTES: u64 = 16 << 30;
/// Files that are kept in mind at most.
const MAX_FILES: usize = 200_000;
/// Bytes of texts that are kept in mind at most.
const MAX_TEXT_BYTES: usize = 256 << 20;

/// Why a layer could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    #[error("the layer is no tar archive that can be unpacked")]
    Unreadable(#[source] io::Error),
    #[error("the layer unpacks to more than {MAX_LAYER_BYTES} bytes")]
    TooLarge,
    #[error("the image has more than {MAX_FILES} descriptions of packages, or longer ones than {MAX_TEXT_BYTES} bytes")]
    TooMany,
}

/// Gathers what is installed, layer by layer.
#[derive(Debug, Default)]
pub struct Collector {
    files: BTreeMap<String, Kept>,
    text_bytes: usize,
}

/// What is kept of a file.
#[derive(Debug)]
enum Kept {
    /// Packages of the system: what ecosystem they are of is known at the end.
    Text(Kind, String),
    Packages(Vec<Package>),
}

impl Collector {
    /// Reads a layer, the lowest first: a tar archive, plain or packed with gzip or zstd.
    ///
    /// # Errors
    /// [`LayerError`]; what was gathered before stays.
    pub fn layer(&mut self, bytes: impl Read) -> Result<(), LayerError> {
        let mut bytes = BufReader::with_capacity(1 << 16, bytes);
        let start = bytes.fill_buf().map_err(LayerError::Unreadable)?;
        if start.starts_with(&[0x1f, 0x8b]) {
            self.archive(MultiGzDecoder::new(bytes))
        } else if start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) || start.get(1..4) == Some(&[0x2a, 0x4d, 0x18]) {
            self.archive(ZstdFrames { source: bytes, decoder: FrameDecoder::new(), is_open: false })
        } else {
            self.archive(bytes)
        }
    }

    fn archive(&mut self, bytes: impl Read) -> Result<(), LayerError> {
        let mut bounded = Bounded { inner: bytes, left: MAX_LAYER_BYTES };
        let read = self.entries(&mut bounded);
        if bounded.left == 0 { Err(LayerError::TooLarge) } else { read }
    }

    fn entries(&mut self, bytes: impl Read) -> Result<(), LayerError> {
        let mut archive = tar::Archive::new(bytes);
        let mut added = Vec::new();
        for entry in archive.entries().map_err(LayerError::Unreadable)? {
            let mut entry = entry.map_err(LayerError::Unreadable)?;
            let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let path = path.trim_start_matches("./").trim_start_matches('/').to_owned();
            if self.whiteout(&path) || !entry.header().entry_type().is_file() {
                continue;
            }
            if entry.size() > MAX_FILE_BYTES {
                continue;
            }
            let mut bytes = Vec::new();
            if let Some(kind) = Kind::of(&path) {
                entry.read_to_end(&mut bytes).map_err(LayerError::Unreadable)?;
                added.extend(self.keep(kind, path, &String::from_utf8_lossy(&bytes))?);
            } else if entry.header().mode().is_ok_and(|mode| mode & 0o111 != 0) {
                (&mut entry).take(PROGRAM.len() as u64).read_to_end(&mut bytes).map_err(LayerError::Unreadable)?;
                if bytes == PROGRAM {
                    entry.read_to_end(&mut bytes).map_err(LayerError::Unreadable)?;
                    added.extend(self.keep_all(of_program(&bytes, &path), path)?);
                }
            }
        }
        // A layer takes away what lies below it, and not what it brings.
        self.files.extend(added);
        if self.files.len() > MAX_FILES { Err(LayerError::TooMany) } else { Ok(()) }
    }

    fn keep(&mut self, kind: Kind, path: String, text: &str) -> Result<Option<(String, Kept)>, LayerError> {
        if matches!(kind, Kind::Python | Kind::Node) {
            return self.keep_all(kind.packages(text, &path, None), path);
        }
        self.count(text.len())?;
        Ok(Some((path, Kept::Text(kind, text.to_owned()))))
    }

    fn keep_all(&mut self, packages: Vec<Package>, path: String) -> Result<Option<(String, Kept)>, LayerError> {
        for package in &packages {
            self.count(package.name.len() + package.version.len() + path.len())?;
        }
        Ok((!packages.is_empty()).then_some((path, Kept::Packages(packages))))
    }

    fn count(&mut self, bytes: usize) -> Result<(), LayerError> {
        self.text_bytes += bytes;
        if self.text_bytes > MAX_TEXT_BYTES { Err(LayerError::TooMany) } else { Ok(()) }
    }

    /// Whether the path takes something away (OCI image-spec, "Whiteouts"), which is then done.
    fn whiteout(&mut self, path: &str) -> bool {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let Some(gone) = name.strip_prefix(".wh.") else { return false };
        let below = |folder: &str| if folder.is_empty() { String::new() } else { format!("{folder}/") };
        if gone == ".wh..opq" {
            let folder = below(folder);
            self.files.retain(|path, _| !path.starts_with(&folder));
        } else {
            let gone = format!("{}{gone}", below(folder));
            let folder = below(&gone);
            self.files.retain(|path, _| *path != gone && !path.starts_with(&folder));
        }
        true
    }

    /// What is installed in the image whose layers were read.
    #[must_use]
    pub fn inventory(self) -> Inventory {
        let os = ["etc/os-release", "usr/lib/os-release"].iter().find_map(|path| match self.files.get(*path)? {
            Kept::Text(Kind::OsRelease, text) => OperatingSystem::parse(text),
            _ => None,
        });
        let ecosystem = os.as_ref().and_then(OperatingSystem::ecosystem);
        let mut packages: Vec<Package> = Vec::new();
        for (path, kept) in self.files {
            match kept {
                Kept::Text(kind, text) => packages.extend(kind.packages(&text, &path, ecosystem.as_deref())),
                Kept::Packages(found) => packages.extend(found),
            }
        }
        packages.sort();
        packages.dedup();
        Inventory { os, packages }
    }
}

/// Reads up to a bound, and then nothing more.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.inner.read(&mut buffer[..most])?;
        self.left -= read as u64;
        Ok(read)
    }
}

/// zstd in one frame or many, those left out that hold no data (zstd:chunked keeps its table of contents in one).
struct ZstdFrames<R> {
    source: R,
    decoder: FrameDecoder,
    is_open: bool,
}

impl<R: BufRead> ZstdFrames<R> {
    /// Opens the next frame; false at the end.
    fn open(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    io::copy(&mut (&mut self.source).take(u64::from(length)), &mut io::sink())?;
                }
                Err(error) => return Err(io::Error::other(error.to_string())),
            }
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.decoder.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            if self.is_open && !self.decoder.is_finished() {
                let some = BlockDecodingStrategy::UptoBytes(1 << 20);
                let decoded = self.decoder.decode_blocks(&mut self.source, some);
                decoded.map_err(|error| io::Error::other(error.to_string()))?;
                continue;
            }
            self.is_open = self.open()?;
            if !self.is_open {
                return Ok(0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    fn archive(files: &[(&str, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, text) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, path, text.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn names(layers: &[Vec<u8>]) -> Vec<String> {
        let mut collector = Collector::default();
        for layer in layers {
            collector.layer(layer.as_slice()).unwrap();
        }
        collector.inventory().packages.into_iter().map(|package| package.name).collect()
    }

    const DEBIAN: (&str, &str) = ("etc/os-release", "ID=debian\nVERSION_ID=12\n");
    const STATUS: &str = "var/lib/dpkg/status";

    #[test]
    fn layers_are_read_plain_and_packed() {
        let plain = archive(&[DEBIAN, ("./var/lib/dpkg/status", "Package: a\nVersion: 1\n"), ("big", "x")]);
        // A frame without data lies between the frames.
        let (first, second) = plain.split_at(700);
        let mut frames = compress_to_vec(first, CompressionLevel::Fastest);
        frames.extend([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
        frames.extend(compress_to_vec(second, CompressionLevel::Fastest));
        for (form, layer) in [("plain", plain.clone()), ("gzip", gzip(&plain)), ("zstd", frames)] {
            assert_eq!(names(&[layer]), ["a"], "{form}");
        }
    }

    #[test]
    fn an_upper_layer_replaces_and_takes_away() {
        let module = |name: &str| format!("app/node_modules/{name}/package.json");
        let body = |name: &str| format!("{{\"name\":\"{name}\",\"version\":\"1.0.0\"}}");
        let (one, two) = (module("one"), module("two"));
        let base =
            archive(&[DEBIAN, (STATUS, "Package: old\nVersion: 1\n"), (&one, &body("one")), (&two, &body("two"))]);
        let replaced = archive(&[(STATUS, "Package: new\nVersion: 2\n")]);
        assert_eq!(names(&[base.clone(), replaced]), ["new", "one", "two"]);
        let without_one = archive(&[("app/node_modules/.wh.one", "")]);
        assert_eq!(names(&[base.clone(), without_one]), ["old", "two"]);
        let opaque = archive(&[("app/.wh..wh..opq", ""), (&one, &body("one"))]);
        assert_eq!(names(&[base.clone(), opaque]), ["old", "one"]);
        let all = archive(&[(".wh..wh..opq", "")]);
        assert_eq!(names(&[base, all]), Vec::<String>::new());
    }

    #[test]
    fn programs_are_looked_into_and_other_files_are_not() {
        let info =
            [&b"\x7fELF"[..], &[0; 12], b"\xff Go buildinf:\x08\x02", &[0; 16], b"\x06go1.22", b"\x20", &[b'-'; 32]];
        let program = info.concat();
        let mut builder = tar::Builder::new(Vec::new());
        for (path, mode) in [("bin/app", 0o755), ("share/data", 0o644)] {
            let mut header = tar::Header::new_gnu();
            header.set_size(program.len() as u64);
            header.set_mode(mode);
            builder.append_data(&mut header, path, program.as_slice()).unwrap();
        }
        let mut collector = Collector::default();
        collector.layer(builder.into_inner().unwrap().as_slice()).unwrap();
        let found = collector.inventory().packages;
        let told: Vec<_> = found.iter().map(|p| [&p.name, &p.version, &p.path].map(String::as_str)).collect();
        assert_eq!(told, [["stdlib", "1.22.0", "bin/app"]]);
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        let mut collector = Collector::default();
        for bytes in [&b"no archive at all, but long enough to be looked at"[..], &gzip(b"neither")[..], &[0x1f, 0x8b]]
        {
            let bytes = [bytes, &[b'x'; 600]].concat();
            assert!(matches!(collector.layer(bytes.as_slice()), Err(LayerError::Unreadable(_))));
        }
        assert!(collector.layer(&[][..]).is_ok(), "an empty layer is one without files");
    }

    #[test]
    fn a_layer_that_unpacks_without_end_is_given_up() {
        let mut bounded = Bounded { inner: io::repeat(0), left: 10 };
        let mut bytes = Vec::new();
        bounded.read_to_end(&mut bytes).unwrap();
        assert_eq!((bytes.len(), bounded.left), (10, 0));
    }
}
