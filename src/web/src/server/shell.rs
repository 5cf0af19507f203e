//! The HTML document around the application: head, theme, policy, and the scripts that start the browser's half.
//!
//! The sequence of the newest event is read before anything of the page is: what happens between rendering and the
//! browser's subscription is then replayed, never missed.

use std::path::Path;

use axum::http::{HeaderValue, header};
use http::request::Parts;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_meta::MetaTags;

use super::WebContext;
use super::session::theme_of;
use crate::app::App;

/// The names of the files that the browser loads, as the bundler wrote them into `pkg/`.
#[derive(Debug, Clone)]
pub(super) struct Bundle {
    js: String,
    wasm: String,
    css: String,
}

impl Bundle {
    /// Finds the bundle in `pkg`: `gantry*.js`, `gantry*.wasm`, `gantry*.css`, with or without a hash in their names.
    pub(super) fn read(pkg: &Path) -> Self {
        let mut names: Vec<String> = std::fs::read_dir(pkg)
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        names.sort();
        let find = |extension: &str, default: &str| {
            let found = names.iter().find(|name| name.starts_with("gantry") && name.ends_with(extension));
            format!("/pkg/{}", found.map_or(default, String::as_str))
        };
        Self { js: find(".js", "gantry.js"), wasm: find(".wasm", "gantry_bg.wasm"), css: find(".css", "gantry.css") }
    }

    /// The build that these files belong to.
    pub(super) fn build(&self) -> Build {
        Build(format!("{} {} {}", env!("CARGO_PKG_VERSION"), self.wasm, self.css))
    }
}

/// Which build answers, in one word: a page that was loaded from another one loads itself anew when it may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Build(pub(crate) String);

/// The document.
pub(super) fn shell(bundle: &Bundle) -> impl IntoView + use<> {
    let seq = use_context::<WebContext>().map(|context| (context.last_seq)()).unwrap_or_default();
    let theme = use_context::<Parts>().and_then(|parts| theme_of(&parts.headers));
    let nonce = use_nonce();
    if let (Some(nonce), Some(response)) = (&nonce, use_context::<ResponseOptions>())
        && let Ok(policy) = HeaderValue::from_str(&policy(&nonce.to_string()))
    {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
    let Build(build) = bundle.build();
    let Bundle { js, wasm, css } = bundle.clone();
    let start = start(&js, &wasm);
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="gantry-seq" content=seq.to_string() />
                <meta name="gantry-build" content=build />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="stylesheet" href=css />
                <link rel="modulepreload" href=js />
                <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin="anonymous" />
                <script type="module" nonce=nonce>{start}</script>
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// The script that loads the browser's half and hands the page to it. A load that is cut off is tried again, since a
/// laptop that changes networks cuts off what is on its way; under a name of its own, because a browser may remember that
/// a module failed. The mark says that the browser's half answers from here on.
fn start(js: &str, wasm: &str) -> String {
    format!(
        "const load = async (attempt) => {{ \
           const half = await import({js:?} + (attempt ? `?attempt=${{attempt}}` : '')); \
           await half.default({{ module_or_path: {wasm:?} }}); \
           return half; \
         }}; \
         const again = (attempt) => load(attempt).catch(async (error) => {{ \
           if (attempt === 3) throw error; \
           await new Promise((done) => setTimeout(done, 500)); \
           return again(attempt + 1); \
         }}); \
         again(0).then(({{ hydrate }}) => {{ hydrate(); document.documentElement.dataset.hydrated = ''; }});"
    )
}

/// The content security policy of a page. Scripts run by nonce only; style attributes are allowed because they carry the
/// numbers of bars and stacks into CSS (`--part: 64%`), which no script of ours could set before hydration.
fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
         style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
    )
}
