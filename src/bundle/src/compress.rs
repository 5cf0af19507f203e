//! Brotli, once at build time: the server then sends `name.br` as it lies on disk.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Everything else (fonts, images) is compressed already.
const EXTENSIONS: [&str; 8] = ["js", "css", "wasm", "svg", "html", "json", "txt", "webmanifest"];
/// Below this the headers outweigh the gain.
const WORTH_IT_BYTES: u64 = 512;
const BUFFER_BYTES: usize = 64 * 1024;
const QUALITY: u32 = 11;
const WINDOW_BITS: u32 = 24;

/// Writes `name.br` beside every file under `dir` that is text or WebAssembly.
pub(crate) fn compress_tree(dir: &Path) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("read {}", dir.display()))? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            compress_tree(&path)?;
        } else if compresses(&path) && entry.metadata()?.len() >= WORTH_IT_BYTES {
            compress(&path)?;
        }
    }
    Ok(())
}

fn compresses(path: &Path) -> bool {
    path.extension().and_then(|extension| extension.to_str()).is_some_and(|known| EXTENSIONS.contains(&known))
}

fn compress(path: &Path) -> Result<()> {
    let bytes = fs::read(path).with_context(|| format!("read {}", path.display()))?;
    let mut writer = brotli::CompressorWriter::new(Vec::new(), BUFFER_BYTES, QUALITY, WINDOW_BITS);
    writer.write_all(&bytes).with_context(|| format!("compress {}", path.display()))?;
    let mut name = path.as_os_str().to_owned();
    name.push(".br");
    fs::write(&name, writer.into_inner()).with_context(|| format!("write {}", name.to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn text_is_compressed_beside_itself_and_small_or_binary_files_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let pkg = dir.path().join("pkg");
        fs::create_dir(&pkg).unwrap();
        let text = "a { color: red }\n".repeat(100);
        fs::write(pkg.join("a.css"), &text).unwrap();
        fs::write(dir.path().join("small.css"), "a{}").unwrap();
        fs::write(dir.path().join("font.woff2"), [7; 4096]).unwrap();

        compress_tree(dir.path()).unwrap();

        let packed = fs::read(pkg.join("a.css.br")).unwrap();
        assert!(packed.len() < text.len() / 4);
        let mut unpacked = String::new();
        brotli::Decompressor::new(&packed[..], 4096).read_to_string(&mut unpacked).unwrap();
        assert_eq!(unpacked, text);
        assert!(!dir.path().join("small.css.br").exists());
        assert!(!dir.path().join("font.woff2.br").exists());
    }
}
