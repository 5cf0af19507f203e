//! Attributes of container instances: their form, and which are the agent's own.
//!
//! Source: ECS API reference, `Attribute`.

use gantry_model::container_instance::{Attribute, CAPACITY_PROVIDER};
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs as wire;

/// The most attributes in one call, and the most custom ones on one instance.
pub const MOST: usize = 10;

/// Attributes that the agent and the control plane set; a caller of PutAttributes may not. Into which capacity provider's
/// pool a host goes is the operator's to say.
#[must_use]
pub fn is_built_in(name: &str) -> bool {
    name != CAPACITY_PROVIDER && ["ecs.", "com.amazonaws.", "gantry."].iter().any(|prefix| name.starts_with(prefix))
}

/// Reads an attribute.
///
/// # Errors
/// InvalidParameterException for a name or value of a wrong form.
pub fn read(given: &wire::Attribute) -> Result<Attribute, ApiError> {
    let name = given.name.clone().unwrap_or_default();
    if !(1..=128).contains(&name.chars().count()) || !name.chars().all(is_name_char) {
        return Err(ApiError::invalid_parameter(format!(
            "Invalid attribute name '{name}': it has 1 to 128 letters, digits, hyphens, underscores, dots, slashes or backslashes."
        )));
    }
    let value = given.value.clone();
    if let Some(value) = value.as_deref().filter(|v| !is_value(v)) {
        return Err(ApiError::invalid_parameter(format!(
            "Invalid value '{value}' of attribute '{name}': it has 1 to 128 letters, digits, or - _ . @ / \\ : and spaces inside."
        )));
    }
    Ok(Attribute { name, value })
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '\\')
}

fn is_value(value: &str) -> bool {
    (1..=128).contains(&value.chars().count())
        && value.trim() == value
        && value.chars().all(|c| is_name_char(c) || matches!(c, '@' | ':' | ' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(name: &str, value: Option<&str>) -> wire::Attribute {
        wire::Attribute { name: Some(name.to_owned()), value: value.map(str::to_owned), ..wire::Attribute::default() }
    }

    #[test]
    fn names_and_values_have_the_form_of_the_api() {
        for good in [given("stack", None), given("a/b\\c.d_e-f", Some("x y:z@1"))] {
            assert!(read(&good).is_ok(), "{good:?}");
        }
        let long = "x".repeat(129);
        for bad in
            [given("", None), given("a b", None), given(&long, None), given("a", Some("")), given("a", Some(" x"))]
        {
            assert!(read(&bad).is_err(), "{bad:?}");
        }
    }
}
