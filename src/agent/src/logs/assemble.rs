//! Events out of what the engine gives: its pieces joined to lines, lines to events. Pure.

use gantry_model::UnixMillis;
use jiff::Timestamp;
use regex_lite::Regex;

/// The longest message, in bytes; Docker's driver cuts there, too.
const LONGEST: usize = 262_118;

/// What the engine gives at once: a line, or a piece of a long one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// When it was written, in nanoseconds since the Unix epoch.
    pub at_ns: i64,
    pub text: String,
    pub ends_line: bool,
}

impl Piece {
    /// Reads a piece as the Docker API gives it with timestamps: the time, a blank, the text.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (time, text) = text.split_once(' ')?;
        let at: Timestamp = time.parse().ok()?;
        let line = text.strip_suffix('\n');
        Some(Self {
            at_ns: i64::try_from(at.as_nanosecond()).ok()?,
            text: line.map_or(text, |line| line.strip_suffix('\r').unwrap_or(line)).to_owned(),
            ends_line: line.is_some(),
        })
    }
}

/// An event that is ready to be shipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub at: UnixMillis,
    pub message: String,
    /// How many pieces it was made of, with those before it that made none.
    pub pieces: u64,
    /// The time of the last of them, in nanoseconds.
    pub last_ns: i64,
}

impl Event {
    fn begin(piece: Piece) -> Self {
        let at = UnixMillis(piece.at_ns.div_euclid(1_000_000));
        Self { at, message: piece.text, pieces: 1, last_ns: piece.at_ns }
    }

    fn add(&mut self, between: &str, other: &Self) {
        self.message.push_str(between);
        self.message.push_str(&other.message);
        self.pieces += other.pieces;
        self.last_ns = self.last_ns.max(other.last_ns);
    }
}

/// Puts pieces together.
#[derive(Debug, Default)]
pub struct Assembler {
    /// What the first line of an event matches.
    event_start: Option<Regex>,
    /// A line of which pieces are still to come.
    line: Option<Event>,
    /// An event of which lines may still come.
    event: Option<Event>,
    /// Pieces that made no event: empty lines.
    silent: u64,
}

impl Assembler {
    /// Makes every line an event, or has events begin where `event_start` matches.
    #[must_use]
    pub fn new(event_start: Option<Regex>) -> Self {
        Self { event_start, ..Self::default() }
    }

    /// Takes the next piece; answers the event that it completes.
    pub fn push(&mut self, piece: Piece) -> Option<Event> {
        let ends_line = piece.ends_line;
        let piece = Event::begin(piece);
        let line = match self.line.take() {
            Some(mut line) => {
                line.add("", &piece);
                line
            }
            None => piece,
        };
        if !ends_line && line.message.len() < LONGEST {
            self.line = Some(line);
            return None;
        }
        self.push_line(line)
    }

    fn push_line(&mut self, line: Event) -> Option<Event> {
        let Some(start) = &self.event_start else { return self.ready(line) };
        match &mut self.event {
            Some(event) if !start.is_match(&line.message) && event.message.len() + line.message.len() < LONGEST => {
                event.add("\n", &line);
                None
            }
            event => event.replace(line).and_then(|event| self.ready(event)),
        }
    }

    /// An event, unless it is empty, which a log cannot hold.
    fn ready(&mut self, mut event: Event) -> Option<Event> {
        if event.message.is_empty() {
            self.silent += event.pieces;
            return None;
        }
        event.pieces += std::mem::take(&mut self.silent);
        Some(event)
    }

    /// Whether an event waits for more of its lines.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.event.is_some()
    }

    /// The event that waits, when its lines have waited long enough.
    pub fn flush(&mut self) -> Option<Event> {
        self.event.take().and_then(|event| self.ready(event))
    }

    /// What is left when nothing more comes.
    pub fn finish(&mut self) -> Vec<Event> {
        let line = self.line.take().and_then(|line| self.push_line(line));
        line.into_iter().chain(self.flush()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(second: i64, text: &str) -> Piece {
        let line = text.strip_suffix('\n');
        Piece { at_ns: second * 1_000_000_000, text: line.unwrap_or(text).to_owned(), ends_line: line.is_some() }
    }

    /// The messages that the pieces make, each with the number of its pieces.
    fn events(start: Option<&str>, pieces: &[&str]) -> Vec<(String, u64)> {
        let mut assembler = Assembler::new(start.map(|start| Regex::new(start).unwrap()));
        let mut events: Vec<Event> =
            (0..).zip(pieces).filter_map(|(at, text)| assembler.push(piece(at, text))).collect();
        events.extend(assembler.finish());
        events.into_iter().map(|event| (event.message, event.pieces)).collect()
    }

    fn event(message: &str, pieces: u64) -> (String, u64) {
        (message.to_owned(), pieces)
    }

    #[test]
    fn a_piece_has_its_time_before_it() {
        let read = |text: &str| Piece::read(text.as_bytes());
        let at_ns = 1_795_770_000_123_456_789;
        let expected = |text: &str, ends_line| Some(Piece { at_ns, text: text.to_owned(), ends_line });
        assert_eq!(read("2026-11-27T09:00:00.123456789Z a line\n"), expected("a line", true));
        assert_eq!(read("2026-11-27T09:00:00.123456789Z of a terminal\r\n"), expected("of a terminal", true));
        assert_eq!(read("2026-11-27T09:00:00.123456789Z a piece"), expected("a piece", false));
        assert_eq!(read("2026-11-27T09:00:00.123456789Z \n"), expected("", true));
        assert_eq!(read("no time"), None);
        assert_eq!(Piece::read(b"2026-11-27T09:00:00.123456789Z \xff\n"), expected("\u{fffd}", true));
    }

    #[test]
    fn every_line_is_an_event_and_empty_ones_are_none() {
        assert_eq!(events(None, &["a\n", "\n", "b\n"]), [event("a", 1), event("b", 2)]);
    }

    #[test]
    fn the_pieces_of_a_long_line_are_joined() {
        assert_eq!(
            events(None, &["be", "gi", "n\n", "next\n", "cut off"]),
            [event("begin", 3), event("next", 1), event("cut off", 1)]
        );
        let long = "x".repeat(LONGEST / 2 + 1);
        let cut = events(None, &[&long, &long, "rest\n"]);
        assert_eq!((cut.len(), cut[0].0.len(), cut[1].0.as_str()), (2, 2 * long.len(), "rest"));
    }

    #[test]
    fn lines_that_begin_nothing_belong_to_the_event_before() {
        assert_eq!(
            events(Some("^[A-Z]+ "), &["ERROR x\n", "  at a\n", "\n", "  at b\n", "INFO y\n"]),
            [event("ERROR x\n  at a\n\n  at b", 4), event("INFO y", 1)]
        );
        assert_eq!(events(Some("^x"), &["no start\n", "x\n"]), [event("no start", 1), event("x", 1)]);
    }

    #[test]
    fn an_event_that_waits_is_given_out_when_it_is_asked_for() {
        let mut assembler = Assembler::new(Some(Regex::new("^x").unwrap()));
        assert_eq!(assembler.push(piece(0, "x\n")), None);
        assert!(assembler.is_waiting());
        assert_eq!(assembler.flush().unwrap().message, "x");
        assert!(!assembler.is_waiting());
    }
}
