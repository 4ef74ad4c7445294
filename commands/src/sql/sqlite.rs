//! The SQLite engine: one file, one process that writes.

/// Where the SQL that both engines understand finds the event of a row of the log.
macro_rules! same_event {
    () => {
        "e.id = l.event_id"
    };
}

pub(crate) mod engine;
mod numbering;
#[path = "shared/mod.rs"]
mod shared;

// What the shared SQL is compiled for.
use engine::{Sqlite as Engine, integer, recorded_at};
use sqlite_es::SqliteEventRepository as EventRepository;
use sqlx::sqlite::{SqliteConnection as Connection, SqlitePool as Pool, SqliteRow as EngineRow};
