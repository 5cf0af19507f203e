//! Reconciliation by table.
