//! What can be done to a service: deploy another revision, go back to the one before, delete it.

use leptos::prelude::*;

use crate::api::service_record::{DeployImage, StopDeployment};
use crate::api::services::{DeleteService, DeployService, ServiceDetail};
use crate::api::staged::ContinueDeployment;
use crate::components::{ConfirmDialog, DialogButton, FieldError, Icon, IconMark, done, error_of};

/// The actions of the forms. Create them outside of what a refresh draws anew.
#[derive(Clone, Copy)]
pub(super) struct ServiceActions {
    deploy: ServerAction<DeployService>,
    roll_back: ServerAction<DeployService>,
    delete: ServerAction<DeleteService>,
    image: ServerAction<DeployImage>,
    pub(super) stop: ServerAction<StopDeployment>,
    pub(super) going_on: ServerAction<ContinueDeployment>,
}

impl Default for ServiceActions {
    fn default() -> Self {
        Self {
            deploy: ServerAction::new(),
            roll_back: ServerAction::new(),
            delete: ServerAction::new(),
            image: ServerAction::new(),
            stop: ServerAction::new(),
            going_on: ServerAction::new(),
        }
    }
}

/// The buttons of the head, with their dialogs; none for a service that is being deleted.
pub(super) fn actions(service: &ServiceDetail, actions: ServiceActions) -> AnyView {
    if service.summary.status != "ACTIVE" {
        return ().into_any();
    }
    view! {
        {delete(service, actions.delete)}
        {service.previous().map(|previous| roll_back(service, previous, actions.roll_back))}
        {deploy_image(service, actions.image)}
        {deploy(service, actions.deploy)}
    }
    .into_any()
}

fn address(service: &ServiceDetail) -> impl IntoView + use<> {
    let (cluster, name) = (service.summary.cluster.clone(), service.summary.name.clone());
    view! {
        <input type="hidden" name="cluster" value=cluster />
        <input type="hidden" name="service" value=name />
    }
}

fn deploy(service: &ServiceDetail, action: ServerAction<DeployService>) -> AnyView {
    let family = service.family().to_owned();
    let present = service.summary.task_definition.clone();
    let options: Vec<_> = service
        .revisions
        .iter()
        .map(|revision| {
            let name = format!("{family}:{revision}");
            let words = if name == present { format!("{name} (runs now)") } else { name.clone() };
            view! { <option value=name>{words}</option> }
        })
        .collect();
    let consequence = match service.strategy.as_str() {
        "ROLLING" => format!(
            "Tasks are replaced a few at a time, between {}\u{a0}% and {}\u{a0}% of the desired count.",
            service.minimum_percent, service.maximum_percent
        ),
        _ => "The new revision is brought up whole beside the present one, which goes at the end.".to_owned(),
    };
    let address = address(service);
    view! {
        <DialogButton opens="deploy" kind="primary"><IconMark icon=Icon::Deploy />"Deploy revision"</DialogButton>
        <ConfirmDialog id="deploy" question="Deploy which revision?" consequence done=done(action)>
            <ActionForm action attr:class="dialog-form">
                {address}
                <label class="visually-hidden" for="revision">"Revision"</label>
                <select class="select" id="revision" name="task_definition">{options}</select>
                <label class="check"><input type="checkbox" name="force" value="on" />"even if nothing changed"</label>
                <button class="button" data-kind="primary" type="submit">"Deploy"</button>
                <FieldError error=error_of(action) />
            </ActionForm>
        </ConfirmDialog>
    }
    .into_any()
}

/// Another image in one container, without going by the editor.
fn deploy_image(service: &ServiceDetail, action: ServerAction<DeployImage>) -> Option<AnyView> {
    let (_, image) = service.containers.first()?.clone();
    let options: Vec<_> = service
        .containers
        .iter()
        .cloned()
        .map(|(name, image)| {
            let words = name.clone();
            view! { <option value=name title=image>{words}</option> }
        })
        .collect();
    let consequence = format!(
        "A revision of {} with it is registered and deployed; everything else stays as it is.",
        service.family()
    );
    let address = address(service);
    Some(
        view! {
            <DialogButton opens="deploy-image">"Deploy image"</DialogButton>
            <ConfirmDialog id="deploy-image" question="Deploy which image?" consequence done=done(action)>
                <ActionForm action attr:class="dialog-form">
                    {address}
                    <label class="visually-hidden" for="container">"Container"</label>
                    <select class="select" id="container" name="container">{options}</select>
                    <label class="visually-hidden" for="image">"Image"</label>
                    <input class="input mono" id="image" name="image" value=image required autocomplete="off" spellcheck="false" />
                    <button class="button" data-kind="primary" type="submit">"Deploy"</button>
                    <FieldError error=error_of(action) />
                </ActionForm>
            </ConfirmDialog>
        }
        .into_any(),
    )
}

fn roll_back(service: &ServiceDetail, previous: String, action: ServerAction<DeployService>) -> AnyView {
    let question = format!("Roll {} back to {previous}?", service.summary.name);
    let consequence = format!("A deployment of {previous} replaces the tasks of {}.", service.summary.task_definition);
    let revision = previous.split_once(':').map_or_else(String::new, |(_, revision)| revision.to_owned());
    let address = address(service);
    view! {
        <DialogButton opens="roll-back"><IconMark icon=Icon::Undo />{format!("Roll back to {revision}")}</DialogButton>
        <ConfirmDialog id="roll-back" question consequence done=done(action)>
            <ActionForm action attr:class="dialog-form">
                {address}
                <input type="hidden" name="task_definition" value=previous />
                <button class="button" data-kind="primary" type="submit">"Roll back"</button>
                <FieldError error=error_of(action) />
            </ActionForm>
        </ConfirmDialog>
    }
    .into_any()
}

fn delete(service: &ServiceDetail, action: ServerAction<DeleteService>) -> AnyView {
    let name = service.summary.name.clone();
    let consequence = match service.summary.running + service.summary.pending {
        0 => "It has no tasks. Its name can be used again.".to_owned(),
        1 => "Its task is stopped. There is no way back.".to_owned(),
        n => format!("Its {n} tasks are stopped. There is no way back."),
    };
    let address = address(service);
    view! {
        <DialogButton opens="delete" kind="danger">"Delete"</DialogButton>
        <ConfirmDialog id="delete" question=format!("Delete service {name}?") consequence done=done(action)>
            <ActionForm action attr:class="dialog-form">
                {address}
                <button class="button" data-kind="danger" type="submit">"Delete service"</button>
                <FieldError error=error_of(action) />
            </ActionForm>
        </ConfirmDialog>
    }
    .into_any()
}
