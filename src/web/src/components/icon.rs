//! Icons and state shapes, drawn inline so that nothing is fetched for them. Strokes follow the text's colour.

use leptos::prelude::*;

use crate::state::State;

/// The icons of the dashboard, on a grid of 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    Audit,
    Board,
    Check,
    Clock,
    Cluster,
    Copy,
    TaskDefinition,
    Deploy,
    Diff,
    Down,
    Events,
    Filter,
    Home,
    Info,
    Key,
    Layers,
    LoadBalancer,
    Lock,
    Logs,
    Menu,
    Minus,
    Host,
    Moon,
    More,
    Plus,
    Pull,
    Repository,
    Right,
    Search,
    Settings,
    Stop,
    Sun,
    Undo,
    Close,
}

impl Icon {
    const fn drawing(self) -> &'static str {
        match self {
            Self::Audit => r#"<path d="M8 1.8 13 3.6v4c0 3-2 5.3-5 6.6-3-1.3-5-3.6-5-6.6v-4zM5.8 8l1.6 1.6 2.900-3"/>"#,
            Self::Board => {
                r#"<rect x="1.8" y="2.8" width="12.4" height="8.4" rx="1"/><path d="M5.5 13.5h5M8 11.2v2.3"/>"#
            }
            Self::Check => r#"<path d="m3 8.5 3.2 3.2L13 4.8"/>"#,
            Self::Clock => r#"<circle cx="8" cy="8" r="6"/><path d="M8 4.8V8l2.2 1.4"/>"#,
            Self::Cluster => {
                r#"<rect x="2" y="2.5" width="5" height="5" rx=".6"/><rect x="9" y="2.5" width="5" height="5" rx=".6"/><rect x="2" y="9.5" width="5" height="4" rx=".6"/><rect x="9" y="9.5" width="5" height="4" rx=".6"/>"#
            }
            Self::Copy => {
                r#"<rect x="5.5" y="5.5" width="8" height="8" rx="1"/><path d="M10.5 5.5v-2a1 1 0 0 0-1-1h-6a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h2"/>"#
            }
            Self::TaskDefinition => {
                r#"<path d="M9 1.8H4a1 1 0 0 0-1 1v10.4a1 1 0 0 0 1 1h8a1 1 0 0 0 1-1V5.8zM9 1.8v4h4M6.8 8.2 5.2 9.8l1.6 1.6M9.2 8.2l1.6 1.6-1.6 1.6"/>"#
            }
            Self::Deploy => {
                r#"<path d="M8 10.5v-8M4.8 5.7 8 2.5l3.2 3.2M2.5 10.5v2a1 1 0 0 0 1 1h9a1 1 0 0 0 1-1v-2"/>"#
            }
            Self::Diff => r#"<path d="M4 2.5v7M1.5 6h5M9.5 12h5M13 3 4 13.5" stroke-width="1.5"/>"#,
            Self::Down => r#"<path d="m3.5 6 4.5 4.5L12.5 6"/>"#,
            Self::Events => r#"<path d="M1.5 8.5h3l2-5.5 3 10 2-4.5h3"/>"#,
            Self::Filter => r#"<path d="M2 3.5h12M4.5 8h7M7 12.5h2"/>"#,
            Self::Home => r#"<path d="M3 7.5 8 3l5 4.5V13H9.75V9.5h-3.5V13H3z"/>"#,
            Self::Info => r#"<circle cx="8" cy="8" r="6"/><path d="M8 7.3v3.5M8 5.2v.01"/>"#,
            Self::Key => r#"<circle cx="5" cy="11" r="2.7"/><path d="m7 9 6-6M10.8 5.2l1.7 1.7M9 7l1.3 1.3"/>"#,
            Self::Layers => r#"<path d="m8 2 6 3-6 3-6-3zM2.5 8 8 10.8 13.5 8M2.5 11 8 13.8 13.5 11"/>"#,
            Self::LoadBalancer => {
                r#"<circle cx="3.2" cy="8" r="1.5"/><circle cx="12.8" cy="3.5" r="1.5"/><circle cx="12.8" cy="12.5" r="1.5"/><path d="M4.7 8h2.2c1.2 0 1.3-.7 1.8-1.8L9.3 5c.5-1 .9-1.5 2-1.5M6.9 8c1.2 0 1.3.7 1.8 1.8l.6 1.2c.5 1 .9 1.5 2 1.5"/>"#
            }
            Self::Lock => r#"<rect x="3" y="7" width="10" height="6.5" rx="1"/><path d="M5 7V5a3 3 0 0 1 6 0v2"/>"#,
            Self::Logs => {
                r#"<rect x="2" y="2.5" width="12" height="11" rx="1.2"/><path d="m4.8 6 2 2-2 2M8.5 10.2h3"/>"#
            }
            Self::Menu => r#"<path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11"/>"#,
            Self::Minus => r#"<path d="M3 8h10"/>"#,
            Self::Host => r#"<rect x="2" y="2.5" width="12" height="8.5" rx="1"/><path d="M5.5 13.5h5"/>"#,
            Self::Moon => r#"<path d="M13.5 9.6A5.8 5.8 0 0 1 6.4 2.5a5.8 5.8 0 1 0 7.100 7.100z"/>"#,
            Self::More => r#"<path d="M3.5 8h.01M8 8h.01M12.5 8h.01" stroke-width="2.2"/>"#,
            Self::Plus => r#"<path d="M8 3v10M3 8h10"/>"#,
            Self::Pull => r#"<path d="M8 2.5v8M4.8 7.3 8 10.5l3.2-3.2M2.5 13.5h11"/>"#,
            Self::Repository => {
                r#"<rect x="2" y="4" width="12" height="9" rx="1"/><path d="M2 7h12M5.5 4v9M8 7v6M10.5 4v9" stroke-width="1.3"/>"#
            }
            Self::Right => r#"<path d="m6 3.5 4.5 4.5L6 12.5"/>"#,
            Self::Search => r#"<circle cx="7" cy="7" r="4.5"/><path d="m10.4 10.4 3.3 3.3"/>"#,
            Self::Settings => {
                r#"<path d="M2 4.5h6M12 4.5h2M2 11.5h2M8 11.5h6"/><circle cx="10" cy="4.5" r="1.8"/><circle cx="6" cy="11.5" r="1.8"/>"#
            }
            Self::Stop => r#"<rect x="4" y="4" width="8" height="8" rx="1"/>"#,
            Self::Sun => {
                r#"<circle cx="8" cy="8" r="2.8"/><path d="M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9"/>"#
            }
            Self::Undo => r#"<path d="M5.5 3 2.5 6l3 3M2.5 6h7a4 4 0 0 1 0 8H6"/>"#,
            Self::Close => r#"<path d="m4 4 8 8M12 4l-8 8"/>"#,
        }
    }
}

/// An icon beside words; alone it needs a label on the control around it.
#[component]
pub fn IconMark(
    /// Which one.
    icon: Icon,
) -> impl IntoView {
    view! { <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" inner_html=icon.drawing()></svg> }
}

/// The shape of a state: never alone, always with its word or a label.
#[component]
pub fn Shape(
    /// The state that it stands for.
    state: State,
) -> impl IntoView {
    view! {
        <svg class="shape" viewBox="0 0 12 12" data-state=state.as_str() aria-hidden="true" inner_html=shape(state)></svg>
    }
}

const fn shape(state: State) -> &'static str {
    match state {
        State::Running => r#"<circle cx="6" cy="6" r="5" fill="currentColor"/>"#,
        State::Pending => {
            r#"<circle cx="6" cy="6" r="4.3" fill="none" stroke="currentColor" stroke-width="1.5"/><path d="M6 6V1.7A4.3 4.3 0 0 1 10.3 6z" fill="currentColor"/>"#
        }
        State::Draining => {
            r#"<circle cx="6" cy="6" r="4.3" fill="none" stroke="currentColor" stroke-width="1.5"/><path d="M6 1.7a4.3 4.3 0 0 0 0 8.600z" fill="currentColor"/>"#
        }
        State::Failed => {
            r#"<path d="m2 2 8 8M10 2l-8 8" fill="none" stroke="currentColor" stroke-width="2.3" stroke-linecap="round"/>"#
        }
        State::Stopped => r#"<rect x="1.5" y="1.5" width="9" height="9" rx="1" fill="currentColor"/>"#,
        State::Unknown => {
            r#"<path d="M3.2 3.8a2.8 2.8 0 1 1 4.3 2.5C6.5 6.900 6 7.3 6 8.2M6 10.7v.01" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"/>"#
        }
    }
}

/// The crane: Gantry's mark.
#[component]
pub fn BrandMark() -> impl IntoView {
    view! {
        <svg class="brand-mark" viewBox="0 0 24 24" fill="none" aria-hidden="true">
            <path
                data-part="frame"
                d="M1.5 4.5h21M5 4.5V21M19 4.5V21M2.8 21h4.4M16.8 21h4.4"
                stroke-width="2"
                stroke-linecap="square"
            />
            <path data-part="rope" d="M10 5v5.5M14 5v5.5" stroke-width="1.4" />
            <rect data-part="box" x="8" y="10.5" width="8" height="5.5" rx=".6" />
        </svg>
    }
}
