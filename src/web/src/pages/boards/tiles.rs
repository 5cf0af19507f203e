//! The choice of what a board shows: one group of boxes a cluster.

use gantry_model::board::Tile;
use leptos::prelude::*;

use crate::api::boards::ClusterChoice;

/// The boxes, with those of `chosen` ticked. What is chosen and no longer there stays in the list until it is unticked.
pub(super) fn choose(choices: &[ClusterChoice], chosen: &[Tile]) -> AnyView {
    let chosen: Vec<String> = chosen.iter().map(ToString::to_string).collect();
    let offered: Vec<(String, Vec<(String, String)>)> = choices.iter().map(of_cluster).collect();
    let is_offered = |tile: &String| offered.iter().any(|(_, boxes)| boxes.iter().any(|(value, _)| value == tile));
    let gone: Vec<(String, String)> =
        chosen.iter().filter(|tile| !is_offered(tile)).map(|tile| (tile.clone(), tile.clone())).collect();
    let mut groups: Vec<_> = offered.iter().map(|(name, boxes)| group(name.clone(), boxes, &chosen)).collect();
    if !gone.is_empty() {
        groups.push(group("No longer there".to_owned(), &gone, &chosen));
    }
    if groups.is_empty() {
        return view! { <p class="field-hint">"There is no cluster yet: a board has nothing to show."</p> }.into_any();
    }
    groups.into_any()
}

fn of_cluster(choice: &ClusterChoice) -> (String, Vec<(String, String)>) {
    let cluster = &choice.cluster;
    let mut boxes = vec![
        (format!("services:{cluster}"), "All services, also those to come".to_owned()),
        (format!("capacity:{cluster}"), "Hosts and capacity by zone".to_owned()),
        (format!("deployments:{cluster}"), "Deployments that run".to_owned()),
        (format!("failures:{cluster}"), "Last failures".to_owned()),
    ];
    boxes.extend(choice.services.iter().map(|name| (format!("service:{cluster}/{name}"), format!("Service {name}"))));
    (format!("Cluster {cluster}"), boxes)
}

fn group(legend: String, boxes: &[(String, String)], chosen: &[String]) -> AnyView {
    let boxes: Vec<_> = boxes
        .iter()
        .cloned()
        .map(|(value, words)| {
            let checked = chosen.contains(&value);
            view! { <label class="check"><input type="checkbox" name="tiles[]" value=value checked=checked />{words}</label> }
        })
        .collect();
    view! { <fieldset class="tile-choice"><legend class="field-label">{legend}</legend>{boxes}</fieldset> }.into_any()
}
