//! The pause container's image: one file, our own program of about a kilobyte, put into the engine without a pull.

use sha2::{Digest, Sha256};

use crate::engine::{Engine, EngineError};

/// The program (see `pause/pause.rs`).
const PROGRAM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/pause"));
/// Where the program stands in the image.
pub const PATH: &str = "/pause";
const REPOSITORY: &str = "gantry/pause";

/// The image's reference. The tag is the program's digest, so that another program never passes for this one.
#[must_use]
pub fn reference() -> String {
    format!("{REPOSITORY}:{}", tag())
}

/// Makes the image if the engine does not have it.
///
/// # Errors
/// What the engine says.
pub async fn ensure<E: Engine>(engine: &E) -> Result<(), EngineError> {
    if engine.image(&reference()).await?.is_some() {
        return Ok(());
    }
    engine.import(REPOSITORY, &tag(), layer()).await
}

fn tag() -> String {
    hex::encode(&Sha256::digest(PROGRAM)[..8])
}

/// A tar (POSIX ustar) that holds the program alone.
fn layer() -> Vec<u8> {
    const BLOCK: usize = 512;
    let mut tar = header().to_vec();
    tar.extend_from_slice(PROGRAM);
    tar.resize(tar.len().next_multiple_of(BLOCK), 0);
    tar.extend_from_slice(&[0; 2 * BLOCK]);
    tar
}

fn header() -> [u8; 512] {
    let mut header = [0; 512];
    let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, PATH.trim_start_matches('/'));
    put(100, "0000755\0");
    put(108, "0000000\0");
    put(116, "0000000\0");
    put(124, &format!("{:011o}\0", PROGRAM.len()));
    put(136, "00000000000\0");
    // The checksum counts its own field as blanks.
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\0");
    put(263, "00");
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_a_static_executable_of_a_few_kilobytes() {
        assert!(PROGRAM.starts_with(b"\x7fELF"));
        assert!(PROGRAM.len() < 8192, "{}", PROGRAM.len());
    }

    #[test]
    fn the_layer_is_a_whole_tar() {
        let tar = layer();
        assert_eq!(tar.len() % 512, 0);
        assert_eq!(&tar[..6], b"pause\0");
        let mut blank = header();
        let written = blank[148..154].to_vec();
        blank[148..156].copy_from_slice(b"        ");
        let sum: u32 = blank.iter().map(|&b| u32::from(b)).sum();
        assert_eq!(written, format!("{sum:06o}").as_bytes());
    }
}
