//! Task definitions: families, revisions, registering.

use leptos::prelude::*;

use super::param;
use crate::api::task_definitions::list_families;
use crate::components::{PageHead, PageTitle, panel};

/// All families.
#[component]
pub fn Families() -> impl IntoView {
    let families = Resource::new(|| (), |()| list_families());
    view! {
        <PageTitle text="Task definitions" />
        <PageHead heading="Task definitions" />
        {panel(families, "Task definitions", |families| families.into_iter().map(|family| view! { <p>{family}</p> }).collect_view())}
    }
}

/// One family.
#[component]
pub fn Revisions() -> impl IntoView {
    let family = param("family");
    view! {
        <PageTitle text=family />
        {move || view! { <PageHead heading=family.get() /> }}
    }
}

/// One revision.
#[component]
pub fn RevisionPage() -> impl IntoView {
    let (family, revision) = (param("family"), param("revision"));
    let name = Signal::derive(move || format!("{}:{}", family.get(), revision.get()));
    view! {
        <PageTitle text=name />
        {move || view! { <PageHead heading=name.get() /> }}
    }
}

/// Registering a revision.
#[component]
pub fn Register() -> impl IntoView {
    view! {
        <PageTitle text="Register task definition" />
        <PageHead heading="Register task definition" />
    }
}
