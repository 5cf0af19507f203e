//! Parameters by name, some at a time, until a page is full.

use gantry_model::parameter::ParameterVersion;
use gantry_store::Conn;
use gantry_store::parameter::{self, StoredParameter};
use gantry_wire::{ApiError, paginate};

use super::filter::Filters;
use crate::context::Call;
use crate::error::Failure;

/// Parameters that are read at once.
const CHUNK: i64 = 500;

/// A parameter that was found, with its versions when the filters had to look at them.
pub(super) type Found = (StoredParameter, Vec<ParameterVersion>);

/// The parameters after the page that `token` ends, those that `takes` and the filters take, at most `max`; and the token of
/// the next page. Only names that begin with `prefix` are looked at.
///
/// # Errors
/// InvalidNextToken.
pub(super) async fn page(
    conn: &mut Conn,
    call: &Call,
    (prefix, takes): (&str, impl Fn(&str) -> bool),
    filters: &Filters,
    token: Option<&str>,
    max: usize,
) -> Result<(Vec<Found>, Option<String>), Failure> {
    let after = token.map(paginate::decode).transpose().map_err(|_| ApiError::invalid_parameters_token())?;
    let (mut after, mut found) = (after.unwrap_or_default(), Vec::new());
    while found.len() <= max {
        let some = parameter::list(conn, &call.scope, prefix, &after, CHUNK).await?;
        let Some(last) = some.last() else { break };
        last.parameter.name.as_str().clone_into(&mut after);
        for stored in some.into_iter().filter(|stored| takes(stored.parameter.name.as_str())) {
            let versions = match filters.ask_for_labels() {
                true => parameter::versions(conn, stored.id).await?,
                false => Vec::new(),
            };
            if filters.take(&stored, &versions) {
                found.push((stored, versions));
            }
        }
    }
    let more = found.len() > max;
    found.truncate(max);
    let next = found.last().filter(|_| more).map(|(last, _)| paginate::encode(last.parameter.name.as_str()));
    Ok((found, next))
}
