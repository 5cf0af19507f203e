//! What a container's `valueFrom` names: a secret, or a part of it, or a parameter (ECS developer guide, "Pass sensitive
//! data to an Amazon ECS container").

use std::fmt;

/// Where the value of an environment variable comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretReference {
    Secret {
        /// The ARN of the secret, which is what GetSecretValue takes.
        id: String,
        region: String,
        /// The member of the value, which is then a JSON object.
        json_key: Option<String>,
        version_stage: Option<String>,
        version_id: Option<String>,
    },
    Parameter {
        /// The name or the ARN, which is what GetParameter takes.
        name: String,
        /// The region of an ARN; that of the task for a name.
        region: Option<String>,
    },
}

/// A `valueFrom` that names nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is neither the name or ARN of a parameter nor ARN[:JSON-KEY:VERSION-STAGE:VERSION-ID] of a secret")]
pub struct InvalidReference(pub String);

impl SecretReference {
    /// Reads a `valueFrom`.
    ///
    /// # Errors
    /// [`InvalidReference`].
    pub fn parse(value_from: &str) -> Result<Self, InvalidReference> {
        let invalid = || InvalidReference(value_from.to_owned());
        let parts: Vec<&str> = value_from.split(':').collect();
        let part = |at: usize| parts.get(at).filter(|part| !part.is_empty()).map(|part| (*part).to_owned());
        match parts.as_slice() {
            ["arn", _, "secretsmanager", region, _, "secret", name, ..]
                if !region.is_empty() && !name.is_empty() && parts.len() <= 10 =>
            {
                Ok(Self::Secret {
                    id: parts[..7].join(":"),
                    region: (*region).to_owned(),
                    json_key: part(7),
                    version_stage: part(8),
                    version_id: part(9),
                })
            }
            ["arn", _, "ssm", region, _, resource] if !region.is_empty() && resource.starts_with("parameter/") => {
                Ok(Self::Parameter { name: value_from.to_owned(), region: Some((*region).to_owned()) })
            }
            ["arn", ..] => Err(invalid()),
            // A name, perhaps with a version or a label.
            [name] | [name, _] if !name.is_empty() => Ok(Self::Parameter { name: value_from.to_owned(), region: None }),
            _ => Err(invalid()),
        }
    }

    /// Whether a `valueFrom` names a secret of Secrets Manager, and not a parameter.
    #[must_use]
    pub fn is_secret(value_from: &str) -> bool {
        matches!(Self::parse(value_from), Ok(Self::Secret { .. }))
    }

    /// Whether `id`, as GetSecretValue or GetParameter is given it in `region`, is what this names in a task of
    /// `task_region`.
    #[must_use]
    pub fn names(&self, id: &str, region: &str, task_region: &str) -> bool {
        match self {
            Self::Secret { id: own, region: of, .. } => own == id && of == region,
            Self::Parameter { name, region: of } => name == id && of.as_deref().unwrap_or(task_region) == region,
        }
    }
}

impl fmt::Display for SecretReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret { id, .. } => f.write_str(id),
            Self::Parameter { name, .. } => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:db/password-AbCdEf";

    fn secret(json_key: Option<&str>, version_stage: Option<&str>, version_id: Option<&str>) -> SecretReference {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        SecretReference::Secret {
            id: ARN.to_owned(),
            region: "eu-west-1".to_owned(),
            json_key: owned(json_key),
            version_stage: owned(version_stage),
            version_id: owned(version_id),
        }
    }

    #[test]
    fn a_secret_is_named_whole_or_in_part() {
        for (text, expected) in [
            (ARN.to_owned(), secret(None, None, None)),
            (format!("{ARN}:user::"), secret(Some("user"), None, None)),
            (format!("{ARN}:user:AWSPREVIOUS:"), secret(Some("user"), Some("AWSPREVIOUS"), None)),
            (format!("{ARN}:::9d4c"), secret(None, None, Some("9d4c"))),
        ] {
            assert_eq!(SecretReference::parse(&text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn a_parameter_is_named_or_an_arn() {
        let parameter = |name: &str, region: Option<&str>| SecretReference::Parameter {
            name: name.to_owned(),
            region: region.map(str::to_owned),
        };
        for (text, region) in [
            ("db-url", None),
            ("/shop/db-url", None),
            ("/shop/db-url:3", None),
            ("arn:aws:ssm:eu-west-1:000000000000:parameter/shop/db-url", Some("eu-west-1")),
        ] {
            assert_eq!(SecretReference::parse(text).unwrap(), parameter(text, region), "{text}");
        }
    }

    #[test]
    fn what_names_nothing_is_refused() {
        for text in [
            "",
            ":",
            "arn:aws:s3:::bucket/key",
            "arn:aws:ssm:eu-west-1:000000000000:document/x",
            &format!("{ARN}:a:b:c:d"),
        ] {
            assert!(SecretReference::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_name_stands_for_the_region_of_its_task() {
        let parameter = SecretReference::parse("/a").unwrap();
        assert!(parameter.names("/a", "us-east-1", "us-east-1"));
        assert!(!parameter.names("/a", "eu-west-1", "us-east-1"));
        assert!(!parameter.names("/b", "us-east-1", "us-east-1"));
        let secret = SecretReference::parse(&format!("{ARN}:user::")).unwrap();
        assert!(secret.names(ARN, "eu-west-1", "us-east-1"));
        assert!(!secret.names(ARN, "us-east-1", "us-east-1"));
    }
}
