//! Reads the log.

use anyhow::{Context, Result};
use domain::CustomerId;
use sqlx::Row;
use uuid::Uuid;

use super::{Engine, EngineRow, integer, recorded_at};
use crate::event_store::leaf_hash::{Leaf, StoredEvent};
use crate::sql::rows::{EventFilter, LogRow};

/// The event's columns, as [`stored`] reads them.
macro_rules! event_columns {
    () => {
        "e.aggregate_type, e.aggregate_id, e.sequence, e.event_type, e.event_version, e.payload, e.metadata, e.recorded_at"
    };
}
pub(in crate::sql) use event_columns;

impl Engine {
    /// The newest position; 0 when there is none.
    pub(crate) async fn head(&self) -> Result<u64> {
        let head = sqlx::query_scalar("SELECT coalesce(max(position), 0) FROM log").fetch_one(&self.reader).await;
        head.map(i64::cast_unsigned).context("reading the head of the log")
    }

    /// Events after a position.
    pub(crate) async fn read(&self, after: u64, limit: u32) -> Result<Vec<(u64, StoredEvent)>> {
        let rows = sqlx::query(concat!(
            "SELECT l.position, ",
            event_columns!(),
            " FROM log l JOIN events e ON ",
            same_event!(),
            " WHERE l.position > $1 ORDER BY l.position LIMIT $2"
        ));
        let rows = rows
            .bind(integer(after))
            .bind(i64::from(limit))
            .fetch_all(&self.reader)
            .await
            .context("reading the log")?;
        rows.iter().map(positioned).collect()
    }

    /// Events of a customer after a position.
    pub(crate) async fn read_customer(
        &self,
        customer: CustomerId,
        after: u64,
        filter: &EventFilter,
        limit: u32,
    ) -> Result<Vec<(u64, StoredEvent)>> {
        let rows = sqlx::query(concat!(
            "SELECT l.position, ",
            event_columns!(),
            " FROM log l JOIN events e ON ",
            same_event!(),
            " WHERE l.customer_id = $1 AND l.position > $2
               AND ($3 IS NULL OR e.event_type = $3) AND ($4 IS NULL OR e.aggregate_id = $4)
             ORDER BY l.position LIMIT $5"
        ));
        let rows = rows
            .bind(customer.to_string())
            .bind(integer(after))
            .bind(&filter.event_type)
            .bind(filter.aggregate_id.map(|id| id.to_string()))
            .bind(i64::from(limit));
        let rows = rows.fetch_all(&self.reader).await.context("reading the events of a customer")?;
        rows.iter().map(positioned).collect()
    }

    /// The position of an event, once it has one.
    pub(crate) async fn position_of(&self, aggregate_type: &str, id: Uuid, sequence: u64) -> Result<Option<u64>> {
        let position = sqlx::query_scalar(concat!(
            "SELECT l.position FROM events e JOIN log l ON ",
            same_event!(),
            " WHERE e.aggregate_type = $1 AND e.aggregate_id = $2 AND e.sequence = $3"
        ));
        let position = position.bind(aggregate_type).bind(id.to_string()).bind(integer(sequence));
        let position: Option<i64> = position.fetch_optional(&self.reader).await.context("looking up a position")?;
        Ok(position.map(i64::cast_unsigned))
    }

    /// Rows of the log after a position, with or without their events.
    pub(crate) async fn log_rows(&self, after: u64, limit: u32) -> Result<Vec<LogRow>> {
        let rows = sqlx::query(concat!(
            "SELECT l.position, l.leaf_hash, l.customer_id, ",
            event_columns!(),
            " FROM log l LEFT JOIN events e ON ",
            same_event!(),
            " WHERE l.position > $1 ORDER BY l.position LIMIT $2"
        ));
        let rows = rows
            .bind(integer(after))
            .bind(i64::from(limit))
            .fetch_all(&self.reader)
            .await
            .context("reading the log")?;
        rows.iter().map(log_row).collect()
    }
}

fn positioned(row: &EngineRow) -> Result<(u64, StoredEvent)> {
    Ok((row.try_get::<i64, _>("position")?.cast_unsigned(), stored(row)?))
}

fn log_row(row: &EngineRow) -> Result<LogRow> {
    let hash: Vec<u8> = row.try_get("leaf_hash")?;
    let customer: Option<String> = row.try_get("customer_id")?;
    let customer_id = customer.map(|id| id.parse()).transpose().context("reading a customer id of the log")?;
    let is_there = row.try_get::<Option<String>, _>("aggregate_id")?.is_some();
    Ok(LogRow {
        position: row.try_get::<i64, _>("position")?.cast_unsigned(),
        leaf: Leaf { hash: hash.try_into().unwrap_or_default(), customer_id },
        // An event that cannot be read is as good as none; its leaf tells.
        event: if is_there { stored(row).ok() } else { None },
    })
}

pub(in crate::sql) fn stored(row: &EngineRow) -> Result<StoredEvent> {
    Ok(StoredEvent {
        aggregate_type: row.try_get("aggregate_type")?,
        aggregate_id: row.try_get("aggregate_id")?,
        sequence: row.try_get::<i64, _>("sequence")?.cast_unsigned(),
        event_type: row.try_get("event_type")?,
        event_version: row.try_get("event_version")?,
        payload: row.try_get("payload")?,
        metadata: row.try_get("metadata")?,
        recorded_at: recorded_at(row)?,
    })
}
