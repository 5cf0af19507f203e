//! Where the lines of a container go: the options of the `awslogs` driver, as Docker's driver understands them
//! (docs.docker.com, "Amazon CloudWatch Logs logging driver").

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_json::Value;

use crate::task_machine::Task;

/// The driver's name.
pub const AWSLOGS: &str = "awslogs";

/// Options that are read here. `mode` and `max-buffer-size` say how much a container waits for the network; here it never
/// does, since its lines lie in the engine's files until they are shipped.
const KNOWN: [&str; 8] = [
    "awslogs-group",
    "awslogs-region",
    "awslogs-stream-prefix",
    "awslogs-create-group",
    "awslogs-datetime-format",
    "awslogs-multiline-pattern",
    "mode",
    "max-buffer-size",
];

/// Where lines go, and what an event begins with.
#[derive(Debug, Clone)]
pub struct Target {
    /// The region of the group; the agent's own when none is named.
    pub region: Option<String>,
    pub group: String,
    pub stream: String,
    /// Whether a group that is not there is made.
    pub create_group: bool,
    /// What the first line of an event matches; every line is an event without.
    pub event_start: Option<Regex>,
}

impl Target {
    /// The target of a container whose lines are shipped. The container must have been created.
    #[must_use]
    pub fn of(task: &Task, container: usize) -> Option<Self> {
        let spec = &task.spec.containers[container];
        let options = options(&spec.host_config)?;
        let option = |name: &str| options.get(name).filter(|value| !value.is_empty());
        let task_id = task.spec.arn.rsplit('/').next().unwrap_or_default();
        let stream = match option("awslogs-stream-prefix") {
            Some(prefix) => format!("{prefix}/{}/{task_id}", spec.name),
            None => task.containers[container].docker_id.clone()?,
        };
        Some(Self {
            region: option("awslogs-region").cloned(),
            group: option("awslogs-group").cloned().unwrap_or_default(),
            stream,
            create_group: option("awslogs-create-group").is_some_and(|value| value == "true"),
            event_start: event_start(&options).ok().flatten(),
        })
    }
}

/// The options of the driver, when it is `awslogs`.
fn options(host_config: &Value) -> Option<BTreeMap<String, String>> {
    let log = host_config.get("LogConfig")?;
    if log.get("Type")?.as_str()? != AWSLOGS {
        return None;
    }
    Some(serde_json::from_value(log.get("Config").cloned().unwrap_or_default()).unwrap_or_default())
}

/// Why lines cannot be shipped as the options ask, in words.
#[must_use]
pub fn problem(host_config: &Value) -> Option<String> {
    let options = options(host_config)?;
    if options.get("awslogs-group").is_none_or(String::is_empty) {
        return Some("log option awslogs-group is required".to_owned());
    }
    if let Some(unknown) = options.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        return Some(format!("log option {unknown} is not supported"));
    }
    event_start(&options).err()
}

fn event_start(options: &BTreeMap<String, String>) -> Result<Option<Regex>, String> {
    let pattern = match (options.get("awslogs-datetime-format"), options.get("awslogs-multiline-pattern")) {
        (Some(_), Some(_)) => {
            return Err("awslogs-datetime-format and awslogs-multiline-pattern exclude each other".to_owned());
        }
        (Some(format), None) => of_datetime(format),
        (None, Some(pattern)) => pattern.clone(),
        (None, None) => return Ok(None),
    };
    Regex::new(&pattern)
        .map(Some)
        .map_err(|error| format!("awslogs-multiline-pattern {pattern} is no pattern: {error}"))
}

/// The pattern of times in a format of `strftime`.
fn of_datetime(format: &str) -> String {
    let mut pattern = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        let part = match c {
            '%' => chars.next().and_then(time_part),
            _ => None,
        };
        match part {
            Some(part) => pattern.push_str(part),
            None => pattern.push_str(&regex_lite::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    pattern
}

fn time_part(letter: char) -> Option<&'static str> {
    Some(match letter {
        'a' => "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)",
        'A' => "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)",
        'b' => "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)",
        'B' => "(?:January|February|March|April|May|June|July|August|September|October|November|December)",
        'w' => "[0-6]",
        'd' => r"(?:0[1-9]|[12]\d|3[01])",
        'm' => "(?:0[1-9]|1[0-2])",
        'Y' => r"\d{4}",
        'y' => r"\d{2}",
        'H' => r"(?:[01]\d|2[0-3])",
        'I' => "(?:0[1-9]|1[0-2])",
        'p' => "[AP]M",
        'M' | 'S' => r"[0-5]\d",
        'L' => r"\.\d{3}",
        'f' => r"\d{6}",
        'z' => r"[+-]\d{4}",
        'Z' => "[A-Z]{1,4}T",
        'j' => r"[0-3]\d{2}",
        '%' => "%",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config(options: &Value) -> Value {
        json!({ "LogConfig": { "Type": "awslogs", "Config": options } })
    }

    #[test]
    fn a_time_is_known_by_its_format() {
        for (format, line, expected) in [
            ("%Y-%m-%d %H:%M:%S", "2026-11-27 09:05:59 started", true),
            ("%Y-%m-%d %H:%M:%S", "  at main.rs:5", false),
            ("[%b %d, %Y %H:%M:%S]", "[Nov 27, 2026 09:05:59] x", true),
            ("[%b %d, %Y %H:%M:%S]", "Nov 27, 2026 09:05:59 x", false),
            ("%d/%b/%Y:%H:%M:%S %z", "27/Nov/2026:09:05:59 +0100", true),
        ] {
            let start = event_start(&BTreeMap::from([("awslogs-datetime-format".to_owned(), format.to_owned())]));
            assert_eq!(start.unwrap().unwrap().is_match(line), expected, "{format}: {line}");
        }
    }

    #[test]
    fn options_that_cannot_be_followed_are_named() {
        for (options, expected) in [
            (json!({ "awslogs-group": "g", "awslogs-region": "r", "mode": "non-blocking" }), None),
            (json!({ "awslogs-region": "r" }), Some("awslogs-group is required")),
            (
                json!({ "awslogs-group": "g", "awslogs-endpoint": "http://x" }),
                Some("awslogs-endpoint is not supported"),
            ),
            (json!({ "awslogs-group": "g", "awslogs-multiline-pattern": "(" }), Some("( is no pattern")),
            (
                json!({ "awslogs-group": "g", "awslogs-multiline-pattern": "a", "awslogs-datetime-format": "%Y" }),
                Some("exclude each other"),
            ),
        ] {
            let problem = problem(&config(&options));
            match expected {
                None => assert_eq!(problem, None, "{options}"),
                Some(expected) => assert!(problem.as_deref().is_some_and(|p| p.contains(expected)), "{problem:?}"),
            }
        }
        assert_eq!(problem(&json!({ "LogConfig": { "Type": "json-file" } })), None);
    }
}
