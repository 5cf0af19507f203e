//! Times as signatures write them: `20150830T123600Z`, and the HTTP `Date` that may stand in for it.

use gantry_model::UnixMillis;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const FORM: &str = "%Y%m%dT%H%M%SZ";

/// `yyyymmddThhmmssZ` of an instant; `None` outside of the years that have one.
pub(super) fn format(at: UnixMillis) -> Option<String> {
    let at = jiff::Timestamp::from_millisecond(at.0).ok()?;
    Some(at.strftime(FORM).to_string())
}

/// Reads `yyyymmddThhmmssZ`, and nothing shorter, longer or padded.
pub(super) fn parse(text: &str) -> Option<UnixMillis> {
    let digits = |range: std::ops::Range<usize>| text.get(range).is_some_and(|t| t.bytes().all(|b| b.is_ascii_digit()));
    if text.len() != 16 || !digits(0..8) || !digits(9..15) {
        return None;
    }
    let at = TimeZone::UTC.to_timestamp(DateTime::strptime(FORM, text).ok()?).ok()?;
    Some(UnixMillis(at.as_millisecond()))
}

/// Reads a `Date` header: an HTTP date, or the form above.
pub(super) fn parse_http_date(text: &str) -> Option<UnixMillis> {
    parse(text).or_else(|| {
        let at = jiff::fmt::rfc2822::parse(text).ok()?;
        Some(UnixMillis(at.timestamp().as_millisecond()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written_in_basic_form() {
        let at = UnixMillis(1_440_938_160_000);
        assert_eq!(format(at).unwrap(), "20150830T123600Z");
        assert_eq!(parse("20150830T123600Z"), Some(at));
        assert_eq!(parse_http_date("Sun, 30 Aug 2015 12:36:00 GMT"), Some(at));
        for text in
            ["", "20150830T1236Z", "2015-08-30T12:36:00Z", "20151330T123600Z", "20150830T123600z", "２0150830T12360Z"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
