//! How a database in a file is opened: with one connection that writes and several that read meanwhile.

use std::time::Duration;

use anyhow::{Context, Result};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

use crate::migrate;
use crate::options::DatabaseOptions;
use crate::tables::Tables;

/// SQLite has one writer: several connections that write would only wait for each other's lock.
const WRITERS: u32 = 1;
/// Readers never wait in WAL mode.
const READERS: u32 = 4;
/// How long a statement waits for another process, such as a backup.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// The write-ahead log is cut back to this size after a burst.
const WAL_MAX_BYTES: &str = "67108864";

/// The connections to one file.
#[derive(Clone, Debug)]
pub struct SqlitePools {
    /// The only one that may write.
    pub writer: SqlitePool,
    /// Cannot write.
    pub reader: SqlitePool,
}

/// Opens a file, creates it when there is none, and brings some tables in it up to date.
///
/// # Errors
/// When the file cannot be opened, or the tables are too old and may not be changed.
pub async fn open(file: SqliteConnectOptions, tables: Tables, database: &DatabaseOptions) -> Result<SqlitePools> {
    let file = with_session(file, tables);
    let failed = || format!("opening {tables} {}", file.get_filename().display());
    let writer = pool(WRITERS).connect_with(file.clone()).await.with_context(failed)?;
    let mut connection = writer.acquire().await.with_context(failed)?;
    migrate::migrate(&mut *connection, tables.in_sqlite(), tables, database.migrate).await?;
    drop(connection);
    let reader = pool(READERS).connect_with(file.clone().pragma("query_only", "ON")).await.with_context(failed)?;
    Ok(SqlitePools { writer, reader })
}

fn with_session(file: SqliteConnectOptions, tables: Tables) -> SqliteConnectOptions {
    // A command that was answered survives a power cut: every commit of events is synchronised to the disk.
    let synchronous = if tables.are_durable() { SqliteSynchronous::Full } else { SqliteSynchronous::Normal };
    file.create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous)
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
