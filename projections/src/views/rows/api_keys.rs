//! What may a program do with this API key?
//!
//! As with members, the rows of a customer that left stay, and no query finds them.

use anyhow::Result;
use chrono::{DateTime, Utc};
use domain::{ApiKeyId, CustomerEvent, CustomerId, Event, MemberRole, UserId};
use serde::{Deserialize, Serialize};

use crate::views::page::Page;
use crate::views::sql::{Selection, Views};
use crate::views::view::{Fact, Row, View};

/// An API key of a customer that is not revoked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiKeyRow {
    /// The key.
    pub id: ApiKeyId,
    /// What it is for.
    pub name: String,
    /// What a program may do with it.
    pub role: MemberRole,
    /// The user who created it.
    pub created_by: UserId,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

impl View for ApiKeyRow {
    const TABLE: &'static str = "api_keys";

    fn keys(fact: &Fact<'_>) -> impl IntoIterator<Item = String> {
        use CustomerEvent::*;
        match &fact.event {
            Event::Customer(ApiKeyCreated { key_id, .. } | ApiKeyRevoked { key_id }) => Some(key_id.to_string()),
            _ => None,
        }
    }

    fn evolve(row: Option<Row<Self>>, fact: &Fact<'_>) -> Option<Row<Self>> {
        match &fact.event {
            Event::Customer(CustomerEvent::ApiKeyCreated { key_id, details, created_by }) => {
                let customer = CustomerId(fact.recorded.aggregate_id);
                let (name, role) = (details.name.clone(), details.role);
                let body = Self { id: *key_id, name, role, created_by: *created_by, created_at: fact.at() };
                Some(Row::new(Some(customer), fact, body))
            }
            Event::Customer(CustomerEvent::ApiKeyRevoked { .. }) => None,
            _ => row,
        }
    }
}

impl Views {
    /// An API key of a customer that has not left.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn api_key(&self, customer: CustomerId, key: ApiKeyId) -> Result<Option<Row<ApiKeyRow>>> {
        if self.customer(customer).await?.is_none() {
            return Ok(None);
        }
        self.owned(customer, key).await
    }

    /// The API keys of a customer, oldest first.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn api_keys(&self, customer: CustomerId, after: Option<u64>, limit: u32) -> Result<Page<Row<ApiKeyRow>>> {
        self.page(Selection::of(customer), after, limit).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::test_log::{Log, api_key, key_created, registered};

    #[test]
    fn a_revoked_key_is_not_there() {
        let log = Log::new().customer(1, registered("Acme")).customer(1, key_created(1));
        assert_eq!(log.only::<ApiKeyRow>().body.role, MemberRole::Analyst);
        let revoked = CustomerEvent::ApiKeyRevoked { key_id: api_key(1) };
        assert!(log.customer(1, revoked).rows::<ApiKeyRow>().is_empty());
    }
}
