//! The SQL of the views that both engines understand. It is compiled once for each.

use std::str::FromStr;

use anyhow::{Context, Result};
use domain::{CustomerId, MemberRole, UserId};
use serde::de::DeserializeOwned;
use sqlx::{FromRow, QueryBuilder};

use super::super::fold::{TABLES, View};
use super::super::members::member_id;
use super::super::row::{Row, Selection};
use super::super::{CustomerRow, MemberRow};
use super::{Batch, CONSUMER, Engine, EngineViews};

/// A row as it is stored; its id is the key it was asked by, or stands in the body.
#[derive(FromRow)]
pub(super) struct Stored {
    pub id: String,
    customer_id: Option<String>,
    position: i64,
    version: i64,
    body: String,
}

impl Stored {
    pub fn open<T: DeserializeOwned>(self) -> Result<Row<T>> {
        let body = serde_json::from_str(&self.body).with_context(|| format!("reading row {}", self.id))?;
        self.with(body)
    }

    /// The row with its JSON as it is.
    fn text(mut self) -> Result<Row<String>> {
        let text = std::mem::take(&mut self.body);
        self.with(text)
    }

    fn with<T>(self, body: T) -> Result<Row<T>> {
        let customer_id = self.customer_id.as_deref().map(CustomerId::from_str).transpose();
        let customer_id = customer_id.with_context(|| format!("reading row {}", self.id))?;
        Ok(Row { customer_id, position: self.position.cast_unsigned(), version: self.version.cast_unsigned(), body })
    }
}

impl EngineViews {
    /// The position up to which events are folded.
    pub(crate) async fn checkpoint(&self) -> Result<u64> {
        let query = sqlx::query_scalar("SELECT position FROM checkpoints WHERE consumer = $1").bind(CONSUMER);
        let position: Option<i64> =
            query.fetch_optional(&self.reader).await.context("reading the checkpoint of the views")?;
        Ok(position.unwrap_or(0).cast_unsigned())
    }

    /// The row with an id.
    pub(crate) async fn get<T: View>(&self, id: &str) -> Result<Option<Row<T>>> {
        self.stored(T::TABLE, id).await?.map(Stored::open).transpose()
    }

    /// The row with an id, its body as the text that is stored.
    pub(crate) async fn text(&self, table: &'static str, id: &str) -> Result<Option<Row<String>>> {
        self.stored(table, id).await?.map(Stored::text).transpose()
    }

    async fn stored(&self, table: &'static str, id: &str) -> Result<Option<Stored>> {
        let sql = format!("SELECT id, customer_id, position, version, body FROM {table} WHERE id = $1");
        sqlx::query_as(&sql).bind(id).fetch_optional(&self.reader).await.context(table)
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
            let sql = format!("SELECT id, customer_id, store_id, status, position, version, body FROM {table}");
            let mut rows: Vec<Dumped> = sqlx::query_as(&sql).fetch_all(&self.reader).await.context(table)?;
            // Databases sort text by different rules.
            rows.sort_unstable();
            for Dumped { id, customer_id, store_id, status, position, version, body } in rows {
                let [customer, store, status] = [customer_id, store_id, status].map(Option::unwrap_or_default);
                dump += &format!("{table}\t{id}\t{customer}\t{store}\t{status}\t{position}\t{version}\t{body}\n");
            }
        }
        Ok(dump)
    }
}

#[derive(FromRow, PartialEq, Eq, PartialOrd, Ord)]
struct Dumped {
    id: String,
    customer_id: Option<String>,
    store_id: Option<String>,
    status: Option<String>,
    position: i64,
    version: i64,
    body: String,
}

impl Batch {
    /// Removes every row of every view.
    pub async fn clear(&mut self) -> Result<()> {
        for table in TABLES {
            let sql = format!("DELETE FROM {table}");
            sqlx::query(&sql).execute(&mut *self.transaction).await.context(table)?;
        }
        Ok(())
    }
}

fn select(table: &str, selection: &Selection) -> QueryBuilder<'static, Engine> {
    let sql = format!("SELECT id, customer_id, position, version, body FROM {table} WHERE customer_id = ");
    let mut query = QueryBuilder::new(sql);
    query.push_bind(selection.customer_id.to_string());
    if let Some(user) = selection.user_id {
        query.push(" AND user_id = ").push_bind(user.to_string());
    }
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
