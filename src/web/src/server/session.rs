//! Signing in and out, and the theme: plain form posts, so that they work before (and without) WebAssembly.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use axum::{Form, Router};
use gantry_model::principal::Principal;
use leptos::config::LeptosOptions;
use serde::Deserialize;
use tower_sessions::Session;

use super::{PRINCIPAL, WebContext};
use crate::format::query_value;

/// The cookie that holds `light` or `dark`.
pub(super) const THEME: &str = "theme";

/// The routes of this module.
pub(super) fn routes(context: WebContext) -> Router<LeptosOptions> {
    Router::new()
        .route("/ui/sign-in", post(sign_in))
        .route("/ui/sign-out", post(sign_out))
        .route("/ui/theme", post(switch_theme))
        .with_state(context)
}

#[derive(Deserialize)]
struct SignIn {
    token: Option<String>,
    access_key_id: Option<String>,
    secret_access_key: Option<String>,
    next: Option<String>,
}

async fn sign_in(State(context): State<WebContext>, session: Session, Form(form): Form<SignIn>) -> Response {
    let next = form.next.clone().filter(|path| is_local(path)).unwrap_or_else(|| "/".to_owned());
    let (principal, failed) = match (&form.token, &form.access_key_id, &form.secret_access_key) {
        (Some(token), _, _) => (context.accounts.redeem_sign_in_token(token).await, "token"),
        (None, Some(id), Some(secret)) => {
            (context.accounts.sign_in_with_access_key(id.trim(), secret.trim()).await, "key")
        }
        _ => (Ok(None), "key"),
    };
    match principal {
        Ok(Some(principal)) => match remember(&session, &principal).await {
            Ok(()) => Redirect::to(&next).into_response(),
            Err(error) => {
                tracing::error!(%error, "a session could not be written");
                failed_sign_in("server", &next)
            }
        },
        Ok(None) => failed_sign_in(failed, &next),
        Err(error) => {
            tracing::error!(error, "a sign-in could not be checked");
            failed_sign_in("server", &next)
        }
    }
}

/// Puts the person into a session with a new id, so that an id planted before the sign-in is worth nothing.
async fn remember(session: &Session, principal: &Principal) -> Result<(), tower_sessions::session::Error> {
    session.cycle_id().await?;
    session.insert(PRINCIPAL, principal).await
}

fn failed_sign_in(failed: &str, next: &str) -> Response {
    Redirect::to(&format!("/login?failed={failed}&next={}", query_value(next))).into_response()
}

async fn sign_out(session: Session) -> Response {
    if let Err(error) = session.flush().await {
        tracing::error!(%error, "a session could not be deleted");
    }
    Redirect::to("/login").into_response()
}

#[derive(Deserialize)]
struct SwitchTheme {
    back: Option<String>,
}

async fn switch_theme(headers: HeaderMap, Form(form): Form<SwitchTheme>) -> Response {
    let theme = if theme_of(&headers) == Some("dark") { "light" } else { "dark" };
    let back = form.back.filter(|path| is_local(path)).unwrap_or_else(|| "/".to_owned());
    let mut response = Redirect::to(&back).into_response();
    if let Ok(cookie) = HeaderValue::from_str(&format!("{THEME}={theme}; Path=/; Max-Age=31536000; SameSite=Lax")) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The theme that the visitor chose; `None` means the system's.
pub(super) fn theme_of(headers: &HeaderMap) -> Option<&'static str> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|v| v.to_str().ok());
    cookies.flat_map(|line| line.split(';')).find_map(|pair| match pair.trim().split_once('=')? {
        (THEME, "dark") => Some("dark"),
        (THEME, "light") => Some("light"),
        _ => None,
    })
}

/// Whether `path` leads to this dashboard: no other host, and no header injection.
fn is_local(path: &str) -> bool {
    path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_signing_in_nobody_is_sent_elsewhere() {
        for good in ["/", "/clusters/prod?x=1"] {
            assert!(is_local(good), "{good}");
        }
        for bad in ["", "//evil", "/\\evil", "https://evil", "evil", "/a\r\nSet-Cookie: x"] {
            assert!(!is_local(bad), "{bad}");
        }
    }

    #[test]
    fn the_theme_comes_from_its_cookie_and_takes_no_other_value() {
        let theme = |cookie: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_static(cookie));
            theme_of(&headers)
        };
        assert_eq!(theme("id=1; theme=dark"), Some("dark"));
        assert_eq!(theme("theme=light"), Some("light"));
        assert_eq!(theme("theme=<script>"), None);
        assert_eq!(theme("other=dark"), None);
    }
}
