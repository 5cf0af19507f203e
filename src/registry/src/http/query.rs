//! Query strings: decoded pairs, in order.

use percent_encoding::percent_decode_str;

use super::error::OciError;

/// The parameters of a request.
#[derive(Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Takes a query string apart.
    pub(super) fn parse(text: &str) -> Result<Self, OciError> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let decoded = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, decode(value)?))
        });
        let pairs: Option<Vec<_>> = decoded.collect();
        pairs.map(Self).ok_or_else(|| OciError::bad_request("UNSUPPORTED", "the query string is not UTF-8"))
    }

    /// The first parameter called `name`.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All parameters called `name`.
    pub(super) fn all<'q>(&'q self, name: &'q str) -> impl Iterator<Item = &'q str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Undoes percent-encoding; a plus is a plus here, for digests and media types hold them and forms do not come this way.
fn decode(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}
