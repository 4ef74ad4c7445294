//! Reactions: the bus and the consumers project, ingest, segment and cleanup.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod segment;
