//! What is written to the views together, on either engine.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::fold::View;
use super::row::Row;
use super::{postgres, sqlite};

/// Rows and the checkpoint, which move together or not at all.
pub(crate) enum Batch {
    Sqlite(sqlite::Batch),
    Postgres(postgres::Batch),
}

impl Batch {
    /// The position up to which events are folded; nobody else folds until the batch ends.
    pub async fn checkpoint(&mut self) -> Result<u64> {
        match self {
            Self::Sqlite(batch) => batch.checkpoint().await,
            Self::Postgres(batch) => batch.checkpoint().await,
        }
    }

    /// The rows with these ids, as far as there are any.
    pub async fn load<T: View>(&mut self, ids: &BTreeSet<String>) -> Result<BTreeMap<String, Row<T>>> {
        match self {
            Self::Sqlite(batch) => batch.load(ids).await,
            Self::Postgres(batch) => batch.load(ids).await,
        }
    }

    /// Writes rows under their ids.
    pub async fn put<T: View>(&mut self, rows: &BTreeMap<String, Row<T>>) -> Result<()> {
        match self {
            Self::Sqlite(batch) => batch.put(rows).await,
            Self::Postgres(batch) => batch.put(rows).await,
        }
    }

    /// Removes the rows with these ids.
    pub async fn remove(&mut self, table: &'static str, ids: &BTreeSet<String>) -> Result<()> {
        match self {
            Self::Sqlite(batch) => batch.remove(table, ids).await,
            Self::Postgres(batch) => batch.remove(table, ids).await,
        }
    }

    /// Removes every row of every view.
    pub async fn clear(&mut self) -> Result<()> {
        match self {
            Self::Sqlite(batch) => batch.clear().await,
            Self::Postgres(batch) => batch.clear().await,
        }
    }

    /// Ends the batch: rows and checkpoint become visible at the same moment.
    pub async fn commit(self, position: u64) -> Result<()> {
        match self {
            Self::Sqlite(batch) => batch.commit(position).await,
            Self::Postgres(batch) => batch.commit(position).await,
        }
    }
}
