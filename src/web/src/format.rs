//! Values as people read them. Pure: the same text on the server and in the browser.

use std::fmt::Write;

/// `hh:mm:ss` in UTC.
#[must_use]
pub fn clock(at: i64) -> String {
    let seconds = at.div_euclid(1000).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// `hh:mm:ss.sss` in UTC.
#[must_use]
pub fn clock_millis(at: i64) -> String {
    format!("{}.{:03}", clock(at), at.rem_euclid(1000))
}

/// `yyyy-mm-dd` in UTC.
#[must_use]
pub fn date(at: i64) -> String {
    let (year, month, day) = civil(at.div_euclid(86_400_000));
    format!("{year:04}-{month:02}-{day:02}")
}

/// `yyyy-mm-dd hh:mm:ss UTC`, one to sort and to paste.
#[must_use]
pub fn date_and_clock(at: i64) -> String {
    format!("{} {} UTC", date(at), clock(at))
}

/// Year, month and day of a count of days since 1970 (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, day)
}

/// How long something took or lasts: `14 s`, `1 min 12 s`, `5 h 12 min`, `21 d`.
#[must_use]
pub fn duration(millis: i64) -> String {
    let s = (millis / 1000).max(0);
    match s {
        0..60 => format!("{s}\u{a0}s"),
        60..3600 => format!("{}\u{a0}min {}\u{a0}s", s / 60, s % 60),
        3600..86_400 => format!("{}\u{a0}h {}\u{a0}min", s / 3600, s / 60 % 60),
        _ => format!("{}\u{a0}d", s / 86_400),
    }
}

/// A size of bytes: `512 B`, `4.0 MiB`, `1.5 GiB`.
#[must_use]
pub fn bytes(count: i64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut unit = 0;
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut value = count.max(0) as f64;
    while value >= 1024.0 && unit < UNITS.len() - 1 {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{value:.0}\u{a0}B") } else { format!("{value:.1}\u{a0}{}", UNITS[unit]) }
}

/// MiB as the next fitting unit: `512 MiB`, `4 GiB`, `1.5 GiB`.
#[must_use]
pub fn mebibytes(mib: i64) -> String {
    if mib < 1024 {
        return format!("{mib}\u{a0}MiB");
    }
    let (whole, tenth) = (mib / 1024, mib % 1024 * 10 / 1024);
    if tenth == 0 { format!("{whole}\u{a0}GiB") } else { format!("{whole}.{tenth}\u{a0}GiB") }
}

/// CPU units as virtual CPUs: 256 is `0.25 vCPU`.
#[must_use]
pub fn cpu_units(units: i64) -> String {
    let hundredths = units * 100 / 1024;
    let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    format!("{}\u{a0}vCPU", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A word of the API or of an address as a reader has it: `IN_PROGRESS` as "In progress", `create-service` as "Create
/// service".
#[must_use]
pub fn sentence(word: &str) -> String {
    let word = word.replace(['_', '-'], " ").to_lowercase();
    let mut chars = word.chars();
    chars.next().map_or_else(|| "Unknown".to_owned(), |first| first.to_uppercase().chain(chars).collect())
}

/// `1 task`, `2 tasks`.
#[must_use]
pub fn count(n: impl Into<i64>, one: &str) -> String {
    let n = n.into();
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

/// The last part of an ARN or a path: a name or an id.
#[must_use]
pub fn last_part(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// The first eight characters of an id.
#[must_use]
pub fn short_id(id: &str) -> String {
    last_part(id).chars().take(8).collect()
}

/// `text` in a form that can stand as one segment of a path or one value of a query.
#[must_use]
pub fn query_value(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'/') {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _written = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc() {
        assert_eq!(date_and_clock(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(date_and_clock(951_782_400_000), "2000-02-29 00:00:00 UTC");
        assert_eq!(date_and_clock(1_764_045_945_123), "2025-11-25 04:45:45 UTC");
    }

    #[test]
    fn figures_are_short() {
        assert_eq!(duration(14_900), "14\u{a0}s");
        assert_eq!(duration(72_000), "1\u{a0}min 12\u{a0}s");
        assert_eq!(bytes(512), "512\u{a0}B");
        assert_eq!(bytes(4 * 1024 * 1024), "4.0\u{a0}MiB");
        assert_eq!(mebibytes(1536), "1.5\u{a0}GiB");
        assert_eq!(mebibytes(512), "512\u{a0}MiB");
        assert_eq!(cpu_units(256), "0.25\u{a0}vCPU");
        assert_eq!(cpu_units(2048), "2\u{a0}vCPU");
        assert_eq!(count(1, "task"), "1 task");
    }

    #[test]
    fn words_of_the_api_are_told_as_readers_have_them() {
        for (word, told) in
            [("RUNNING", "Running"), ("IN_PROGRESS", "In progress"), ("run-task", "Run task"), ("", "Unknown")]
        {
            assert_eq!(sentence(word), told);
        }
    }

    #[test]
    fn values_of_queries_are_escaped() {
        assert_eq!(query_value("/clusters/a?b=c&d"), "/clusters/a%3Fb%3Dc%26d");
    }
}
