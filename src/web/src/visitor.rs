//! What the visitor's browser knows and does. On the server there is no visitor.

#[cfg(feature = "hydrate")]
mod browser {
    //! What needs the page's elements.

    use leptos::prelude::{document, window};
    use wasm_bindgen::JsCast as _;
    use web_sys::{HtmlElement, KeyboardEvent, NodeList, Storage};

    /// `hh:mm` by the visitor's clock.
    #[must_use]
    pub fn local_time() -> Option<String> {
        let now = js_sys::Date::new_0();
        Some(format!("{:02}:{:02}", now.get_hours(), now.get_minutes()))
    }

    /// Milliseconds since 1970 by the visitor's clock.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds stay below 2^53")]
    pub fn now() -> i64 {
        js_sys::Date::now() as i64
    }

    /// The build that the page was loaded from.
    #[must_use]
    pub fn build() -> Option<String> {
        document().query_selector("meta[name=gantry-build]").ok().flatten()?.get_attribute("content")
    }

    /// Loads the page anew.
    pub fn reload() {
        // A browser that refuses to load the page goes on showing it.
        let _refused = window().location().reload();
    }

    const RECENT: &str = "gantry.recent";
    const KEYS: &str = "gantry.keys";
    const MOST_RECENT: usize = 5;

    fn element(id: &str) -> Option<HtmlElement> {
        document().get_element_by_id(id)?.dyn_into().ok()
    }

    /// Opens a popover; false when it is not there or open already.
    pub fn open_popover(id: &str) -> bool {
        element(id).is_some_and(|found| found.show_popover().is_ok())
    }

    /// Closes a popover.
    pub fn close_popover(id: &str) {
        // One that is closed already refuses, which is as good.
        let _closed = element(id).map(|found| found.hide_popover());
    }

    /// Whether an element that scrolls shows its end, or is not there.
    pub fn is_at_end(id: &str) -> bool {
        const NEARLY: i32 = 40;
        element(id).is_none_or(|found| found.scroll_top() + found.client_height() + NEARLY >= found.scroll_height())
    }

    /// Scrolls an element to its end, when what was added to it is there.
    pub fn scroll_to_end(id: &'static str) {
        leptos::prelude::request_animation_frame(move || {
            if let Some(found) = element(id) {
                found.set_scroll_top(found.scroll_height());
            }
        });
    }

    /// Whether a key belongs to a field in which somebody writes.
    pub fn is_typing(event: &KeyboardEvent) -> bool {
        let target = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
        target.is_some_and(|target| {
            matches!(target.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT") || target.is_content_editable()
        })
    }

    /// Puts the focus into the page's first filter.
    pub fn focus_filter() {
        let found = document().query_selector("main input[type=search]").ok().flatten();
        focus(found.and_then(|found| found.dyn_into().ok()));
    }

    /// Moves the focus `by` rows through the objects of the page's tables.
    pub fn focus_row(by: i32) {
        let Ok(rows) = document().query_selector_all("main .table tbody a.object") else { return };
        let at = |i: u32| rows.get(i).and_then(|node| node.dyn_into::<HtmlElement>().ok());
        let current = document().active_element();
        let here = (0..rows.length()).find(|i| at(*i).map(Into::into) == current);
        focus(at(next_of(&rows, here, by)));
    }

    fn next_of(rows: &NodeList, here: Option<u32>, by: i32) -> u32 {
        match here {
            Some(i) => i.saturating_add_signed(by).min(rows.length().saturating_sub(1)),
            None if by < 0 => rows.length().saturating_sub(1),
            None => 0,
        }
    }

    fn focus(element: Option<HtmlElement>) {
        // An element that cannot take the focus is left alone.
        let _focused = element.map(|element| element.focus());
    }

    /// The visitor's storage; some browsers have none.
    fn storage() -> Option<Storage> {
        window().local_storage().ok().flatten()
    }

    /// Whether single keys do something.
    pub fn single_keys() -> bool {
        storage().and_then(|storage| storage.get_item(KEYS).ok().flatten()).as_deref() != Some("off")
    }

    /// Turns single keys on or off, in this browser.
    pub fn set_single_keys(on: bool) {
        write(KEYS, if on { "on" } else { "off" });
    }

    /// Where the visitor was of late: title and address, the last first.
    pub fn recent() -> Vec<(String, String)> {
        let stored = storage().and_then(|storage| storage.get_item(RECENT).ok().flatten());
        stored.and_then(|stored| serde_json::from_str(&stored).ok()).unwrap_or_default()
    }

    /// Remembers that the visitor is at `path`, under the page's title.
    pub fn remember_visit(path: &str) {
        // Somebody who was fast is elsewhere by now.
        if window().location().pathname().ok().as_deref() != Some(path) {
            return;
        }
        let title = document().title().trim_end_matches(" · Gantry").to_owned();
        let mut visits = recent();
        visits.retain(|(_, href)| href != path);
        visits.insert(0, (title, path.to_owned()));
        visits.truncate(MOST_RECENT);
        if let Ok(text) = serde_json::to_string(&visits) {
            write(RECENT, &text);
        }
    }

    fn write(name: &str, value: &str) {
        // A browser that stores nothing forgets; nothing depends on it.
        let _stored = storage().map(|storage| storage.set_item(name, value));
    }
}

#[cfg(not(feature = "hydrate"))]
mod browser {
    //! Nothing of this happens on the server.

    use leptos::ev::KeyboardEvent;

    pub fn local_time() -> Option<String> {
        None
    }
    pub fn now() -> i64 {
        0
    }
    pub fn build() -> Option<String> {
        None
    }
    pub fn reload() {}
    pub fn open_popover(_: &str) -> bool {
        false
    }
    pub fn close_popover(_: &str) {}
    pub fn is_at_end(_: &str) -> bool {
        true
    }
    pub fn scroll_to_end(_: &'static str) {}
    pub fn is_typing(_: &KeyboardEvent) -> bool {
        false
    }
    pub fn focus_filter() {}
    pub fn focus_row(_: i32) {}
    pub fn single_keys() -> bool {
        true
    }
    pub fn set_single_keys(_: bool) {}
    pub fn recent() -> Vec<(String, String)> {
        Vec::new()
    }
    pub fn remember_visit(_: &str) {}
}

pub use browser::{
    build, close_popover, focus_filter, focus_row, is_at_end, is_typing, local_time, now, open_popover, recent, reload,
    remember_visit, scroll_to_end, set_single_keys, single_keys,
};
