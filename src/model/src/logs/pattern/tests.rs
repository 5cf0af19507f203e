//! Patterns as the user guide describes them, held against lines.

use proptest::prelude::*;

use super::Pattern;

/// Which of `lines` the pattern means.
fn of<'a>(pattern: &str, lines: &[&'a str]) -> Vec<&'a str> {
    let pattern = Pattern::parse(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"));
    lines.iter().copied().filter(|line| pattern.matches(line)).collect()
}

const REQUESTS: [&str; 4] =
    ["[ERROR 400] BAD REQUEST", "[ERROR 401] UNAUTHORIZED REQUEST", "[ERROR 419] MISSING ARGUMENTS", "[INFO] ok"];

#[test]
fn an_empty_pattern_means_every_line() {
    assert_eq!(of("", &REQUESTS), REQUESTS);
    assert_eq!(of("  ", &REQUESTS), REQUESTS);
}

#[test]
fn terms_must_all_be_in_the_line() {
    assert_eq!(of("ERROR", &REQUESTS), REQUESTS[..3]);
    assert_eq!(of("ERROR REQUEST", &REQUESTS), REQUESTS[..2]);
    assert_eq!(of("\"BAD REQUEST\"", &REQUESTS), REQUESTS[..1]);
    assert_eq!(of("error", &REQUESTS), [""; 0], "case counts");
}

#[test]
fn of_optional_terms_one_is_enough_and_excluded_ones_must_not_be_there() {
    assert_eq!(of("?401 ?INFO", &REQUESTS), [REQUESTS[1], REQUESTS[3]]);
    assert_eq!(of("ERROR -ARGUMENTS", &REQUESTS), REQUESTS[..2]);
    assert_eq!(of("%4[01][01]\\]%", &REQUESTS), REQUESTS[..2]);
}

#[test]
fn members_of_json_are_compared_by_value() {
    let lines = [
        r#"{"type":"Update","ip":"10.0.0.7","code":200,"ok":true,"tags":["a","b"],"user":{"id":1,"name":null}}"#,
        r#"{"type":"Delete","ip":"10.1.0.7","code":503.5,"ok":false,"tags":[]}"#,
        "no JSON",
    ];
    let (first, second) = (vec![lines[0]], vec![lines[1]]);
    let both = lines[..2].to_vec();
    for (pattern, expected) in [
        (r#"{ $.type = "Update" }"#, &first),
        ("{ $.type = Update }", &first),
        (r#"{ $.type != "Update" }"#, &second),
        ("{ $.ip = 10.0.* }", &first),
        (r#"{ $.ip = "10.*.7" }"#, &both),
        ("{ $.ip = %^10\\.1% }", &second),
        ("{ $.code = 200 }", &first),
        ("{ $.code >= 200.5 }", &second),
        ("{ $.code < 500 }", &first),
        ("{ $.ok IS TRUE }", &first),
        ("{ $.user.name IS NULL }", &first),
        ("{ $.user NOT EXISTS }", &second),
        ("{ $.user EXISTS }", &first),
        (r#"{ $.tags[1] = "b" }"#, &first),
        (r#"{ $.tags[*] = "a" }"#, &first),
        (r#"{ $.["user"].id = 1 }"#, &first),
        ("{ ($.code = 200 || $.code = 503.5) && $.ok IS FALSE }", &second),
        ("{ $.code = 1 || $.code = 200 && $.ok IS TRUE }", &first),
        ("{ $.missing != 1 }", &Vec::new()),
    ] {
        assert_eq!(&of(pattern, &lines), expected, "{pattern}");
    }
}

#[test]
fn columns_are_compared_in_their_place() {
    let lines = [
        r#"127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534"#,
        r#"10.0.0.1 - anna [10/Oct/2000:13:25:16 -0700] "GET / HTTP/1.0" 200 99"#,
        "too few",
    ];
    let (first, second) = (vec![lines[0]], vec![lines[1]]);
    for (pattern, expected) in [
        ("[ip, id, user, at, request, status = 4*, bytes]", &first),
        ("[ip, id, user, at, request = \"GET / *\", status, bytes]", &second),
        ("[ip, ..., bytes > 1000]", &first),
        ("[ip = 10.*, ...]", &second),
        ("[..., status = 404 || status = 410, bytes]", &first),
        ("[..., status != 404 && status >= 200, bytes]", &second),
        ("[ip, id, user, at, request, status, ]", &lines[..2].to_vec()),
        ("[one, two]", &vec![lines[2]]),
    ] {
        assert_eq!(&of(pattern, &lines), expected, "{pattern}");
    }
}

#[test]
fn what_is_no_pattern_is_refused_with_its_place() {
    for (pattern, expected) in [
        ("\"open", "\" is opened and not closed"),
        ("%(%", "no regular expression"),
        ("?", "expected a term at character 2"),
        ("{ $.a }", "expected a comparison at character 7"),
        ("{ $.a = 1", "expected '}' at character 10"),
        ("{ a = 1 }", "expected '$' at character 3"),
        ("{ $.a > x }", "only numbers"),
        ("{ $.a IS 3 }", "expected NULL, TRUE or FALSE"),
        ("[a, ..., ...]", "only once"),
        ("[a", "expected ',' at character 3"),
        ("{ $.a = 1 } x", "expected the end at character 13"),
    ] {
        let said = Pattern::parse(pattern).unwrap_err().to_string();
        assert!(said.contains(expected), "{pattern}: {said}");
    }
}

proptest! {
    #[test]
    fn no_pattern_and_no_line_is_a_panic(
        pattern in "[\\[{]?[ a$.\"%*?(),=<>&|\\-\\[\\]{}0-9é]{0,24}",
        line in "\\PC{0,40}",
    ) {
        if let Ok(pattern) = Pattern::parse(&pattern) {
            let _ = pattern.matches(&line);
        }
    }
}
