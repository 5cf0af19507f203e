//! The server side of the dashboard: one router with pages, server functions, sign-in and static files.
//!
//! The session layer is the caller's: it must stand outside of this router, with the [`Principal`] under
//! [`PRINCIPAL`]. Inside, in this order: security headers, the same-origin check, the sign-in guard, the status of errors.

mod boards;
mod guard;
mod headers;
mod same_origin;
mod schedules;
mod session;
pub(crate) mod shell;
mod status;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::middleware::{from_fn, map_response};
use axum::routing::get_service;
use gantry_model::principal::Principal;
use leptos::config::LeptosOptions;
use leptos::prelude::provide_context;
use leptos_axum::{LeptosRoutes, generate_route_list};
use tower_http::services::{ServeDir, ServeFile};

use crate::app::App;
use shell::Bundle;

pub use boards::{Boards, NewBoardLink};
pub use schedules::{RuleState, Schedules};

/// The session's key for the person who is signed in.
pub const PRINCIPAL: &str = "principal";

/// What the dashboard needs of the server that it is part of.
#[derive(Clone)]
pub struct WebContext {
    /// The AWS front, called in-process.
    pub api: Router,
    /// The registry, called in-process for the blobs that pages read.
    pub registry: Router,
    pub region: String,
    pub account: String,
    /// Host and port of the registry, as `docker` takes it.
    pub registry_host: String,
    /// What `--endpoint-url` takes.
    pub endpoint_url: String,
    /// The sequence of the newest committed event.
    pub last_seq: Arc<dyn Fn() -> i64 + Send + Sync>,
    pub accounts: Arc<dyn Accounts>,
    pub boards: Arc<dyn Boards>,
    pub schedules: Arc<dyn Schedules>,
    /// The folder with `pkg/` (the browser's half of this crate), `favicon.svg`, `live.js` and `robots.txt`.
    pub site: PathBuf,
}

/// Who may sign in.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// The person that a one-time sign-in token stands for; the token is spent. `None` when it is unknown or spent.
    async fn redeem_sign_in_token(&self, token: &str) -> Result<Option<Principal>, String>;
    /// The owner of an access key, when the secret is right.
    async fn sign_in_with_access_key(&self, id: &str, secret: &str) -> Result<Option<Principal>, String>;
}

/// The dashboard.
pub fn router(context: &WebContext) -> Router {
    let options = LeptosOptions::builder().output_name("gantry").build();
    let bundle = Arc::new(Bundle::read(&context.site.join("pkg")));
    let routes = generate_route_list(App);
    let provide = {
        let (context, build) = (context.clone(), bundle.build());
        move || {
            provide_context(context.clone());
            provide_context(build.clone());
        }
    };
    let page = move || shell::shell(&bundle);
    let not_found = leptos_axum::render_app_async_with_context(provide.clone(), page.clone());

    Router::new()
        .leptos_routes_with_context(&options, routes, provide, page)
        .fallback(not_found)
        .layer(from_fn(status::status_of_errors))
        .layer(from_fn(guard::signed_in_only))
        .merge(session::routes(context.clone()))
        .merge(static_files(&context.site))
        .layer(from_fn(same_origin::same_origin_only))
        .layer(from_fn(headers::security_headers))
        .with_state(options)
}

/// `/pkg` and the public files. A name in `/pkg` that is not there is 404, never a page.
fn static_files(site: &std::path::Path) -> Router<LeptosOptions> {
    let pkg = ServeDir::new(site.join("pkg")).precompressed_br().precompressed_gzip();
    Router::new()
        .nest_service("/pkg", pkg)
        .route("/favicon.svg", get_service(ServeFile::new(site.join("favicon.svg"))))
        .route("/live.js", get_service(ServeFile::new(site.join("live.js"))).layer(map_response(headers::of_worker)))
        .route("/robots.txt", get_service(ServeFile::new(site.join("robots.txt"))))
}
