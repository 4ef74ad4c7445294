//! The write side: event store, log, uploaded files, credentials. Executes commands.
#![cfg_attr(test, allow(clippy::unwrap_used))]
