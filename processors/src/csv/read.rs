//! One way through a file: records become rows or rejects.

mod footer;

pub(crate) mod block_merger;
pub(crate) mod block_reader;
pub(crate) mod duplicate_rows;
pub(crate) mod guess;
pub(crate) mod rejects;
