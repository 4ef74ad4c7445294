//! Who reacts to events. Each handles one event at a time as if it were the only one, and may be given it twice.

pub mod cleanup;
pub mod ingest;
pub mod notify;
pub mod overlaps;
pub mod project;
pub mod segment;
