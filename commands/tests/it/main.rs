//! The conformance suites of the write side's seams, run over each of their variants.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod event_store;
mod files;
mod local_files;
mod postgres;
mod sqlite;
