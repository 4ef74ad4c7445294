//! DataCore for people: HTTP, sign-in, the page, configuration and the composition of the parts.
#![cfg_attr(test, allow(clippy::unwrap_used))]
#![expect(clippy::result_large_err, reason = "a problem is the end of a request, and made once for it")]

mod answer;
pub mod app;
pub mod asyncapi;
pub mod cli;
pub mod config;
mod dashboard;
mod demo;
mod download;
mod extract;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
pub mod generate;
mod headers;
mod health;
mod limits;
mod metrics;
pub mod openapi;
mod outage;
mod problem;
mod remember;
pub mod replay;
mod request;
mod routes;
pub mod server;
mod table;
mod tokens;
mod wait;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, also after a panic: what is kept here is whole after each step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
