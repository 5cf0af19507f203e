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
    children: Children,
) -> impl IntoView {
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
