//! DataCore for people: HTTP, sign-in, the page, configuration and the composition of the parts.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod answer;
pub mod app;
pub mod cli;
pub mod config;
mod dashboard;
mod demo;
mod download;
mod extract;
pub mod generate;
pub mod openapi;
mod problem;
mod request;
mod routes;
pub mod server;
mod table;
mod tokens;
mod wait;
