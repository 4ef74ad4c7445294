//! The views in PostgreSQL: how they are opened, and what only its SQL can say. All processes of a service share them.

mod follow;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use migrations::{DatabaseOptions, Tables};
use sqlx::postgres::PgPool;
use sqlx::{Postgres, Transaction};
use tokio::sync::watch;
use url::Url;

use super::stored::{CHECKPOINT, CONSUMER, StoredRow};
use crate::views::view::{Row, View};

/// Tells the checkpoint to every process.
const CHANNEL: &str = "datacore_views";

/// The views in one schema of a database.
#[derive(Clone)]
pub struct PostgresViews {
    /// Readers and writers share the connections: a server has no single writer.
    writer: PgPool,
    pub(crate) reader: PgPool,
    /// Tells the position of the views in process.
    pub(super) positions: watch::Sender<u64>,
}

impl PostgresViews {
    /// Opens the database, and creates the schema when it is missing.
    pub(super) async fn open(url: &Url, options: &DatabaseOptions) -> Result<Self> {
        let reader = migrations::postgres::open(url, Tables::Views, options).await?;
        let views = Self { writer: reader.clone(), reader, positions: watch::Sender::new(0) };
        views.positions.send_replace(views.checkpoint().await?);
        Ok(views)
    }

    /// The position up to which events are folded.
    pub(super) async fn checkpoint(&self) -> Result<u64> {
        let query = sqlx::query_scalar(CHECKPOINT).bind(CONSUMER);
        let position: Option<i64> =
            query.fetch_optional(&self.reader).await.context("reading the checkpoint of the views")?;
        Ok(position.unwrap_or(0).cast_unsigned())
    }

    /// Begins to write; nobody else writes until the transaction ends.
    pub(super) async fn begin(&self) -> Result<PostgresTransaction> {
        let transaction = self.writer.begin().await.context("beginning to write the views")?;
        Ok(PostgresTransaction { transaction })
    }
}

/// What is written together.
pub(crate) struct PostgresTransaction {
    transaction: Transaction<'static, Postgres>,
}

impl PostgresTransaction {
    /// The position up to which events are folded. Whoever else folds waits here until this transaction ends.
    pub(super) async fn checkpoint(&mut self) -> Result<u64> {
        let query =
            sqlx::query_scalar("SELECT position FROM checkpoints WHERE consumer = $1 FOR UPDATE").bind(CONSUMER);
        let position = query.fetch_one(&mut *self.transaction).await;
        position.map(i64::cast_unsigned).context("reading the checkpoint of the views")
    }

    /// The rows with these ids, as far as there are any.
    pub(super) async fn load<T: View>(&mut self, ids: &BTreeSet<String>) -> Result<BTreeMap<String, Row<T>>> {
        let sql = format!("SELECT id, customer_id, position, version, body FROM {} WHERE id = ANY($1)", T::TABLE);
        let query = sqlx::query_as(&sql).bind(ids.iter().collect::<Vec<_>>());
        let rows: Vec<StoredRow> = query.fetch_all(&mut *self.transaction).await.context(T::TABLE)?;
        rows.into_iter().map(|row| Ok((row.id.clone(), row.open()?))).collect()
    }

    /// Writes rows under their ids, all in one statement.
    pub(super) async fn put<T: View>(&mut self, rows: &BTreeMap<String, Row<T>>) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "INSERT INTO {} (id, customer_id, store_id, status, position, version, body)
             SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[])
             ON CONFLICT (id) DO UPDATE SET customer_id = excluded.customer_id, store_id = excluded.store_id,
                 status = excluded.status, position = excluded.position, version = excluded.version, body = excluded.body",
            T::TABLE
        );
        let bodies = rows.values().map(|row| serde_json::to_string(&row.body)).collect::<Result<Vec<_>, _>>()?;
        let query = sqlx::query(&sql)
            .bind(rows.keys().collect::<Vec<_>>())
            .bind(rows.values().map(|row| row.customer_id.map(|id| id.to_string())).collect::<Vec<_>>())
            .bind(rows.values().map(|row| row.body.store_id().map(|id| id.to_string())).collect::<Vec<_>>())
            .bind(rows.values().map(|row| row.body.status()).collect::<Vec<_>>())
            .bind(rows.values().map(|row| row.position.cast_signed()).collect::<Vec<_>>())
            .bind(rows.values().map(|row| row.version.cast_signed()).collect::<Vec<_>>())
            .bind(bodies);
        query.execute(&mut *self.transaction).await.map(drop).context(T::TABLE)
    }

    /// Removes the rows with these ids.
    pub(super) async fn remove(&mut self, table: &'static str, ids: &BTreeSet<String>) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let sql = format!("DELETE FROM {table} WHERE id = ANY($1)");
        let query = sqlx::query(&sql).bind(ids.iter().collect::<Vec<_>>());
        query.execute(&mut *self.transaction).await.map(drop).context(table)
    }

    /// Removes every row.
    pub(super) async fn clear(&mut self, table: &'static str) -> Result<()> {
        let sql = format!("DELETE FROM {table}");
        sqlx::query(&sql).execute(&mut *self.transaction).await.map(drop).context(table)
    }

    /// Ends the transaction: rows and checkpoint become visible at the same moment, and every process is told.
    pub(super) async fn commit(mut self, position: u64) -> Result<()> {
        let sql = "WITH moved AS (UPDATE checkpoints SET position = $2 WHERE consumer = $1 RETURNING position)
                   SELECT pg_notify($3, position::text) FROM moved";
        let query = sqlx::query(sql).bind(CONSUMER).bind(position.cast_signed()).bind(CHANNEL);
        query.execute(&mut *self.transaction).await.context("moving the checkpoint of the views")?;
        self.transaction.commit().await.context("committing the views")
    }
}
