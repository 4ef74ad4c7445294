//! The PostgreSQL engine: how it is opened, and what only its SQL can say. All processes of a service share it.

use anyhow::{Context, Result};
use chrono::{DateTime, SecondsFormat, Utc};
use migrations::{DatabaseOptions, Tables};
use sqlx::Row;
use sqlx::postgres::{PgConnectOptions, PgConnection as Connection, PgPool as Pool, PgRow as EngineRow};
use url::Url;

pub(crate) use deliveries::Work;
pub use lease::Lease;

/// The SQL that both engines understand is written once and compiled for each.
macro_rules! same_event {
    () => {
        "e.xid = l.event_xid AND e.id = l.event_id"
    };
}
#[path = "engine/api_keys.rs"]
#[expect(clippy::duplicate_mod, reason = "the SQL that both engines understand is compiled for each")]
mod api_keys;
#[path = "engine/consumers.rs"]
#[expect(clippy::duplicate_mod, reason = "the SQL that both engines understand is compiled for each")]
mod consumers;
#[path = "engine/events.rs"]
#[expect(clippy::duplicate_mod, reason = "the SQL that both engines understand is compiled for each")]
mod events;
#[path = "engine/log.rs"]
#[expect(clippy::duplicate_mod, reason = "the SQL that both engines understand is compiled for each")]
mod log;
#[path = "engine/people.rs"]
#[expect(clippy::duplicate_mod, reason = "the SQL that both engines understand is compiled for each")]
mod people;
#[path = "engine/sessions.rs"]
#[expect(clippy::duplicate_mod, reason = "the SQL that both engines understand is compiled for each")]
mod sessions;
#[path = "engine/sign_ins.rs"]
#[expect(clippy::duplicate_mod, reason = "the SQL that both engines understand is compiled for each")]
mod sign_ins;

mod deliveries;
mod leader;
mod lease;
mod numbering;
mod repository;
mod signals;

pub(crate) use leader::Leader;
use repository::EventRepository;

use Postgres as Engine;

/// A database with its connections. Readers and writers share them: a server has no single writer.
#[derive(Clone)]
pub(crate) struct Postgres {
    writer: Pool,
    reader: Pool,
}

impl Postgres {
    /// Opens the database that `postgres://…` names and migrates it.
    pub async fn open(url: &Url, options: &DatabaseOptions) -> Result<Self> {
        let pool = migrations::postgres::open(url, Tables::Events, options).await?;
        Ok(Self { writer: pool.clone(), reader: pool })
    }

    /// For connections outside of the pool, to lead or to tell and hear. Nothing that they commit has to survive a crash
    /// of the server: positions follow from what is committed, so the next leader would give the same ones again.
    fn volatile(&self) -> PgConnectOptions {
        PgConnectOptions::clone(&self.writer.connect_options()).options([("synchronous_commit", "off")])
    }

    /// Fails when the server does not answer.
    pub async fn check(&self) -> Result<()> {
        sqlx::query("SELECT 1 FROM log LIMIT 1").fetch_optional(&self.reader).await.context("reading the log")?;
        Ok(())
    }
}

/// PostgreSQL's integers are signed; a number beyond them is beyond every row as well.
fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// When an event was recorded, as its leaf hash covers it.
fn recorded_at(row: &EngineRow) -> Result<String> {
    let at: DateTime<Utc> = row.try_get("recorded_at")?;
    Ok(at.to_rfc3339_opts(SecondsFormat::Micros, true))
}
