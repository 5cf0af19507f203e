//! The services that are given a secret or a parameter.

use leptos::prelude::*;

use crate::api::secrets::SecretUse;
use crate::components::{Card, EmptyState, Table};
use crate::format::query_value;

/// The card.
pub(crate) fn used_by(users: &[SecretUse]) -> AnyView {
    if users.is_empty() {
        let text = "No service's containers are given it. Tasks that are run by themselves are not counted.";
        return view! { <Card title="Services"><EmptyState title="No services" text /></Card> }.into_any();
    }
    let rows: Vec<_> = users.iter().cloned().map(row).collect();
    view! {
        <Card title="Services" note=users.len().to_string()>
            <Table label="Services" columns=&["Service", "Cluster", "When the value changes"]>{rows}</Table>
        </Card>
    }
    .into_any()
}

fn row(user: SecretUse) -> AnyView {
    let href = format!("/clusters/{}/services/{}", query_value(&user.cluster), query_value(&user.service));
    let then = if user.rolls { "gets new tasks" } else { "keeps the old one until its next deployment" };
    view! {
        <tr>
            <td><a class="object" href=href>{user.service}</a></td>
            <td data-label="Cluster">{user.cluster}</td>
            <td class="fill" data-label="When the value changes" data-span="3">{then}</td>
        </tr>
    }
    .into_any()
}
