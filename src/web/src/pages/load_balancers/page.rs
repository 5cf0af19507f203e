//! One load balancer: where it listens, what it does with what comes, and how those stand that it sends to.

use gantry_model::event::EventKind;
use leptos::prelude::*;

use super::{health_of, state_of};
use crate::api::load_balancers::{
    DeleteLoadBalancer, LoadBalancerDetail, RuleSummary, TargetGroupSummary, TargetSummary, describe_load_balancer,
};
use crate::components::{
    Card, CommandLine, ConfirmDialog, DialogButton, EmptyState, FieldError, PageHead, PageTitle, StatePill, StateWord,
    Table, done, error_of, page,
};
use crate::format::date;
use crate::live::refresh_on;
use crate::pages::param;
use crate::state::State;

/// The page.
#[component]
pub fn LoadBalancerPage() -> impl IntoView {
    let name = param("balancer");
    let action = ServerAction::<DeleteLoadBalancer>::new();
    let balancer = Resource::new(move || name.get(), describe_load_balancer);
    refresh_on(&[EventKind::LoadBalancer, EventKind::TargetGroup], Signal::stored(None), move || balancer.refetch());
    view! {
        <PageTitle text=Signal::derive(move || format!("Load balancer {}", name.get())) />
        {page(balancer, "Load balancer", move |balancer| view! { {head(&balancer, action)} {body(&balancer)} })}
    }
}

fn head(detail: &LoadBalancerDetail, action: ServerAction<DeleteLoadBalancer>) -> AnyView {
    let balancer = &detail.summary;
    let (state, word) = state_of(balancer);
    let impaired = balancer.impaired.clone().map(|why| view! { <span>{why}</span> });
    let facts = view! {
        <StatePill state word=word />
        {impaired}
        <span>{balancer.kind.clone()}</span>
        <span class="mono">{balancer.dns_name.clone()}</span>
        <span>{format!("created {}", date(balancer.created_at))}</span>
    };
    let heading = balancer.name.clone();
    view! { <PageHead heading facts=facts.into_any() actions=delete(&balancer.name, action) /> }.into_any()
}

fn delete(name: &str, action: ServerAction<DeleteLoadBalancer>) -> AnyView {
    let (question, name) = (format!("Delete load balancer {name}?"), name.to_owned());
    view! {
        <DialogButton opens="delete" kind="danger">"Delete"</DialogButton>
        <ConfirmDialog
            id="delete"
            question
            consequence="Its ports are closed, and the target groups that only it sends to are deleted. Tasks go on running."
            done=done(action)
        >
            <ActionForm action attr:class="dialog-form">
                <input type="hidden" name="name" value=name />
                <button class="button" data-kind="danger" type="submit">"Delete load balancer"</button>
                <FieldError error=error_of(action) />
            </ActionForm>
        </ConfirmDialog>
    }
    .into_any()
}

fn body(detail: &LoadBalancerDetail) -> AnyView {
    let groups: Vec<_> = detail.summary.groups.iter().map(group).collect();
    view! { {rules(detail)} {groups} }.into_any()
}

fn rules(detail: &LoadBalancerDetail) -> AnyView {
    let command = "aws elbv2 describe-rules --listener-arn ARN";
    let foot = view! { <CommandLine command /> }.into_any();
    if detail.rules.is_empty() {
        let text = "It has no listener, so nobody can speak to it.";
        return view! { <Card title="What comes" foot><EmptyState title="No listeners" text /></Card> }.into_any();
    }
    let rows: Vec<_> = detail.rules.iter().cloned().map(rule_row).collect();
    view! {
        <Card title="What comes" note="the first rule that holds counts" foot>
            <Table label="What comes" columns=&["Listener", "Priority", "When", "What is done"]>{rows}</Table>
        </Card>
    }
    .into_any()
}

fn rule_row(rule: RuleSummary) -> AnyView {
    view! {
        <tr>
            <td class="mono">{rule.listener}</td>
            <td class="num" data-label="Priority">{rule.priority}</td>
            <td class="mono" data-label="When" data-span="3">{rule.conditions}</td>
            <td class="fill" data-label="What is done" data-span="3">{rule.action}</td>
        </tr>
    }
    .into_any()
}

fn group(group: &TargetGroupSummary) -> AnyView {
    let title = format!("Target group {}", group.name);
    let command = format!("aws elbv2 describe-target-health --target-group-arn {}", group.arn);
    let foot = view! { <CommandLine command /> }.into_any();
    let (state, word) = health_of(group);
    let note = view! { <StateWord state word=word /> }.into_any();
    if group.targets.is_empty() {
        let text = "A service whose load balancer it is registers its tasks here.";
        return view! { <Card title tools=note foot><EmptyState title="No targets" text /></Card> }.into_any();
    }
    let rows: Vec<_> = group.targets.iter().cloned().map(target_row).collect();
    let check = group.check.clone();
    view! {
        <Card title=title.clone() note=check tools=note foot>
            <Table label=title columns=&["Target", "Health", "Zone", "Why"]>{rows}</Table>
        </Card>
    }
    .into_any()
}

fn target_row(target: TargetSummary) -> AnyView {
    let state = match target.state.as_str() {
        "healthy" => State::Running,
        "unhealthy" => State::Failed,
        "initial" | "draining" => State::Pending,
        _ => State::Stopped,
    };
    view! {
        <tr>
            <td class="mono">{target.place}</td>
            <td data-label="Health"><StateWord state word=target.state /></td>
            <td data-label="Zone">{target.zone}</td>
            <td class="fill" data-label="Why" data-span="3">{target.reason}</td>
        </tr>
    }
    .into_any()
}
