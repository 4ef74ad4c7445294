//! RabbitMQ as the bus: connections that are made anew when they are lost, and what runs over them.

pub mod connection;
pub mod dead_letters;
mod message;
mod names;
pub mod projector_wakeup;
mod publish;
pub mod relay;
mod topology;
pub mod worker;
