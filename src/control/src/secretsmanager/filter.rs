//! Which secrets a listing is about (Secrets Manager API reference, `Filter`).

use gantry_model::secret::Secret;
use gantry_wire::ApiError;
use gantry_wire::shapes::secretsmanager as wire;

/// Filters, all of which a secret must pass.
pub(super) struct Filters(Vec<Filter>);

struct Filter {
    key: Key,
    /// Of these one must fit; one that begins with `!` must not.
    values: Vec<String>,
}

#[derive(Clone, Copy)]
enum Key {
    Description,
    Name,
    TagName,
    TagValue,
    All,
    /// What no secret here has: an owner or another region.
    Elsewhere,
}

impl Filters {
    /// Reads the filters of a request.
    pub(super) fn read(filters: Option<&[wire::Filter]>) -> Result<Self, ApiError> {
        let read = |filter: &wire::Filter| {
            let key = match filter.key.as_deref().unwrap_or_default() {
                "description" => Key::Description,
                "name" => Key::Name,
                "tag-key" => Key::TagName,
                "tag-value" => Key::TagValue,
                "all" => Key::All,
                "primary-region" | "owning-service" => Key::Elsewhere,
                _ => return Err(ApiError::invalid_parameter("Each filter in Filters needs a Key.")),
            };
            let values = filter.values.clone().filter(|values| !values.is_empty());
            let values = values.ok_or_else(|| ApiError::invalid_parameter("Each filter in Filters needs Values."))?;
            Ok(Filter { key, values })
        };
        filters.unwrap_or_default().iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Whether the secret passes.
    pub(super) fn take(&self, secret: &Secret) -> bool {
        self.0.iter().all(|filter| {
            filter.values.iter().any(|value| match value.strip_prefix('!') {
                Some(value) => !filter.key.fits(secret, value),
                None => filter.key.fits(secret, value),
            })
        })
    }
}

impl Key {
    fn fits(self, secret: &Secret, value: &str) -> bool {
        let description = secret.description.as_deref().unwrap_or_default();
        match self {
            Self::Name => secret.name.as_str().starts_with(value),
            Self::Description => begins(description, value),
            Self::TagName => secret.tags.iter().any(|tag| tag.key.starts_with(value)),
            Self::TagValue => secret.tags.iter().any(|tag| tag.value.starts_with(value)),
            Self::Elsewhere => false,
            Self::All => value.split_whitespace().all(|word| {
                let has = |text: &str| text.to_lowercase().contains(&word.to_lowercase());
                has(secret.name.as_str())
                    || has(description)
                    || secret.tags.iter().any(|tag| has(&tag.key) || has(&tag.value))
            }),
        }
    }
}

/// Whether a text, or a word in it, begins so, in capitals or not.
fn begins(text: &str, value: &str) -> bool {
    let (text, value) = (text.to_lowercase(), value.to_lowercase());
    text.starts_with(&value) || text.split_whitespace().any(|word| word.starts_with(&value))
}
