//! How far the lines of a container were shipped.
//!
//! The engine is asked for lines by the second, so a position is a second and how many pieces from it on are shipped. As
//! pieces of the two outputs of a container may change places within moments, the count begins a second earlier.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::assemble::{Event, Piece};

const SECOND_NS: i64 = 1_000_000_000;

/// A position; the default is the beginning.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Pieces shipped, by the second; the last one and the one before.
    seconds: BTreeMap<i64, u64>,
    /// The time of the newest piece shipped, in nanoseconds.
    last_ns: i64,
}

impl Position {
    /// The second from which the engine is to be asked.
    #[must_use]
    pub fn since_s(&self) -> i64 {
        self.seconds.keys().next().copied().unwrap_or_default()
    }

    /// Notes that an event was shipped.
    pub fn advance(&mut self, event: &Event) {
        let second = event.last_ns.div_euclid(SECOND_NS);
        *self.seconds.entry(second).or_default() += event.pieces;
        self.last_ns = self.last_ns.max(event.last_ns);
        let newest = self.seconds.keys().next_back().copied().unwrap_or(second);
        self.seconds.retain(|at, _| *at >= newest - 1);
    }

    /// What tells the pieces that were shipped from those that were not, as the engine gives them from [`Self::since_s`].
    #[must_use]
    pub fn skip(&self) -> Skip {
        Skip { left: self.seconds.values().sum(), last_ns: self.last_ns }
    }
}

/// Leaves out what was shipped already.
#[derive(Debug)]
pub struct Skip {
    left: u64,
    last_ns: i64,
}

impl Skip {
    /// Whether the next piece was shipped already. One that is newer than all that were shipped was not, however many the
    /// engine has dropped meanwhile.
    pub fn is_shipped(&mut self, piece: &Piece) -> bool {
        if piece.at_ns > self.last_ns {
            self.left = 0;
        }
        let shipped = self.left > 0;
        self.left = self.left.saturating_sub(1);
        shipped
    }
}

#[cfg(test)]
mod tests {
    use gantry_model::UnixMillis;

    use super::*;

    /// Pieces at these tenths of seconds.
    fn pieces(tenths: &[i64]) -> Vec<Piece> {
        let piece = |at: &i64| Piece { at_ns: at * SECOND_NS / 10, text: at.to_string(), ends_line: true };
        tenths.iter().map(piece).collect()
    }

    /// What is shipped after a restart, when the first `shipped` of the pieces were shipped before it.
    fn after(tenths: &[i64], shipped: usize, dropped: usize) -> Vec<String> {
        let all = pieces(tenths);
        let mut position = Position::default();
        for piece in &all[..shipped] {
            let (at, last_ns) = (UnixMillis(piece.at_ns / 1_000_000), piece.at_ns);
            position.advance(&Event { at, message: piece.text.clone(), pieces: 1, last_ns });
        }
        let mut skip = position.skip();
        let given = all.into_iter().skip(dropped).filter(|piece| piece.at_ns >= position.since_s() * SECOND_NS);
        given.filter(|piece| !skip.is_shipped(piece)).map(|piece| piece.text).collect()
    }

    #[test]
    fn what_was_shipped_is_left_out_and_nothing_else() {
        let tenths = [1, 2, 5, 11, 11, 11, 24, 25, 41];
        for shipped in 0..=tenths.len() {
            let expected: Vec<String> = tenths[shipped..].iter().map(ToString::to_string).collect();
            assert_eq!(after(&tenths, shipped, 0), expected, "{shipped} shipped");
        }
    }

    #[test]
    fn pieces_that_changed_places_are_not_lost() {
        // The second output's line of 0.9 s comes behind the first one's of 1.0 s.
        assert_eq!(after(&[5, 10, 9, 12], 2, 0), ["9", "12"]);
    }

    #[test]
    fn what_the_engine_dropped_hides_nothing_newer() {
        assert_eq!(after(&[1, 2, 3, 24, 25, 31], 3, 5), ["31"]);
    }
}
