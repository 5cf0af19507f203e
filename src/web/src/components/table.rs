//! Tables that turn into cards on a narrow screen, and rows that flash when they changed.
//!
//! Rows are written by the page: `<tr data-fresh=…><td>…</td><td data-label="State">…</td></tr>`. `data-label` names the
//! value in the card view; `data-span`, `data-wide` and `data-hide` place it, `data-low` leaves a middling width.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use leptos::prelude::*;

/// The table: head cells as (class, title), rows as children.
#[component]
pub fn Table(
    /// What a reader hears for the table.
    #[prop(into)]
    label: String,
    /// Titles of the columns; one that starts with `>` is set to the end (numbers), with `-` it leaves first.
    columns: &'static [&'static str],
    children: Children,
) -> impl IntoView {
    let head: Vec<_> = columns
        .iter()
        .map(|column| {
            let low = column.starts_with('-').then_some("");
            let column = column.trim_start_matches('-');
            let class = column.starts_with('>').then_some("end");
            view! { <th scope="col" class=class data-low=low>{column.trim_start_matches('>')}</th> }
        })
        .collect();
    view! {
        <div class="table-frame">
            <table class="table" data-narrow="cards" aria-label=label>
                <thead><tr>{head}</tr></thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
    }
}

/// Remembers what rows looked like, so that a row whose values changed since the last look can flash.
#[derive(Clone, Copy)]
pub struct Fresh {
    rows: StoredValue<HashMap<String, (u64, u32)>>,
}

impl Default for Fresh {
    fn default() -> Self {
        Self { rows: StoredValue::new(HashMap::new()) }
    }
}

impl Fresh {
    /// The value of a row's `data-fresh`: nothing at first sight or without a change, then `odd` and `even` in turn, so that
    /// each change starts the animation anew.
    #[must_use]
    pub fn of(&self, key: &str, row: &impl Hash) -> Option<&'static str> {
        let mut hasher = DefaultHasher::new();
        row.hash(&mut hasher);
        let print = hasher.finish();
        let changes = self.rows.try_update_value(|rows| match rows.get_mut(key) {
            None => {
                rows.insert(key.to_owned(), (print, 0));
                0
            }
            Some((last, changes)) => {
                if *last != print {
                    *last = print;
                    *changes += 1;
                }
                *changes
            }
        });
        match changes {
            None | Some(0) => None,
            Some(n) if n % 2 == 1 => Some("odd"),
            Some(_) => Some("even"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_flashes_only_when_it_changed_and_each_time_it_does() {
        let owner = Owner::new();
        owner.with(|| {
            let fresh = Fresh::default();
            let seen = [1, 1, 2, 2, 3].map(|value| fresh.of("row", &value));
            assert_eq!(seen, [None, None, Some("odd"), Some("odd"), Some("even")]);
        });
    }
}
