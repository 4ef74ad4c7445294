//! RabbitMQ as the bus, with the real servers: `deploy/services.sh up` starts them.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../../../commands/tests/it/fresh_postgres.rs"]
mod fresh_postgres;
mod relay;
mod setting;
mod worker;
