//! From the model's nouns to the shapes that the API answers.

pub mod service;
