//! The views in SQLite: everything that is SQL, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result};
use domain::{CustomerId, MemberRole, UserId};
use serde::de::DeserializeOwned;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Executor, FromRow, QueryBuilder, Sqlite, SqlitePool, Transaction};
use tokio::sync::watch;
use url::Url;

use super::fold::{TABLES, View};
use super::members::member_id;
use super::row::{Row, Selection};
use super::{CustomerRow, MemberRow};

/// Names the checkpoint of the consumer that folds events into the views.
const CONSUMER: &str = "project";
/// How many requests may read at the same time.
const READERS: u32 = 4;
/// Rows written by one statement: a trip to the database per row would cost more than the row.
const ROWS_PER_STATEMENT: usize = 500;
/// How long a connection waits for a lock of another process.
const BUSY: Duration = Duration::from_secs(5);

/// The views in one SQLite file.
#[derive(Clone)]
pub struct SqliteViews {
    /// SQLite has one writer, so more connections would only wait for each other.
    writer: SqlitePool,
    reader: SqlitePool,
    /// Tells the position of the views in process.
    pub(crate) positions: watch::Sender<u64>,
}

/// A row as it is stored; its id is the key it was asked by, or stands in the body.
#[derive(FromRow)]
struct Stored {
    id: String,
    customer_id: Option<String>,
    position: i64,
    version: i64,
    body: String,
}

impl Stored {
    fn open<T: DeserializeOwned>(self) -> Result<Row<T>> {
        let reading = || format!("reading row {}", self.id);
        let customer_id = self.customer_id.as_deref().map(CustomerId::from_str).transpose().with_context(reading)?;
        let body = serde_json::from_str(&self.body).with_context(reading)?;
        Ok(Row { customer_id, position: self.position.cast_unsigned(), version: self.version.cast_unsigned(), body })
    }
}

impl SqliteViews {
    /// Opens the file, and makes it when it is missing.
    pub(crate) async fn open(url: &Url) -> Result<Self> {
        let options = SqliteConnectOptions::from_str(url.as_str())?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A power cut may take the newest transactions, but checkpoint and rows go together.
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(BUSY);
        let pool = || SqlitePoolOptions::new().idle_timeout(None).max_lifetime(None);
        let writer = pool().max_connections(1).connect_with(options.clone()).await?;
        sqlx::migrate!("../migrations/sqlite/views").run(&writer).await?;
        let reader = pool().max_connections(READERS).connect_with(options.read_only(true)).await?;
        let views = Self { writer, reader, positions: watch::Sender::new(0) };
        views.positions.send_replace(views.checkpoint().await?);
        Ok(views)
    }

    /// The position up to which events are folded.
    pub(crate) async fn checkpoint(&self) -> Result<u64> {
        checkpoint(&self.reader).await
    }

    /// Begins to write; nobody else writes until the batch ends.
    pub(crate) async fn begin(&self) -> Result<Batch> {
        let transaction = self.writer.begin_with("BEGIN IMMEDIATE").await.context("beginning to write the views")?;
        Ok(Batch { transaction })
    }

    /// The row with an id.
    pub(crate) async fn get<T: View>(&self, id: &str) -> Result<Option<Row<T>>> {
        let sql = format!("SELECT id, customer_id, position, version, body FROM {} WHERE id = $1", T::TABLE);
        let row: Option<Stored> = sqlx::query_as(&sql).bind(id).fetch_optional(&self.reader).await.context(T::TABLE)?;
        row.map(Stored::open).transpose()
    }

    /// The selected rows.
    pub(crate) async fn rows<T: View>(&self, selection: &Selection) -> Result<Vec<Row<T>>> {
        let mut query = select(T::TABLE, selection);
        let rows: Vec<Stored> = query.build_query_as().fetch_all(&self.reader).await.context(T::TABLE)?;
        rows.into_iter().map(Stored::open).collect()
    }

    /// The member of a customer that has not left.
    pub(crate) async fn member(&self, customer: CustomerId, user: UserId) -> Result<Option<Row<MemberRow>>> {
        let sql = "SELECT m.id, m.customer_id, m.position, m.version, m.body
                   FROM members m JOIN customers c ON c.id = m.customer_id WHERE m.id = $1";
        let query = sqlx::query_as(sql).bind(member_id(customer, user));
        let row: Option<Stored> = query.fetch_optional(&self.reader).await.context("reading a member")?;
        row.map(Stored::open).transpose()
    }

    /// What a member of a customer that has not left may do, and the checkpoint at that moment.
    pub(crate) async fn membership(&self, customer: CustomerId, user: UserId) -> Result<Option<(MemberRole, u64)>> {
        let sql = "SELECT m.body, (SELECT position FROM checkpoints WHERE consumer = $2)
                   FROM members m JOIN customers c ON c.id = m.customer_id WHERE m.id = $1";
        let query = sqlx::query_as(sql).bind(member_id(customer, user)).bind(CONSUMER);
        let row: Option<(String, i64)> = query.fetch_optional(&self.reader).await.context("reading a membership")?;
        row.map(|(body, position)| Ok((serde_json::from_str::<MemberRow>(&body)?.role, position.cast_unsigned())))
            .transpose()
    }

    /// The customers that a user is a member of, oldest first, with the user's row at each.
    pub(crate) async fn customers_of(
        &self,
        user: UserId,
        after: Option<u64>,
        limit: Option<u32>,
    ) -> Result<Vec<(Row<CustomerRow>, MemberRow)>> {
        #[derive(FromRow)]
        struct Joined {
            #[sqlx(flatten)]
            customer: Stored,
            member: String,
        }
        let sql = "SELECT c.id, c.customer_id, c.position, c.version, c.body, m.body AS member
                   FROM members m JOIN customers c ON c.id = m.customer_id
                   WHERE m.user_id = $1 AND c.position > $2 ORDER BY c.position LIMIT $3";
        let query = sqlx::query_as(sql).bind(user.to_string()).bind(after.unwrap_or(0).cast_signed());
        let query = query.bind(limit.map_or(i64::MAX, i64::from));
        let rows: Vec<Joined> = query.fetch_all(&self.reader).await.context("reading a user's customers")?;
        rows.into_iter().map(|row| Ok((row.customer.open()?, serde_json::from_str(&row.member)?))).collect()
    }

    /// Every row of every view in a fixed order, a line each.
    pub(crate) async fn dump(&self) -> Result<String> {
        let mut dump = String::new();
        for table in TABLES {
            let sql = format!(
                "SELECT '{table}' || char(9) || id || char(9) || coalesce(customer_id, '') || char(9)
                 || coalesce(store_id, '') || char(9) || coalesce(status, '') || char(9)
                 || position || char(9) || version || char(9) || body || char(10) FROM {table} ORDER BY id"
            );
            let rows: Vec<String> = sqlx::query_scalar(&sql).fetch_all(&self.reader).await.context(table)?;
            dump.extend(rows);
        }
        Ok(dump)
    }
}

/// What is written together.
pub(crate) struct Batch {
    transaction: Transaction<'static, Sqlite>,
}

impl Batch {
    /// The position up to which events are folded.
    pub async fn checkpoint(&mut self) -> Result<u64> {
        checkpoint(&mut *self.transaction).await
    }

    /// The rows with these ids, as far as there are any.
    pub async fn load<T: View>(&mut self, ids: &BTreeSet<String>) -> Result<BTreeMap<String, Row<T>>> {
        let sql = format!(
            "SELECT id, customer_id, position, version, body FROM {} WHERE id IN (SELECT value FROM json_each($1))",
            T::TABLE
        );
        let query = sqlx::query_as(&sql).bind(serde_json::to_string(ids)?);
        let rows: Vec<Stored> = query.fetch_all(&mut *self.transaction).await.context(T::TABLE)?;
        rows.into_iter().map(|row| Ok((row.id.clone(), row.open()?))).collect()
    }

    /// Writes rows under their ids.
    pub async fn put<T: View>(&mut self, rows: &BTreeMap<String, Row<T>>) -> Result<()> {
        let bodies = rows.values().map(|row| serde_json::to_string(&row.body)).collect::<Result<Vec<_>, _>>()?;
        let rows: Vec<_> = rows.iter().zip(bodies).collect();
        for rows in rows.chunks(ROWS_PER_STATEMENT) {
            let mut query = insert(T::TABLE, rows);
            query.build().persistent(false).execute(&mut *self.transaction).await.context(T::TABLE)?;
        }
        Ok(())
    }

    /// Removes the rows with these ids.
    pub async fn remove(&mut self, table: &'static str, ids: &BTreeSet<String>) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let sql = format!("DELETE FROM {table} WHERE id IN (SELECT value FROM json_each($1))");
        let query = sqlx::query(&sql).bind(serde_json::to_string(ids)?);
        query.execute(&mut *self.transaction).await.context(table)?;
        Ok(())
    }

    /// Removes every row of every view.
    pub async fn clear(&mut self) -> Result<()> {
        for table in TABLES {
            let sql = format!("DELETE FROM {table}");
            sqlx::query(&sql).execute(&mut *self.transaction).await.context(table)?;
        }
        Ok(())
    }

    /// Ends the batch: rows and checkpoint become visible at the same moment.
    pub async fn commit(mut self, position: u64) -> Result<()> {
        let sql = "INSERT INTO checkpoints (consumer, position) VALUES ($1, $2)
                   ON CONFLICT (consumer) DO UPDATE SET position = excluded.position";
        let query = sqlx::query(sql).bind(CONSUMER).bind(position.cast_signed());
        query.execute(&mut *self.transaction).await.context("moving the checkpoint of the views")?;
        self.transaction.commit().await.context("committing the views")
    }
}

async fn checkpoint<'c>(executor: impl Executor<'c, Database = Sqlite>) -> Result<u64> {
    let query = sqlx::query_scalar("SELECT position FROM checkpoints WHERE consumer = $1").bind(CONSUMER);
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

fn select(table: &str, selection: &Selection) -> QueryBuilder<'static, Sqlite> {
    let sql = format!("SELECT id, customer_id, position, version, body FROM {table} WHERE customer_id = ");
    let mut query = QueryBuilder::new(sql);
    query.push_bind(selection.customer_id.to_string());
    if let Some(store) = selection.store_id {
        query.push(" AND store_id = ").push_bind(store.to_string());
    }
    if let Some(status) = selection.status {
        query.push(" AND status = ").push_bind(status);
    }
    if let Some(status) = selection.hidden {
        query.push(" AND status <> ").push_bind(status);
    }
    let (beyond, order) = if selection.newest_first { (" < ", " DESC") } else { (" > ", "") };
    if let Some(after) = selection.after {
        query.push(" AND position").push(beyond).push_bind(after.cast_signed());
    }
    query.push(" ORDER BY position").push(order);
    if let Some(limit) = selection.limit {
        query.push(" LIMIT ").push_bind(i64::from(limit));
    }
    query
}
