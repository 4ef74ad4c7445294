//! The PostgreSQL engine. All processes of a service share a server, so one of them leads and they wake each other.

/// Where the SQL that both engines understand finds the event of a row of the log.
macro_rules! same_event {
    () => {
        "e.xid = l.event_xid AND e.id = l.event_id"
    };
}

pub(crate) mod engine;
pub(crate) mod leader;
pub(crate) mod lease;
mod numbering;
mod repository;
#[path = "shared/mod.rs"]
#[expect(clippy::duplicate_mod, reason = "the SQL that both engines understand is compiled for each")]
mod shared;
mod wakeups;

// What the shared SQL is compiled for.
use engine::{Postgres as Engine, integer, recorded_at};
use repository::EventRepository;
use sqlx::postgres::{PgConnection as Connection, PgPool as Pool, PgRow as EngineRow};
