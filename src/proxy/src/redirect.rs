//! Where a redirect leads: pure.

use gantry_model::load_balancing::Action;

/// What a request asked for, by the names that a redirect calls it.
pub(crate) struct Asked<'r> {
    pub(crate) protocol: &'r str,
    /// Without its port.
    pub(crate) host: &'r str,
    pub(crate) port: u16,
    /// With its leading slash.
    pub(crate) path: &'r str,
    pub(crate) query: &'r str,
}

/// The URL that a redirect leads to; none when the action is no redirect.
pub(crate) fn location(action: &Action, asked: &Asked<'_>) -> Option<String> {
    let Action::Redirect { protocol, host, port, path, query, .. } = action else { return None };
    let fill = |template: &str| {
        template
            .replace("#{protocol}", asked.protocol)
            .replace("#{host}", asked.host)
            .replace("#{port}", &asked.port.to_string())
            .replace("#{path}", asked.path.trim_start_matches('/'))
            .replace("#{query}", asked.query)
    };
    let protocol = fill(protocol).to_ascii_lowercase();
    let port = fill(port);
    let standard = if protocol == "https" { "443" } else { "80" };
    let port = if port == standard { String::new() } else { format!(":{port}") };
    let query = fill(query);
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    Some(format!("{protocol}://{}{port}{}{query}", fill(host), fill(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redirect(protocol: &str, host: &str, port: &str, path: &str, query: &str) -> Action {
        let text = str::to_owned;
        Action::Redirect {
            protocol: text(protocol),
            host: text(host),
            port: text(port),
            path: text(path),
            query: text(query),
            status: 301,
        }
    }

    #[test]
    fn what_stands_for_the_requests_own_is_filled_in() {
        let asked = Asked { protocol: "HTTP", host: "a.example", port: 8080, path: "/x/y", query: "q=1" };
        for (action, expected) in [
            (redirect("HTTPS", "#{host}", "443", "/#{path}", "#{query}"), "https://a.example/x/y?q=1"),
            (redirect("#{protocol}", "#{host}", "#{port}", "/new/#{path}", "z"), "http://a.example:8080/new/x/y?z"),
            (redirect("HTTPS", "b.#{host}", "8443", "/", ""), "https://b.a.example:8443/"),
        ] {
            assert_eq!(location(&action, &asked).as_deref(), Some(expected));
        }
        assert_eq!(location(&Action::forward_to("g"), &asked), None);
    }
}
