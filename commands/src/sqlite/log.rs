//! The log in SQLite. Commit order is the order of `events.id`, because there is one writer.

use anyhow::{Context, Result};
use domain::CustomerId;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::{Sqlite, integer};
use crate::leaf::{Leaf, StoredEvent};
use crate::log::EventFilter;

/// A row of the log with its event, if the event is there.
pub(crate) struct LogRow {
    pub position: u64,
    pub leaf: Leaf,
    pub event: Option<StoredEvent>,
}

/// The event's columns, as [`stored`] reads them.
macro_rules! event_columns {
    () => {
        "e.aggregate_type, e.aggregate_id, e.sequence, e.event_type, e.event_version, e.payload, e.metadata, e.recorded_at"
    };
}

impl Sqlite {
    /// The newest position; 0 when there is none.
    pub async fn head(&self) -> Result<u64> {
        let head = sqlx::query_scalar("SELECT coalesce(max(position), 0) FROM log").fetch_one(&self.reader).await;
        head.context("reading the head of the log")
    }

    /// How many events are committed, numbered or not.
    pub async fn committed(&self) -> Result<u64> {
        let count = sqlx::query_scalar(
            "SELECT (SELECT coalesce(max(position), 0) FROM log)
                  + (SELECT count(*) FROM events WHERE id > (SELECT coalesce(max(event_id), 0) FROM log))",
        );
        count.fetch_one(&self.reader).await.context("counting the committed events")
    }

    /// The first committed events that have no position yet, with their row ids.
    pub async fn unnumbered(&self, limit: u32) -> Result<Vec<(i64, StoredEvent)>> {
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
    pub async fn append(&self, head: u64, leaves: &[(i64, Leaf)]) -> Result<bool> {
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

    /// Events after a position.
    pub async fn read(&self, after: u64, limit: u32) -> Result<Vec<(u64, StoredEvent)>> {
        let rows = sqlx::query(concat!(
            "SELECT l.position, ",
            event_columns!(),
            " FROM log l JOIN events e ON e.id = l.event_id
             WHERE l.position > $1 ORDER BY l.position LIMIT $2"
        ));
        let rows = rows.bind(integer(after)).bind(limit).fetch_all(&self.reader).await.context("reading the log")?;
        rows.iter().map(positioned).collect()
    }

    /// Events of a customer after a position.
    pub async fn read_customer(
        &self,
        customer: CustomerId,
        after: u64,
        filter: &EventFilter,
        limit: u32,
    ) -> Result<Vec<(u64, StoredEvent)>> {
        let rows = sqlx::query(concat!(
            "SELECT l.position, ",
            event_columns!(),
            " FROM log l JOIN events e ON e.id = l.event_id
             WHERE l.customer_id = $1 AND l.position > $2
               AND ($3 IS NULL OR e.event_type = $3) AND ($4 IS NULL OR e.aggregate_id = $4)
             ORDER BY l.position LIMIT $5"
        ));
        let rows = rows
            .bind(customer.to_string())
            .bind(integer(after))
            .bind(&filter.event_type)
            .bind(filter.aggregate_id.map(|id| id.to_string()))
            .bind(limit);
        let rows = rows.fetch_all(&self.reader).await.context("reading the events of a customer")?;
        rows.iter().map(positioned).collect()
    }

    /// The position of an event, once it has one.
    pub async fn position_of(&self, aggregate_type: &str, id: Uuid, sequence: u64) -> Result<Option<u64>> {
        let position = sqlx::query_scalar(
            "SELECT l.position FROM events e JOIN log l ON l.event_id = e.id
             WHERE e.aggregate_type = $1 AND e.aggregate_id = $2 AND e.sequence = $3",
        );
        let position = position.bind(aggregate_type).bind(id.to_string()).bind(integer(sequence));
        position.fetch_optional(&self.reader).await.context("looking up a position")
    }

    /// Rows of the log after a position, with or without their events.
    pub async fn log_rows(&self, after: u64, limit: u32) -> Result<Vec<LogRow>> {
        let rows = sqlx::query(concat!(
            "SELECT l.position, l.leaf_hash, l.customer_id, ",
            event_columns!(),
            " FROM log l LEFT JOIN events e ON e.id = l.event_id
             WHERE l.position > $1 ORDER BY l.position LIMIT $2"
        ));
        let rows = rows.bind(integer(after)).bind(limit).fetch_all(&self.reader).await.context("reading the log")?;
        rows.iter().map(log_row).collect()
    }

    /// Events that the log has stepped over, as `Type id sequence`.
    pub async fn stepped_over(&self) -> Result<Vec<String>> {
        let missing = sqlx::query_scalar(
            "SELECT aggregate_type || ' ' || aggregate_id || ' ' || sequence FROM events
             WHERE id < (SELECT max(event_id) FROM log) AND id NOT IN (SELECT event_id FROM log)",
        );
        missing.fetch_all(&self.reader).await.context("looking for events outside the log")
    }
}

fn positioned(row: &SqliteRow) -> Result<(u64, StoredEvent)> {
    Ok((row.try_get("position")?, stored(row)?))
}

fn log_row(row: &SqliteRow) -> Result<LogRow> {
    let hash: Vec<u8> = row.try_get("leaf_hash")?;
    let customer: Option<String> = row.try_get("customer_id")?;
    let customer_id = customer.map(|id| id.parse()).transpose().context("reading a customer id of the log")?;
    let is_there = row.try_get::<Option<String>, _>("aggregate_id")?.is_some();
    Ok(LogRow {
        position: row.try_get("position")?,
        leaf: Leaf { hash: hash.try_into().unwrap_or_default(), customer_id },
        // An event that cannot be read is as good as none; its leaf tells.
        event: if is_there { stored(row).ok() } else { None },
    })
}

fn stored(row: &SqliteRow) -> Result<StoredEvent> {
    Ok(StoredEvent {
        aggregate_type: row.try_get("aggregate_type")?,
        aggregate_id: row.try_get("aggregate_id")?,
        sequence: row.try_get("sequence")?,
        event_type: row.try_get("event_type")?,
        event_version: row.try_get("event_version")?,
        payload: row.try_get("payload")?,
        metadata: row.try_get("metadata")?,
        recorded_at: row.try_get("recorded_at")?,
    })
}
