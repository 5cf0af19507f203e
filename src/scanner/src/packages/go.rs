//! The modules that a Go program was built of, which the linker writes into it (Go's `debug/buildinfo` package).

use crate::inventory::Package;

/// What the build information begins with.
const MAGIC: &[u8] = b"\xff Go buildinf:";
/// Where it may begin.
const ALIGNMENT: usize = 16;
/// The flag of Go 1.18 and later: version and modules follow the header.
const INLINE: u8 = 2;
const HEADER: usize = 32;
/// What stands before and after the list of modules.
const SENTINEL: usize = 16;

/// The modules, the standard library as `stdlib` among them; none when it is no Go program, or one of before Go 1.18.
pub(super) fn packages(program: &[u8], path: &str) -> Vec<Package> {
    let Some((version, modules)) = build_info(program) else { return Vec::new() };
    let library = version.strip_prefix("go").map(|version| ("stdlib", semantic(version)));
    let library = library.into_iter().map(|(name, version)| (name.to_owned(), version));
    let modules = modules_of(&modules).into_iter().chain(library);
    modules.map(|(name, version)| Package::of_language("Go", name, version, path)).collect()
}

/// Go's version, and the text that lists the modules.
fn build_info(program: &[u8]) -> Option<(String, String)> {
    let at = (0..program.len()).step_by(ALIGNMENT).find(|&at| program[at..].starts_with(MAGIC))?;
    let info = &program[at..];
    if info.get(MAGIC.len() + 1)? & INLINE == 0 {
        return None;
    }
    let (version, rest) = text(info.get(HEADER..)?)?;
    let (modules, _) = text(rest)?;
    let modules = modules.get(SENTINEL..modules.len().checked_sub(SENTINEL)?)?;
    Some((String::from_utf8_lossy(version).into_owned(), String::from_utf8_lossy(modules).into_owned()))
}

/// Bytes after their length, and what follows them.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut length = 0_usize;
    for (place, byte) in bytes.iter().take(5).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return bytes.get(place + 1..)?.split_at_checked(length);
        }
    }
    None
}

/// The modules of lines such as `dep<tab>name<tab>version<tab>sum`; a line `=>` replaces the module before it.
fn modules_of(text: &str) -> Vec<(String, String)> {
    let mut modules: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        let mut fields = line.split('\t');
        let (Some(kind), Some(name)) = (fields.next(), fields.next()) else { continue };
        let version = fields.next().unwrap_or_default();
        match kind {
            "=>" => {
                modules.pop();
            }
            "mod" | "dep" => {}
            _ => continue,
        }
        modules.push((name.to_owned(), version.strip_prefix('v').unwrap_or_default().to_owned()));
    }
    // A program built from its own tree has no version, nor has a module in a folder.
    modules.retain(|(_, version)| !version.is_empty());
    modules
}

/// A version of Go itself, such as `1.21rc2`, as semantic versioning writes it.
fn semantic(version: &str) -> String {
    let version = version.split([' ', '-', '+']).next().unwrap_or_default();
    let end = version.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(version.len());
    let (numbers, before) = version.split_at(end);
    let patch = if numbers.matches('.').count() < 2 { ".0" } else { "" };
    let dash = if before.is_empty() { "" } else { "-" };
    format!("{numbers}{patch}{dash}{before}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(text: &[u8]) -> Vec<u8> {
        let mut length = text.len();
        let mut bytes = Vec::new();
        while length >= 0x80 {
            bytes.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
            length >>= 7;
        }
        bytes.push(u8::try_from(length).unwrap());
        bytes.extend(text);
        bytes
    }

    fn program(version: &str, modules: &str) -> Vec<u8> {
        let mut bytes = vec![0x7f; 4096];
        bytes.extend(MAGIC);
        bytes.extend([8, INLINE]);
        bytes.extend([0; 16]);
        bytes.extend(long(version.as_bytes()));
        bytes.extend(long(&[&[0x30; SENTINEL], modules.as_bytes(), &[0xf9; SENTINEL]].concat()));
        bytes
    }

    #[test]
    fn the_modules_of_a_program_are_read_with_what_replaces_them() {
        let modules = "path\texample.test/app\nmod\texample.test/app\t(devel)\t\ndep\tgolang.org/x/net\tv0.17.0\th1:x=\n\
                       dep\tgithub.com/old/yaml\tv1.0.0\n=>\tgithub.com/new/yaml\tv1.2.3\th1:y=\n\
                       dep\texample.test/local\tv0.0.0\n=>\t./local\t\nbuild\t-compiler=gc\n";
        let found = packages(&program("go1.21.3", modules), "bin/app");
        let told: Vec<_> = found.iter().map(|p| [&p.ecosystem, &p.name, &p.version].map(String::as_str)).collect();
        assert_eq!(
            told,
            [["Go", "golang.org/x/net", "0.17.0"], ["Go", "github.com/new/yaml", "1.2.3"], ["Go", "stdlib", "1.21.3"],]
        );
    }

    #[test]
    fn what_is_no_build_information_is_passed_over() {
        let whole = program("go1.21.3", "dep\ta\tv1.0.0\n");
        for length in [0, 10, 4096, 4096 + MAGIC.len(), 4096 + HEADER, whole.len() - 1] {
            assert_eq!(packages(&whole[..length], "p"), [], "{length}");
        }
        let mut older = whole.clone();
        older[4096 + MAGIC.len() + 1] = 0;
        assert_eq!(packages(&older, "p"), []);
    }

    #[test]
    fn versions_of_go_are_written_as_semantic_ones() {
        for (version, expected) in [
            ("1.21.3", "1.21.3"),
            ("1.21", "1.21.0"),
            ("1.21rc2", "1.21.0-rc2"),
            ("1.22.1 X:boringcrypto", "1.22.1"),
            ("1.20.5-fips", "1.20.5"),
        ] {
            assert_eq!(semantic(version), expected, "{version}");
        }
    }
}
