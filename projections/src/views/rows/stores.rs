//! Which stores does this customer have, and where?

use anyhow::Result;
use chrono::{DateTime, Utc};
use domain::customer::{Location, StoreDetails};
use domain::{CustomerEvent, CustomerId, Event, StoreId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::views::page::Page;
use crate::views::sql::{Selection, Views};
use crate::views::view::{Fact, Row, View};

/// An open store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StoreRow {
    /// The store.
    pub id: StoreId,
    /// Its name.
    pub name: String,
    /// The city it is in.
    pub city: Option<String>,
    /// Where it is.
    pub location: Option<Location>,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
}

/// Which stores to list. Upper and lower case are the same, in every alphabet.
#[derive(Clone, Debug, Default)]
pub struct StoreFilter {
    /// A part of the name.
    pub q: Option<String>,
    /// The whole name of the city.
    pub city: Option<String>,
}

impl StoreFilter {
    /// Whether it lets every store through.
    pub(crate) fn is_open(&self) -> bool {
        self.q.is_none() && self.city.is_none()
    }

    /// Whether it lets a store through.
    pub(crate) fn matches(&self, store: &StoreRow) -> bool {
        let fold = |text: &str| text.trim().to_lowercase();
        let named = self.q.as_ref().is_none_or(|part| fold(&store.name).contains(&fold(part)));
        let city = store.city.as_deref().map(fold);
        named && self.city.as_ref().is_none_or(|asked| city == Some(fold(asked)))
    }
}

impl View for StoreRow {
    const TABLE: &'static str = "stores";

    fn keys(fact: &Fact<'_>) -> impl IntoIterator<Item = String> {
        use CustomerEvent::*;
        match &fact.event {
            Event::Customer(
                StoreOpened { store_id, .. } | StoreDetailsChanged { store_id, .. } | StoreClosed { store_id },
            ) => Some(store_id.to_string()),
            _ => None,
        }
    }

    fn evolve(row: Option<Row<Self>>, fact: &Fact<'_>) -> Option<Row<Self>> {
        match &fact.event {
            Event::Customer(CustomerEvent::StoreOpened { store_id, details }) => {
                let StoreDetails { name, city, location } = details.clone();
                let customer = CustomerId(fact.recorded.aggregate_id);
                Some(Row::new(
                    Some(customer),
                    fact,
                    Self { id: *store_id, name, city, location, created_at: fact.at() },
                ))
            }
            Event::Customer(CustomerEvent::StoreDetailsChanged { details, .. }) => Some(row?.changed(fact, |store| {
                let StoreDetails { name, city, location } = details.clone();
                (store.name, store.city, store.location) = (name, city, location);
            })),
            Event::Customer(CustomerEvent::StoreClosed { .. }) => None,
            _ => row,
        }
    }
}

impl Views {
    /// An open store.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn store(&self, customer: CustomerId, store: StoreId) -> Result<Option<Row<StoreRow>>> {
        self.owned(customer, store).await
    }

    /// The open stores that a filter lets through, oldest first.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn stores(
        &self,
        customer: CustomerId,
        filter: &StoreFilter,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Page<Row<StoreRow>>> {
        if filter.is_open() {
            return self.page(Selection::of(customer), after, limit).await;
        }
        // Databases fold the case of letters differently, so names are compared here. A customer has few stores.
        let mut rows = self.all::<StoreRow>(Selection { after, ..Selection::of(customer) }).await?;
        rows.retain(|row| filter.matches(&row.body));
        Ok(Page::of(rows, limit, |row| row.position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::test_log::{Log, opened, store};

    #[test]
    fn shows_the_newest_details() {
        let details = StoreDetails { name: "Norte".into(), city: Some("Bilbao".into()), location: None };
        let changed = CustomerEvent::StoreDetailsChanged { store_id: store(1), details };
        let row = Log::new().customer(1, opened(1, "Centro")).customer(1, changed).only::<StoreRow>();
        assert_eq!((row.body.name.as_str(), row.body.city.as_deref(), row.version), ("Norte", Some("Bilbao"), 2));
    }

    #[test]
    fn a_closed_store_is_not_there() {
        let closed = CustomerEvent::StoreClosed { store_id: store(1) };
        assert!(Log::new().customer(1, opened(1, "Centro")).customer(1, closed).rows::<StoreRow>().is_empty());
    }

    #[test]
    fn a_filter_knows_no_case_in_any_alphabet() {
        let row = Log::new().customer(1, opened(1, "ÁGORA Centro")).only::<StoreRow>().body;
        let filter = |q: &str, city: &str| StoreFilter { q: Some(q.into()), city: Some(city.into()) };
        assert!(filter("ágora", "MADRID").matches(&row));
        assert!(!filter("ágora", "Madr").matches(&row), "a city is compared as a whole");
        assert!(!filter("norte", "Madrid").matches(&row));
    }
}
