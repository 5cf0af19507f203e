//! Page sizes of the List calls. The pages themselves are `gantry_wire::paginate`'s.

use gantry_wire::{ApiError, paginate};

/// The most that a page of ECS holds, and the size of most pages when nothing is asked.
pub const MAX_PAGE: i32 = 100;

/// The page of `items` that `token` and `max_results` ask for, and the token of the next.
///
/// # Errors
/// InvalidParameterException for a size outside 1 to 100 or a token that was not given out.
pub fn page(
    items: Vec<String>,
    token: Option<&str>,
    max_results: Option<i32>,
) -> Result<(Vec<String>, Option<String>), ApiError> {
    paginate::page(items, |item| item.clone(), token, size(max_results, MAX_PAGE)?)
}

/// The size of a page; `default` when nothing is asked.
///
/// # Errors
/// InvalidParameterException for a size outside 1 to 100.
pub fn size(max_results: Option<i32>, default: i32) -> Result<usize, ApiError> {
    match max_results.unwrap_or(default) {
        n @ 1..=MAX_PAGE => Ok(usize::try_from(n).unwrap_or(1)),
        _ => Err(ApiError::invalid_parameter("maxResults must be between 1 and 100.")),
    }
}
