//! Which parameters a listing is about (Systems Manager API reference, `ParameterStringFilter`).

use gantry_model::parameter::ParameterVersion;
use gantry_store::parameter::StoredParameter;
use gantry_wire::ApiError;
use gantry_wire::shapes::ssm as wire;

use super::view;

/// Filters, all of which a parameter must pass.
pub(super) struct Filters(Vec<Filter>);

struct Filter {
    key: Key,
    option: Comparison,
    /// Of these one must fit; without any the parameter need only have what the key means.
    values: Vec<String>,
}

#[derive(PartialEq, Eq)]
enum Key {
    Name,
    Type,
    Encryption,
    Path,
    Label,
    Tier,
    DataType,
    Tag(String),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equals,
    BeginsWith,
    Contains,
    OneLevel,
    Recursive,
}

impl Filters {
    /// Reads the filters of DescribeParameters: those of today, or those of before.
    pub(super) fn of_listing(
        filters: Option<Vec<wire::ParameterStringFilter>>,
        older: Option<Vec<wire::ParametersFilter>>,
    ) -> Result<Self, ApiError> {
        let older = older.unwrap_or_default();
        let filters = filters.unwrap_or_default();
        if !older.is_empty() && !filters.is_empty() {
            return Err(ApiError::validation("You can use either Filters or ParameterFilters in a single request."));
        }
        // The older ones compare names by their beginnings.
        let today = |filter: wire::ParametersFilter| wire::ParameterStringFilter {
            option: (filter.key.as_deref() == Some("Name")).then(|| "BeginsWith".to_owned()),
            key: filter.key,
            values: filter.values,
        };
        let all = filters.into_iter().chain(older.into_iter().map(today));
        all.map(|filter| read(filter, |_| true)).collect::<Result<_, _>>().map(Self)
    }

    /// Reads the filters of GetParametersByPath, which has no names and paths among them.
    pub(super) fn within_path(filters: Option<Vec<wire::ParameterStringFilter>>) -> Result<Self, ApiError> {
        let allowed = |key: &Key| matches!(key, Key::Type | Key::Encryption | Key::Label);
        filters.unwrap_or_default().into_iter().map(|filter| read(filter, allowed)).collect::<Result<_, _>>().map(Self)
    }

    /// Whether the parameter passes. Labels are of any version: `versions` are all there are.
    pub(super) fn take(&self, stored: &StoredParameter, versions: &[ParameterVersion]) -> bool {
        self.0.iter().all(|filter| filter.takes(stored, versions))
    }

    /// Whether a filter asks for labels, which are of versions.
    pub(super) fn ask_for_labels(&self) -> bool {
        self.0.iter().any(|filter| filter.key == Key::Label)
    }

    /// The labels that are asked for.
    pub(super) fn labels(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(|filter| filter.key == Key::Label)
            .flat_map(|filter| filter.values.iter().map(String::as_str))
    }
}

fn read(filter: wire::ParameterStringFilter, allowed: impl Fn(&Key) -> bool) -> Result<Filter, ApiError> {
    let text = filter.key.unwrap_or_default();
    let key = match text.as_str() {
        "Name" => Key::Name,
        "Type" => Key::Type,
        "KeyId" => Key::Encryption,
        "Path" => Key::Path,
        "Label" => Key::Label,
        "Tier" => Key::Tier,
        "DataType" => Key::DataType,
        _ => Key::Tag(text.strip_prefix("tag:").ok_or_else(ApiError::invalid_filter_key)?.to_owned()),
    };
    if !allowed(&key) {
        return Err(ApiError::invalid_filter_key());
    }
    let option = filter.option.as_deref();
    let option = match (&key, option) {
        (Key::Path, None | Some("OneLevel")) => Comparison::OneLevel,
        (Key::Path, Some("Recursive")) => Comparison::Recursive,
        (_, None | Some("Equals")) if key != Key::Path => Comparison::Equals,
        (Key::Name | Key::Type | Key::Encryption | Key::Tag(_), Some("BeginsWith")) => Comparison::BeginsWith,
        (Key::Name, Some("Contains")) => Comparison::Contains,
        (_, option) => return Err(ApiError::invalid_filter_option(option.unwrap_or_default())),
    };
    let values = filter.values.unwrap_or_default();
    if values.is_empty() && !matches!(key, Key::Tag(_)) {
        return Err(ApiError::validation(format!("The filter {text} of ParameterFilters needs Values.")));
    }
    Ok(Filter { key, option, values })
}

impl Filter {
    fn takes(&self, stored: &StoredParameter, versions: &[ParameterVersion]) -> bool {
        let newest = &stored.newest;
        let any = |text: &str| self.values.iter().any(|value| self.option.fits(text, value));
        match &self.key {
            Key::Name | Key::Path => any(stored.parameter.name.as_str()),
            Key::Type => any(newest.kind.as_str()),
            Key::Encryption => view::key(newest).is_some_and(|key| any(&key)),
            Key::Tier => any(newest.tier.as_str()),
            Key::DataType => any(view::TEXT),
            Key::Label => versions.iter().any(|version| version.labels.iter().any(|label| any(label))),
            Key::Tag(key) => {
                stored.parameter.tags.iter().any(|tag| tag.key == *key && (self.values.is_empty() || any(&tag.value)))
            }
        }
    }
}

impl Comparison {
    fn fits(self, text: &str, value: &str) -> bool {
        match self {
            Self::Equals => text == value,
            Self::BeginsWith => text.starts_with(value),
            Self::Contains => text.contains(value),
            Self::OneLevel => is_below(text, value, false),
            Self::Recursive => is_below(text, value, true),
        }
    }
}

/// Whether a name lies below a path: right below it, or at any depth.
pub(super) fn is_below(name: &str, path: &str, recursive: bool) -> bool {
    let path = path.strip_suffix('/').unwrap_or(path);
    match name.strip_prefix(path).and_then(|rest| rest.strip_prefix('/')) {
        Some(rest) => recursive || !rest.contains('/'),
        // The root holds also the names without a slash.
        None => path.is_empty() && !name.starts_with('/'),
    }
}

#[cfg(test)]
mod tests {
    use super::is_below;

    #[test]
    fn a_path_holds_what_is_below_it() {
        for (name, path, recursive, expected) in [
            ("/a/b", "/a", false, true),
            ("/a/b", "/a/", false, true),
            ("/a/b/c", "/a", false, false),
            ("/a/b/c", "/a", true, true),
            ("/ab/c", "/a", true, false),
            ("/a", "/a", true, false),
            ("/a", "/", false, true),
            ("a", "/", false, true),
            ("/a/b", "/", false, false),
            ("/a/b", "/", true, true),
        ] {
            assert_eq!(is_below(name, path, recursive), expected, "{name} below {path}");
        }
    }
}
