//! Repositories and their images.

use leptos::prelude::*;

use super::param;
use crate::api::repositories::list_repositories;
use crate::components::{PageHead, PageTitle, panel};

/// All repositories.
#[component]
pub fn Repositories() -> impl IntoView {
    let repositories = Resource::new(|| (), |()| list_repositories());
    view! {
        <PageTitle text="Repositories" />
        <PageHead heading="Repositories" />
        {panel(repositories, "Repositories", |names| names.into_iter().map(|name| view! { <p>{name}</p> }).collect_view())}
    }
}

/// One repository.
#[component]
pub fn RepositoryPage() -> impl IntoView {
    let repository = param("repository");
    view! {
        <PageTitle text=repository />
        {move || view! { <PageHead heading=repository.get() /> }}
    }
}

/// Creating a repository.
#[component]
pub fn CreateRepository() -> impl IntoView {
    view! {
        <PageTitle text="Create repository" />
        <PageHead heading="Create repository" />
    }
}
