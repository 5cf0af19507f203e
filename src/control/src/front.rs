//! The AWS front.
