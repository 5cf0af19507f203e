//! Clusters.

use leptos::prelude::*;
#[component]
pub fn Clusters() -> impl IntoView {
    view! { <h1>"Clusters"</h1> }
}
#[component]
pub fn CreateCluster() -> impl IntoView {
    view! { <h1>"Create cluster"</h1> }
}
#[component]
pub fn ClusterServices() -> impl IntoView {
    view! { <h1>"Services"</h1> }
}
#[component]
pub fn ClusterTasks() -> impl IntoView {
    view! { <h1>"Tasks"</h1> }
}
#[component]
pub fn ClusterInstances() -> impl IntoView {
    view! { <h1>"Hosts"</h1> }
}
#[component]
pub fn ClusterCapacity() -> impl IntoView {
    view! { <h1>"Capacity"</h1> }
}
#[component]
pub fn ClusterEvents() -> impl IntoView {
    view! { <h1>"Events"</h1> }
}
#[component]
pub fn InstancePage() -> impl IntoView {
    view! { <h1>"Host"</h1> }
}
