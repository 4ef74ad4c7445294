//! What is written to the views together, on either engine.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::postgres::PostgresTransaction;
use super::sqlite::SqliteTransaction;
use crate::views::view::{Row, View};

/// Rows and the checkpoint, which move together or not at all.
pub(crate) enum ViewTransaction {
    Sqlite(SqliteTransaction),
    Postgres(PostgresTransaction),
}

impl ViewTransaction {
    /// The position up to which events are folded; nobody else folds until the transaction ends.
    pub(crate) async fn checkpoint(&mut self) -> Result<u64> {
        match self {
            Self::Sqlite(transaction) => transaction.checkpoint().await,
            Self::Postgres(transaction) => transaction.checkpoint().await,
        }
    }

    /// The rows with these ids, as far as there are any.
    pub(crate) async fn load<T: View>(&mut self, ids: &BTreeSet<String>) -> Result<BTreeMap<String, Row<T>>> {
        match self {
            Self::Sqlite(transaction) => transaction.load(ids).await,
            Self::Postgres(transaction) => transaction.load(ids).await,
        }
    }

    /// Writes rows under their ids.
    pub(crate) async fn put<T: View>(&mut self, rows: &BTreeMap<String, Row<T>>) -> Result<()> {
        match self {
            Self::Sqlite(transaction) => transaction.put(rows).await,
            Self::Postgres(transaction) => transaction.put(rows).await,
        }
    }

    /// Removes the rows with these ids.
    pub(crate) async fn remove(&mut self, table: &'static str, ids: &BTreeSet<String>) -> Result<()> {
        match self {
            Self::Sqlite(transaction) => transaction.remove(table, ids).await,
            Self::Postgres(transaction) => transaction.remove(table, ids).await,
        }
    }

    /// Removes every row.
    pub(crate) async fn clear(&mut self, table: &'static str) -> Result<()> {
        match self {
            Self::Sqlite(transaction) => transaction.clear(table).await,
            Self::Postgres(transaction) => transaction.clear(table).await,
        }
    }

    /// Ends the transaction: rows and checkpoint become visible at the same moment.
    pub(crate) async fn commit(self, position: u64) -> Result<()> {
        match self {
            Self::Sqlite(transaction) => transaction.commit(position).await,
            Self::Postgres(transaction) => transaction.commit(position).await,
        }
    }
}
