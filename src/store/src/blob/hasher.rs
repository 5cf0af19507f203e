//! Digests while bytes pass by: SHA-256 and SHA-512, the two algorithms of OCI Distribution 1.1.

use gantry_model::{Digest, InvalidName};
use sha2::{Digest as _, Sha256, Sha512};

/// The algorithm of a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestAlgorithm {
    Sha256,
    Sha512,
}

impl DigestAlgorithm {
    /// The algorithm as digests write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// The algorithm that `text` names, if we know it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Sha256, Self::Sha512].into_iter().find(|algorithm| algorithm.as_str() == text)
    }

    /// The algorithm of `digest`.
    #[must_use]
    pub fn of(digest: &Digest) -> Self {
        if digest.algorithm() == Self::Sha512.as_str() { Self::Sha512 } else { Self::Sha256 }
    }

    /// The digest of `bytes`.
    ///
    /// # Errors
    /// Never in practice: the text is made of the algorithm and its hexadecimal digits.
    pub fn digest(self, bytes: &[u8]) -> Result<Digest, InvalidName> {
        let mut hasher = Hasher::new(self);
        hasher.update(bytes);
        hasher.digest()
    }
}

/// A digest in the making.
#[derive(Debug, Clone)]
pub enum Hasher {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    /// Starts a digest of nothing.
    #[must_use]
    pub fn new(algorithm: DigestAlgorithm) -> Self {
        match algorithm {
            DigestAlgorithm::Sha256 => Self::Sha256(Sha256::new()),
            DigestAlgorithm::Sha512 => Self::Sha512(Sha512::new()),
        }
    }

    /// The algorithm that runs.
    #[must_use]
    pub fn algorithm(&self) -> DigestAlgorithm {
        match self {
            Self::Sha256(_) => DigestAlgorithm::Sha256,
            Self::Sha512(_) => DigestAlgorithm::Sha512,
        }
    }

    /// Takes more bytes in.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(state) => state.update(bytes),
            Self::Sha512(state) => state.update(bytes),
        }
    }

    /// The digest of what was taken in so far; the hasher can go on.
    ///
    /// # Errors
    /// Never in practice: the text is made of the algorithm and its hexadecimal digits.
    pub fn digest(&self) -> Result<Digest, InvalidName> {
        let hex = match self {
            Self::Sha256(state) => hex::encode(state.clone().finalize()),
            Self::Sha512(state) => hex::encode(state.clone().finalize()),
        };
        Digest::parse(format!("{}:{hex}", self.algorithm().as_str()))
    }
}
