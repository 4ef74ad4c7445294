//! The distributed profile as processes on the servers of `deploy/services.sh`, some of which die.
#![allow(clippy::unwrap_used, missing_docs)]

mod broker;
#[path = "../outside/mod.rs"]
mod outside;
mod processes;
mod roles;
