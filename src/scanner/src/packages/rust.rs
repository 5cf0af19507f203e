//! The crates that a Rust program was built of, when `cargo auditable` wrote them into it.

use auditable_info::audit_info_from_slice;
use auditable_serde::{DependencyKind, Source};

use crate::inventory::Package;

/// What the list of crates may unpack to.
const UNPACKED_BYTES: usize = 8 << 20;

/// The crates from crates.io that are part of the program; none when it does not tell.
pub(super) fn packages(program: &[u8], path: &str) -> Vec<Package> {
    let Ok(info) = audit_info_from_slice(program, UNPACKED_BYTES) else { return Vec::new() };
    let is_meant = |package: &auditable_serde::Package| {
        package.source == Source::CratesIo && package.kind == DependencyKind::Runtime
    };
    let crates = info.packages.into_iter().filter(is_meant);
    crates.map(|found| Package::of_language("crates.io", found.name, found.version.to_string(), path)).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;

    /// A program of 64 bits with one section, `.dep-v0`.
    fn program(section: &[u8]) -> Vec<u8> {
        const HEADER: u64 = 64;
        let names = b"\0.dep-v0\0.shstrtab\0";
        let (at, names_at) = (HEADER, HEADER + section.len() as u64);
        let mut file = b"\x7fELF\x02\x01\x01".to_vec();
        file.resize(16, 0);
        for half in [2_u16, 62] {
            file.extend(half.to_le_bytes());
        }
        file.extend(1_u32.to_le_bytes());
        for word in [0, 0, names_at + names.len() as u64] {
            file.extend(word.to_le_bytes());
        }
        file.extend(0_u32.to_le_bytes());
        for half in [64_u16, 56, 0, 64, 3, 2] {
            file.extend(half.to_le_bytes());
        }
        file.extend(section);
        file.extend(names);
        let sections = [(0_u32, 0_u32, 0, 0), (1, 1, at, section.len() as u64), (9, 3, names_at, names.len() as u64)];
        for (name, kind, offset, size) in sections {
            file.extend(name.to_le_bytes());
            file.extend(kind.to_le_bytes());
            for word in [0, 0, offset, size] {
                file.extend(word.to_le_bytes());
            }
            file.extend([0; 24]);
        }
        file
    }

    #[test]
    fn the_crates_of_a_program_are_read_and_not_those_that_only_built_it() {
        let list = r#"{"packages":[{"name":"app","version":"0.1.0","source":"local","root":true,"dependencies":[1,2]},
            {"name":"build","version":"1.0.0","source":"crates.io","kind":"build"},
            {"name":"time","version":"0.1.43","source":"crates.io"}]}"#;
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(list.as_bytes()).unwrap();
        let found = packages(&program(&packed.finish().unwrap()), "bin/app");
        let told: Vec<_> = found.iter().map(|p| [&p.ecosystem, &p.name, &p.version].map(String::as_str)).collect();
        assert_eq!(told, [["crates.io", "time", "0.1.43"]]);
    }

    #[test]
    fn what_is_no_list_is_passed_over() {
        for section in [&b""[..], b"no zlib", &[0x78, 0x9c, 0x03, 0x00]] {
            assert_eq!(packages(&program(section), "p"), []);
        }
        assert_eq!(packages(b"\x7fELF", "p"), []);
    }
}
