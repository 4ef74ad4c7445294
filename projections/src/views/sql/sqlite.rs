//! The views in SQLite: how they are opened, and what only its SQL can say.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use anyhow::{Context, Result};
use migrations::sqlite::SqlitePools;
use migrations::{DatabaseOptions, Tables};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{QueryBuilder, Sqlite, SqliteExecutor, SqlitePool, Transaction};
use tokio::sync::watch;
use url::Url;

use super::stored::{CHECKPOINT, CONSUMER, StoredRow};
use crate::views::view::{Row, View};

/// Rows written by one statement: a trip to the database per row would cost more than the row.
const ROWS_PER_STATEMENT: usize = 500;

/// The views in one SQLite file.
#[derive(Clone)]
pub struct SqliteViews {
    writer: SqlitePool,
    pub(crate) reader: SqlitePool,
    /// Tells the position of the views in process.
    pub(super) positions: watch::Sender<u64>,
}

impl SqliteViews {
    /// Opens the file, and makes it when it is missing.
    pub(super) async fn open(url: &Url, options: &DatabaseOptions) -> Result<Self> {
        let file = SqliteConnectOptions::from_str(url.as_str())?;
        let SqlitePools { writer, reader } = migrations::sqlite::open(file, Tables::Views, options).await?;
        let views = Self { writer, reader, positions: watch::Sender::new(0) };
        views.positions.send_replace(views.checkpoint().await?);
        Ok(views)
    }

    /// The position up to which events are folded.
    pub(super) async fn checkpoint(&self) -> Result<u64> {
        checkpoint(&self.reader).await
    }

    /// Begins to write; nobody else writes until the transaction ends.
    pub(super) async fn begin(&self) -> Result<SqliteTransaction> {
        let transaction = self.writer.begin_with("BEGIN IMMEDIATE").await.context("beginning to write the views")?;
        Ok(SqliteTransaction { transaction })
    }
}

/// What is written together.
pub(crate) struct SqliteTransaction {
    transaction: Transaction<'static, Sqlite>,
}

impl SqliteTransaction {
    /// The position up to which events are folded.
    pub(super) async fn checkpoint(&mut self) -> Result<u64> {
        checkpoint(&mut *self.transaction).await
    }

    /// The rows with these ids, as far as there are any.
    pub(super) async fn load<T: View>(&mut self, ids: &BTreeSet<String>) -> Result<BTreeMap<String, Row<T>>> {
        let sql = format!(
            "SELECT id, customer_id, position, version, body FROM {} WHERE id IN (SELECT value FROM json_each($1))",
            T::TABLE
        );
        let query = sqlx::query_as(&sql).bind(serde_json::to_string(ids)?);
        let rows: Vec<StoredRow> = query.fetch_all(&mut *self.transaction).await.context(T::TABLE)?;
        rows.into_iter().map(|row| Ok((row.id.clone(), row.open()?))).collect()
    }

    /// Writes rows under their ids.
    pub(super) async fn put<T: View>(&mut self, rows: &BTreeMap<String, Row<T>>) -> Result<()> {
        let bodies = rows.values().map(|row| serde_json::to_string(&row.body)).collect::<Result<Vec<_>, _>>()?;
        let rows: Vec<_> = rows.iter().zip(bodies).collect();
        for rows in rows.chunks(ROWS_PER_STATEMENT) {
            let mut query = insert(T::TABLE, rows);
            query.build().persistent(false).execute(&mut *self.transaction).await.context(T::TABLE)?;
        }
        Ok(())
    }

    /// Removes the rows with these ids.
    pub(super) async fn remove(&mut self, table: &'static str, ids: &BTreeSet<String>) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let sql = format!("DELETE FROM {table} WHERE id IN (SELECT value FROM json_each($1))");
        let query = sqlx::query(&sql).bind(serde_json::to_string(ids)?);
        query.execute(&mut *self.transaction).await.context(table)?;
        Ok(())
    }

    /// Removes every row.
    pub(super) async fn clear(&mut self, table: &'static str) -> Result<()> {
        let sql = format!("DELETE FROM {table}");
        sqlx::query(&sql).execute(&mut *self.transaction).await.map(drop).context(table)
    }

    /// Ends the transaction: rows and checkpoint become visible at the same moment.
    pub(super) async fn commit(mut self, position: u64) -> Result<()> {
        let sql = "INSERT INTO checkpoints (consumer, position) VALUES ($1, $2)
                   ON CONFLICT (consumer) DO UPDATE SET position = excluded.position";
        let query = sqlx::query(sql).bind(CONSUMER).bind(position.cast_signed());
        query.execute(&mut *self.transaction).await.context("moving the checkpoint of the views")?;
        self.transaction.commit().await.context("committing the views")
    }
}

async fn checkpoint(executor: impl SqliteExecutor<'_>) -> Result<u64> {
    let query = sqlx::query_scalar(CHECKPOINT).bind(CONSUMER);
    let position: Option<i64> = query.fetch_optional(executor).await.context("reading the checkpoint of the views")?;
    Ok(position.unwrap_or(0).cast_unsigned())
}

fn insert<'r, T: View>(table: &str, rows: &'r [((&String, &Row<T>), String)]) -> QueryBuilder<'r, Sqlite> {
    let columns = "id, customer_id, store_id, status, position, version, body";
    let mut query = QueryBuilder::new(format!("INSERT INTO {table} ({columns}) "));
    query.push_values(rows, |mut values, ((id, row), body)| {
        values
            .push_bind(*id)
            .push_bind(row.customer_id.map(|id| id.to_string()))
            .push_bind(row.body.store_id().map(|id| id.to_string()))
            .push_bind(row.body.status())
            .push_bind(row.position.cast_signed())
            .push_bind(row.version.cast_signed())
            .push_bind(body);
    });
    query.push(
        " ON CONFLICT (id) DO UPDATE SET customer_id = excluded.customer_id, store_id = excluded.store_id,
         status = excluded.status, position = excluded.position, version = excluded.version, body = excluded.body",
    );
    query
}
