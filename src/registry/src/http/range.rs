//! Byte ranges: of what a client wants (`Range`), and of where its chunk belongs (`Content-Range`).

/// What a `Range` header asks of a body of a known length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Everything: no range, several, or one of bad form (RFC 9110 lets those be ignored).
    All,
    /// The bytes `first..=last`.
    Part { first: u64, last: u64 },
    /// Nothing that the body has.
    Nothing,
}

/// Reads a `Range` header for a body of `size` bytes.
pub(super) fn wanted(header: Option<&str>, size: u64) -> Wanted {
    let Some(spec) = header.and_then(|header| header.trim().strip_prefix("bytes=")) else { return Wanted::All };
    let Some((first, last)) = spec.trim().split_once('-') else { return Wanted::All };
    let (first, last) = (number(first), number(last));
    match (first, last) {
        (Some(Some(first)), Some(last)) => {
            if last.is_some_and(|last| last < first) {
                Wanted::All
            } else if first >= size {
                Wanted::Nothing
            } else {
                Wanted::Part { first, last: last.unwrap_or(u64::MAX).min(size - 1) }
            }
        }
        (Some(None), Some(Some(suffix))) => match (suffix, size) {
            (0, _) | (_, 0) => Wanted::Nothing,
            _ => Wanted::Part { first: size.saturating_sub(suffix), last: size - 1 },
        },
        _ => Wanted::All,
    }
}

/// A number that may be left out; `None` when it is neither.
fn number(text: &str) -> Option<Option<u64>> {
    if text.is_empty() {
        return Some(None);
    }
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok().unwrap_or(u64::MAX)).map(Some)
}

/// Reads the `Content-Range` of a chunk, `first-last`, with or without the unit and the total that HTTP proper puts
/// around it. Answers where the chunk starts and how long it is.
pub(super) fn of_chunk(header: &str) -> Option<(u64, u64)> {
    let spec = header.trim();
    let spec = spec.strip_prefix("bytes").map_or(spec, |rest| rest.trim_start_matches([' ', '=']));
    let spec = spec.split_once('/').map_or(spec, |(range, _)| range);
    let (first, last) = spec.split_once('-')?;
    let (first, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    let length = last.checked_sub(first)?.checked_add(1)?;
    Some((first, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_the_body() {
        for (header, size, expected) in [
            (None, 10, Wanted::All),
            (Some("bytes=0-4"), 10, Wanted::Part { first: 0, last: 4 }),
            (Some("bytes=5-"), 10, Wanted::Part { first: 5, last: 9 }),
            (Some("bytes=-3"), 10, Wanted::Part { first: 7, last: 9 }),
            (Some("bytes=-30"), 10, Wanted::Part { first: 0, last: 9 }),
            (Some("bytes=5-500"), 10, Wanted::Part { first: 5, last: 9 }),
            (Some("bytes=10-"), 10, Wanted::Nothing),
            (Some("bytes=0-0"), 0, Wanted::Nothing),
            (Some("bytes=-0"), 10, Wanted::Nothing),
            (Some("bytes=5-4"), 10, Wanted::All),
            (Some("bytes=0-1,3-4"), 10, Wanted::All),
            (Some("bytes=a-b"), 10, Wanted::All),
            (Some("items=0-1"), 10, Wanted::All),
            (Some("bytes=-"), 10, Wanted::All),
            (Some("bytes=99999999999999999999-"), 10, Wanted::Nothing),
        ] {
            assert_eq!(wanted(header, size), expected, "{header:?} of {size}");
        }
    }

    #[test]
    fn a_chunk_says_where_it_belongs() {
        for (header, expected) in [
            ("0-99", Some((0, 100))),
            ("bytes 100-199", Some((100, 100))),
            ("bytes=5-5/10", Some((5, 1))),
            ("bytes 5-5/*", Some((5, 1))),
            ("9-5", None),
            ("-5", None),
            ("5-", None),
            ("x", None),
            ("0-18446744073709551615", None),
        ] {
            assert_eq!(of_chunk(header), expected, "{header}");
        }
    }
}
