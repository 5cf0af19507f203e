//! Conditions of rules: read from requests, and as they are answered.

use gantry_model::load_balancing::Condition;
use gantry_wire::ApiError;
use gantry_wire::shapes::elasticloadbalancing as wire;

/// The most values that the conditions of one rule have together (user guide, "Quotas").
const MOST_VALUES: usize = 5;
const MOST_LENGTH: usize = 128;

/// Reads the conditions of a request.
///
/// # Errors
/// ValidationException.
pub(super) fn read(given: Option<&[wire::RuleCondition]>) -> Result<Vec<Condition>, ApiError> {
    let given = given.unwrap_or_default();
    if given.is_empty() {
        return Err(ApiError::validation("A condition must be specified"));
    }
    let conditions: Vec<Condition> = given.iter().map(one).collect::<Result<_, _>>()?;
    let once = ["host-header", "path-pattern", "http-request-method", "source-ip"];
    for field in once {
        if given.iter().filter(|condition| condition.field.as_deref() == Some(field)).count() > 1 {
            return Err(ApiError::validation(format!("A rule can only have one '{field}' condition")));
        }
    }
    let values: usize = conditions.iter().map(count).sum();
    if values > MOST_VALUES {
        return Err(ApiError::validation(format!("A rule can only have {MOST_VALUES} condition values, not {values}")));
    }
    Ok(conditions)
}

fn count(condition: &Condition) -> usize {
    match condition {
        Condition::QueryString { values } => values.len(),
        Condition::HostHeader { values }
        | Condition::PathPattern { values }
        | Condition::HttpHeader { values, .. }
        | Condition::HttpRequestMethod { values }
        | Condition::SourceIp { values } => values.len(),
    }
}

fn one(given: &wire::RuleCondition) -> Result<Condition, ApiError> {
    let field = given.field.as_deref().unwrap_or_default();
    let regex = given.regex_values.is_some()
        || given.host_header_config.as_ref().is_some_and(|config| config.regex_values.is_some())
        || given.path_pattern_config.as_ref().is_some_and(|config| config.regex_values.is_some())
        || given.http_header_config.as_ref().is_some_and(|config| config.regex_values.is_some());
    if regex {
        return Err(ApiError::validation("RegexValues are not supported"));
    }
    match field {
        "host-header" => {
            let own = given.host_header_config.as_ref().and_then(|config| config.values.as_ref());
            Ok(Condition::HostHeader { values: texts(field, own.or(given.values.as_ref()))? })
        }
        "path-pattern" => {
            let own = given.path_pattern_config.as_ref().and_then(|config| config.values.as_ref());
            Ok(Condition::PathPattern { values: texts(field, own.or(given.values.as_ref()))? })
        }
        "http-header" => {
            let config = given.http_header_config.clone().unwrap_or_default();
            let name = config.http_header_name.unwrap_or_default();
            let plain = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
            if name.is_empty() || name.len() > 40 || !name.chars().all(plain) {
                return Err(ApiError::validation(format!("HttpHeaderName '{name}' is not the name of a header")));
            }
            Ok(Condition::HttpHeader { name: name.to_ascii_lowercase(), values: texts(field, config.values.as_ref())? })
        }
        "http-request-method" => {
            let config = given.http_request_method_config.clone().unwrap_or_default();
            let values = texts(field, config.values.as_ref())?;
            let is_method = |c: char| c.is_ascii_uppercase() || c == '-' || c == '_';
            match values.iter().find(|value| value.len() > 40 || !value.chars().all(is_method)) {
                Some(value) => Err(ApiError::validation(format!("'{value}' is not a request method"))),
                None => Ok(Condition::HttpRequestMethod { values }),
            }
        }
        "query-string" => {
            let config = given.query_string_config.clone().unwrap_or_default();
            let pair = |pair: wire::QueryStringKeyValuePair| {
                let value = pair.value.filter(|value| !value.is_empty());
                let value = value.ok_or_else(|| ApiError::validation("A query string condition must have a Value"))?;
                Ok::<_, ApiError>((pair.key.filter(|key| !key.is_empty()), value))
            };
            let values: Vec<_> = config.values.unwrap_or_default().into_iter().map(pair).collect::<Result<_, _>>()?;
            if values.is_empty() {
                return Err(ApiError::validation("A 'query-string' condition must have values"));
            }
            Ok(Condition::QueryString { values })
        }
        "source-ip" => {
            let config = given.source_ip_config.clone().unwrap_or_default();
            let values = texts(field, config.values.as_ref())?;
            match values.iter().find(|value| !is_network(value)) {
                Some(value) => Err(ApiError::validation(format!("'{value}' is not a network in CIDR notation"))),
                None => Ok(Condition::SourceIp { values }),
            }
        }
        other => Err(ApiError::validation(format!(
            "Condition field '{other}' must be one of '[path-pattern, host-header, http-header, http-request-method, query-string, source-ip]'"
        ))),
    }
}

fn texts(field: &str, given: Option<&Vec<String>>) -> Result<Vec<String>, ApiError> {
    let values = given.cloned().unwrap_or_default();
    if values.is_empty() {
        return Err(ApiError::validation(format!("A '{field}' condition must have values")));
    }
    match values.iter().find(|value| value.is_empty() || value.chars().count() > MOST_LENGTH) {
        Some(value) => {
            let text = format!("The value '{value}' of a '{field}' condition must have 1 to {MOST_LENGTH} characters");
            Err(ApiError::validation(text))
        }
        None => Ok(values),
    }
}

fn is_network(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else { return false };
    match (address.parse::<std::net::IpAddr>(), length.parse::<u8>()) {
        (Ok(address), Ok(length)) => length <= if address.is_ipv4() { 32 } else { 128 },
        _ => false,
    }
}

/// A condition as it is answered.
pub(super) fn view(condition: &Condition) -> wire::RuleCondition {
    let of = |field: &str| wire::RuleCondition { field: Some(field.to_owned()), ..wire::RuleCondition::default() };
    match condition {
        Condition::HostHeader { values } => wire::RuleCondition {
            values: Some(values.clone()),
            host_header_config: Some(wire::HostHeaderConditionConfig {
                values: Some(values.clone()),
                regex_values: None,
            }),
            ..of("host-header")
        },
        Condition::PathPattern { values } => wire::RuleCondition {
            values: Some(values.clone()),
            path_pattern_config: Some(wire::PathPatternConditionConfig {
                values: Some(values.clone()),
                regex_values: None,
            }),
            ..of("path-pattern")
        },
        Condition::HttpHeader { name, values } => wire::RuleCondition {
            http_header_config: Some(wire::HttpHeaderConditionConfig {
                http_header_name: Some(name.clone()),
                values: Some(values.clone()),
                regex_values: None,
            }),
            ..of("http-header")
        },
        Condition::HttpRequestMethod { values } => wire::RuleCondition {
            http_request_method_config: Some(wire::HttpRequestMethodConditionConfig { values: Some(values.clone()) }),
            ..of("http-request-method")
        },
        Condition::QueryString { values } => {
            let pair = |(key, value): &(Option<String>, String)| wire::QueryStringKeyValuePair {
                key: key.clone(),
                value: Some(value.clone()),
            };
            wire::RuleCondition {
                query_string_config: Some(wire::QueryStringConditionConfig {
                    values: Some(values.iter().map(pair).collect()),
                }),
                ..of("query-string")
            }
        }
        Condition::SourceIp { values } => wire::RuleCondition {
            source_ip_config: Some(wire::SourceIpConditionConfig { values: Some(values.clone()) }),
            ..of("source-ip")
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read_of(given: Value) -> Result<Vec<Condition>, String> {
        let given: Vec<wire::RuleCondition> = serde_json::from_value(given).unwrap();
        read(Some(&given)).map_err(|error| error.message)
    }

    #[test]
    fn conditions_are_answered_as_they_were_given() {
        let given = json!([
            { "Field": "host-header", "HostHeaderConfig": { "Values": ["a.example"] } },
            { "Field": "path-pattern", "Values": ["/x/*"] },
            { "Field": "query-string", "QueryStringConfig": { "Values": [{ "Key": "v", "Value": "2" }] } },
            { "Field": "source-ip", "SourceIpConfig": { "Values": ["10.0.0.0/8"] } },
        ]);
        let conditions = read_of(given).unwrap();
        let again: Vec<wire::RuleCondition> = conditions.iter().map(view).collect();
        assert_eq!(read(Some(&again)).unwrap(), conditions);
    }

    #[test]
    fn what_is_no_condition_is_refused_by_its_name() {
        let path = |value: &str| json!({ "Field": "path-pattern", "Values": [value] });
        for (given, expected) in [
            (json!([]), "A condition must be specified"),
            (json!([{ "Field": "cookie" }]), "Condition field 'cookie'"),
            (json!([{ "Field": "path-pattern", "Values": [] }]), "must have values"),
            (json!([path("/a"), path("/b")]), "only have one 'path-pattern'"),
            (json!([{ "Field": "source-ip", "SourceIpConfig": { "Values": ["10.0.0.1"] } }]), "CIDR"),
            (json!([{ "Field": "http-request-method", "HttpRequestMethodConfig": { "Values": ["get"] } }]), "'get'"),
            (json!([{ "Field": "path-pattern", "Values": ["/1", "/2", "/3", "/4", "/5", "/6"] }]), "not 6"),
            (json!([{ "Field": "host-header", "RegexValues": [".*"] }]), "RegexValues"),
        ] {
            let message = read_of(given.clone()).unwrap_err();
            assert!(message.contains(expected), "{given}: {message}");
        }
    }
}
