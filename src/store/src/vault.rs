//! Sealing what must not be read from the database, or from a copy of it.
//!
//! Envelopes: each value has a data key of its own, AES-256-GCM, and the data key is sealed by a root key that is never in
//! the database. What a value belongs to is authenticated with it, so that a row's value cannot be passed off as another
//! row's. The root keys are the lines of a file; the first seals, all of them open, so that a key can be followed by another
//! (NIST SP 800-57 part 1, 5.3.4, "crypto-period").

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use sha2::{Digest as _, Sha256};

/// The first byte of what is sealed: the form in which it is.
const FORM: u8 = 1;
const KEY_LEN: usize = 32;
const KEY_ID_LEN: usize = 8;
const TAG_LEN: usize = 16;
/// Form, root key, and the sealed data key: what stands before the value.
const ENVELOPE_LEN: usize = 1 + KEY_ID_LEN + NONCE_LEN + KEY_LEN + TAG_LEN;

/// Why nothing is sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("cannot {action} the key file {}", path.display())]
    File {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("line {line} of the key file {} is not 32 bytes in base64", path.display())]
    MalformedKey { path: PathBuf, line: usize },
    #[error("the key file {} holds no key", path.display())]
    NoKey { path: PathBuf },
    #[error(
        "the key file {} is not there, and secrets were sealed with the key {key}: bring the file back", path.display()
    )]
    Missing { path: PathBuf, key: String },
    #[error("secrets were sealed with the key {0}, which the key file does not hold")]
    UnknownKey(String),
    #[error("what was sealed was changed, or belongs to another row")]
    Damaged,
    #[error("the system gave no randomness")]
    NoRandomness,
    #[error("no key was given to the store")]
    Locked,
}

/// The root keys of one control plane. They never show in `Debug`.
pub struct Vault {
    /// The first one seals.
    keys: Vec<RootKey>,
}

struct RootKey {
    id: [u8; KEY_ID_LEN],
    key: LessSafeKey,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault")
            .field("keys", &self.keys.iter().map(|key| hex::encode(key.id)).collect::<Vec<_>>())
            .finish()
    }
}

impl Vault {
    /// A vault with these root keys, of which the first seals.
    #[must_use]
    pub fn with_keys(first: [u8; KEY_LEN], others: &[[u8; KEY_LEN]]) -> Self {
        Self { keys: std::iter::once(&first).chain(others).map(RootKey::new).collect() }
    }

    /// The vault of a key file; none when there is no such file.
    ///
    /// # Errors
    /// When the file cannot be read or is not one of keys.
    pub fn read(path: &Path) -> Result<Option<Self>, VaultError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(VaultError::File { action: "read", path: path.to_owned(), source }),
        };
        let mut keys = Vec::new();
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let decoded = STANDARD.decode(line.trim()).ok().and_then(|bytes| <[u8; KEY_LEN]>::try_from(bytes).ok());
            let key = decoded.ok_or_else(|| VaultError::MalformedKey { path: path.to_owned(), line: at + 1 })?;
            keys.push(RootKey::new(&key));
        }
        if keys.is_empty() {
            return Err(VaultError::NoKey { path: path.to_owned() });
        }
        Ok(Some(Self { keys }))
    }

    /// Puts a new key first into a key file, which is made when it is not there. What the others sealed can be opened still.
    ///
    /// # Errors
    /// When the file cannot be written; it is then as it was.
    pub fn add_key(path: &Path) -> Result<Self, VaultError> {
        let failed = |action| move |source| VaultError::File { action, path: path.to_owned(), source };
        // What is there must be keys, or the next start would fail.
        let before = match Self::read(path)? {
            Some(_) => fs::read_to_string(path).map_err(failed("read"))?,
            None => String::new(),
        };
        let mut key = [0; KEY_LEN];
        SystemRandom::new().fill(&mut key).map_err(|_| VaultError::NoRandomness)?;
        let new = path.with_extension("new");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)
            .map_err(failed("write"))?;
        write!(file, "{}\n{before}", STANDARD.encode(key)).map_err(failed("write"))?;
        file.sync_all().map_err(failed("write"))?;
        fs::rename(&new, path).map_err(failed("write"))?;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("write"))?;
        }
        Self::read(path)?.ok_or_else(|| VaultError::NoKey { path: path.to_owned() })
    }

    /// The name of the key that seals.
    #[must_use]
    pub fn sealing_key(&self) -> String {
        self.keys.first().map(|key| hex::encode(key.id)).unwrap_or_default()
    }

    /// Whether the key called `id` is one of these.
    #[must_use]
    pub fn holds(&self, id: &str) -> bool {
        self.keys.iter().any(|key| hex::encode(key.id) == id)
    }

    /// Seals a value that belongs to `owner`.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn seal(&self, owner: &str, value: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut data_key = [0; KEY_LEN];
        SystemRandom::new().fill(&mut data_key).map_err(|_| VaultError::NoRandomness)?;
        let mut sealed = self.envelope(owner, &data_key)?;
        sealed.extend(encrypt(&cipher(&data_key), owner, value)?);
        Ok(sealed)
    }

    /// Opens what was sealed for `owner`.
    ///
    /// # Errors
    /// [`VaultError::UnknownKey`], [`VaultError::Damaged`].
    pub fn open(&self, owner: &str, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (_, data_key) = self.data_key(owner, sealed)?;
        decrypt(&cipher(&data_key), owner, &sealed[ENVELOPE_LEN..])
    }

    /// The same under the key that seals now; none when it is that one's already. The value itself stays as it is.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub fn rewrap(&self, owner: &str, sealed: &[u8]) -> Result<Option<Vec<u8>>, VaultError> {
        let (root, data_key) = self.data_key(owner, sealed)?;
        if self.keys.first().is_some_and(|first| first.id == root) {
            return Ok(None);
        }
        let mut again = self.envelope(owner, &data_key)?;
        again.extend_from_slice(&sealed[ENVELOPE_LEN..]);
        Ok(Some(again))
    }

    fn envelope(&self, owner: &str, data_key: &[u8; KEY_LEN]) -> Result<Vec<u8>, VaultError> {
        let root = self.keys.first().ok_or(VaultError::Locked)?;
        let mut envelope = vec![FORM];
        envelope.extend_from_slice(&root.id);
        envelope.extend(encrypt(&root.key, owner, data_key)?);
        Ok(envelope)
    }

    fn data_key(&self, owner: &str, sealed: &[u8]) -> Result<([u8; KEY_ID_LEN], [u8; KEY_LEN]), VaultError> {
        if sealed.len() < ENVELOPE_LEN || sealed[0] != FORM {
            return Err(VaultError::Damaged);
        }
        let (id, wrapped) = sealed[1..ENVELOPE_LEN].split_at(KEY_ID_LEN);
        let root = self.keys.iter().find(|key| key.id == id).ok_or_else(|| VaultError::UnknownKey(hex::encode(id)))?;
        let data_key = decrypt(&root.key, owner, wrapped)?;
        Ok((root.id, data_key.try_into().map_err(|_| VaultError::Damaged)?))
    }
}

impl RootKey {
    fn new(key: &[u8; KEY_LEN]) -> Self {
        let mut id = [0; KEY_ID_LEN];
        id.copy_from_slice(&Sha256::digest(key)[..KEY_ID_LEN]);
        Self { id, key: cipher(key) }
    }
}

#[expect(clippy::expect_used, reason = "AES-256 takes any 32 bytes")]
fn cipher(key: &[u8; KEY_LEN]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("32 bytes are a key of AES-256"))
}

/// Nonce, then ciphertext and tag.
fn encrypt(key: &LessSafeKey, owner: &str, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
    let mut nonce = [0; NONCE_LEN];
    SystemRandom::new().fill(&mut nonce).map_err(|_| VaultError::NoRandomness)?;
    let mut text = plain.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(owner.as_bytes()), &mut text)
        .map_err(|_| VaultError::Damaged)?;
    Ok([&nonce[..], &text].concat())
}

fn decrypt(key: &LessSafeKey, owner: &str, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
    let (nonce, text) = sealed.split_at_checked(NONCE_LEN).ok_or(VaultError::Damaged)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError::Damaged)?;
    let mut text = text.to_vec();
    let plain =
        key.open_in_place(nonce, Aad::from(owner.as_bytes()), &mut text).map_err(|_| VaultError::Damaged)?.len();
    text.truncate(plain);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn vault() -> Vault {
        Vault::with_keys([1; 32], &[])
    }

    #[test]
    fn what_is_sealed_opens_for_its_owner_alone() {
        let sealed = vault().seal("secret/1/a", b"hunter2").unwrap();
        assert_eq!(vault().open("secret/1/a", &sealed).unwrap(), b"hunter2");
        assert!(matches!(vault().open("secret/2/a", &sealed), Err(VaultError::Damaged)));
        assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
        assert_ne!(vault().seal("secret/1/a", b"hunter2").unwrap(), sealed, "each has its own key");
    }

    #[test]
    fn a_changed_byte_anywhere_is_noticed() {
        let sealed = vault().seal("o", b"value").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(vault().open("o", &changed).is_err(), "byte {at}");
            assert!(vault().open("o", &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn an_old_key_opens_and_the_new_one_takes_over() {
        let sealed = vault().seal("o", b"value").unwrap();
        let both = Vault::with_keys([2; 32], &[[1; 32]]);
        let again = both.rewrap("o", &sealed).unwrap().unwrap();
        let new = Vault::with_keys([2; 32], &[]);
        assert_eq!(new.open("o", &again).unwrap(), b"value");
        assert_eq!(both.rewrap("o", &again).unwrap(), None);
        assert!(matches!(new.open("o", &sealed), Err(VaultError::UnknownKey(_))));
    }

    #[test]
    fn a_key_file_is_its_owners_alone_and_keeps_the_keys_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.key");
        assert!(Vault::read(&path).unwrap().is_none());
        let first = Vault::add_key(&path).unwrap();
        let sealed = first.seal("o", b"value").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let second = Vault::add_key(&path).unwrap();
        assert_ne!(second.sealing_key(), first.sealing_key());
        assert!(second.holds(&first.sealing_key()));
        assert_eq!(second.open("o", &sealed).unwrap(), b"value");
    }

    #[test]
    fn a_key_file_that_is_none_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.key");
        for (text, refusal) in [("", "holds no key"), ("AAAA\n", "line 1"), ("not base64", "line 1")] {
            fs::write(&path, text).unwrap();
            assert!(Vault::read(&path).unwrap_err().to_string().contains(refusal), "{text}");
            assert!(Vault::add_key(&path).is_err());
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }
}
