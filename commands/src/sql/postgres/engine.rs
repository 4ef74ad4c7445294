//! The PostgreSQL engine: how it is opened, and what only its SQL can say. All processes of a service share it.

use anyhow::{Context, Result};
use chrono::{DateTime, SecondsFormat, Utc};
use migrations::{DatabaseOptions, Tables};
use sqlx::Row;
use sqlx::postgres::{PgConnectOptions, PgPool, PgRow};
use url::Url;

/// A database with its connections. Readers and writers share them: a server has no single writer.
#[derive(Clone)]
pub(crate) struct Postgres {
    pub(in crate::sql) writer: PgPool,
    pub(in crate::sql) reader: PgPool,
}

impl Postgres {
    /// Opens the database that `postgres://…` names and migrates it.
    pub(crate) async fn open(url: &Url, options: &DatabaseOptions) -> Result<Self> {
        let pool = migrations::postgres::open(url, Tables::Events, options).await?;
        Ok(Self { writer: pool.clone(), reader: pool })
    }

    /// For connections outside of the pool, to lead or to tell and hear. Nothing that they commit has to survive a crash
    /// of the server: positions follow from what is committed, so the next leader would give the same ones again.
    pub(crate) fn volatile(&self) -> PgConnectOptions {
        PgConnectOptions::clone(&self.writer.connect_options()).options([("synchronous_commit", "off")])
    }

    /// Fails when the server does not answer.
    pub(crate) async fn check(&self) -> Result<()> {
        sqlx::query("SELECT 1 FROM log LIMIT 1").fetch_optional(&self.reader).await.context("reading the log")?;
        Ok(())
    }
}

/// PostgreSQL's integers are signed; a number beyond them is beyond every row as well.
pub(crate) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// When an event was recorded, as its leaf hash covers it.
pub(in crate::sql) fn recorded_at(row: &PgRow) -> Result<String> {
    let at: DateTime<Utc> = row.try_get("recorded_at")?;
    Ok(at.to_rfc3339_opts(SecondsFormat::Micros, true))
}
