//! What is in an image, and what is known to be wrong with it.
//!
//! [`Collector`] reads the layers of an image in their order and gathers an [`Inventory`]: the packages of Debian, Ubuntu
//! and Alpine, of Python and Node, and those that programs of Go and Rust were built of. [`findings`] holds an inventory against advisories in the OSV format
//! (<https://ossf.github.io/osv-schema/>), each ecosystem's versions in its own order.
//!
//! [`sbom()`] writes an inventory as CycloneDX or SPDX.
//!
//! Invariants:
//! - memory is bounded: files that say what is installed are read up to [`MAX_FILE_BYTES`], everything else is passed over,
//!   and a layer that unpacks to more than [`MAX_LAYER_BYTES`] is given up;
//! - what cannot be understood is left out of the inventory, never guessed.
//!
//! What it deliberately does not do: I/O of its own, or keep anything. Bytes and advisories come from the caller.

mod advisory;
mod inventory;
mod layers;
mod matching;
mod packages;
mod sbom;
mod versions;

pub use advisory::Advisory;
pub use inventory::{Inventory, OperatingSystem, Package};
pub use layers::{Collector, LayerError, MAX_FILE_BYTES, MAX_LAYER_BYTES};
pub use matching::{Finding, Severity, findings};
pub use sbom::{SbomFormat, Subject, sbom};
