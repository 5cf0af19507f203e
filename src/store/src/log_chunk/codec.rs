//! How the lines of a chunk are written: of each its time after the one before, its length and its bytes, then all of it
//! compressed with LZ4, which is read faster than a disk gives it.

use gantry_model::UnixMillis;
use gantry_model::logs::LogEvent;

pub(super) fn encode(events: &[LogEvent], first_at: UnixMillis) -> Vec<u8> {
    let mut plain = Vec::with_capacity(events.iter().map(|event| event.message.len() + 4).sum());
    let mut before = first_at;
    for event in events {
        put_number(&mut plain, event.at.millis_since(before).unsigned_abs());
        put_number(&mut plain, event.message.len() as u64);
        plain.extend_from_slice(event.message.as_bytes());
        before = event.at;
    }
    lz4_flex::compress_prepend_size(&plain)
}

/// Hands the lines of a chunk over, one after the other; nothing when it is not as [`encode`] writes it.
pub(super) fn decode(body: &[u8], first_at: UnixMillis, mut take: impl FnMut(UnixMillis, &str)) -> Option<()> {
    let plain = lz4_flex::decompress_size_prepended(body).ok()?;
    let mut rest = plain.as_slice();
    let mut at = first_at;
    while !rest.is_empty() {
        at = at.plus_millis(i64::try_from(take_number(&mut rest)?).ok()?);
        let length = usize::try_from(take_number(&mut rest)?).ok()?;
        let (message, later) = rest.split_at_checked(length)?;
        take(at, std::str::from_utf8(message).ok()?);
        rest = later;
    }
    Some(())
}

/// Seven bits a byte, the lowest first; the eighth says that more follow (LEB128).
fn put_number(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    to.push((number & 0x7f) as u8);
}

fn take_number(from: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = from.split_first()?;
        *from = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(at: i64, message: &str) -> LogEvent {
        LogEvent { at: UnixMillis(at), message: message.to_owned() }
    }

    fn decoded(body: &[u8]) -> Option<Vec<LogEvent>> {
        let mut events = Vec::new();
        decode(body, UnixMillis(5), |at, message| events.push(event(at.0, message))).map(|()| events)
    }

    #[test]
    fn lines_read_back_as_they_were_written() {
        let long = "é".repeat(300);
        let events = [event(5, "a"), event(5, ""), event(1_000_000, &long), event(1_000_001, "b\nc")];
        assert_eq!(decoded(&encode(&events, UnixMillis(5))).unwrap(), events);
    }

    #[test]
    fn a_damaged_chunk_is_no_lines() {
        let whole = encode(&[event(5, "a line"), event(6, "another")], UnixMillis(5));
        assert_eq!(decoded(&whole[..whole.len() - 3]), None);
        assert_eq!(decoded(b""), None);
        assert_eq!(decoded(b"\x02\x00\x00\x00\x20\x80\x80"), None);
    }
}
