//! Pages of lists that are read whole: of settings by name, and of results by their place.

use std::collections::BTreeMap;
use std::ops::Bound;

use gantry_wire::{ApiError, paginate};

use super::describe_repositories::page_size;

/// An entry by its name.
type Named<'a, T> = (&'a String, &'a T);

/// The entries after the token that `shows` shows, and the token of the next page.
pub(super) fn by_name<'a, T>(
    all: &'a BTreeMap<String, T>,
    token: Option<&str>,
    max_results: Option<i32>,
    shows: impl Fn(&str) -> bool,
) -> Result<(Vec<Named<'a, T>>, Option<String>), ApiError> {
    let after = token.map(paginate::decode).transpose()?;
    let start = after.map_or(Bound::Unbounded, Bound::Excluded);
    let mut rest = all.range((start, Bound::Unbounded)).filter(|(name, _)| shows(name)).peekable();
    let page: Vec<_> = rest.by_ref().take(page_size(max_results)).collect();
    let next_token = page.last().filter(|_| rest.peek().is_some()).map(|(name, _)| paginate::encode(name));
    Ok((page, next_token))
}

/// The items from the token's place on, and the token of the next page.
pub(super) fn by_place<'a, T>(
    all: &'a [T],
    token: Option<&str>,
    max_results: Option<i32>,
) -> Result<(&'a [T], Option<String>), ApiError> {
    let from: usize = match token {
        None => 0,
        Some(token) => paginate::decode(token)?.parse().map_err(|_| ApiError::invalid_token())?,
    };
    let rest = all.get(from..).unwrap_or_default();
    let page = rest.get(..page_size(max_results)).unwrap_or(rest);
    let next = from + page.len();
    Ok((page, (next < all.len()).then(|| paginate::encode(&next.to_string()))))
}
