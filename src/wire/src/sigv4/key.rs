//! Hashes, and the chain of keys from a secret to a day's, region's and service's signing key.

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

type HmacSha256 = Hmac<Sha256>;

/// SHA-256 in hexadecimal.
pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    // An HMAC takes a key of any length, so there is no error to tell of; the empty key stands for what cannot be.
    let mac = HmacSha256::new_from_slice(key).map(|mac| mac.chain_update(message).finalize().into_bytes());
    mac.map_or([0; 32], Into::into)
}

/// The signature of `string_to_sign` under the key of that secret, day, region and service.
pub(super) fn signature(secret: &str, day: &str, region: &str, service: &str, string_to_sign: &str) -> [u8; 32] {
    let key = hmac(format!("AWS4{secret}").as_bytes(), day.as_bytes());
    let key = hmac(&key, region.as_bytes());
    let key = hmac(&key, service.as_bytes());
    let key = hmac(&key, b"aws4_request");
    hmac(&key, string_to_sign.as_bytes())
}
