//! Dialogs by the native element: focus, Escape and the backdrop are the browser's.

use leptos::html;
use leptos::prelude::*;

/// A button that opens the [`ConfirmDialog`] with the same id.
#[component]
pub fn DialogButton(
    /// The dialog's node.
    dialog: NodeRef<html::Dialog>,
    /// `primary`, `danger` or `quiet`.
    #[prop(optional)]
    kind: Option<&'static str>,
    /// `small`.
    #[prop(optional)]
    size: Option<&'static str>,
    children: Children,
) -> impl IntoView {
    let open = move |_| {
        if let Some(dialog) = dialog.get_untracked() {
            // A dialog that is open already answers with an error; then there is nothing to do.
            let _opened = dialog.show_modal();
        }
    };
    view! { <button type="button" class="button" data-kind=kind data-size=size on:click=open>{children()}</button> }
}

/// A question before something that cannot be taken back. The children are the form with its buttons; a
/// `<button class="button" data-kind="quiet" formmethod="dialog">` in it closes the dialog.
#[component]
pub fn ConfirmDialog(
    /// The dialog's node, for [`DialogButton`].
    node: NodeRef<html::Dialog>,
    /// A page-wide unique id for the heading.
    id: &'static str,
    /// The question.
    #[prop(into)]
    question: String,
    children: Children,
) -> impl IntoView {
    view! {
        <dialog class="dialog" node_ref=node aria-labelledby=id>
            <div class="dialog-body"><h2 id=id>{question}</h2></div>
            {children()}
        </dialog>
    }
}
