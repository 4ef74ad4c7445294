//! Which rows of a view are read, and the SQL that says so on either engine.

use domain::{CustomerId, StoreId, UserId};
use sqlx::{Database, Encode, QueryBuilder, Type};

/// Which rows of a view, in which order.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    pub(crate) customer_id: CustomerId,
    /// Only rows of this user, where rows are of users.
    pub(crate) user_id: Option<UserId>,
    /// Only rows of this store.
    pub(crate) store_id: Option<StoreId>,
    /// Only rows with this status.
    pub(crate) status: Option<&'static str>,
    /// No rows with this status.
    pub(crate) hidden: Option<&'static str>,
    /// Newest first instead of oldest first.
    pub(crate) newest_first: bool,
    /// Only rows after this position, in the order of the list.
    pub(crate) after: Option<u64>,
    /// At most this many.
    pub(crate) limit: Option<u32>,
}

impl Selection {
    /// All rows of a customer, oldest first.
    pub(crate) fn of(customer_id: CustomerId) -> Self {
        Self {
            customer_id,
            user_id: None,
            store_id: None,
            status: None,
            hidden: None,
            newest_first: false,
            after: None,
            limit: None,
        }
    }

    /// One page of them, and one row more.
    pub(crate) fn page(self, after: Option<u64>, limit: u32) -> Self {
        Self { after, limit: Some(limit.saturating_add(1)), ..self }
    }

    pub(crate) fn newest_first(self) -> Self {
        Self { newest_first: true, ..self }
    }

    /// The query of the selected rows of a table.
    pub(super) fn query<DB: Database>(&self, table: &str) -> QueryBuilder<'static, DB>
    where
        String: Encode<'static, DB> + Type<DB>,
        &'static str: Encode<'static, DB> + Type<DB>,
        i64: Encode<'static, DB> + Type<DB>,
    {
        let sql = format!("SELECT id, customer_id, position, version, body FROM {table} WHERE customer_id = ");
        let mut query = QueryBuilder::new(sql);
        query.push_bind(self.customer_id.to_string());
        if let Some(user) = self.user_id {
            query.push(" AND user_id = ").push_bind(user.to_string());
        }
        if let Some(store) = self.store_id {
            query.push(" AND store_id = ").push_bind(store.to_string());
        }
        if let Some(status) = self.status {
            query.push(" AND status = ").push_bind(status);
        }
        if let Some(status) = self.hidden {
            query.push(" AND status <> ").push_bind(status);
        }
        let (beyond, order) = if self.newest_first { (" < ", " DESC") } else { (" > ", "") };
        if let Some(after) = self.after {
            query.push(" AND position").push(beyond).push_bind(after.cast_signed());
        }
        query.push(" ORDER BY position").push(order);
        if let Some(limit) = self.limit {
            query.push(" LIMIT ").push_bind(i64::from(limit));
        }
        query
    }
}
