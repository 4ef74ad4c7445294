//! The whole service, as its users meet it: every test starts the real composition root on a folder of its own
//! and talks HTTP to it.
#![allow(clippy::unwrap_used, missing_docs)]

mod app;
mod audit;
mod bad_input;
mod bodies;
mod customers;
mod reports;
mod segments;
mod uploads;
mod users;
