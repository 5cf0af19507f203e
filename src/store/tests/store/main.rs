//! The store over real database files, each test with its own: durability, order, isolation, and every noun's queries.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what cannot be prepared fails the test")]

mod boards;
mod join_tokens;
mod nouns;
mod secrets;
mod support;
mod task_filters;
mod writes;
