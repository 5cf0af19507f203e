//! AWS STS: who am I.

use crate::operations::Operations;

/// Adds the operations of STS.
pub fn register(operations: &mut Operations) {
    let _ = operations;
}
