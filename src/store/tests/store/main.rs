//! The store over real database files, each test with its own: durability, order, isolation, and every noun's queries.

mod nouns;
mod support;
mod task_filters;
mod writes;
