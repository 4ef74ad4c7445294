//! HTTP: the server, what happens to every request, what handlers take out of one and what they answer.

pub(crate) mod download;
pub(crate) mod extract;
pub(crate) mod frame_json;
pub(crate) mod frame_rows;
pub(crate) mod limits;
pub(crate) mod metrics;
mod middleware;
mod outage;
pub(crate) mod problem;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod response_cache;
pub mod server;
pub(crate) mod tokens;
pub(crate) mod wait;
