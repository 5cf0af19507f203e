//! The course of a deployment in stages: its steps, what it waits for, and the buttons that answer a pause.

use gantry_model::rollout::LifecycleStage;
use leptos::prelude::*;

use crate::api::services::ServiceDetail;
use crate::api::staged::{ContinueDeployment, StagedDeployment};
use crate::components::{FieldError, Step, StepMark, error_of};
use crate::format::date_and_clock;

/// The steps that the stages are shown as: a name, and the last stage that belongs to it.
const STEPS: [(&str, LifecycleStage); 5] = [
    ("Scale up", LifecycleStage::PostScaleUp),
    ("Test", LifecycleStage::PostTestTrafficShift),
    ("Shift traffic", LifecycleStage::PostProductionTrafficShift),
    ("Bake", LifecycleStage::BakeTime),
    ("Clean up", LifecycleStage::CleanUp),
];

/// Where the deployment stands.
pub(super) fn steps(staged: &StagedDeployment) -> Vec<Step> {
    let now = LifecycleStage::ALL.into_iter().find(|stage| stage.as_str() == staged.stage);
    let mut reached = true;
    let marked = STEPS.iter().map(|(name, last)| {
        let over = now.is_some_and(|now| now > *last);
        let mark = match (over, reached) {
            (true, _) => StepMark::Done,
            (false, true) => StepMark::Current,
            (false, false) => StepMark::Ahead,
        };
        reached = over;
        let note = match (mark, *name) {
            (StepMark::Ahead, _) => String::new(),
            (_, "Shift traffic") => format!("{}\u{a0}%", staged.share_percent),
            (StepMark::Current, _) if !staged.pauses.is_empty() => "paused".to_owned(),
            _ => String::new(),
        };
        Step { name: (*name).to_owned(), note, mark }
    });
    marked.collect()
}

/// What the deployment waits for: the targets that are asked, and a form for each pause.
pub(super) fn waits(
    service: &ServiceDetail,
    staged: &StagedDeployment,
    action: ServerAction<ContinueDeployment>,
) -> AnyView {
    let asked: Vec<_> =
        staged.asked.iter().map(|url| view! { <p class="muted">{format!("Asking {url}")}</p> }).collect();
    let pauses: Vec<_> = staged.pauses.iter().map(|hook| pause(service, staged, hook, action)).collect();
    view! { {asked} {pauses} }.into_any()
}

fn pause(
    service: &ServiceDetail,
    staged: &StagedDeployment,
    hook: &str,
    action: ServerAction<ContinueDeployment>,
) -> AnyView {
    let then = if staged.timeout_action == "CONTINUE" { "goes on" } else { "goes back" };
    let until = staged.expires_at.map(|at| format!(" Without an answer it {then} on {}.", date_and_clock(at)));
    let words = format!("Paused at {}.{}", stage_in_words(&staged.stage), until.unwrap_or_default());
    let form = |answer: &'static str, kind: &'static str, label: &'static str| {
        let (cluster, name) = (service.summary.cluster.clone(), service.summary.name.clone());
        let (deployment, hook) = (staged.arn.clone(), hook.to_owned());
        view! {
            <ActionForm action>
                <input type="hidden" name="cluster" value=cluster />
                <input type="hidden" name="service" value=name />
                <input type="hidden" name="deployment" value=deployment />
                <input type="hidden" name="hook" value=hook />
                <input type="hidden" name="answer" value=answer />
                <button class="button" data-kind=kind type="submit">{label}</button>
            </ActionForm>
        }
    };
    view! {
        <p>{words}</p>
        <div class="row">{form("CONTINUE", "primary", "Continue")} {form("ROLLBACK", "", "Go back")}</div>
        <FieldError error=error_of(action) />
    }
    .into_any()
}

/// `POST_SCALE_UP` as one would say it.
fn stage_in_words(stage: &str) -> String {
    stage.to_lowercase().replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staged(stage: &str, pauses: &[&str]) -> StagedDeployment {
        StagedDeployment {
            arn: "arn".into(),
            stage: stage.into(),
            share_percent: "5".into(),
            pauses: pauses.iter().map(|hook| (*hook).to_owned()).collect(),
            asked: Vec::new(),
            expires_at: None,
            timeout_action: "ROLLBACK".into(),
        }
    }

    #[test]
    fn each_stage_belongs_to_a_step() {
        use StepMark::{Ahead, Current, Done};
        for (stage, marks) in [
            ("PRE_SCALE_UP", [Current, Ahead, Ahead, Ahead, Ahead]),
            ("POST_SCALE_UP", [Current, Ahead, Ahead, Ahead, Ahead]),
            ("TEST_TRAFFIC_SHIFT", [Done, Current, Ahead, Ahead, Ahead]),
            ("PRODUCTION_TRAFFIC_SHIFT", [Done, Done, Current, Ahead, Ahead]),
            ("BAKE_TIME", [Done, Done, Done, Current, Ahead]),
            ("CLEAN_UP", [Done, Done, Done, Done, Current]),
        ] {
            let found: Vec<_> = steps(&staged(stage, &[])).iter().map(|step| step.mark).collect();
            assert_eq!(found, marks, "{stage}");
        }
    }

    #[test]
    fn a_pause_stands_at_its_step() {
        assert_eq!(steps(&staged("POST_SCALE_UP", &["1"]))[0].note, "paused");
        assert_eq!(steps(&staged("PRODUCTION_TRAFFIC_SHIFT", &[]))[2].note, "5\u{a0}%");
    }
}
