//! The overview.

use leptos::prelude::*;

use crate::api::clusters::list_clusters;
use crate::components::{PageHead, PageTitle, panel};

/// The page.
#[component]
pub fn Home() -> impl IntoView {
    let clusters = Resource::new(|| (), |()| list_clusters());
    view! {
        <PageTitle text="Overview" />
        {panel(clusters, "Overview", |clusters| view! { <PageHead heading=format!("{} clusters", clusters.len()) /> })}
    }
}
