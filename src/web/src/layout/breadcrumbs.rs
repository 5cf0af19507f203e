//! Where a page stands, read from its address: `/clusters/prod/services/api` is Clusters / prod / api.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::format::{query_value, sentence, short_id};

/// One step of the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crumb {
    pub title: String,
    pub href: String,
}

impl Crumb {
    fn new(title: impl Into<String>, href: impl Into<String>) -> Self {
        Self { title: title.into(), href: href.into() }
    }
}

/// The way to `path`; its last step is the page itself.
#[must_use]
pub fn crumbs(path: &str) -> Vec<Crumb> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [] => vec![Crumb::new("Overview", "/")],
        ["clusters", cluster, rest @ ..] => in_cluster(cluster, rest),
        ["create-cluster"] => vec![Crumb::new("Clusters", "/clusters"), Crumb::new("Create", path)],
        ["task-definitions", rest @ ..] => {
            let mut way = vec![Crumb::new("Task definitions", "/task-definitions")];
            if let Some(family) = rest.first() {
                way.push(Crumb::new(*family, format!("/task-definitions/{family}")));
            }
            if let [_, revision, ..] = rest {
                way.push(Crumb::new(*revision, path));
            }
            way
        }
        ["register-task-definition"] => {
            vec![Crumb::new("Task definitions", "/task-definitions"), Crumb::new("Register", path)]
        }
        ["repositories", rest @ ..] => {
            let mut way = vec![Crumb::new("Repositories", "/repositories")];
            if !rest.is_empty() {
                way.push(Crumb::new(rest.join("/"), path));
            }
            way
        }
        ["boards", board] => vec![Crumb::new("Status boards", "/boards"), Crumb::new(*board, path)],
        ["boards"] => vec![Crumb::new("Status boards", path)],
        ["create-board"] => vec![Crumb::new("Status boards", "/boards"), Crumb::new("Create", path)],
        ["create-repository"] => vec![Crumb::new("Repositories", "/repositories"), Crumb::new("Create", path)],
        [first, ..] => vec![Crumb::new(sentence(first), path)],
    }
}

fn in_cluster(cluster: &str, rest: &[&str]) -> Vec<Crumb> {
    let home = format!("/clusters/{}", query_value(cluster));
    let mut way = vec![Crumb::new("Clusters", "/clusters"), Crumb::new(cluster, home.clone())];
    match rest {
        [] => {}
        ["services", service, ..] => way.push(Crumb::new(*service, format!("{home}/services/{service}"))),
        [list @ ("tasks" | "instances"), id] => {
            way.push(Crumb::new(sentence(list), format!("{home}/{list}")));
            way.push(Crumb::new(short_id(id), format!("{home}/{list}/{id}")));
        }
        [section, ..] => way.push(Crumb::new(sentence(section), format!("{home}/{section}"))),
    }
    way
}

/// The way to the current page.
#[component]
pub fn Breadcrumbs() -> impl IntoView {
    let path = use_location().pathname;
    view! {
        <nav class="breadcrumbs" aria-label="Breadcrumb">
            <ol>{move || { let way = crumbs(&path.get()); let last = way.len() - 1; way.into_iter().enumerate().map(|(i, crumb)| step(crumb, i == last)).collect_view() }}</ol>
        </nav>
    }
}

fn step(crumb: Crumb, last: bool) -> impl IntoView {
    let step = if last {
        view! { <span aria-current="page">{crumb.title}</span> }.into_any()
    } else {
        view! { <a href=crumb.href>{crumb.title}</a> }.into_any()
    };
    view! { <li>{step}</li> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_follows_the_address() {
        let titles = |path: &str| crumbs(path).into_iter().map(|c| c.title).collect::<Vec<_>>().join(" / ");
        for (path, way) in [
            ("/", "Overview"),
            ("/clusters", "Clusters"),
            ("/clusters/prod", "Clusters / prod"),
            ("/clusters/prod/services/api", "Clusters / prod / api"),
            ("/clusters/prod/tasks/0123456789abcdef", "Clusters / prod / Tasks / 01234567"),
            ("/clusters/prod/create-service", "Clusters / prod / Create service"),
            ("/task-definitions/web/3", "Task definitions / web / 3"),
            ("/repositories/team/app", "Repositories / team/app"),
            ("/boards/wall", "Status boards / wall"),
            ("/events", "Events"),
        ] {
            assert_eq!(titles(path), way, "{path}");
        }
    }
}
