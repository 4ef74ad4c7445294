//! The SQLite engine: how it is opened, and what only its SQL can say.

use anyhow::{Context, Result};
use migrations::sqlite::SqlitePools;
use migrations::{DatabaseOptions, Tables};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqliteRow};
use url::Url;

/// A database file with its connections.
///
/// Transactions begin with a plain `begin` and a statement that writes, so that they wait for the lock of another
/// process. sqlx 0.8 also has `begin_with("BEGIN IMMEDIATE")`, but when its future is dropped at the wrong moment the
/// transaction stays open, and everything that the connection commits later is lost.
#[derive(Clone)]
pub(crate) struct Sqlite {
    pub(in crate::sql) writer: SqlitePool,
    pub(in crate::sql) reader: SqlitePool,
}

impl Sqlite {
    /// Opens the file that `sqlite:///path` names, creates it when there is none, and migrates it.
    pub(crate) async fn open(url: &Url, options: &DatabaseOptions) -> Result<Self> {
        let path = url.to_file_path().ok();
        let path = path.with_context(|| format!("'{url}' names no file; write sqlite:///<absolute path>"))?;
        let file = SqliteConnectOptions::new().filename(path);
        let SqlitePools { writer, reader } = migrations::sqlite::open(file, Tables::Events, options).await?;
        Ok(Self { writer, reader })
    }

    /// Fails when the file cannot be read.
    pub(crate) async fn check(&self) -> Result<()> {
        sqlx::query("SELECT 1 FROM log LIMIT 1").fetch_optional(&self.reader).await.context("reading the log")?;
        Ok(())
    }
}

/// SQLite's integers are signed; a number beyond them is beyond every row as well.
pub(crate) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// When an event was recorded, as its leaf hash covers it.
pub(in crate::sql) fn recorded_at(row: &SqliteRow) -> Result<String> {
    Ok(row.try_get("recorded_at")?)
}
