//! A host's clock that is wrong: signatures with its time are refused, so the control plane's own is taken instead.
//!
//! The server says its time in the `Date` of every answer (RFC 9110, section 6.6.1). It is heeded only when it refused a
//! signature, and then for everything that the agent says the time of.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use gantry_model::UnixMillis;

use crate::worker::Clock;

/// A smaller difference is not why a signature was refused; the server allows five minutes.
const LEAST_MILLIS: i64 = 60_000;

/// How far the server's clock is ahead of the host's. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Skew(Arc<AtomicI64>);

impl Skew {
    /// `clock`, put right.
    pub(crate) fn corrected(&self, clock: Clock) -> Clock {
        let own = Arc::clone(&self.0);
        Arc::new(move || clock().plus_millis(own.load(Ordering::Relaxed)))
    }

    /// Takes the server's time, which `now` should have been. Answers whether that makes a difference.
    pub(crate) fn learn(&self, date: Option<&str>, now: UnixMillis) -> bool {
        let Some(server) = date.and_then(|text| jiff::fmt::rfc2822::parse(text).ok()) else { return false };
        let ahead = UnixMillis(server.timestamp().as_millisecond()).millis_since(now);
        if ahead.abs() < LEAST_MILLIS {
            return false;
        }
        self.0.fetch_add(ahead, Ordering::Relaxed);
        tracing::warn!(seconds = ahead / 1000, "the clock of this host is wrong; the control plane's is taken instead");
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "Fri, 27 Nov 2026 00:51:02 GMT";
    const SERVER: i64 = 1_795_740_662_000;

    #[test]
    fn a_clock_that_is_off_by_minutes_is_put_right_and_one_that_is_nearly_right_is_left() {
        for (host, date, learns) in [
            (SERVER - 600_000, Some(DATE), true),
            (SERVER + 600_000, Some(DATE), true),
            (SERVER - 59_000, Some(DATE), false),
            (SERVER - 600_000, None, false),
            (SERVER - 600_000, Some("yesterday"), false),
        ] {
            let skew = Skew::default();
            let clock = skew.corrected(Arc::new(move || UnixMillis(host)));
            assert_eq!(skew.learn(date, clock()), learns, "{host} {date:?}");
            assert_eq!(clock(), UnixMillis(if learns { SERVER } else { host }));
            assert!(!skew.learn(date, clock()), "it is right now");
        }
    }
}
