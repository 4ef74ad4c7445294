//! Leadership of the sequencer: a session's advisory lock, which PostgreSQL gives back when the session ends, however
//! its process ends.

use std::time::Duration;

use anyhow::{Context, Result};
use sqlx::postgres::PgConnection;
use tokio::time::timeout;

use super::engine::Postgres;
use super::lease::Lease;
use super::numbering::{check_cluster, number};
use crate::sql::rows::NumberingRound;

/// The lock's number in its database: the letters `datacore` as ASCII.
const LOCK: i64 = i64::from_be_bytes(*b"datacore");
/// A leader that hears nothing from the server for so long gives up its connection, and with it the lead.
const SILENCE: Duration = Duration::from_secs(10);

/// The one that numbers, as long as its connection lives. The lead is free when this is dropped.
pub(crate) struct Leader {
    connection: PgConnection,
}

impl Postgres {
    /// Waits until nobody else leads.
    pub(crate) async fn lead(&self) -> Result<Leader> {
        let mut connection = Lease::take(&self.volatile(), LOCK).await?.connection;
        check_cluster(&mut connection).await?;
        Ok(Leader { connection })
    }
}

impl Leader {
    /// Gives positions to the first `limit` events that are settled and have none.
    pub(crate) async fn number(&mut self, limit: u32) -> Result<NumberingRound> {
        let round = timeout(SILENCE, number(&mut self.connection, limit)).await;
        round.context("the server does not answer")?
    }
}
