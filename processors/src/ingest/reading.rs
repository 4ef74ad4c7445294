//! One way through a file: records become rows or rejects, rows become chunks of frames.

pub mod attempt;
mod footer;
pub mod parse;
pub mod rejects;
pub mod repeats;
pub mod store;
mod sums;
pub mod total;
