//! A panel over data that comes from the API: loading, shown, or failed; never a blank page.

use leptos::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{ErrorPanel, LoadingCard, PageHead};
use crate::error::{ApiError, ApiResult};

/// Shows what `resource` holds. While it is first loading a card of fixed size stands there; when it is asked again (live
/// refresh) the old content stays until the new one is here. An error is shown in its place, under `title`.
///
/// A `NotFound` error makes the page's status 404.
pub fn panel<T, V>(
    resource: Resource<ApiResult<T>>,
    title: &'static str,
    show: impl Fn(T) -> V + Clone + Send + Sync + 'static,
) -> impl IntoView
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    V: IntoView + Send + 'static,
{
    shown(resource, title, show, |title, error| not_here(title, error).into_any())
}

/// A [`panel`] that brings the page's heading with it: when it cannot, `title` is the heading, so that every page has one.
pub fn page<T, V>(
    resource: Resource<ApiResult<T>>,
    title: &'static str,
    show: impl Fn(T) -> V + Clone + Send + Sync + 'static,
) -> impl IntoView
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    V: IntoView + Send + 'static,
{
    shown(resource, title, show, |title, error| {
        view! { <PageHead heading=title /> {not_here(title, error)} }.into_any()
    })
}

fn shown<T, V>(
    resource: Resource<ApiResult<T>>,
    title: &'static str,
    show: impl Fn(T) -> V + Clone + Send + Sync + 'static,
    failed: fn(&'static str, ApiError) -> AnyView,
) -> impl IntoView
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    V: IntoView + Send + 'static,
{
    view! {
        <Transition fallback=move || view! { <LoadingCard label=title /> }>
            {move || {
                let show = show.clone();
                Suspend::new(async move {
                    match resource.await {
                        Ok(value) => show(value).into_any(),
                        Err(error) => failed(title, error),
                    }
                })
            }}
        </Transition>
    }
}

/// What stands in place of something that could not be had.
pub fn not_here(title: &'static str, error: ApiError) -> impl IntoView {
    if error.is_not_found() {
        set_status(404);
    }
    view! { <section class="card" data-tone="failed"><ErrorPanel title=format!("{title}: not possible") error /></section> }
}

/// Makes `status` the status of the page that is being rendered.
#[cfg(feature = "ssr")]
pub(crate) fn set_status(status: u16) {
    if let (Some(response), Ok(status)) =
        (use_context::<leptos_axum::ResponseOptions>(), http::StatusCode::from_u16(status))
    {
        response.set_status(status);
    }
}

/// In the browser there is no status to set.
#[cfg(not(feature = "ssr"))]
pub(crate) fn set_status(_: u16) {}
