//! DataCore for people: HTTP, sign-in, the page, configuration and the composition of the parts.
#![warn(unreachable_pub)]
#![cfg_attr(test, allow(clippy::unwrap_used))]
#![expect(clippy::result_large_err, reason = "a problem is the end of a request, and made once for it")]

pub mod app;
pub mod build_info;
pub mod cli;
pub mod config;
mod docs;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
pub mod http;
mod lock;
mod page;
mod routes;
