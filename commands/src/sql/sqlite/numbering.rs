//! Gives positions in SQLite. Commit order is the order of `events.id`, because there is one writer.

use anyhow::{Context, Result};
use sqlx::Row;

use super::engine::{Sqlite, integer};
use super::shared::log::{event_columns, stored};
use crate::event_store::leaf_hash::{Leaf, StoredEvent};
use crate::sql::rows::NumberingRound;

impl Sqlite {
    /// Gives positions to the first `limit` committed events that have none.
    pub(crate) async fn number(&self, limit: u32) -> Result<NumberingRound> {
        // The head is read first: should another sequencer come between, the append finds it moved.
        let head = self.head().await?;
        // Hashed before the transaction, because commands wait for that one.
        let leaves = self.unnumbered(limit).await?.into_iter().map(|(id, event)| Ok((id, event.leaf()?)));
        let leaves = leaves.collect::<Result<Vec<_>>>()?;
        let appended = !leaves.is_empty() && self.append(head, &leaves).await?;
        Ok(NumberingRound { head, numbered: if appended { leaves.len() as u64 } else { 0 }, held_back: false })
    }

    /// How many events are committed, numbered or not.
    pub(crate) async fn committed(&self) -> Result<u64> {
        let count = sqlx::query_scalar(
            "SELECT (SELECT coalesce(max(position), 0) FROM log)
                  + (SELECT count(*) FROM events WHERE id > (SELECT coalesce(max(event_id), 0) FROM log))",
        );
        count.fetch_one(&self.reader).await.context("counting the committed events")
    }

    /// Events that the log has stepped over, as `Type id sequence`.
    pub(crate) async fn stepped_over(&self) -> Result<Vec<String>> {
        let missing = sqlx::query_scalar(
            "SELECT aggregate_type || ' ' || aggregate_id || ' ' || sequence FROM events
             WHERE id < (SELECT max(event_id) FROM log) AND id NOT IN (SELECT event_id FROM log)",
        );
        missing.fetch_all(&self.reader).await.context("looking for events outside the log")
    }

    /// The first committed events that have no position yet, with their row ids.
    async fn unnumbered(&self, limit: u32) -> Result<Vec<(i64, StoredEvent)>> {
        let rows = sqlx::query(concat!(
            "SELECT e.id, ",
            event_columns!(),
            " FROM events e
             WHERE e.id > (SELECT coalesce(max(event_id), 0) FROM log) ORDER BY e.id LIMIT $1"
        ));
        let rows = rows.bind(limit).fetch_all(&self.reader).await.context("reading committed events")?;
        rows.iter().map(|row| Ok((row.try_get("id")?, stored(row)?))).collect()
    }

    /// Appends leaves to the log behind `head` in one transaction; `false` when someone else has appended since.
    async fn append(&self, head: u64, leaves: &[(i64, Leaf)]) -> Result<bool> {
        let mut transaction = self.writer.begin().await.context("appending to the log")?;
        for (position, (event_id, leaf)) in (head + 1..).zip(leaves) {
            let insert = sqlx::query(
                "INSERT INTO log (position, event_id, leaf_hash, customer_id) SELECT $1, $2, $3, $4
                 WHERE $1 = 1 + (SELECT coalesce(max(position), 0) FROM log)",
            );
            let insert = insert.bind(integer(position)).bind(event_id).bind(&leaf.hash[..]);
            let insert = insert.bind(leaf.customer_id.map(|id| id.to_string())).execute(&mut *transaction).await;
            if insert.with_context(|| format!("appending position {position}"))?.rows_affected() == 0 {
                return Ok(false);
            }
        }
        transaction.commit().await.context("committing positions")?;
        Ok(true)
    }
}
