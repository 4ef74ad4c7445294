//! How rows and the checkpoint stand in the tables, which are alike on both engines.

use std::str::FromStr;

use anyhow::{Context, Result};
use domain::CustomerId;
use serde::de::DeserializeOwned;
use sqlx::FromRow;

use crate::views::view::Row;

/// Names the checkpoint of the consumer that folds events into the views.
pub(crate) const CONSUMER: &str = "project";
/// Reads that checkpoint; there is none before the first event in SQLite.
pub(super) const CHECKPOINT: &str = "SELECT position FROM checkpoints WHERE consumer = $1";

/// A row as it is stored; its id is the key it was asked by, or stands in the body.
#[derive(FromRow)]
pub(crate) struct StoredRow {
    pub(super) id: String,
    customer_id: Option<String>,
    position: i64,
    version: i64,
    body: String,
}

impl StoredRow {
    pub(crate) fn open<T: DeserializeOwned>(self) -> Result<Row<T>> {
        let body = serde_json::from_str(&self.body).with_context(|| format!("reading row {}", self.id))?;
        self.with(body)
    }

    /// The row with its JSON as it is.
    pub(crate) fn text(mut self) -> Result<Row<String>> {
        let text = std::mem::take(&mut self.body);
        self.with(text)
    }

    fn with<T>(self, body: T) -> Result<Row<T>> {
        let customer_id = self.customer_id.as_deref().map(CustomerId::from_str).transpose();
        let customer_id = customer_id.with_context(|| format!("reading row {}", self.id))?;
        Ok(Row { customer_id, position: self.position.cast_unsigned(), version: self.version.cast_unsigned(), body })
    }
}

/// A row with all its columns, a line of a dump.
#[derive(FromRow, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DumpedRow {
    id: String,
    customer_id: Option<String>,
    store_id: Option<String>,
    status: Option<String>,
    position: i64,
    version: i64,
    body: String,
}

impl DumpedRow {
    pub(super) fn line(self, table: &str) -> String {
        let Self { id, customer_id, store_id, status, position, version, body } = self;
        let [customer, store, status] = [customer_id, store_id, status].map(Option::unwrap_or_default);
        format!("{table}\t{id}\t{customer}\t{store}\t{status}\t{position}\t{version}\t{body}\n")
    }
}
