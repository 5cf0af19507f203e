//! Dates as the query language writes them: `2018-06-18T22:28:28+00:00`, with `Z`, without a zone (UTC), or the day alone.

/// Seconds since the Unix epoch of a date; `None` when the text is none.
pub(super) fn epoch_seconds(text: &str) -> Option<i64> {
    let (day, clock) = match text.split_once('T') {
        Some((day, clock)) => (day, Some(clock)),
        None => (text, None),
    };
    let midnight = days_since_epoch(day)?.checked_mul(86_400)?;
    clock.map_or(Some(0), seconds_of_clock).and_then(|seconds| midnight.checked_add(seconds))
}

fn days_since_epoch(day: &str) -> Option<i64> {
    let mut parts = day.split('-');
    let year = number(parts.next()?, 4)?;
    let month = number(parts.next()?, 2).filter(|m| (1..=12).contains(m))?;
    let day = number(parts.next()?, 2).filter(|d| (1..=days_in_month(year, month)).contains(d))?;
    if parts.next().is_some() {
        return None;
    }
    // Counted in years that begin in March, so that the leap day comes last.
    let (years, months) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = years.div_euclid(4) - years.div_euclid(100) + years.div_euclid(400);
    Some(years * 365 + leap_days + (months * 153 + 2) / 5 + day - 1 - 719_468)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Seconds since midnight UTC of `HH:MM[:SS[.fraction]][Z|±HH:MM]`.
fn seconds_of_clock(clock: &str) -> Option<i64> {
    let (time, offset) = match clock.find(['Z', '+', '-']) {
        Some(at) => (&clock[..at], offset_seconds(&clock[at..])?),
        None => (clock, 0),
    };
    let time = match time.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit()) => whole,
        Some(_) => return None,
        None => time,
    };
    let mut parts = time.split(':');
    let hours = number(parts.next()?, 2).filter(|&h| h < 24)?;
    let minutes = number(parts.next()?, 2).filter(|&m| m < 60)?;
    let seconds = parts.next().map_or(Some(0), |s| number(s, 2).filter(|&s| s < 61))?;
    parts.next().is_none().then_some(hours * 3600 + minutes * 60 + seconds - offset)
}

fn offset_seconds(zone: &str) -> Option<i64> {
    let (sign, digits) = match zone.split_at_checked(1)? {
        ("Z", "") => return Some(0),
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = digits.split_once(':')?;
    let hours = number(hours, 2).filter(|&h| h < 24)?;
    let minutes = number(minutes, 2).filter(|&m| m < 60)?;
    Some(sign * (hours * 3600 + minutes * 60))
}

fn number(text: &str, digits: usize) -> Option<i64> {
    let right = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    right.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::epoch_seconds;

    #[test]
    fn the_four_forms_of_a_date_are_read() {
        for (text, expected) in [
            ("1970-01-01", 0),
            ("2018-06-18T22:28:28+00:00", 1_529_360_908),
            ("2018-06-18T22:28:28Z", 1_529_360_908),
            ("2018-06-18T22:28:28.250", 1_529_360_908),
            ("2018-06-19T00:28:28+02:00", 1_529_360_908),
            ("2000-02-29", 951_782_400),
            ("1969-12-31T23:59:59", -1),
        ] {
            assert_eq!(epoch_seconds(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_text_is_no_date() {
        for text in
            ["", "2018", "2018-13-01", "2019-02-29", "2018-06-18T25:00", "2018-06-18T22:28:28+2", "2018-06-18T1é"]
        {
            assert_eq!(epoch_seconds(text), None, "{text}");
        }
    }
}
