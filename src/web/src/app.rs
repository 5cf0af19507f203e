//! The route table. Pages live in `pages`, one folder an area; the frame around them in `layout`.
//!
//! Every page is rendered whole before it is sent ([`SsrMode::Async`]): it reads the same with and without WebAssembly.
//! Names that users choose never stand where a fixed word could, so that a cluster may be called `new`.

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::SsrMode;
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::path;

use crate::layout::Frame;
use crate::live::provide_live;
use crate::pages::{
    boards, clusters, events, home, load_balancers, login, logs, not_found, parameters, repositories, schedules,
    search, secrets, services, status, task_definitions, tasks,
};

/// A page is sent when all of it is there.
const WHOLE: SsrMode = SsrMode::Async;

/// The application, in the server's document as in the browser.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_live();
    view! {
        <Router>
            <Routes fallback=not_found::NotFound>
                <Route path=path!("/login") view=login::Login ssr=WHOLE />
                <Route path=path!("/status/:board") view=status::StatusBoard ssr=WHOLE />
                <ParentRoute path=path!("") view=Frame ssr=WHOLE>
                    <Route path=path!("/") view=home::Home ssr=WHOLE />
                    <Route path=path!("/events") view=events::Events ssr=WHOLE />
                    <Route path=path!("/clusters") view=clusters::Clusters ssr=WHOLE />
                    <Route path=path!("/create-cluster") view=clusters::CreateCluster ssr=WHOLE />
                    <Route path=path!("/clusters/:cluster") view=clusters::ClusterServices ssr=WHOLE />
                    <Route path=path!("/clusters/:cluster/tasks") view=clusters::ClusterTasks ssr=WHOLE />
                    <Route path=path!("/clusters/:cluster/instances") view=clusters::ClusterInstances ssr=WHOLE />
                    <Route path=path!("/clusters/:cluster/capacity") view=clusters::ClusterCapacity ssr=WHOLE />
                    <Route path=path!("/clusters/:cluster/events") view=clusters::ClusterEvents ssr=WHOLE />
                    <Route path=path!("/clusters/:cluster/instances/:instance") view=clusters::InstancePage ssr=WHOLE />
                    <Route path=path!("/clusters/:cluster/create-service") view=services::CreateService ssr=WHOLE />
                    <Route path=path!("/clusters/:cluster/services/:service") view=services::ServicePage ssr=WHOLE />
                    <Route path=path!("/clusters/:cluster/services/:service/:section") view=services::ServicePage ssr=WHOLE />
                    <Route path=path!("/clusters/:cluster/run-task") view=tasks::RunTask ssr=WHOLE />
                    <Route path=path!("/clusters/:cluster/tasks/:task") view=tasks::TaskPage ssr=WHOLE />
                    <OtherRoutes />
                </ParentRoute>
            </Routes>
        </Router>
    }
}

/// A third table: what containers are given, when tasks run, and how they are reached.
#[component(transparent)]
fn MoreRoutes() -> impl leptos_router::MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=path!("") view=leptos_router::components::Outlet ssr=WHOLE>
            <Route path=path!("/secrets") view=secrets::Secrets ssr=WHOLE />
            <Route path=path!("/secrets/secret") view=secrets::SecretPage ssr=WHOLE />
            <Route path=path!("/create-secret") view=secrets::CreateSecret ssr=WHOLE />
            <Route path=path!("/parameters") view=parameters::Parameters ssr=WHOLE />
            <Route path=path!("/parameters/parameter") view=parameters::ParameterPage ssr=WHOLE />
            <Route path=path!("/create-parameter") view=parameters::CreateParameter ssr=WHOLE />
            <Route path=path!("/load-balancers") view=load_balancers::LoadBalancers ssr=WHOLE />
            <Route path=path!("/load-balancers/:balancer") view=load_balancers::LoadBalancerPage ssr=WHOLE />
            <Route path=path!("/create-load-balancer") view=load_balancers::CreateLoadBalancer ssr=WHOLE />
            <Route path=path!("/schedules") view=schedules::Schedules ssr=WHOLE />
            <Route path=path!("/schedules/:schedule") view=schedules::SchedulePage ssr=WHOLE />
            <Route path=path!("/create-schedule") view=schedules::CreateSchedule ssr=WHOLE />
        </ParentRoute>
    }
    .into_inner()
}

/// A second table: a tuple of routes has room for sixteen.
#[component(transparent)]
fn OtherRoutes() -> impl leptos_router::MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=path!("") view=leptos_router::components::Outlet ssr=WHOLE>
            <Route path=path!("/task-definitions") view=task_definitions::Families ssr=WHOLE />
            <Route path=path!("/task-definitions/:family") view=task_definitions::Revisions ssr=WHOLE />
            <Route path=path!("/task-definitions/:family/:revision") view=task_definitions::RevisionPage ssr=WHOLE />
            <Route path=path!("/register-task-definition") view=task_definitions::Register ssr=WHOLE />
            <Route path=path!("/repositories") view=repositories::Repositories ssr=WHOLE />
            <Route path=path!("/create-repository") view=repositories::CreateRepository ssr=WHOLE />
            <Route path=path!("/clusters/:cluster/topology") view=clusters::ClusterTopology ssr=WHOLE />
            <Route path=path!("/logs") view=logs::LogGroups ssr=WHOLE />
            <Route path=path!("/logs/lines") view=logs::LogGroupPage ssr=WHOLE />
            <Route path=path!("/search") view=search::Search ssr=WHOLE />
            <Route path=path!("/boards") view=boards::BoardList ssr=WHOLE />
            <Route path=path!("/create-board") view=boards::CreateBoard ssr=WHOLE />
            <Route path=path!("/boards/:board") view=boards::BoardPage ssr=WHOLE />
            <MoreRoutes />
            <Route path=path!("/repositories/*repository") view=repositories::RepositoryPage ssr=WHOLE />
        </ParentRoute>
    }
    .into_inner()
}
