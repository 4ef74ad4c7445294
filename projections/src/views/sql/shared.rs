//! The SQL of the views that both engines understand.

use anyhow::{Context, Result};
use domain::CustomerId;
use sqlx::{Postgres, Sqlite};

use super::selection::Selection;
use super::stored::{DumpedRow, StoredRow};
use super::{Views, on_engine};
use crate::views::page::Page;
use crate::views::view::{Row, View};

impl Views {
    /// The row with an id, if it belongs to the customer.
    pub(crate) async fn owned<T: View>(&self, customer: CustomerId, id: impl ToString) -> Result<Option<Row<T>>> {
        let row = self.get::<T>(&id.to_string()).await?;
        Ok(row.filter(|row| row.customer_id == Some(customer)))
    }

    /// One page of the selected rows.
    pub(crate) async fn page<T: View>(
        &self,
        selection: Selection,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Page<Row<T>>> {
        let rows = self.all(selection.page(after, limit)).await?;
        Ok(Page::of(rows, limit, |row| row.position))
    }

    /// The selected rows.
    pub(crate) async fn all<T: View>(&self, selection: Selection) -> Result<Vec<Row<T>>> {
        let rows: Result<Vec<StoredRow>, _> = match self {
            Self::Sqlite(views) => selection.query::<Sqlite>(T::TABLE).build_query_as().fetch_all(&views.reader).await,
            Self::Postgres(views) => {
                selection.query::<Postgres>(T::TABLE).build_query_as().fetch_all(&views.reader).await
            }
        };
        rows.context(T::TABLE)?.into_iter().map(StoredRow::open).collect()
    }

    /// The row with an id.
    pub(crate) async fn get<T: View>(&self, id: &str) -> Result<Option<Row<T>>> {
        self.stored(T::TABLE, id).await?.map(StoredRow::open).transpose()
    }

    /// The row with an id, its body not read yet.
    pub(crate) async fn stored(&self, table: &'static str, id: &str) -> Result<Option<StoredRow>> {
        let sql = format!("SELECT id, customer_id, position, version, body FROM {table} WHERE id = $1");
        on_engine!(self, views => sqlx::query_as(&sql).bind(id).fetch_optional(&views.reader).await.context(table))
    }

    /// Every row of a table in a fixed order, a line each.
    pub(crate) async fn dump_table(&self, table: &'static str) -> Result<String> {
        let sql = format!("SELECT id, customer_id, store_id, status, position, version, body FROM {table}");
        let mut rows: Vec<DumpedRow> =
            on_engine!(self, views => sqlx::query_as(&sql).fetch_all(&views.reader).await.context(table)?);
        // Databases sort text by different rules.
        rows.sort_unstable();
        Ok(rows.into_iter().map(|row| row.line(table)).collect())
    }
}
