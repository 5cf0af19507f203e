//! Values that JSON has no type for: instants and bytes.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gantry_model::UnixMillis;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Seconds since the Unix epoch with a fraction. Written as a JSON number; read from a number or from an RFC 3339 text.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Timestamp(pub f64);

impl From<UnixMillis> for Timestamp {
    fn from(at: UnixMillis) -> Self {
        Self(at.as_epoch_seconds())
    }
}

impl Timestamp {
    /// The instant to the nearest millisecond; out of range it is the nearest there is.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, which is what is documented")]
    pub fn to_unix_millis(self) -> UnixMillis {
        UnixMillis((self.0 * 1000.0).round() as i64)
    }

    /// Reads an RFC 3339 date and time.
    #[must_use]
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let at: jiff::Timestamp = text.parse().ok()?;
        Some(UnixMillis(at.as_millisecond()).into())
    }

    /// The instant as RFC 3339 writes it, in UTC. Out of range it is the beginning of 1970.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        jiff::Timestamp::from_millisecond(self.to_unix_millis().0).unwrap_or_default().to_string()
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Instant;
        impl Visitor<'_> for Instant {
            type Value = Timestamp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("seconds since the epoch or an RFC 3339 text")
            }

            fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Timestamp, E> {
                Ok(Timestamp(seconds))
            }

            #[expect(clippy::cast_precision_loss, reason = "seconds stay below 2^53 for 285 million years")]
            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Timestamp, E> {
                Ok(Timestamp(seconds as f64))
            }

            #[expect(clippy::cast_precision_loss, reason = "seconds stay below 2^53 for 285 million years")]
            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Timestamp, E> {
                Ok(Timestamp(seconds as f64))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                Timestamp::from_rfc3339(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Instant)
    }
}

/// Bytes, written as base64 text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Blob(pub Vec<u8>);

impl Blob {
    /// Reads base64 with padding.
    #[must_use]
    pub fn from_base64(text: &str) -> Option<Self> {
        STANDARD.decode(text).ok().map(Self)
    }
}

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_base64(&text).ok_or_else(|| de::Error::custom("not base64"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_as_seconds_and_read_from_seconds_or_text() {
        let at = Timestamp::from(UnixMillis(1_700_000_000_123));
        assert_eq!(serde_json::to_string(&at).unwrap(), "1700000000.123");
        for text in ["1700000000.123", "\"2023-11-14T22:13:20.123Z\"", "\"2023-11-14T23:13:20.123+01:00\""] {
            let read: Timestamp = serde_json::from_str(text).unwrap();
            assert_eq!(read.to_unix_millis(), UnixMillis(1_700_000_000_123), "{text}");
        }
        assert_eq!(serde_json::from_str::<Timestamp>("12").unwrap(), Timestamp(12.0));
        assert!(serde_json::from_str::<Timestamp>("\"yesterday\"").is_err());
        assert!(serde_json::from_str::<Timestamp>("true").is_err());
    }

    #[test]
    fn bytes_are_base64() {
        let blob = Blob(b"\x00layer\xff".to_vec());
        let text = serde_json::to_string(&blob).unwrap();
        assert_eq!(text, "\"AGxheWVy/w==\"");
        assert_eq!(serde_json::from_str::<Blob>(&text).unwrap(), blob);
        assert!(serde_json::from_str::<Blob>("\"not base64!\"").is_err());
    }
}
