//! Reactions: the bus and the consumers project, ingest, compare, segment, notify and cleanup.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod amqp;
pub mod bus;
pub mod cleanup;
pub mod compare;
pub mod consumer;
mod context;
pub mod ingest;
pub mod mail;
mod metrics;
pub mod notify;
pub mod project;
pub mod segment;
mod start;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use context::Context;
pub use metrics::Attempts;
pub use start::{Positions, Role, Started, replay, start};

/// Locks, also after a panic: what was done then has failed, and nobody uses what it left.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
