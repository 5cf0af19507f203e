//! Amazon ECR, one file an operation.

use crate::operations::Operations;

/// Adds the operations of ECR.
pub fn register(operations: &mut Operations) {
    let _ = operations;
}
