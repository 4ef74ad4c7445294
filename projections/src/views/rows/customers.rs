//! How does this customer describe itself?

use anyhow::Result;
use chrono::{DateTime, Utc};
use domain::{CustomerEvent, CustomerId, Event};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::views::sql::Views;
use crate::views::view::{Fact, Row, View};

/// A customer that has not left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CustomerRow {
    /// The customer.
    pub id: CustomerId,
    /// The name of the company.
    pub name: String,
    /// What it does.
    pub description: Option<String>,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
}

impl View for CustomerRow {
    const TABLE: &'static str = "customers";

    fn keys(fact: &Fact<'_>) -> impl IntoIterator<Item = String> {
        use CustomerEvent::*;
        let Event::Customer(event) = &fact.event else { return None };
        matches!(event, CustomerRegistered { .. } | CustomerDetailsChanged { .. } | CustomerClosed)
            .then(|| fact.recorded.aggregate_id.to_string())
    }

    fn evolve(row: Option<Row<Self>>, fact: &Fact<'_>) -> Option<Row<Self>> {
        let Event::Customer(event) = &fact.event else { return row };
        match event {
            CustomerEvent::CustomerRegistered { name, description } => {
                let id = CustomerId(fact.recorded.aggregate_id);
                let (name, description) = (name.clone(), description.clone());
                Some(Row::new(Some(id), fact, Self { id, name, description, created_at: fact.at() }))
            }
            CustomerEvent::CustomerDetailsChanged { name, description } => Some(row?.changed(fact, |customer| {
                customer.name = name.clone();
                customer.description = description.clone();
            })),
            CustomerEvent::CustomerClosed => None,
            _ => row,
        }
    }
}

impl Views {
    /// A customer that has not left.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn customer(&self, customer: CustomerId) -> Result<Option<Row<CustomerRow>>> {
        self.owned(customer, customer).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::test_log::{Log, opened, registered};

    #[test]
    fn its_version_is_that_of_its_details_not_of_its_parts() {
        let changed = CustomerEvent::CustomerDetailsChanged { name: "New".into(), description: Some("Toys".into()) };
        let log = Log::new().customer(1, registered("Old")).customer(1, changed).customer(1, opened(1, "Centro"));
        let row = log.only::<CustomerRow>();
        assert_eq!((row.version, row.body.name.as_str(), row.body.description.as_deref()), (2, "New", Some("Toys")));
    }

    #[test]
    fn a_closed_customer_is_not_there() {
        let log = Log::new().customer(1, registered("Acme")).customer(1, CustomerEvent::CustomerClosed);
        assert!(log.rows::<CustomerRow>().is_empty());
    }
}
