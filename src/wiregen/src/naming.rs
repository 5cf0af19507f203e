//! AWS's names as Rust names.

/// Words that Rust keeps for itself and AWS uses as member names.
const KEYWORDS: &[&str] = &["type", "match", "move", "ref", "static", "async", "await", "box", "loop", "use", "where"];

/// `enableECSManagedTags` → `enable_ecs_managed_tags`. A run of capitals is one word, up to the capital that begins the
/// next.
pub(crate) fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 8);
    for (at, &c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            if !snake.ends_with('_') {
                snake.push('_');
            }
            continue;
        }
        let after_lower = at > 0 && (chars[at - 1].is_lowercase() || chars[at - 1].is_numeric());
        let before_lower = chars.get(at + 1).is_some_and(|next| next.is_lowercase());
        let after_upper = at > 0 && chars[at - 1].is_uppercase();
        if c.is_uppercase() && at > 0 && !snake.ends_with('_') && (after_lower || (after_upper && before_lower)) {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

/// What serde's `rename_all = "camelCase"` makes of a snake-case name.
pub(crate) fn camel_case(snake: &str) -> String {
    let mut words = snake.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut chars = word.chars();
        camel.extend(chars.next().into_iter().flat_map(char::to_uppercase));
        camel.push_str(chars.as_str());
    }
    camel
}

/// A snake-case name as a Rust field: keywords become raw identifiers.
pub(crate) fn field(snake: &str) -> String {
    if KEYWORDS.contains(&snake) { format!("r#{snake}") } else { snake.to_owned() }
}

/// `LaunchType` → `LAUNCH_TYPE`.
pub(crate) fn constant(name: &str) -> String {
    snake_case(name).to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_become_fields() {
        for (member, expected) in [
            ("cluster", "cluster"),
            ("enableECSManagedTags", "enable_ecs_managed_tags"),
            ("bindIP", "bind_ip"),
            ("s3BucketName", "s3_bucket_name"),
            ("Key", "key"),
            ("efsVolumeConfiguration", "efs_volume_configuration"),
            ("maximumPercent", "maximum_percent"),
        ] {
            assert_eq!(snake_case(member), expected);
        }
        assert_eq!(field("type"), "r#type");
    }

    #[test]
    fn camel_case_is_serdes() {
        assert_eq!(camel_case("enable_ecs_managed_tags"), "enableEcsManagedTags");
        assert_eq!(camel_case("cluster"), "cluster");
    }
}
