//! AWS STS: who am I.

pub mod get_caller_identity;

use crate::operations::Operations;

/// Adds the operations of STS.
pub fn register(operations: &mut Operations) {
    operations.add("sts", "GetCallerIdentity", get_caller_identity::get_caller_identity);
}
