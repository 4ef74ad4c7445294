//! RabbitMQ as the bus, with the real servers: `deploy/services.sh up` starts them.
#![allow(clippy::unwrap_used, missing_docs)]

mod relay;
mod setting;
mod worker;
