//! One way through a file: records become rows or rejects, rows become chunks of frames.

pub mod attempt;
pub mod rejects;
pub mod repeats;
pub mod rows;
pub mod store;
