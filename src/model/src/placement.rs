//! Placement constraints and strategies as users write them.

use serde::{Deserialize, Serialize};

/// A rule that an instance must satisfy. Expressions are checked when the constraint is accepted, so inside they parse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum PlacementConstraint {
    /// Each task of the group on an instance of its own.
    DistinctInstance,
    /// A cluster query language expression that the instance must satisfy.
    MemberOf { expression: String },
}

/// A wish about where tasks go, applied in order; it never prevents a placement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum PlacementStrategy {
    Random,
    /// Evenly over the values of a field: `instanceId`, `host` or `attribute:NAME`.
    Spread {
        field: String,
    },
    /// Onto the instance with the least remaining of the resource that still fits.
    Binpack {
        field: BinpackField,
    },
}

/// The resource that a binpack strategy packs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BinpackField {
    Cpu,
    Memory,
}
