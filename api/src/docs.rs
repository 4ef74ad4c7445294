//! The documents that describe the service to programs: its endpoints and its events.

pub(crate) mod asyncapi;
pub(crate) mod openapi;
