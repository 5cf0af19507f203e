//! One block a task: the signature of the dashboard.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::state::State;

/// From this many tasks on, blocks become shares of a bar.
const MOST_BLOCKS: u32 = 24;

/// How many tasks are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateCounts {
    pub running: u32,
    pub draining: u32,
    pub pending: u32,
    pub failed: u32,
    pub stopped: u32,
}

impl StateCounts {
    fn parts(self) -> [(State, u32); 5] {
        [
            (State::Running, self.running),
            (State::Draining, self.draining),
            (State::Pending, self.pending),
            (State::Failed, self.failed),
            (State::Stopped, self.stopped),
        ]
    }

    /// All of them.
    #[must_use]
    pub fn total(self) -> u32 {
        self.parts().iter().map(|(_, n)| n).sum()
    }

    /// What a reader hears: `6 running, 2 pending`.
    #[must_use]
    pub fn in_words(self) -> String {
        let words: Vec<String> =
            self.parts().iter().filter(|(_, n)| *n > 0).map(|(state, n)| format!("{n} {}", state.as_str())).collect();
        if words.is_empty() { "no tasks".to_owned() } else { words.join(", ") }
    }
}

/// Up to 24 tasks as blocks, more as shares.
#[component]
pub fn Stack(
    /// How many of each.
    counts: StateCounts,
    /// Blocks of the size that the scale control uses.
    #[prop(optional)]
    large: bool,
) -> impl IntoView {
    let label = counts.in_words();
    if counts.total() == 0 {
        return view! { <span class="muted">"–"</span> }.into_any();
    }
    if counts.total() <= MOST_BLOCKS {
        let blocks: Vec<_> = counts
            .parts()
            .into_iter()
            .flat_map(|(state, n)| (0..n).map(move |_| view! { <i data-state=state.as_str()></i> }))
            .collect();
        let size = large.then_some("large");
        return view! { <span class="stack" role="img" aria-label=label data-size=size>{blocks}</span> }.into_any();
    }
    let shares: Vec<_> = counts
        .parts()
        .into_iter()
        .filter(|(_, n)| *n > 0)
        .map(|(state, n)| view! { <i data-state=state.as_str() style=format!("--n:{n}")></i> })
        .collect();
    view! { <span class="share" role="img" aria-label=label>{shares}</span> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_read_out_in_words() {
        let counts = StateCounts { running: 6, pending: 2, ..StateCounts::default() };
        assert_eq!(counts.in_words(), "6 running, 2 pending");
        assert_eq!(StateCounts::default().in_words(), "no tasks");
    }
}
