//! Reactions: the bus and the consumers project, ingest, compare, segment, notify and cleanup.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod aggregation;
pub mod bus;
pub mod clustering;
pub mod consumers;
pub mod csv;
pub mod email;
pub mod ingestion;
mod lock;
mod runtime;
pub mod segmentation;

pub use runtime::consumer::Consumer;
pub use runtime::context::Context;
pub use runtime::metrics::Attempts;
pub use runtime::positions::Positions;
pub use runtime::reaction::Reaction;
pub use runtime::replay::replay;
pub use runtime::retry::RetryPolicy;
pub use runtime::roles::Role;
pub use runtime::start::{Started, start};
