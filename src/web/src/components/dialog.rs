//! Dialogs by native means: a `<dialog>` shown as a popover, so that it opens without a line of script. Escape, the
//! backdrop and the return of the focus are the browser's.

use leptos::prelude::*;

/// A button that opens the [`ConfirmDialog`] with the id `opens`.
#[component]
pub fn DialogButton(
    /// The dialog's id.
    opens: &'static str,
    /// `primary`, `danger` or `quiet`.
    #[prop(optional)]
    kind: Option<&'static str>,
    /// `small`.
    #[prop(optional)]
    size: Option<&'static str>,
    children: Children,
) -> impl IntoView {
    view! {
        <button type="button" class="button" data-kind=kind data-size=size popovertarget=opens>
            {children()}
        </button>
    }
}

/// A question before something that cannot be taken back. The children are the form that does it; a way out stands
/// beside them.
#[component]
pub fn ConfirmDialog(
    /// The dialog's id, unique on the page.
    id: &'static str,
    /// The question: "Delete cluster prod?"
    #[prop(into)]
    question: String,
    /// What follows from a yes.
    #[prop(into)]
    consequence: String,
    /// Whether the form has done it: the dialog then closes. See [`done`].
    done: Signal<bool>,
    children: Children,
) -> impl IntoView {
    // Only when it turns out so while the dialog stands: each refresh draws it anew, and what was done long ago must not
    // close a dialog that somebody has just opened.
    Effect::new(move |seen: Option<()>| {
        if done.get() && seen.is_some() {
            hide(id);
        }
    });
    let heading = format!("{id}-question");
    let labelled_by = heading.clone();
    view! {
        <dialog class="dialog" id=id popover="auto" aria-labelledby=labelled_by>
            <div class="dialog-body">
                <h2 id=heading>{question}</h2>
                <p>{consequence}</p>
            </div>
            <div class="dialog-foot">
                <button type="button" class="button" data-kind="quiet" popovertarget=id popovertargetaction="hide">
                    "Cancel"
                </button>
                {children()}
            </div>
        </dialog>
    }
}

/// Whether the last call of a form's action succeeded.
#[must_use]
pub fn done<S>(action: ServerAction<S>) -> Signal<bool>
where
    S: leptos::server_fn::ServerFn + Clone + Send + Sync + 'static,
    S::Output: Clone + Send + Sync + 'static,
    S::Error: Clone + Send + Sync + 'static,
{
    let value = action.value();
    Signal::derive(move || value.with(|value| matches!(value, Some(Ok(_)))))
}

#[cfg(feature = "hydrate")]
fn hide(id: &str) {
    use wasm_bindgen::JsCast as _;
    let dialog = document().get_element_by_id(id).and_then(|found| found.dyn_into::<web_sys::HtmlElement>().ok());
    // One that is closed already refuses, which is as good.
    let _closed = dialog.map(|dialog| dialog.hide_popover());
}

#[cfg(not(feature = "hydrate"))]
fn hide(_: &str) {}
