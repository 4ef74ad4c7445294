//! The tables of events and views: the SQL that makes them, and how a database that has them is opened. The write side and
//! the read side know nothing of each other, and both need this.
#![cfg_attr(test, allow(clippy::unwrap_used))]
#![warn(unreachable_pub)]

mod migrate;
mod options;
pub mod postgres;
pub mod sqlite;
mod tables;
#[cfg(feature = "testing")]
pub mod testing;

pub use options::DatabaseOptions;
pub use tables::Tables;
