//! The whole service, as its users meet it: every test starts the real composition root on a folder of its own
//! and talks HTTP to it. With `DATACORE_TEST_PROFILE=distributed` the same tests use the servers.
#![allow(clippy::unwrap_used, missing_docs)]

mod api_keys;
mod app;
mod audit;
mod bad_input;
mod bodies;
mod command_line;
mod customers;
mod event_stream;
mod examples;
mod limits;
mod mail;
mod notifications;
mod places;
mod reports;
mod rights;
mod rotation;
mod segments;
mod tls;
mod uploads;
mod users;
