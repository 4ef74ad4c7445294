//! What may this user do for this customer?
//!
//! The rows of a customer that left stay, but no query finds them: each asks for the customer as well.

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use domain::{CustomerEvent, CustomerId, Encrypted, Event, MemberRole, UserId};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::customers::CustomerRow;
use crate::views::page::Page;
use crate::views::sql::{CONSUMER, Selection, StoredRow, Views, on_engine};
use crate::views::view::{Fact, Row, View};

/// A member of a customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemberRow {
    /// The user.
    pub user_id: UserId,
    /// What the member may do.
    pub role: MemberRole,
    /// Since when the user is a member.
    pub since: DateTime<Utc>,
    /// The sealed address of someone who had not signed up when added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Encrypted>,
}

/// The id of the row of a user at a customer.
pub(crate) fn member_id(customer: CustomerId, user: UserId) -> String {
    format!("{customer}/{user}")
}

impl View for MemberRow {
    const TABLE: &'static str = "members";

    fn keys(fact: &Fact<'_>) -> impl IntoIterator<Item = String> {
        use CustomerEvent::*;
        let customer = CustomerId(fact.recorded.aggregate_id);
        match &fact.event {
            Event::Customer(
                MemberAdded { user_id, .. } | MemberRoleChanged { user_id, .. } | MemberRemoved { user_id, .. },
            ) => Some(member_id(customer, *user_id)),
            _ => None,
        }
    }

    fn evolve(row: Option<Row<Self>>, fact: &Fact<'_>) -> Option<Row<Self>> {
        match &fact.event {
            Event::Customer(CustomerEvent::MemberAdded { user_id, role, email }) => {
                let customer = CustomerId(fact.recorded.aggregate_id);
                let (user_id, role, email) = (*user_id, *role, email.clone());
                Some(Row::new(Some(customer), fact, Self { user_id, role, since: fact.at(), email }))
            }
            Event::Customer(CustomerEvent::MemberRoleChanged { role, .. }) => {
                Some(row?.changed(fact, |member| member.role = *role))
            }
            Event::Customer(CustomerEvent::MemberRemoved { .. }) => None,
            _ => row,
        }
    }
}

impl Views {
    /// A member of a customer that has not left.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn member(&self, customer: CustomerId, user: UserId) -> Result<Option<Row<MemberRow>>> {
        let sql = "SELECT m.id, m.customer_id, m.position, m.version, m.body
                   FROM members m JOIN customers c ON c.id = m.customer_id WHERE m.id = $1";
        let id = member_id(customer, user);
        let row: Option<StoredRow> = on_engine!(self, views => {
            sqlx::query_as(sql).bind(id).fetch_optional(&views.reader).await.context("reading a member")?
        });
        row.map(StoredRow::open).transpose()
    }

    /// What a user may do for a customer: none when not a member, or when the customer left.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn role(&self, customer: CustomerId, user: UserId) -> Result<Option<MemberRole>> {
        Ok(self.member(customer, user).await?.map(|member| member.body.role))
    }

    /// What a user may do for a customer, and up to which position the views were folded when that was read. Whatever
    /// is read after it is at least as new.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn membership(&self, customer: CustomerId, user: UserId) -> Result<Option<(MemberRole, u64)>> {
        let sql = "SELECT m.body, (SELECT position FROM checkpoints WHERE consumer = $2)
                   FROM members m JOIN customers c ON c.id = m.customer_id WHERE m.id = $1";
        let id = member_id(customer, user);
        let row: Option<(String, i64)> = on_engine!(self, views => {
            let query = sqlx::query_as(sql).bind(id).bind(CONSUMER);
            query.fetch_optional(&views.reader).await.context("reading a membership")?
        });
        row.map(|(body, position)| Ok((serde_json::from_str::<MemberRow>(&body)?.role, position.cast_unsigned())))
            .transpose()
    }

    /// The members of a customer, oldest first.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn members(&self, customer: CustomerId, after: Option<u64>, limit: u32) -> Result<Page<Row<MemberRow>>> {
        self.page(Selection::of(customer), after, limit).await
    }

    /// The customers that a user is a member of, oldest first, with what the user may do there.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn customers_of(
        &self,
        user: UserId,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Page<(Row<CustomerRow>, MemberRole)>> {
        let rows = self.joined(user, after, i64::from(limit) + 1).await?;
        let rows = rows.into_iter().map(|(customer, member)| (customer, member.role)).collect();
        Ok(Page::of(rows, limit, |(customer, _)| customer.position))
    }

    /// All customers that a user is a member of.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn customer_ids_of(&self, user: UserId) -> Result<Vec<CustomerId>> {
        let customers = self.joined(user, None, i64::MAX).await?;
        Ok(customers.into_iter().map(|(customer, _)| customer.body.id).collect())
    }

    /// The customers that a user is a member of, oldest first, with the user's row at each.
    async fn joined(&self, user: UserId, after: Option<u64>, limit: i64) -> Result<Vec<(Row<CustomerRow>, MemberRow)>> {
        let sql = "SELECT c.id, c.customer_id, c.position, c.version, c.body, m.body AS member
                   FROM members m JOIN customers c ON c.id = m.customer_id
                   WHERE m.user_id = $1 AND c.position > $2 ORDER BY c.position LIMIT $3";
        let (user, after) = (user.to_string(), after.unwrap_or(0).cast_signed());
        let rows: Vec<CustomerOfMember> = on_engine!(self, views => {
            let query = sqlx::query_as(sql).bind(user).bind(after).bind(limit);
            query.fetch_all(&views.reader).await.context("reading a user's customers")?
        });
        rows.into_iter().map(|row| Ok((row.customer.open()?, serde_json::from_str(&row.member)?))).collect()
    }
}

/// A customer beside the row of one of its members.
#[derive(FromRow)]
struct CustomerOfMember {
    #[sqlx(flatten)]
    customer: StoredRow,
    member: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::test_log::{Log, added, registered, user};

    #[test]
    fn a_new_role_keeps_the_day_of_entry() {
        let promoted = CustomerEvent::MemberRoleChanged { user_id: user(1), role: MemberRole::Owner };
        let log = Log::new().customer(1, registered("Acme")).customer(1, added(1, MemberRole::Viewer));
        let before = log.only::<MemberRow>();
        let after = log.customer(1, promoted).only::<MemberRow>();
        assert_eq!((after.body.role, after.version), (MemberRole::Owner, 3));
        assert_eq!((after.body.since, after.position), (before.body.since, before.position));
    }

    #[test]
    fn a_removed_member_is_not_there() {
        let log = Log::new().customer(1, added(1, MemberRole::Viewer));
        assert!(
            log.customer(1, CustomerEvent::MemberRemoved { user_id: user(1), key_id: None })
                .rows::<MemberRow>()
                .is_empty()
        );
    }
}
