//! The drawing beside the sign-in: a gantry crane that lowers a container into the one gap in the yard.
//!
//! Drawn from numbers, in the units of a view box of 780 by 700. Decoration, so hidden from screen readers.

use leptos::prelude::*;

/// Containers are so wide and high, and columns of the yard so far apart.
const WIDE: u32 = 76;
const HIGH: u32 = 32;
const PITCH: u32 = 82;
/// The left edge of the yard and the quay on which it stands.
const YARD: u32 = 64;
const QUAY: u32 = 562;
/// How many containers stand in each column. The gap is where the crane lowers the next one.
const STACKS: [u32; 8] = [2, 3, 1, 4, 1, 0, 3, 2];
const GAP: u32 = 5;
/// The underside of the crane's beam.
const BEAM: u32 = 172;

/// The drawing.
pub(super) fn gate_art() -> impl IntoView {
    view! {
        <div class="gate-art" aria-hidden="true">
            <svg viewBox="0 0 780 700" preserveAspectRatio="xMidYMax meet">
                <g data-part="sea" stroke-width="1.5">{sea()}</g>
                <path data-part="ink" stroke-width="2.5" d=format!("M0 {QUAY}H780") />
                {crane()}
                {yard()}
                {load()}
            </svg>
        </div>
    }
}

/// Rows of waves, every second one shifted by half a wave.
fn sea() -> impl IntoView {
    (0..5_i32)
        .map(|row| {
            let (x, y) = (-40 + row % 2 * 20, 596 + row * 24);
            let waves = "q10 -7 20 0t20 0".repeat(21);
            view! { <path d=format!("M{x} {y}{waves}") /> }
        })
        .collect_view()
}

/// Legs, beam and the truss between its two girders.
fn crane() -> impl IntoView {
    let truss: String = (0..21).map(|n| format!("M{} 150l18 22l18-22", 10 + n * 36)).collect();
    view! {
        <g data-part="ink" stroke-width="5">
            <path d="M8 150H772M40 150V556M740 150V556" />
            <path d=format!("M8 {BEAM}H772") stroke-width="1.6" />
            <path d="M40 150 20 556M740 150l20 406M8 556h44M728 556h44" stroke-width="2.5" />
        </g>
        <path data-part="ink" stroke-width="1.4" d=truss />
    }
}

fn yard() -> impl IntoView {
    let place = |column: u32, level: u32| (YARD + column * PITCH, QUAY - 2 - (level + 1) * (HIGH + 2));
    STACKS
        .into_iter()
        .zip(0..)
        .flat_map(|(height, column)| (0..height).map(move |level| (column, level)))
        .map(|(column, level)| {
            // Which ones are dark follows no plan, but is the same on every sight.
            let part = if (column * 3 + level * 5) % 4 == 0 { "case-2" } else { "case" };
            container(part, "rib", place(column, level))
        })
        .collect_view()
}

/// The trolley on the beam, its ropes, and the container on them above its place.
fn load() -> impl IntoView {
    let x = YARD + GAP * PITCH;
    let (left, right, lowered) = (x + 14, x + WIDE - 14, 382);
    view! {
        <rect data-part="case" x=x y="132" width=WIDE height="20" rx="2" stroke-width="2" />
        <path data-part="ink" stroke-width="1.6" d=format!("M{left} 152V{lowered}M{right} 152V{lowered}M{x} {}h{WIDE}", lowered - 6) />
        {container("hull", "hull-rib", (x, lowered))}
        <path data-part="thin" stroke-width="1.2" stroke-dasharray="3 4" d=format!("M{x} {}V{QUAY}m{WIDE} 0V{}", lowered + HIGH + 4, lowered + HIGH + 4) />
    }
}

fn container(part: &'static str, rib: &'static str, (x, y): (u32, u32)) -> impl IntoView {
    let ribs: String = (0..8).map(|n| format!("M{} {}v{}", x + 8 + n * 60 / 7, y + 5, HIGH - 10)).collect();
    view! {
        <rect data-part=part x=x y=y width=WIDE height=HIGH rx="1.5" stroke-width="1.6" />
        <path data-part=rib d=ribs />
    }
}
