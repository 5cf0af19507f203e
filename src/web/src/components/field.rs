//! Form fields: label, control, hint, error, tied together for assistive technology.

use leptos::either::Either;
use leptos::prelude::*;

use super::{Shape, done};
use crate::error::ApiError;
use crate::state::State;

/// A text field.
#[component]
pub fn Field(
    /// The control's `name`, also its id.
    name: &'static str,
    /// The visible label.
    #[prop(into)]
    label: String,
    /// The value at first.
    #[prop(optional, into)]
    value: Option<String>,
    /// What may stand in it.
    #[prop(optional, into)]
    hint: Option<String>,
    /// `text` unless given.
    #[prop(default = "text")]
    kind: &'static str,
    /// The browser's `autocomplete` word.
    #[prop(optional)]
    autocomplete: Option<&'static str>,
    /// Whether it must be filled.
    #[prop(optional)]
    required: bool,
    /// A unit behind the value, such as `MiB`.
    #[prop(optional)]
    unit: Option<&'static str>,
    /// `numeric` brings up a number pad.
    #[prop(optional)]
    inputmode: Option<&'static str>,
    /// What is offered while somebody types.
    #[prop(optional)]
    suggestions: Vec<String>,
) -> impl IntoView {
    let hint_id = hint.is_some().then(|| format!("{name}-hint"));
    let list_id = (!suggestions.is_empty()).then(|| format!("{name}-list"));
    let list = list_id.clone().map(|id| {
        let options: Vec<_> = suggestions.into_iter().map(|value| view! { <option value=value></option> }).collect();
        view! { <datalist id=id>{options}</datalist> }
    });
    view! {
        <div class="field">
            <label class="field-label" for=name>{label}</label>
            <div class="input-group">
                <input
                    class="input"
                    id=name
                    name=name
                    type=kind
                    value=value
                    required=required
                    autocomplete=autocomplete
                    inputmode=inputmode
                    list=list_id
                    aria-describedby=hint_id.clone()
                />
                {list}
                {unit.map(|unit| view! { <span class="input-unit">{unit}</span> })}
            </div>
            {hint.map(|hint| view! { <p class="field-hint" id=hint_id>{hint}</p> })}
        </div>
    }
}

/// A choice out of a few.
#[component]
#[expect(clippy::needless_pass_by_value, reason = "a component owns its props")]
pub fn SelectField(
    /// The control's `name`, also its id.
    name: &'static str,
    /// The visible label.
    #[prop(into)]
    label: String,
    /// What can be chosen, as value and words.
    options: Vec<(String, String)>,
    /// The value that is chosen at first.
    #[prop(optional, into)]
    selected: Option<String>,
    /// What the choice means.
    #[prop(optional, into)]
    hint: Option<String>,
) -> impl IntoView {
    let hint_id = hint.is_some().then(|| format!("{name}-hint"));
    let options: Vec<_> = options
        .into_iter()
        .map(|(value, words)| {
            let chosen = selected.as_ref() == Some(&value);
            view! { <option value=value selected=chosen>{words}</option> }
        })
        .collect();
    view! {
        <div class="field">
            <label class="field-label" for=name>{label}</label>
            <select class="select" id=name name=name aria-describedby=hint_id.clone()>{options}</select>
            {hint.map(|hint| view! { <p class="field-hint" id=hint_id>{hint}</p> })}
        </div>
    }
}

/// Several lines of text.
#[component]
pub fn TextArea(
    /// The control's `name`, also its id.
    name: &'static str,
    /// The visible label.
    #[prop(into)]
    label: String,
    /// What may stand in it.
    #[prop(optional, into)]
    hint: Option<String>,
    /// How many lines are seen.
    #[prop(default = 3)]
    rows: u32,
) -> impl IntoView {
    let hint_id = hint.is_some().then(|| format!("{name}-hint"));
    view! {
        <div class="field">
            <label class="field-label" for=name>{label}</label>
            <textarea
                class="input mono"
                id=name
                name=name
                rows=rows.to_string()
                spellcheck="false"
                autocomplete="off"
                aria-describedby=hint_id.clone()
            ></textarea>
            {hint.map(|hint| view! { <p class="field-hint" id=hint_id>{hint}</p> })}
        </div>
    }
}

/// What the API said to a form, above its buttons.
#[component]
pub fn FieldError(
    /// The error, if any.
    #[prop(into)]
    error: Signal<Option<ApiError>>,
) -> impl IntoView {
    move || {
        error.get().map(|error| {
            let code = error.code().to_owned();
            view! {
                <p class="field-error" role="alert">
                    <Shape state=State::Failed />
                    <span>{error.to_string()}" "<span class="mono">{code}</span></span>
                </p>
            }
        })
    }
}

/// A word beside a form's button, once its last call succeeded.
pub fn saved<S>(action: ServerAction<S>) -> impl IntoView
where
    S: leptos::server_fn::ServerFn<Error = ApiError> + Clone + Send + Sync + 'static,
    S::Output: Clone + Send + Sync + 'static,
{
    move || done(action).get().then(|| view! { <span class="muted" role="status">"Saved"</span> })
}

/// A field that is empty again once its form was taken.
pub fn emptied<S, V>(action: ServerAction<S>, field: fn() -> V) -> impl IntoView
where
    S: leptos::server_fn::ServerFn<Error = ApiError> + Clone + Send + Sync + 'static,
    S::Output: Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let (taken, value) = (RwSignal::new(false), action.value());
    Effect::new(move |_| {
        if value.with(|value| matches!(value, Some(Ok(_)))) {
            taken.update(|taken| *taken = !*taken);
        }
    });
    // Of two alternatives the one that is drawn anew has nothing of what was typed into the other.
    move || if taken.get() { Either::Left(field()) } else { Either::Right(field()) }
}

/// The error of the last answer of a form's action.
#[must_use]
pub fn error_of<S>(action: ServerAction<S>) -> Signal<Option<ApiError>>
where
    S: leptos::server_fn::ServerFn<Error = ApiError> + Clone + Send + Sync + 'static,
    S::Output: Clone + Send + Sync + 'static,
{
    Signal::derive(move || action.value().get().and_then(Result::err))
}
