//! URLs that stand where AWS has a resource of its own: a function's, a group's.

/// Whether `text` is the URL of a server that can be posted to.
#[must_use]
pub fn is_http(text: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme))
}
