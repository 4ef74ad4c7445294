//! Checkpoints and dead letters.

use anyhow::{Context, Result};
use sqlx::Row;

use super::{Engine, EngineRow, integer};
use crate::sql::rows::DeadLetter;

impl Engine {
    pub(crate) async fn checkpoint(&self, consumer: &str) -> Result<u64> {
        let position = sqlx::query_scalar("SELECT position FROM checkpoints WHERE consumer = $1").bind(consumer);
        let position: Option<i64> = position.fetch_optional(&self.reader).await.context("reading a checkpoint")?;
        Ok(position.unwrap_or(0).cast_unsigned())
    }

    pub(crate) async fn set_checkpoint(&self, consumer: &str, position: u64) -> Result<()> {
        let set = sqlx::query(
            "INSERT INTO checkpoints (consumer, position) VALUES ($1, $2)
             ON CONFLICT (consumer) DO UPDATE SET position = excluded.position
             WHERE excluded.position > checkpoints.position",
        );
        let set = set.bind(consumer).bind(integer(position)).execute(&self.writer).await;
        set.map(drop).context("moving a checkpoint")
    }

    pub(crate) async fn restart_checkpoint(&self, consumer: &str) -> Result<()> {
        let restart = sqlx::query("DELETE FROM checkpoints WHERE consumer = $1").bind(consumer);
        restart.execute(&self.writer).await.map(drop).context("setting a checkpoint back")
    }

    pub(crate) async fn add_dead_letter(&self, consumer: &str, position: u64, error: &str) -> Result<()> {
        let park = sqlx::query(
            "INSERT INTO parked (consumer, position, error) VALUES ($1, $2, $3)
             ON CONFLICT (consumer, position) DO UPDATE SET error = excluded.error",
        );
        let park = park.bind(consumer).bind(integer(position)).bind(error).execute(&self.writer).await;
        park.map(drop).context("parking an event")
    }

    pub(crate) async fn dead_letters(&self) -> Result<Vec<DeadLetter>> {
        let rows = sqlx::query("SELECT consumer, position, error, parked_at FROM parked ORDER BY consumer, position");
        let rows = rows.fetch_all(&self.reader).await.context("reading parked events")?;
        rows.iter().map(dead_letter).collect()
    }

    pub(crate) async fn remove_dead_letter(&self, consumer: &str, position: u64) -> Result<()> {
        let unpark = sqlx::query("DELETE FROM parked WHERE consumer = $1 AND position = $2");
        let unpark = unpark.bind(consumer).bind(integer(position)).execute(&self.writer).await;
        unpark.map(drop).context("taking back a parked event")
    }
}

fn dead_letter(row: &EngineRow) -> Result<DeadLetter> {
    Ok(DeadLetter {
        consumer: row.try_get("consumer")?,
        position: row.try_get::<i64, _>("position")?.cast_unsigned(),
        error: row.try_get("error")?,
        parked_at: row.try_get("parked_at")?,
    })
}
