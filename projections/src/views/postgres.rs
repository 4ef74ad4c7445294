//! The views in PostgreSQL: how they are opened, and what only its SQL can say. All processes of a service share them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result};
use migrations::{DatabaseOptions, Tables};
use sqlx::postgres::{PgConnectOptions, PgListener, PgPool};
use sqlx::{Postgres as Engine, Transaction};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::warn;
use url::Url;

use super::CONSUMER;
use super::fold::View;
use super::row::Row;

#[path = "engine.rs"]
#[expect(clippy::duplicate_mod, reason = "the SQL that both engines understand is compiled for each")]
mod engine;

use PostgresViews as EngineViews;
use engine::Stored;

/// Tells the checkpoint to every process.
const CHANNEL: &str = "datacore_views";
/// How often to look at the checkpoint without being told.
const POLL: Duration = Duration::from_secs(1);
/// The pause after the server was away.
const PAUSE: Duration = Duration::from_millis(500);

/// The views in one schema of a database.
#[derive(Clone)]
pub struct PostgresViews {
    /// Readers and writers share the connections: a server has no single writer.
    writer: PgPool,
    reader: PgPool,
    /// Tells the position of the views in process.
    pub(crate) positions: watch::Sender<u64>,
}

impl PostgresViews {
    /// Opens the database, and creates the schema when it is missing.
    pub(crate) async fn open(url: &Url, options: &DatabaseOptions) -> Result<Self> {
        let reader = migrations::postgres::open(url, Tables::Views, options).await?;
        let views = Self { writer: reader.clone(), reader, positions: watch::Sender::new(0) };
        views.positions.send_replace(views.checkpoint().await?);
        Ok(views)
    }

    /// Begins to write; nobody else writes until the batch ends.
    pub(crate) async fn begin(&self) -> Result<Batch> {
        let transaction = self.writer.begin().await.context("beginning to write the views")?;
        Ok(Batch { transaction })
    }

    /// Tells this process what others fold, until shutdown.
    pub(crate) async fn follow(&self, shutdown: CancellationToken) {
        let work = async { tokio::join!(self.listen(), self.poll()) };
        shutdown.run_until_cancelled(work).await;
    }

    async fn listen(&self) {
        let options = PgConnectOptions::clone(&self.reader.connect_options());
        let connections =
            migrations::postgres::pool(1).idle_timeout(None).max_lifetime(None).connect_lazy_with(options);
        loop {
            if let Err(error) = self.hear(&connections).await {
                warn!(error = format!("{error:#}"), "the views' position is not heard for a moment");
            }
            sleep(PAUSE).await;
        }
    }

    async fn hear(&self, connections: &PgPool) -> Result<()> {
        let mut listener = PgListener::connect_with(connections).await.context("connecting to listen")?;
        listener.listen(CHANNEL).await.context("listening")?;
        // What was told before, or while the connection was lost, is looked up.
        self.publish(self.checkpoint().await?);
        loop {
            match listener.try_recv().await.context("listening")? {
                Some(told) => self.publish(told.payload().parse().unwrap_or(0)),
                None => self.publish(self.checkpoint().await?),
            }
        }
    }

    async fn poll(&self) {
        loop {
            sleep(POLL).await;
            if let Ok(position) = self.checkpoint().await {
                self.publish(position);
            }
        }
    }

    /// Wakes the waiting of this process, unless they know already. Only a rebuild goes back, to the start.
    fn publish(&self, position: u64) {
        self.positions.send_if_modified(|known| {
            let news = position > *known || (position == 0 && *known > 0);
            if news {
                *known = position;
            }
            news
        });
    }
}

/// What is written together.
pub(crate) struct Batch {
    transaction: Transaction<'static, Engine>,
}

impl Batch {
    /// The position up to which events are folded. Whoever else folds waits here until this batch ends.
    pub async fn checkpoint(&mut self) -> Result<u64> {
        let query =
            sqlx::query_scalar("SELECT position FROM checkpoints WHERE consumer = $1 FOR UPDATE").bind(CONSUMER);
        let position = query.fetch_one(&mut *self.transaction).await;
        position.map(i64::cast_unsigned).context("reading the checkpoint of the views")
    }

    /// The rows with these ids, as far as there are any.
    pub async fn load<T: View>(&mut self, ids: &BTreeSet<String>) -> Result<BTreeMap<String, Row<T>>> {
        let sql = format!("SELECT id, customer_id, position, version, body FROM {} WHERE id = ANY($1)", T::TABLE);
        let query = sqlx::query_as(&sql).bind(ids.iter().collect::<Vec<_>>());
        let rows: Vec<Stored> = query.fetch_all(&mut *self.transaction).await.context(T::TABLE)?;
        rows.into_iter().map(|row| Ok((row.id.clone(), row.open()?))).collect()
    }

    /// Writes rows under their ids, all in one statement.
    pub async fn put<T: View>(&mut self, rows: &BTreeMap<String, Row<T>>) -> Result<()> {
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
    pub async fn remove(&mut self, table: &'static str, ids: &BTreeSet<String>) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let sql = format!("DELETE FROM {table} WHERE id = ANY($1)");
        let query = sqlx::query(&sql).bind(ids.iter().collect::<Vec<_>>());
        query.execute(&mut *self.transaction).await.map(drop).context(table)
    }

    /// Ends the batch: rows and checkpoint become visible at the same moment, and every process is told.
    pub async fn commit(mut self, position: u64) -> Result<()> {
        let sql = "WITH moved AS (UPDATE checkpoints SET position = $2 WHERE consumer = $1 RETURNING position)
                   SELECT pg_notify($3, position::text) FROM moved";
        let query = sqlx::query(sql).bind(CONSUMER).bind(position.cast_signed()).bind(CHANNEL);
        query.execute(&mut *self.transaction).await.context("moving the checkpoint of the views")?;
        self.transaction.commit().await.context("committing the views")
    }
}
