//! The SQLite engine: how it is opened, and what only its SQL can say.

use std::time::Duration;

use anyhow::{Context, Result};
use sqlite_es::SqliteEventRepository as EventRepository;
use sqlx::Row;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection as Connection, SqliteJournalMode, SqlitePool as Pool, SqlitePoolOptions,
    SqliteRow as EngineRow, SqliteSynchronous,
};
use url::Url;

use crate::migrations::{DatabaseOptions, migrate};

/// The SQL that both engines understand is written once and compiled for each.
macro_rules! same_event {
    () => {
        "e.id = l.event_id"
    };
}
#[path = "engine/api_keys.rs"]
mod api_keys;
#[path = "engine/consumers.rs"]
mod consumers;
#[path = "engine/events.rs"]
mod events;
#[path = "engine/log.rs"]
mod log;
#[path = "engine/people.rs"]
mod people;
#[path = "engine/sessions.rs"]
mod sessions;
#[path = "engine/sign_ins.rs"]
mod sign_ins;

mod numbering;

use Sqlite as Engine;

/// SQLite has one writer: several connections that write would only wait for each other's lock.
const WRITERS: u32 = 1;
/// Readers never wait in WAL mode.
const READERS: u32 = 4;
/// How long a statement waits for another process, such as a backup.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// The write-ahead log is cut back to this size after a burst.
const WAL_MAX_BYTES: &str = "67108864";

/// A database file with its connections.
///
/// Transactions begin with a plain `begin` and a statement that writes, so that they wait for the lock of another
/// process. sqlx 0.8 also has `begin_with("BEGIN IMMEDIATE")`, but when its future is dropped at the wrong moment the
/// transaction stays open, and everything that the connection commits later is lost.
#[derive(Clone)]
pub(crate) struct Sqlite {
    writer: Pool,
    reader: Pool,
}

impl Sqlite {
    /// Opens the file that `sqlite:///path` names, creates it when there is none, and migrates it.
    pub async fn open(url: &Url, options: &DatabaseOptions) -> Result<Self> {
        let path = url.to_file_path().ok();
        let path = path.with_context(|| format!("'{url}' names no file; write sqlite:///<absolute path>"))?;
        let file = file().filename(&path);
        let failed = || format!("opening the event store {}", path.display());
        let writer = pool(WRITERS).connect_with(file.clone()).await.with_context(failed)?;
        let migrations = sqlx::migrate!("../migrations/sqlite/events");
        migrate(&mut *writer.acquire().await.with_context(failed)?, migrations, options.migrate).await?;
        let reader = pool(READERS).connect_with(file.pragma("query_only", "ON")).await.with_context(failed)?;
        Ok(Self { writer, reader })
    }

    /// Fails when the file cannot be read.
    pub async fn check(&self) -> Result<()> {
        sqlx::query("SELECT 1 FROM log LIMIT 1").fetch_optional(&self.reader).await.context("reading the log")?;
        Ok(())
    }
}

fn file() -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // A command that was answered survives a power cut: every commit is synchronised to the disk.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        // Otherwise INSERT OR REPLACE would delete an event past the trigger that refuses it.
        .pragma("recursive_triggers", "ON")
        .pragma("journal_size_limit", WAL_MAX_BYTES)
}

/// Connections to a file do not wear out, and asking them whether they live costs as much as a query.
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

/// SQLite's integers are signed; a number beyond them is beyond every row as well.
fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// When an event was recorded, as its leaf hash covers it.
fn recorded_at(row: &EngineRow) -> Result<String> {
    Ok(row.try_get("recorded_at")?)
}
