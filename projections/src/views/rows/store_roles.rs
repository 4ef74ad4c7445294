//! What did people say the columns of this store's files mean?
//!
//! One row per dataset; the newest assignment of a store speaks for it, also when its dataset was deleted.

use anyhow::Result;
use domain::dataset::Roles;
use domain::{CustomerId, DatasetEvent, Event, StoreId};
use serde::{Deserialize, Serialize};

use crate::views::sql::{Selection, Views};
use crate::views::view::{Fact, Row, View};

/// The status of a dataset whose columns were given a meaning.
pub(crate) const ASSIGNED: &str = "assigned";

/// What people said about the columns of one dataset. Its position is that of the newest assignment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoreRolesRow {
    /// The store that the dataset belongs to.
    pub store_id: StoreId,
    /// The roles, once somebody assigned some.
    pub roles: Option<Roles>,
}

impl View for StoreRolesRow {
    const TABLE: &'static str = "store_roles";

    fn keys(fact: &Fact<'_>) -> impl IntoIterator<Item = String> {
        use DatasetEvent::*;
        let Event::Dataset(event) = &fact.event else { return None };
        matches!(event, DatasetCreated(_) | ColumnRolesAssigned { .. } | DatasetDeleted { .. })
            .then(|| fact.recorded.aggregate_id.to_string())
    }

    fn evolve(row: Option<Row<Self>>, fact: &Fact<'_>) -> Option<Row<Self>> {
        let Event::Dataset(event) = &fact.event else { return row };
        match event {
            DatasetEvent::DatasetCreated(new) => {
                Some(Row::new(Some(new.customer_id), fact, Self { store_id: new.store_id, roles: None }))
            }
            DatasetEvent::ColumnRolesAssigned { roles, .. } => {
                let row = row?.changed(fact, |assigned| assigned.roles = Some(roles.clone()));
                Some(Row { position: fact.recorded.position, ..row })
            }
            DatasetEvent::DatasetDeleted { .. } => row.filter(|row| row.body.roles.is_some()),
            _ => row,
        }
    }

    fn store_id(&self) -> Option<StoreId> {
        Some(self.store_id)
    }

    fn status(&self) -> Option<&'static str> {
        self.roles.as_ref().map(|_| ASSIGNED)
    }
}

impl Views {
    /// The roles that people assigned last to the columns of a file of this store; empty when nobody did.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn store_roles(&self, customer: CustomerId, store: StoreId) -> Result<Roles> {
        let selection = Selection { store_id: Some(store), status: Some(ASSIGNED), ..Selection::of(customer) };
        let rows = self.all::<StoreRolesRow>(Selection { limit: Some(1), ..selection.newest_first() }).await?;
        Ok(rows.into_iter().find_map(|row| row.body.roles).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use domain::UploadId;
    use domain::dataset::ColumnRole;

    use super::*;
    use crate::views::test_log::{Log, assigned, created};

    #[test]
    fn what_was_said_outlives_the_dataset() {
        let log = Log::new().dataset(1, 1, created(1)).dataset(1, 1, assigned(1, "who", ColumnRole::Shopper));
        let row = log.dataset(1, 1, deleted()).only::<StoreRolesRow>();
        assert_eq!(row.body.roles, Some(Roles::from([("who".into(), ColumnRole::Shopper)])));
        assert_eq!(row.position, 2);
    }

    #[test]
    fn guesses_are_not_remembered() {
        let log = Log::new().dataset(1, 1, created(1));
        assert_eq!(log.only::<StoreRolesRow>().body.status(), None);
        assert!(log.dataset(1, 1, deleted()).rows::<StoreRolesRow>().is_empty());
    }

    fn deleted() -> DatasetEvent {
        DatasetEvent::DatasetDeleted { upload_id: UploadId::default() }
    }
}
