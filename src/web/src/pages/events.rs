//! Events of all clusters.

use leptos::prelude::*;

use crate::api::clusters::list_clusters;
use crate::components::{PageHead, PageTitle, panel};

/// The page.
#[component]
pub fn Events() -> impl IntoView {
    let clusters = Resource::new(|| (), |()| list_clusters());
    view! {
        <PageTitle text="Events" />
        {panel(clusters, "Events", |clusters| view! { <PageHead heading=format!("{} clusters", clusters.len()) /> })}
    }
}
