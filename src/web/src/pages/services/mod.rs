//! Services: one, and creating one.

use gantry_model::event::EventKind;
use leptos::prelude::*;

use super::param;
use crate::api::services::describe_service;
use crate::components::{PageHead, PageTitle, StatePill, panel};
use crate::live::refresh_on;

/// One service.
#[component]
pub fn ServicePage() -> impl IntoView {
    let (cluster, name) = (param("cluster"), param("service"));
    let service = Resource::new(move || (cluster.get(), name.get()), |(cluster, name)| describe_service(cluster, name));
    let here = Signal::derive(move || Some(cluster.get()));
    refresh_on(&[EventKind::Service, EventKind::ServiceMessage, EventKind::Task], here, move || service.refetch());
    view! {
        <PageTitle text=Signal::derive(move || format!("Service {} · {}", name.get(), cluster.get())) />
        {panel(service, "Service", |service| {
            let (state, word) = service.health();
            view! {
                <PageHead
                    heading=service.name
                    beside=view! { <StatePill state word /> }.into_any()
                    facts=view! { <span><b>{service.running}</b>" of "{service.desired}" tasks running"</span> }.into_any()
                />
            }
        })}
    }
}

/// Creating a service.
#[component]
pub fn CreateService() -> impl IntoView {
    view! {
        <PageTitle text="Create service" />
        <PageHead heading="Create service" />
    }
}
